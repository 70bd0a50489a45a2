"""What a member has of a room's log: dense order out of pushes and pages, checked by the chain.

The log is the truth; this is one reader's place in it. Bodies beyond a gap are kept until the gap
is filled; each entry extends the chained digest, and where the server says a digest, ours must be
the same. If it is not, or if a join finds that our place is not on the log's chain, the log has
gone back: the inbox rewinds to the newest common point and reads again from there, silently as
long as it reads what it has shown before.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from .entry import decode_entry
from .layout import MalformedError
from .limits import BUFFERED_ENTRIES, JOIN_BACKLOG, RANGES
from .types import SEQ_MAX, Entry, Point, Range, chained

RING = 640
"""Digests remembered: more than the oldest point that is offered."""

_STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 128)


class Broken(Struct, frozen=True):
    """The log went back: what was shown from `seq` on is not in it any more."""

    room: str
    seq: int


class Expired(Struct, frozen=True):
    """Retention took these before they could be read."""

    room: str
    first: int
    last: int


News = Entry | Broken | Expired


class Inbox:
    """`seq` is verified; `shown` is what the reader has seen, and differs only while re-reading."""

    def __init__(self, room: str, *, backlog: int = JOIN_BACKLOG, first: int = 0) -> None:
        """Reading begins `backlog` entries before the log's end, or at entry `first`, if that is
        given."""
        self.room = room
        self._backlog = backlog
        self._wanted_first = first
        self.seq = 0
        self.shown = 0
        self.head = 0
        self.repaired = 0
        """Entries that a fetch brought because no push did."""
        self.diverged = False
        """A digest of the server's is not ours: join again, with points."""
        self.resumed = False
        """The last join was answered with our own place: we have read, and go on reading, every
        entry, and the answer may know less than we do."""
        self.first = 0
        """The oldest entry that was shown in one run with the newest; what is before is history."""
        self.first_digest: bytes | None = None
        """The chained digest before it."""
        self._began = False
        self._digest: bytes | None = None
        self._origin = b""
        self._head_digest: bytes | None = None
        self._offered = 0
        self._fresh_head: int | None = None
        self._ring: dict[int, bytes] = {}
        self._buffer: dict[int, bytes] = {}

    @property
    def origin(self) -> bytes:
        """Tells the log from all others; empty before the first join."""
        return self._origin

    def offer(self) -> tuple[Point, ...]:
        """For a join: points of our past, newest first. The log says which of them it still has."""
        self._offered = max(self._ring, default=0)
        if not self._began:
            return ()
        at = [self._offered - step for step in _STEPS if self._offered > step]
        return (
            *(Point(seq, self._ring[seq]) for seq in at if seq in self._ring),
            Point(0, self._origin),
        )

    def joined(self, floor: int, head: Point, origin: bytes, matched: int | None) -> list[News]:
        """The answer to the last `offer`: only such a one may say that the log has gone back. It
        speaks of what we had when we asked, and we may have read on since."""
        news: list[News] = []
        self._buffer.clear()
        self.diverged = self.resumed = False
        self.head, self._head_digest = head.seq, head.digest
        self._fresh_head = head.seq if head.seq < self._offered else None
        if not self._began or origin != self._origin:
            if self._began:
                news.append(Broken(self.room, 1))
            self._begin(floor, head, origin)
        elif self.seq < floor - 1:
            news += self._expire(floor)
        elif matched == self._offered <= self.seq and (self._ring or head.seq >= self.seq):
            self.resumed = True
            if head.seq < self.seq:
                self.head, self._head_digest = self.seq, None
        elif matched in self._ring:
            assert matched is not None
            self.seq, self._digest = matched, self._ring[matched]
        elif matched == self._offered and self._ring:
            self.diverged = True
        else:
            self._begin(floor, head, origin)
            news.append(Broken(self.room, self.seq + 1))
        return news + list(self._advance())

    def pushed(self, first: int, bodies: tuple[bytes, ...]) -> list[News]:
        """Entries as they are pushed, in whatever order."""
        if not self._began or not bodies:
            return []
        self.saw_head(first + len(bodies) - 1, None)
        self._keep(first, bodies)
        return list(self._advance())

    def page(
        self, floor: int, first: int, previous: bytes, bodies: tuple[bytes, ...]
    ) -> list[News]:
        """A page of a fetch."""
        if not self._began:
            return []
        news: list[News] = []
        if self.seq + 1 < floor <= self.head + 1:
            news += self._expire(floor)
        if first == self.seq + 1:
            if self._digest is None:
                self._adopt(previous)
            elif previous != self._digest:
                self.diverged = True
                return news
        self.repaired += self._keep(first, bodies)
        return news + list(self._advance())

    def digest(self, seq: int) -> bytes | None:
        """The chained digest after an entry that was read; None: it is not remembered."""
        return self._ring.get(seq)

    def is_at(self, seq: int, digest: bytes) -> bool:
        """Whether all up to there, and nothing beyond, has been read and heard of."""
        return (
            self.seq == self.shown == self.head == seq
            and self._digest == digest
            and not self._buffer
            and not self.diverged
        )

    def goes_on(self, digests: Sequence[bytes]) -> None:
        """Entries follow that somebody who was at the same place has read, with the digest after
        each."""
        for digest in digests:
            self.seq += 1
            self._ring[self.seq] = digest
            self._ring.pop(self.seq - RING, None)
        self.shown = self.head = self.seq
        self._digest, self._head_digest = digests[-1], None

    def saw_head(self, seq: int, digest: bytes | None) -> None:
        """The log reaches at least `seq`. A late, lower head proves nothing, nor does an absurd
        one."""
        if self.head < seq <= SEQ_MAX:
            self.head, self._head_digest = seq, digest
        elif seq == self.head and self._head_digest is None:
            self._head_digest = digest
        ours = self._ring.get(seq) if seq <= self.seq else None
        if ours is not None and digest is not None and ours != digest:
            self.diverged = True

    def missing(self, most: int = RANGES, *, beyond: bool = False) -> tuple[Range, ...]:
        """Up to `most` ranges that are in the log and not here, as far on as they can be kept.
        `beyond`: and whatever may be new in it."""
        ranges: list[Range] = []
        if not self._began:
            return ()
        at, last = self.seq + 1, self.seq + BUFFERED_ENTRIES
        if not beyond:
            last = min(self.head, last)
        for seq in sorted(self._buffer):
            if seq > at and len(ranges) < most:
                ranges.append(Range(at, seq - 1))
            at = max(at, seq + 1)
        if at <= last and len(ranges) < most:
            ranges.append(Range(at, last))
        if self._digest is None and not ranges and self.head > self.seq:
            ranges.append(Range(self.seq + 1, self.seq + 1))
        return tuple(ranges)

    @property
    def complete(self) -> bool:
        return self._began and self.seq >= self.head

    def _begin(self, floor: int, head: Point, origin: bytes) -> None:
        self._began = True
        self._origin = origin
        first = self._wanted_first or head.seq - self._backlog + 1
        self.first = max(floor, min(first, head.seq + 1), 1)
        self.seq = self.shown = self.first - 1
        self._digest = self.first_digest = None
        self._ring = {}
        if self.seq == 0:
            self._adopt(origin)
        elif self.seq == head.seq:
            self._adopt(head.digest)

    def _adopt(self, digest: bytes) -> None:
        """Take the server's word for the digest at `seq`: nothing older was read here."""
        self._digest = digest
        self._ring.setdefault(self.seq, digest)
        if self.first == self.seq + 1:
            self.first_digest = digest

    def _expire(self, floor: int) -> list[News]:
        gone = Range(self.seq + 1, floor - 1)
        for seq in [seq for seq in self._buffer if seq < floor]:
            del self._buffer[seq]
        self.seq = floor - 1
        self._digest = self._ring.get(self.seq)
        if self.seq <= self.shown:
            return []
        first, self.shown, self.first = max(gone.first, self.shown + 1), self.seq, floor
        self.first_digest = None
        self._ring = {}
        if self.seq == self.head and self._head_digest is not None:
            self._adopt(self._head_digest)
        return [Expired(self.room, first, gone.last)]

    def _keep(self, first: int, bodies: tuple[bytes, ...]) -> int:
        """Returns how many of them were missing."""
        before = len(self._buffer)
        for seq, body in enumerate(bodies, first):
            if self.seq < seq <= self.seq + BUFFERED_ENTRIES:
                self._buffer.setdefault(seq, body)
        return len(self._buffer) - before

    def _advance(self) -> Iterator[News]:
        while True:
            if self.seq == self._fresh_head and self.shown > self.seq:
                yield self._break(self.seq + 1)
            known = self._head_digest if self.seq == self.head else None
            if known and self._digest and known != self._digest:
                self.diverged = True
                return
            if self._digest is None or self.seq + 1 not in self._buffer:
                return
            seq = self.seq + 1
            body = self._buffer.pop(seq)
            self.seq, self._digest = seq, chained(self._digest, body)
            if seq <= self.shown:
                if self._ring.get(seq) == self._digest:
                    continue
                yield self._break(seq)
            self.shown = seq
            self._ring[seq] = self._digest
            self._ring.pop(seq - RING, None)
            try:
                yield decode_entry(self.room, seq, body)
            except MalformedError:
                continue

    def _break(self, seq: int) -> Broken:
        self.shown = seq - 1
        for gone in [each for each in self._ring if each >= seq]:
            del self._ring[gone]
        if self.first > seq:
            self.first, self.first_digest = seq, self._ring.get(seq - 1)
        return Broken(self.room, seq)
