"""What is done to a message that was said: corrected, taken back, reacted to, said again, copied."""

from collections.abc import Callable

from chat.core.amend import is_reaction
from chat.core.text import UNDO
from chat.core.types import Kind

from .cells import cut
from .desk import Desk
from .effects import Copy
from .lines import SPOKEN, Line
from .roombuffer import RoomBuffer

_QUOTED = 40
"""Cells of a message that is named."""

Say = Callable[[RoomBuffer, str, Kind, int], bool]
"""Says a text of some kind in a room, about the entry with some seq."""

COPIED = 1000
"""Messages that are copied at once."""


class Amending:
    """Of the message that is selected, or the last one that can be meant. Each returns whether the
    line is done with."""

    def __init__(
        self,
        desk: Desk,
        say: Say,
        correct: Callable[[Line], None],
        remove: Callable[[Line, str], bool],
    ) -> None:
        """`correct` lets the user correct a message on the input line; `remove` has somebody else's
        deleted, with a reason."""
        self._desk = desk
        self._say = say
        self._correct = correct
        self._remove = remove

    def edit(self, text: str = "") -> bool:
        line = self._meant("corrected", own=True)
        if line is None:
            return False
        if not text:
            self._correct(line)
            return True
        return self.replace(line, text)

    def replace(self, line: Line, text: str) -> bool:
        """Another text for a message of ours."""
        if text == line.text:
            return True
        return self._about(line, Kind.EDIT, text, "corrected")

    def delete(self, reason: str = "") -> bool:
        """Takes back what we said; what somebody else did has to be selected, so that it is meant."""
        selected = self._desk.current.selected
        if selected is not None and not selected.own:
            line = self._meant("deleted", own=False)
            return line is not None and self._remove(line, reason)
        if reason:
            self._desk.refuse("a reason is for what somebody else said: select that first (Alt-Up)")
            return False
        line = self._meant("taken back", own=True)
        return line is not None and self._about(line, Kind.DELETE, "", "taken back")

    def react(self, reaction: str) -> bool:
        """Or takes that back, if it is there from us."""
        line = self._meant("reacted to", own=False)
        if line is None:
            return False
        if not is_reaction(reaction):
            self._desk.refuse("a reaction is one emoji or one short word, as in /react 👍")
            return False
        there = any(each.own and each.text == reaction for each in line.reactions)
        text = f"{UNDO if there else ''}{reaction}"
        return self._about(
            line, Kind.REACTION, text, f"reaction {'taken back from' if there else 'to'}"
        )

    def resend(self) -> bool:
        """Says what failed again: what is selected, or what failed last."""
        buffer = self._desk.current
        failed = buffer.outgoing.failed_lines
        if not failed:
            self._desk.tell("nothing has failed here")
            return True
        line = next((each for each in failed if each is buffer.selected), failed[-1])
        unsent = buffer.outgoing.unsent(line)
        if unsent is None:
            return True
        if not self._say(buffer, unsent.text, unsent.kind, line.refers):
            return False
        buffer.outgoing.dismiss(line)
        return True

    def copy(self, count: str) -> bool:
        """The selected message, or so many of the last ones, for the clipboard."""
        desk, buffer = self._desk, self._desk.current
        if count and not (count.isdecimal() and 0 < int(count) <= COPIED):
            desk.refuse(f"/copy NUMBER copies so many of the last messages: 1 to {COPIED:,}")
            return False
        if buffer.selected is not None and not count:
            lines = [buffer.selected]
        else:
            lines = buffer.last_spoken(int(count or 1))
        if not lines:
            desk.tell("there is nothing to copy")
            return True
        desk.effects.append(Copy("\n".join(map(buffer.copy_text, lines))))
        desk.tell(f"copied: {'1 message' if len(lines) == 1 else f'{len(lines):,} messages'}")
        return True

    def _about(self, line: Line, kind: Kind, text: str, what: str) -> bool:
        """`what`: what is done, for who does not see what it is done to."""
        assert line.entry is not None
        buffer = self._desk.current
        seen = buffer.viewport.shows(line)
        meant = cut(f"<{line.name}> {line.text}".replace("\n", " "), _QUOTED)
        if not self._say(buffer, text, kind, line.entry.seq):
            return False
        if not seen:
            self._desk.tell(f"{what}: {meant}")
        buffer.deselect()
        return True

    def _meant(self, what: str, *, own: bool) -> Line | None:
        """What the user wants that done to, if it can be."""
        desk, buffer = self._desk, self._desk.current
        line = buffer.selected or buffer.latest(own=own)
        if line is None:
            desk.refuse(f"there is no message {'of yours ' if own else ''}that can be {what}")
        elif line.look not in SPOKEN:
            desk.refuse(f"only what somebody said can be {what}")
        elif not line.is_entry:
            desk.refuse(f"only what is in the server's log can be {what}")
        elif line.deleted:
            desk.refuse("that message is gone")
        elif own and not line.own:
            desk.refuse(f"only your own messages can be {what}; Escape deselects this one")
        else:
            return line
        return None
