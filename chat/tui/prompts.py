"""What the input line is for a while, instead of for a message."""

from abc import abstractmethod

from .editor import Editor
from .inputline import InputLine


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
