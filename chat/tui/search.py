"""A search through a room's lines, newest first, a step at a time."""

from bisect import bisect_left, bisect_right

from .lines import END, Key, Line
from .order import Order
from .query import Query

BUDGET = 100_000
"""Characters that one step looks through: some ten milliseconds at most."""

_LINE = 50
"""What a line costs whatever its text."""


class Search:
    """Finds what is there, counts it, and goes from one to the next."""

    def __init__(self, shown: Order, query: Query) -> None:
        self.query = query
        self.wants_older = False
        """It goes on when older lines are there."""
        self._shown = shown
        self._hits: list[Key] = []
        """Newest first."""
        self._below: Key = (END, 0)
        """What is before this place has not been looked through."""
        self._wanted: tuple[int, Key] | None = None
        """Up (-1) or down (1), from where."""
        self._at: Key | None = None
        self._around = ""

    @property
    def busy(self) -> bool:
        """There is something left to do that needs no older lines."""
        return not self._whole or (self._wanted is not None and not self.wants_older)

    @property
    def status(self) -> str:
        """3 of 17, the newest being the first; or what else there is to say."""
        if self.query.overlong:
            return "this pattern takes too long: simplify it"
        if self._wanted is not None:
            return "searching older messages…" if self.wants_older else "searching…"
        if not self._hits:
            return "not found" if self._whole else "searching…"
        count = f"{len(self._hits):,}{'' if self._whole else '+'}"
        if self._at is None:
            return f"{count} found"
        return f"{self._place(self._at) + 1:,} of {count}{self._around}"

    def want(self, by: int, origin: Key) -> None:
        """The next one up (-1) or down (1) from a place: `step` finds it."""
        self._wanted = by, origin
        self.wants_older = False
        self._hits = [key for key in self._hits if self._shown.find(key) is not None]

    def look(self, line: Line) -> None:
        """A line that is new, or another one now."""
        if line.key < self._below or line.key[0] >= END:
            return
        at = self._place(line.key)
        known = at < len(self._hits) and self._hits[at] == line.key
        matches = line in self._shown and self.query.matches(line)
        if matches and not known:
            self._hits.insert(at, line.key)
        elif known and not matches:
            del self._hits[at]

    def again(self) -> None:
        """Other lines are shown."""
        self._hits, self._below = [], (END, 0)

    def step(self, more: bool, budget: int = BUDGET) -> Line | None:
        """Looks through some lines. Returns the one that was wanted, as soon as it is found. `more`:
        older ones may come."""
        at = self._shown.place(self._below)
        while at > 1 and budget > 0:
            at -= 1
            line = self._shown[at]
            budget -= len(line.text) + _LINE
            self._below = line.key
            if self.query.matches(line):
                self._hits.append(line.key)
        if self._wanted is None:
            return None
        key = self._nearest(*self._wanted, more)
        if key is None:
            if self._whole and not self.wants_older:
                self._wanted = None
            return None
        self._at, self._wanted, self.wants_older = key, None, False
        return self._shown.find(key)

    def _nearest(self, by: int, origin: Key, more: bool) -> Key | None:
        hits = self._hits
        self._around, self.wants_older = "", False
        if by > 0:
            at = self._place(origin) - 1
            if at >= 0 and (self._whole or self._below <= origin):
                return hits[at]
            if not self._whole or not hits:
                return None
            self._around = ", from the oldest again"
            return hits[-1]
        at = bisect_right(hits, _newest_first(origin), key=_newest_first)
        if at < len(hits):
            return hits[at]
        if not self._whole:
            return None
        if more:
            self.wants_older = True
            return None
        self._around = ", from the newest again"
        return hits[0] if hits else None

    @property
    def _whole(self) -> bool:
        return self._shown.place(self._below) <= 1

    def _place(self, key: Key) -> int:
        """How many hits are newer."""
        return bisect_left(self._hits, _newest_first(key), key=_newest_first)


def _newest_first(key: Key) -> Key:
    return -key[0], -key[1]
