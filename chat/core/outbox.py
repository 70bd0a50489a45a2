"""What an author has said in a room and the log has not confirmed.

Drafts are numbered densely from 1 and taken by the server in that order only, so what is lost
holds up what follows: on a time-out the oldest are sent again, fewer at once each time.
"""

from msgspec import Struct

from .amend import amends
from .limits import OUTBOX_BYTES, WINDOW
from .types import SEQ_MAX


class Draft(Struct):
    """One entry on its way. `ticket` names it to the user, whatever `n` it goes under."""

    ticket: int
    kind: int
    text: str
    refers: int
    more: bool


class Outbox:
    """Drafts by n; those up to `acked` are gone from here."""

    INITIAL = 16
    LEAST = 2

    def __init__(self) -> None:
        self.acked = 0
        self.window = WINDOW
        self.tries = 0
        """Time-outs in a row."""
        self._drafts: dict[int, Draft] = {}
        self._bytes = 0
        self._next = 1
        self._sent = 0
        """The highest n that was sent since the last time-out."""
        self._burst = self.INITIAL
        self._began = False

    def __len__(self) -> int:
        return len(self._drafts)

    @property
    def next_n(self) -> int:
        """Of the next draft."""
        return self._next

    @property
    def full(self) -> bool:
        return self._bytes >= OUTBOX_BYTES

    @property
    def in_flight(self) -> bool:
        """Something was sent and is not acknowledged."""
        return self._sent > self.acked

    @property
    def pending(self) -> list[Draft]:
        return list(self._drafts.values())

    def add(self, draft: Draft) -> int:
        """Returns the draft's n."""
        n, self._next = self._next, self._next + 1
        self._drafts[n] = draft
        self._bytes += _size(draft)
        return n

    def begin(self, last_n: int) -> list[tuple[int, Draft]]:
        """The room is joined, or joined again, and its log has this instance's entries up to
        `last_n`, not less than `acked`: returns the drafts that this acknowledges; the rest may
        be sent. At the first time nothing was sent from here, and numbering goes on where the
        instance left off."""
        if not self._began:
            self._number_from(last_n)
        done = self.ack(last_n)
        self._sent, self.tries, self._burst = self.acked, 0, self.INITIAL
        return done

    def ack(self, n: int) -> list[tuple[int, Draft]]:
        """The log has all up to `n`: returns those that were pending, with their n. Of what was
        never said here nothing can be acknowledged."""
        if not self.acked < n < self._next:
            return []
        done = [(each, self._drafts.pop(each)) for each in range(self.acked + 1, n + 1)]
        self._bytes -= sum(_size(draft) for _, draft in done)
        self.acked = n
        self._sent = max(self._sent, n)
        self._burst = min(self._burst + len(done), WINDOW)
        self.tries = 0
        return done

    @property
    def waiting(self) -> bool:
        """Something was not sent, or has to be sent again."""
        return max(self._sent, self.acked) < self._next - 1

    def to_send(self, *, one: bool = False) -> list[tuple[int, Draft]]:
        """What may go now, and counts as sent; `one`: all parts of one text at most."""
        last = min(self._next - 1, self.acked + min(self.window, self._burst))
        if one:
            last = min(last, self._end_of_first())
        ready = [(n, self._drafts[n]) for n in range(max(self._sent, self.acked) + 1, last + 1)]
        self._sent = max(self._sent, last)
        return ready

    def timed_out(self, tries: int) -> None:
        """Nothing was acknowledged in time, `tries` times in a row: the oldest may be sent
        again."""
        self.tries = tries
        self._burst = max(self._burst // 2, self.LEAST)
        self._sent = self.acked

    def hold(self) -> None:
        """What was sent was not taken, and nothing is wrong with the path."""
        self.tries = 0
        self._sent = self.acked

    def gone(self, seq: int) -> None:
        """The log has nothing from `seq` on any more, and will have something else there: what
        refers to it refers to nothing."""
        for draft in self._drafts.values():
            if draft.refers >= seq:
                draft.refers = SEQ_MAX if amends(draft.kind) else 0

    def renumber(self) -> None:
        """A new instance: what is pending is numbered from 1."""
        self._number_from(0)
        self._sent = self.tries = 0
        self._burst = self.INITIAL

    def _end_of_first(self) -> int:
        """The last n of the oldest text."""
        n = self.acked + 1
        while n in self._drafts and self._drafts[n].more:
            n += 1
        return n

    def _number_from(self, acked: int) -> None:
        self._began = True
        self.acked = acked
        self._drafts = dict(enumerate(self._drafts.values(), acked + 1))
        self._next = acked + len(self._drafts) + 1


def _size(draft: Draft) -> int:
    """What counts for `full`: there is no end to what counts for nothing."""
    return len(draft.text) or 1
