"""What was sent from one room's input line, to be had again; what is being typed is never lost."""

from collections import deque
from collections.abc import Iterable
from itertools import islice

KEPT = 500

SECRET = frozenset(("password",))
"""Commands whose arguments are nobody's business."""


def is_secret(line: str) -> bool:
    """Whether it may be remembered nowhere, sent or not."""
    word = line[1:].split(maxsplit=1)[:1] if line.startswith("/") else []
    return bool(word) and word[0].lower() in SECRET


class Recall:
    """Positions count back from the newest; 0 is what is being typed now."""

    def __init__(self) -> None:
        self._sent: deque[str] = deque(maxlen=KEPT)
        """The newest first."""
        self._at = 0
        self._edited: dict[int, str] = {}
        """Texts as they were left at their positions, the draft (0) among them."""
        self._fresh: deque[str] = deque(maxlen=KEPT)
        """What was added and not asked for, the oldest first."""

    def load(self, texts: Iterable[str]) -> None:
        """What was sent at other times, the oldest first: it is older than all that is here."""
        for text in reversed(list(texts)):
            if len(self._sent) < KEPT and text and (not self._sent or self._sent[-1] != text):
                self._sent.append(text)

    def fresh(self) -> list[str]:
        """What was added since this was last asked, the oldest first."""
        added = list(self._fresh)
        self._fresh.clear()
        return added

    def draft(self, text: str) -> str:
        """What is not sent, given the text that is there now: what was being typed when something
        was recalled comes first, then what was changed in that."""
        if not self._at:
            return text
        changed = text if text != self._sent[self._at - 1] else ""
        return self._edited.get(0) or changed

    def add(self, text: str) -> str:
        """It was sent. Returns what goes on being typed: the draft that was left for it."""
        draft = self._edited.get(0, "") if self._at else ""
        if text and (not self._sent or self._sent[0] != text):
            self._sent.appendleft(text)
            self._fresh.append(text)
        self._at = 0
        self._edited.clear()
        return draft

    def up(self, text: str) -> str | None:
        """The text before, given the one that is there now; None: there is none."""
        return self._go(self._at + 1, text)

    def down(self, text: str) -> str | None:
        return self._go(self._at - 1, text)

    def find(self, part: str, at: int) -> tuple[int, str] | None:
        """The newest text with `part` in it, whatever its case, from `at` on: which, and it. The
        newest of all is 0."""
        wanted = part.casefold()
        found = enumerate(islice(self._sent, at, None), at)
        return next((each for each in found if wanted in each[1].casefold()), None)

    def find_newer(self, part: str, at: int) -> tuple[int, str] | None:
        """The oldest one that is newer than `at`."""
        wanted = part.casefold()
        newer = ((index, self._sent[index]) for index in range(at - 1, -1, -1))
        return next((each for each in newer if wanted in each[1].casefold()), None)

    def _go(self, at: int, text: str) -> str | None:
        if not 0 <= at <= len(self._sent):
            return None
        self._edited[self._at] = text
        self._at = at
        return self._edited.get(at, self._sent[at - 1] if at else "")
