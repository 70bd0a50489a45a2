"""The input line: one prompt_toolkit Buffer for each room, with its recall and its completions."""

from typing import NamedTuple

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from chat.core.text import clean

from . import graphemes
from .completion import Completions, Known, complete
from .roombuffer import RoomBuffer

TYPED_MAX = 1 << 16
"""Bytes that the input line holds: eight times what can be sent."""


class _Cycle(NamedTuple):
    """Tab was pressed: again, and the next word stands there."""

    found: Completions
    chosen: int
    rest: str
    """What was right of the cursor."""
    made: Document


class Editor:
    """Of one room. `buffer` is what the keys act on."""

    def __init__(self, room: RoomBuffer) -> None:
        self.buffer = Buffer(multiline=True)
        self._recall = room.recall
        self._cycle: _Cycle | None = None

    @property
    def text(self) -> str:
        return self.buffer.text

    @property
    def cursor(self) -> int:
        return self.buffer.cursor_position

    def insert(self, text: str) -> bool:
        """Text from elsewhere, made harmless; False: it is too much, and nothing was changed."""
        text = clean(text, lines=True)
        if len(self.buffer.text) + len(text) > TYPED_MAX:
            return False
        self.buffer.save_to_undo_stack()
        self.buffer.insert_text(text)
        return True

    def set(self, text: str) -> None:
        """Another text, which undo takes back."""
        self.buffer.save_to_undo_stack()
        self.buffer.document = Document(text, len(text))

    def sent(self) -> None:
        """What is there was sent: what was being typed before it was recalled comes back."""
        draft = self._recall.add(self.buffer.text)
        self.buffer.reset(Document(draft, len(draft)))

    def put_aside(self) -> None:
        """Empty, and what was there is the first to be recalled."""
        self._recall.add(self.buffer.text)
        self.set("")

    def up(self) -> None:
        """A line up, or from the first one to what was sent before."""
        if self.buffer.document.on_first_line:
            self._recalled(self._recall.up(self.buffer.text))
        else:
            self.buffer.cursor_up()

    def down(self) -> None:
        if self.buffer.document.on_last_line:
            self._recalled(self._recall.down(self.buffer.text))
        else:
            self.buffer.cursor_down()

    def left(self) -> None:
        self.buffer.cursor_position = graphemes.before(self.text, self.cursor)

    def right(self) -> None:
        self.buffer.cursor_position = graphemes.after(self.text, self.cursor)

    def backspace(self) -> None:
        self.buffer.delete_before_cursor(self.cursor - graphemes.before(self.text, self.cursor))

    def delete(self) -> None:
        self.buffer.delete(graphemes.after(self.text, self.cursor) - self.cursor)

    def settle(self) -> None:
        """After any key: the cursor is never inside of what people take for one character."""
        place = graphemes.edge(self.text, self.cursor)
        if place != self.cursor:
            self.buffer.cursor_position = place

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

    def _recalled(self, text: str | None) -> None:
        if text is not None:
            self.set(text)
