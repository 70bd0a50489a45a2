"""The line on which messages are typed: one for each room, with its recall and its completions."""

from typing import NamedTuple

from prompt_toolkit.document import Document

from .completion import Completions, Known, complete
from .inputline import InputLine
from .recall import is_secret
from .roombuffer import RoomBuffer


class _Cycle(NamedTuple):
    """Tab was pressed: again, and the next word stands there."""

    found: Completions
    chosen: int
    rest: str
    """What was right of the cursor."""
    made: Document


class Editor(InputLine):
    """Of one room."""

    def __init__(self, room: RoomBuffer) -> None:
        super().__init__()
        self.recall = room.recall
        self.pasted = False
        """Several lines of it were."""
        self._cycle: _Cycle | None = None

    def sent(self) -> None:
        """What is there was sent: what was being typed before it was recalled comes back."""
        draft = self.recall.add(self._recallable)
        self.buffer.reset(Document(draft, len(draft)))
        self.pasted = False

    def put_aside(self) -> None:
        """Empty, and what was there is the first to be recalled."""
        kept = self._recallable
        self.recall.add(kept)
        if kept:
            self.set("")
        else:
            self.buffer.reset()

    def up(self) -> None:
        """A line up, or from the first one to what was sent before."""
        if self.buffer.document.on_first_line:
            self._recalled(self.recall.up(self.buffer.text))
        else:
            super().up()

    def down(self) -> None:
        if self.buffer.document.on_last_line:
            self._recalled(self.recall.down(self.buffer.text))
        else:
            super().down()

    def complete(self, known: Known, step: int = 1) -> tuple[str, ...]:
        """The next word for the one before the cursor, or the one before. Returns all there are."""
        cycle = self._cycle
        if cycle is None or cycle.made != self.buffer.document:
            document = self.buffer.document
            found = complete(document.text_before_cursor, known)
            if not found.words:
                return ()
            self.buffer.save_to_undo_stack()
            index = 0 if step > 0 else len(found.words) - 1
            rest = document.text_after_cursor
        else:
            found, rest = cycle.found, cycle.rest
            index = (cycle.chosen + step) % len(found.words)
        start = self.buffer.text[: found.start] + found.words[index]
        made = Document(start + rest, len(start))
        self.buffer.document = made
        self._cycle = _Cycle(found, index, rest, made)
        return found.words

    @property
    def _recallable(self) -> str:
        """Not what is a secret, or should have been."""
        return "" if is_secret(self.buffer.text) else self.buffer.text

    def _recalled(self, text: str | None) -> None:
        if text is not None:
            self.set(text)
