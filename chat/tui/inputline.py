"""A line that is being typed: prompt_toolkit's Buffer, with what people take for one character kept
whole."""

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from chat.core.text import clean

from . import graphemes

TYPED_MAX = 1 << 16
"""Characters that an input line holds: eight times what can be sent."""


class InputLine:
    """`buffer` is what the keys act on."""

    label = "> "
    """What stands before it."""

    def __init__(self) -> None:
        self.buffer = Buffer(multiline=True)

    @property
    def hint(self) -> str:
        """A line above it."""
        return ""

    @property
    def text(self) -> str:
        return self.buffer.text

    @property
    def shown(self) -> str:
        """What is seen of it: a character for each of its own."""
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

    def up(self) -> None:
        self.buffer.cursor_up()

    def down(self) -> None:
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
