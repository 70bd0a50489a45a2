"""What the input line is for a while, instead of for a message."""

from abc import abstractmethod
from collections.abc import Callable

from chat.core.doorkey import BadSecretError, check_secret

from .editor import Editor
from .inputline import InputLine
from .lines import Line
from .roombuffer import RoomBuffer
from .viewport import Anchor


class Prompt(InputLine):
    """Enter and Escape end it."""

    @abstractmethod
    def enter(self) -> bool:
        """Whether that was the end of it."""

    def leave(self) -> None:
        """Escape: as if it had not been begun."""

    def changed(self) -> None:
        """Another text is there, or the cursor has moved."""


class HistoryPrompt(Prompt):
    """Looks backwards through what was sent from a room."""

    label = "history: "

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._query = ""
        self._at = 0
        """Of the recalled texts, counted from the newest; where to begin to look."""
        self._found: str | None = None

    @property
    def hint(self) -> str:
        if self._found is not None:
            return self._found
        return f"nothing with {self.text!r}" if self.text else "type a part of what you said before"

    def changed(self) -> None:
        if self.text != self._query:
            self._query, self._at = self.text, 0
            self._look()

    def up(self) -> None:
        """Further back."""
        if self._found is not None:
            self._at += 1
            self._look()

    def down(self) -> None:
        recall = self._editor.recall
        newer = recall.find_newer(self._query, self._at) if self._query else None
        if newer is not None:
            self._at, self._found = newer

    def enter(self) -> bool:
        """What was found can be edited, and sent."""
        if self._found is not None:
            self._editor.set(self._found)
        return True

    def _look(self) -> None:
        found = self._editor.recall.find(self._query, self._at) if self._query else None
        if found is not None:
            self._at, self._found = found
        elif self._at:
            self._at -= 1
        else:
            self._found = None


class SearchPrompt(Prompt):
    """Looks through a room's lines, as one types."""

    label = "search: "

    def __init__(self, buffer: RoomBuffer) -> None:
        super().__init__()
        self._room = buffer
        self._query = ""
        self._trouble = ""
        self._before: tuple[Line | None, Anchor | None] = buffer.selected, buffer.viewport.anchor

    @property
    def hint(self) -> str:
        if not self.text:
            return "type what to search for; /…/ is a pattern, Up and Down go on, Escape goes back"
        return self._trouble or self._room.search_status

    def changed(self) -> None:
        if self.text != self._query:
            self._query = self.text
            self._restore()
            self._trouble = self._room.find(self.text) if self.text else ""

    def up(self) -> None:
        """Further back."""
        self._room.find_next(-1)

    def down(self) -> None:
        self._room.find_next(1)

    def enter(self) -> bool:
        """What was found stays selected."""
        self._room.stop_search()
        return True

    def leave(self) -> None:
        self._room.stop_search()
        self._restore()

    def _restore(self) -> None:
        """The view is as it was before."""
        line, anchor = self._before
        self._room.stop_search()
        self._room.deselect()
        self._room.viewport.anchor = anchor
        if line is not None:
            self._room.select(line)


class CorrectionPrompt(Prompt):
    """Another text for a message that was said."""

    label = "correct: "

    def __init__(self, line: Line, replace: Callable[[Line, str], bool]) -> None:
        """`replace` says whether the text can be had."""
        super().__init__()
        self._line = line
        self._replace = replace
        self.set(line.text)

    @property
    def hint(self) -> str:
        if not self.text.strip():
            return "nothing is left of it: Enter leaves it as it was; /delete takes it back"
        return "Enter corrects it for everybody, Escape leaves it as it was"

    def enter(self) -> bool:
        text = self.text.strip("\n")
        return not text.strip() or self._replace(self._line, text)


HIDDEN = "•"
"""Instead of each character that nobody is to see."""


class SecretPrompt(Prompt):
    """Asks for a password. Nothing of it is shown, or kept anywhere; where nothing is typed, Enter
    is as Escape."""

    def __init__(self, label: str, hint: str, given_up: Callable[[], None]) -> None:
        super().__init__()
        self.label = label
        self._hint = hint
        self._given_up = given_up

    @property
    def shown(self) -> str:
        return HIDDEN * len(self.text)

    @property
    def hint(self) -> str:
        return self._hint

    def insert(self, text: str) -> bool:
        """What is copied often ends with the end of its line."""
        return super().insert(text.strip("\r\n"))

    def enter(self) -> bool:
        secret = self.text
        self.buffer.reset()
        if not secret:
            self.leave()
            return True
        try:
            return self.take(check_secret(secret))
        except BadSecretError as error:
            self._hint = f"{error}; once more"
            return False

    def leave(self) -> None:
        self.buffer.reset()
        self._given_up()

    @abstractmethod
    def take(self, secret: str) -> bool:
        """Whether nothing more is asked."""


class EntryPrompt(SecretPrompt):
    """For the password of a room that we want to be in."""

    def __init__(
        self, label: str, hint: str, enter: Callable[[str], None], given_up: Callable[[], None]
    ) -> None:
        super().__init__(f"password for {label}: ", hint, given_up)
        self._enter = enter

    def take(self, secret: str) -> bool:
        self._enter(secret)
        return True


class NewPasswordPrompt(SecretPrompt):
    """For a password that a room is to have, twice."""

    def __init__(
        self, label: str, hint: str, change: Callable[[str], None], given_up: Callable[[], None]
    ) -> None:
        super().__init__(f"new password for {label}: ", hint, given_up)
        self._first_label = self.label
        self._first = ""
        self._change = change

    def take(self, secret: str) -> bool:
        if not self._first:
            self._first, self.label, self._hint = secret, "again: ", ""
            return False
        if secret != self._first:
            self._first, self.label = "", self._first_label
            self._hint = "these were not the same; once more, from the beginning"
            return False
        self._change(secret)
        return True
