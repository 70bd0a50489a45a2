"""How fast a room is: as fast as it is talked in, until too many of its receivers, or the server,
cannot take that. Drafts then wait for the log, acknowledgements come later, and authors' windows
become smaller.

Of the receivers the slowest tenth does not count: who is among it leaves the push set instead.
"""

from . import limits
from .channel import PUSH_MAX
from .member import Member

_BURST = 0.05
"""Seconds' worth that may be handed over at once."""

_OVERHEAD = 128
"""Bytes of a push besides its entries: headers, tag, signature."""


class Pace:
    """Unlimited (`rate` None) unless somebody complains. `rate` is in bytes of entries a second,
    handed over a full push at a time: the slower, the more entries in each."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self.ticks = 0
        self._complaints: dict[Member, tuple[float, float]] = {}
        """The bytes a second that it could take, and when it said so."""
        self._too_much: float | None = None
        """The rate that somebody could not take, the last time."""
        self._less_at = 0.0
        self._tokens = 0.0
        self._at = 0.0
        self._size = float(PUSH_MAX)
        """Bytes of an entry, smoothed."""
        self._authors: dict[bytes, None] = {}
        """Who has said something since the tick before."""
        self._late = False
        self.window = limits.WINDOW
        """Drafts that each author may have beyond its newest acknowledged one."""

    # What is known

    def complain(self, member: Member, rate: float, now: float) -> None:
        """It could take so many bytes a second, and there were more."""
        self._complaints[member] = rate, now

    def content(self, member: Member) -> None:
        """It takes what there is, or is not pushed to."""
        self._complaints.pop(member, None)

    def said(self, author: bytes, size: int) -> None:
        """A draft of so many bytes was taken."""
        self._authors[author] = None
        self._size += (size - self._size) / 16

    def tick(self, receivers: int, made: float, late: float, patience: float, now: float) -> bool:
        """Once a second. `made`: bytes a second pushed since the last time; `late`: seconds by which
        this comes too late; complaints count for `patience` seconds. Whether there is to be
        less."""
        self.ticks += 1
        self.refill(now)
        before, self._late = self._late, late > limits.SERVER_LATE
        rates = self._counted(receivers, now - patience)
        if rates:
            least = max(limits.PACE_LEAST, limits.PACE_ALL / receivers)
            less = self._limit(max(rates[0], least), made, now)
        elif before and self._late:
            less = self._limit(max(made * limits.PACE_LESS, limits.PACE_SERVER), made, now)
        else:
            less = False
            self._open(now)
        self.window = self._fitting()
        self._authors.clear()
        return less

    def _counted(self, receivers: int, since: float) -> list[float]:
        """What those who complain could take, the least first, without the tenth that does not
        count; of three or more receivers, one at least does not."""
        for member, (_, when) in list(self._complaints.items()):
            if when < since:
                del self._complaints[member]
        rates = sorted(rate for rate, _ in self._complaints.values())
        return rates[max(receivers // 10, receivers >= 3) :]

    def _limit(self, rate: float, made: float, now: float) -> bool:
        if self.rate is not None and rate >= self.rate:
            return False
        self._too_much = min(made, self.rate) if self.rate is not None else made
        self._less_at = now
        self.rate = rate
        self._complaints.clear()
        return True

    def _open(self, now: float) -> None:
        if self.rate is None:
            return
        if now - self._less_at > limits.PACE_FORGET:
            self._too_much = None
        known = self._too_much is not None and self.rate > limits.PACE_KNOWN * self._too_much
        self.rate *= limits.PACE_CAREFUL if known else limits.PACE_MORE
        if self.rate > limits.PACE_MOST:
            self.rate = None

    # What may be done

    @property
    def budget(self) -> int | None:
        """Bytes of drafts that may go to the log now; None: all."""
        return None if self.rate is None else int(self._tokens / PUSH_MAX + 1e-6) * PUSH_MAX

    def spend(self, size: int) -> None:
        """So many bytes of drafts went to the log."""
        if self.rate is not None and size:
            self._tokens -= size + _OVERHEAD * (1 + size // PUSH_MAX)

    def refill(self, now: float) -> None:
        """Time has passed."""
        if self.rate is not None:
            most = max(PUSH_MAX, self.rate * _BURST)
            self._tokens = min(most, self._tokens + (now - self._at) * self.rate)
        self._at = now

    @property
    def next(self) -> float:
        """When there is a push's worth, if there is none."""
        return self._at + (PUSH_MAX - self._tokens) / (self.rate or limits.PACE_MOST)

    def _fitting(self) -> int:
        """What waits in the server is to be gone within PACE_QUEUE seconds."""
        if self.rate is None:
            return limits.WINDOW
        waiting = self.rate * limits.PACE_QUEUE / self._size
        return max(1, min(limits.WINDOW, int(waiting / max(1, len(self._authors)))))
