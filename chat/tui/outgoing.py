"""What we said in a room: pending, logged, delivered or failed, and where it is shown."""

from collections import deque
from collections.abc import Mapping, Sequence

from chat.core import events
from chat.core.asks import Member
from chat.core.delivery import tally
from chat.core.types import Entry

from .lines import Line, Look, Mark
from .timeline import Timeline

WATCHED = 256
"""Of our entries in the log, whose delivery is awaited; the oldest are given up."""


class _Said:
    """One text, and what of it the log has not shown yet."""

    def __init__(self, line: Line, parts: dict[int, str]) -> None:
        self.line = line
        self.parts = parts
        """By ticket, in order."""
        self.logged: set[int] = set()


class Outgoing:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._said: dict[int, _Said] = {}
        """By each of its tickets."""
        self._tickets: dict[int, int] = {}
        """By n, what is logged and was not read back yet."""
        self._watched: deque[Line] = deque(maxlen=WATCHED)

    def said(
        self,
        tickets: Sequence[int],
        pieces: Sequence[str],
        look: Look,
        name: str,
        time: int,
        *,
        verified: bool = False,
    ) -> None:
        """The pieces of one text, clean, with their tickets."""
        line = self._timeline.wait(tickets[0], look, name, "".join(pieces), time, verified=verified)
        said = _Said(line, dict(zip(tickets, pieces, strict=True)))
        self._said.update((ticket, said) for ticket in tickets)

    def logged(self, ticket: int, n: int) -> None:
        """The log has it; where in it, we shall read."""
        said = self._said.get(ticket)
        if said is None:
            return
        self._tickets[n] = ticket
        said.logged.add(ticket)
        if said.logged >= said.parts.keys():
            said.line.show(Mark.LOGGED)

    def failed(self, ticket: int, reason: str) -> None:
        said = self._said.get(ticket)
        if said is not None:
            self._give_up(said, f"not sent: {reason}")

    def read_back(self, entry: Entry) -> None:
        """An entry of ours, as it came from the log: it waits no more."""
        ticket = self._tickets.pop(entry.n, None)
        said = self._said.pop(ticket, None) if ticket is not None else None
        if said is None or ticket is None:
            return
        del said.parts[ticket]
        if said.parts:
            said.line.say("".join(said.parts.values()))
        else:
            self._timeline.done(said.line)

    def watch(self, line: Line) -> None:
        """A line of ours in the log: who has it?"""
        line.show(Mark.LOGGED)
        if line not in self._watched:
            self._watched.append(line)

    def heard(
        self, receipts: events.Receipts, members: Mapping[int, Member], own_ordinal: int
    ) -> None:
        """How far the members have come."""
        for line in list(self._watched):
            found = None if line.more else tally(line.last_seq, receipts, members, own_ordinal)
            if found is not None and found.complete:
                self._watched.remove(line)
                if found.of:
                    line.show(Mark.DELIVERED)

    def taken_back(self, lines: Sequence[Line]) -> None:
        """These are not in the log any more."""
        for line in lines:
            if line in self._watched:
                self._watched.remove(line)

    def disowned(self) -> None:
        """We are somebody new to the log: what it had confirmed and not shown is lost."""
        self._tickets.clear()
        for said in dict.fromkeys(self._said.values()):
            if said.logged:
                self._give_up(said, "the server had confirmed this, and lost it")

    def _give_up(self, said: _Said, why: str) -> None:
        for ticket in said.parts:
            self._said.pop(ticket, None)
        said.line.show(Mark.FAILED, why)
        self._timeline.settle(said.line)
