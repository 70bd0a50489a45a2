"""Scrolling back: entries before the inbox's first one, fetched, and checked by the same chain."""

from msgspec import Struct

from .entry import decode_entry
from .inbox import Inbox
from .layout import MalformedError
from .types import Entry, Range, chained


class Older(Struct, frozen=True):
    """Entries before all that were shown, oldest first. Empty: there are none."""

    room: str
    entries: tuple[Entry, ...]
    beginning: bool
    """Nothing before these is left in the log."""


class History:
    """One request at a time, for the entries just before `inbox.first`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._first = self._last = 0
        self._previous: bytes | None = None
        self._bodies: dict[int, bytes] = {}

    @property
    def asking(self) -> bool:
        return self._last > 0

    def ask(self, count: int) -> Older | None:
        """Begins, unless one is under way; an answer at once where nothing can be older."""
        inbox = self._inbox
        if self.asking:
            return None
        if inbox.first <= 1:
            return Older(inbox.room, (), True)
        self._first, self._last = max(1, inbox.first - count), inbox.first - 1
        return None

    def cancel(self) -> None:
        self._first = self._last = 0
        self._previous = None
        self._bodies = {}

    def missing(self) -> tuple[Range, ...]:
        if not self.asking or self._inbox.first_digest is None:
            return ()
        if self._previous is None and self._first in self._bodies:
            del self._bodies[self._first]
        ranges: list[Range] = []
        at = self._first
        for seq in [*sorted(self._bodies), self._last + 1]:
            if seq > at:
                ranges.append(Range(at, seq - 1))
            at = seq + 1
        return tuple(ranges)

    def page(
        self, floor: int, first: int, previous: bytes, bodies: tuple[bytes, ...]
    ) -> Older | None:
        """The answer, once it is whole. A chain that does not meet ours is thrown away."""
        if not self.asking:
            return None
        inbox = self._inbox
        if self._last != inbox.first - 1 or floor > self._last:
            self.cancel()
            return Older(inbox.room, (), True) if floor >= inbox.first else None
        self._first = max(self._first, floor)
        if first == self._first:
            self._previous = previous
        for seq, body in enumerate(bodies, first):
            if self._first <= seq <= self._last:
                self._bodies[seq] = body
        if self.missing():
            return None
        return self._finish(floor)

    def _finish(self, floor: int) -> Older | None:
        inbox = self._inbox
        first, previous, bodies = self._first, self._previous, self._bodies
        assert previous is not None
        digest, entries = previous, []
        for seq in range(first, self._last + 1):
            digest = chained(digest, bodies[seq])
            try:
                entries.append(decode_entry(inbox.room, seq, bodies[seq]))
            except MalformedError:
                continue
        self.cancel()
        if digest != inbox.first_digest:
            inbox.diverged = True
            return None
        inbox.first, inbox.first_digest = first, previous
        return Older(inbox.room, tuple(entries), first <= max(floor, 1))
