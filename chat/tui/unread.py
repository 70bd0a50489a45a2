"""What came while nobody looked, and where it began."""

from .lines import SPOKEN, Line
from .order import Order


class Unread:
    """Counts messages, each once, however many entries it takes.

    There are two counts: of what is unread, until the room is shown; and of what was new then, for
    the line above the first of them, which stays while it is read."""

    def __init__(self, shown: Order) -> None:
        self.away = False
        self.count = 0
        self.new = 0
        """Below the line."""
        self._shown = shown
        self._first = self._last = 0
        """Seqs of what is new."""
        self._since = 0
        """From which on it is unread."""
        self._mentions: set[int] = set()
        """Seqs of unread ones."""

    @property
    def mentions(self) -> int:
        """Of us, among what is unread."""
        return len(self._mentions)

    def leave(self) -> None:
        """Nobody looks any more: what there is has been read."""
        if not self.away:
            self.away = True
            self._first = self._last = self.new = 0

    def enter(self) -> None:
        self.away = False
        self.count = self._since = 0
        self._mentions = set()

    def came(self, line: Line) -> None:
        """A line that nobody has seen; or one whose text goes on."""
        if not _counts(line):
            return
        seq, shown = line.key[0], line in self._shown
        if line.last_seq == seq:
            self._first, self._since = self._first or seq, self._since or seq
            self._last = seq
            self.new += shown
            self.count += shown
        if line.mention and shown and seq >= self._since > 0:
            self._mentions.add(seq)

    def take_back(self, seq: int) -> None:
        """The log has nothing from `seq` on any more."""
        self._first = self._first if self._first < seq else 0
        self._since = self._since if self._since < seq else 0
        self._last = min(self._last, seq - 1)
        self.recount()

    def recount(self) -> None:
        """Other lines are shown, or some are gone."""
        lines = [
            line
            for line in self._shown.between((self._first, 0), (self._last + 1, 0))
            if self._first and _counts(line)
        ]
        unread = [line for line in lines if self._since and line.key[0] >= self._since]
        self.new, self.count = len(lines), len(unread)
        self._mentions = {line.key[0] for line in unread if line.mention}

    def between(self, before: Line, line: Line) -> bool:
        """Whether the first new line is this one: then a line says so above it."""
        return before.key < (self._first, 0) <= line.key and line.key[0] <= self._last

    @property
    def index(self) -> int | None:
        """Of the first new line, among those that are shown."""
        if not self.new:
            return None
        index = self._shown.index((self._first, 0))
        return index if self._shown[index].key[0] <= self._last else None


def _counts(line: Line) -> bool:
    return line.is_entry and not line.own and line.look in SPOKEN
