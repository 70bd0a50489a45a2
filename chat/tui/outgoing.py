"""What we said in a room: pending, logged, delivered or failed, and where it is shown."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from chat.core.delivery import Tally
from chat.core.membership import Membership
from chat.core.text import clean
from chat.core.types import Entry, Kind

from .lines import Line, Look, Mark
from .timeline import Timeline

WATCHED = 256
"""Of our entries in the log, whose delivery is awaited; the oldest are given up. And of what was
not sent and may be said again."""

PATIENCE = 2.0
"""Seconds that the others have before it is said who is waited for."""

NAMED = 3
"""Of those, names that are said."""

AGAIN = "Alt-R sends it again"


class Unsent(NamedTuple):
    """To be said anew."""

    kind: Kind
    text: str
    refers: int = 0
    """The seq of what it was to amend."""


class _Said:
    """One text, and what of it the log has not shown yet."""

    def __init__(
        self, line: Line, parts: dict[int, str], typed: dict[int, str], unsent: Unsent
    ) -> None:
        self.line = line
        self.parts = parts
        """By ticket, in order, as they are shown."""
        self.typed = typed
        """As they were typed."""
        self.unsent = unsent
        """What it was, but for the text."""
        self.logged: set[int] = set()


class Outgoing:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._said: dict[int, _Said] = {}
        """By each of its tickets."""
        self._tickets: dict[int, int] = {}
        """By n, what is logged and was not read back yet."""
        self._watched: deque[Line] = deque(maxlen=WATCHED)
        self._failed: dict[Line, Unsent] = {}
        self._last: Line | None = None
        """What we said last, once it is in the log."""
        self._waits: float | None = None
        """Since when that is known not to be with everybody."""

    def said(
        self,
        tickets: Sequence[int],
        pieces: Sequence[str],
        look: Look,
        name: str,
        time: int,
        *,
        verified: bool = False,
        typed: Sequence[str] = (),
        kind: Kind = Kind.MESSAGE,
        refers: int = 0,
    ) -> None:
        """The pieces of one text, clean, with their tickets. `typed`: as they are sent, where that
        may be something else; with `kind` and `refers` that is all that there is to send again."""
        line = self._timeline.wait(tickets[0], look, name, "".join(pieces), time, verified=verified)
        said = _Said(
            line,
            dict(zip(tickets, pieces, strict=True)),
            dict(zip(tickets, typed or pieces, strict=True)),
            Unsent(kind, "", refers),
        )
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
        """What of it is in the log already will be read."""
        said = self._said.get(ticket)
        if said is not None and ticket not in said.logged:
            lost = [each for each in said.parts if each not in said.logged]
            self._give_up(said, lost, f"not sent: {reason}")

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

    def disowned(self) -> None:
        """We are somebody new to the log: what it had confirmed and not shown is lost."""
        self._tickets.clear()
        for said in dict.fromkeys(self._said.values()):
            if said.logged:
                lost = [each for each in said.parts if each in said.logged]
                self._give_up(said, lost, "the server had confirmed this, and lost it")

    # Who has it

    def watch(self, line: Line) -> None:
        """A line of ours in the log: who has it?"""
        line.show(Mark.LOGGED)
        if line not in self._watched:
            self._watched.append(line)
        if line is not self._last:
            self._silence()
            self._last = line

    def look(self, membership: Membership | None, now: float) -> None:
        """How far the members have come; below what we said last, who is waited for. To be called
        when receipts come, and about once a second."""
        for line in list(self._watched):
            found = _tally(line, membership)
            if found is not None and found.complete:
                self._watched.remove(line)
                if found.of:
                    line.show(Mark.DELIVERED)
        last = self._last
        waiting = waiting_for(last, membership) if last is not None else ""
        if last is None or not waiting:
            self._silence()
            return
        if self._waits is None:
            self._waits = now
        if now - self._waits >= PATIENCE:
            last.show(last.mark, waiting)

    def taken_back(self, lines: Sequence[Line]) -> None:
        """These are not in the log any more."""
        for line in lines:
            if line in self._watched:
                self._watched.remove(line)
            if line is self._last:
                self._silence()
                self._last = None

    # What was not sent

    @property
    def failed_lines(self) -> list[Line]:
        """In the order in which they failed, as far as they are still there."""
        timeline = self._timeline
        return [line for line in self._failed if timeline[timeline.index(line.key)] is line]

    def unsent(self, line: Line) -> Unsent | None:
        """What is to be said anew instead of this line; None: it did not fail."""
        return self._failed.get(line)

    def dismiss(self, line: Line) -> None:
        """Lets what failed go for good."""
        if self._failed.pop(line, None) is not None:
            self._timeline.remove(line)

    def _give_up(self, said: _Said, lost: Sequence[int], why: str) -> None:
        line = said.line
        text = "".join(said.typed[ticket] for ticket in lost)
        line.say("".join(said.parts[ticket] for ticket in lost))
        for ticket in said.parts:
            self._said.pop(ticket, None)
        line.show(Mark.FAILED, f"{why}; {AGAIN}")
        self._timeline.settle(line)
        self._failed[line] = said.unsent._replace(text=text)
        while len(self._failed) > WATCHED:
            del self._failed[next(iter(self._failed))]

    def _silence(self) -> None:
        self._waits = None
        if self._last is not None:
            self._last.show(self._last.mark)


def waiting_for(line: Line, membership: Membership | None) -> str:
    """Of a line of ours in the log: how many have it, and who does not; nothing where all do, or
    it is not known."""
    found = _tally(line, membership)
    if found is None or found.complete:
        return ""
    names = [clean(name) for name in found.waiting_for[:NAMED]]
    more = found.of - found.have - len(names)
    if more:
        names.append(f"{more:,} other{'' if more == 1 else 's'}")
    *most, last = names
    listed = f"{', '.join(most)} and {last}" if most else last
    return f"{found.have:,} of {found.of:,}, waiting for {listed}"


def _tally(line: Line, membership: Membership | None) -> Tally | None:
    if membership is None or line.more or not line.is_entry:
        return None
    return membership.tally(line.last_seq, line.time)
