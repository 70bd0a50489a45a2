"""Lines in the order of their keys."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from .lines import Key, Line

_key = attrgetter("key")


class Order:
    """A line is found by its key, in a time that hardly grows with their number; so is where one
    would be that is not there."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._lines = list(lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> Line:
        return self._lines[index]

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    def __contains__(self, line: Line) -> bool:
        return self.find(line.key) is line

    def place(self, key: Key) -> int:
        """How many lines are before this place."""
        return bisect_left(self._lines, key, key=_key)

    def index(self, key: Key) -> int:
        """Where this line is, or the one that is there in its place."""
        return min(self.place(key), len(self) - 1)

    def find(self, key: Key) -> Line | None:
        at = self.place(key)
        return self._lines[at] if at < len(self) and self._lines[at].key == key else None

    def between(self, first: Key, last: Key) -> Sequence[Line]:
        """From the first place to just before the last."""
        return self._lines[self.place(first) : self.place(last)]

    def add(self, line: Line) -> None:
        insort(self._lines, line, key=_key)

    def insert(self, at: int, lines: Iterable[Line]) -> None:
        """These, in their order, where they belong."""
        self._lines[at:at] = lines

    def remove(self, line: Line) -> None:
        if line in self:
            del self._lines[self.place(line.key)]

    def cut(self, first: Key, last: Key) -> Sequence[Line]:
        """Takes out what is `between`."""
        start, end = self.place(first), self.place(last)
        out, self._lines[start:end] = self._lines[start:end], []
        return out

    def replace(self, lines: Iterable[Line]) -> None:
        self._lines = list(lines)
