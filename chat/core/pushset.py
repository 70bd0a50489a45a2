"""Who of a room is pushed to. Who loses too much, or is not heard of any more, is not for a while,
and fetches at its own pace: it is to cost the others nothing.
"""

from collections.abc import Iterator
from itertools import islice

from . import limits, wire
from .marks import Marks
from .member import Member
from .receiver import Receiver
from .tfrc import tcp_rate


class Standing:
    """That of one member which has left the push set at least once."""

    __slots__ = ("change", "pause", "since", "until")

    def __init__(self, change: int) -> None:
        self.change = change
        self.pause = 0.0
        """Seconds that it was out for, the last time."""
        self.since = 0.0
        """When it came back."""
        self.until: float | None = None
        """When it will; None: it is in."""


class PushSet:
    """Decides; nobody is subscribed from here."""

    def __init__(self, tag: int, marks: Marks) -> None:
        self._tag = tag
        self._marks = marks
        self._standings: dict[Member, Standing] = {}
        self._out: dict[Member, Standing] = {}
        self._changes = 0

    def __contains__(self, member: object) -> bool:
        """For who is in the room at all."""
        return member not in self._out

    @property
    def out(self) -> int:
        """How many are not pushed to."""
        return len(self._out)

    def knows(self, member: Member) -> bool:
        """It has left the push set at least once."""
        return member in self._standings

    def exit(self, member: Member) -> None:
        if self._standings.pop(member, None) is not None:
            self._out.pop(member, None)
            self._changes += 1  # What it was told last is not to count if it comes again.

    def loses(self, receiver: Receiver) -> bool:
        """Whether it loses more than a tenth, still does, and is sent more than TCP would send it."""
        loss = receiver.loss
        if loss <= limits.PUSH_LOSS or receiver.samples[-1].got == receiver.samples[-1].sent:
            return False
        first, last = receiver.samples[0].first, receiver.samples[-1].end
        return self.rate(first, last) > self.fair(loss, receiver.rtt)

    def fair(self, loss: float, rtt: float) -> float:
        """Pushes a second that somebody may be sent whatever it loses."""
        return max(limits.PUSH_LEAST, tcp_rate(loss, rtt))

    def rate(self, first: int, end: int) -> float:
        """Pushes a second, when those between these numbers were made."""
        seconds = self._marks.of(end - 1).time - self._marks.of(first).time
        return (end - first - 1) / max(seconds, limits.PUSH_BURST)

    def uncovered(self, receiver: Receiver, made: int, interval: float, now: float) -> bool:
        """Whether it has said nothing of too many pushes for too long, though there was something
        to say. Silence in seconds would take a quiet room for a silent member."""
        if made - receiver.covered < limits.PUSH_UNCOVERED:
            return False
        since = now - limits.PUSH_SILENT * interval
        quiet = receiver.heard >= self._marks.at(since).seq
        return not quiet and self._marks.of(receiver.covered).time < since

    def leave(self, member: Member, now: float) -> None:
        standing = self._standings.setdefault(member, Standing(0))
        least, most = limits.PUSH_AGAIN
        well = now - standing.since > most
        standing.pause = least if well else min(most, max(least, 2 * standing.pause))
        standing.until = now + standing.pause
        self._out[member] = standing
        self._change(standing)

    def due(self, members: int, now: float) -> Iterator[Member]:
        """Who is to return, of a room of so many: few at once, so that who left together does not
        come back together."""
        due = (
            member
            for member, standing in list(self._out.items())
            if standing.until is not None and standing.until <= now
        )
        return islice(due, max(1, members // limits.PUSH_RETURNS))

    def enter(self, member: Member, now: float) -> None:
        """It returns."""
        standing = self._out.pop(member)
        standing.since, standing.until = now, None
        self._change(standing)

    def state(self, member: Member, now: float) -> wire.Pushing:
        """For the member."""
        standing = self._standings.get(member)
        if standing is None or standing.until is None:
            change = standing.change if standing is not None else self._changes
            return wire.Pushing(self._tag, change, 1, 0)
        again = max(0.0, standing.until - now)
        return wire.Pushing(self._tag, standing.change, 0, round(again * 10))

    def _change(self, standing: Standing) -> None:
        self._changes += 1
        standing.change = self._changes
