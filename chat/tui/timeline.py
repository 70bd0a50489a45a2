"""A room's lines in order: entries by their seq, what was noticed here in between, and at the end
what we said and the log has not confirmed.

Pure, and the owner of all lines. A line's key is its place, so that who looks at one (`viewport`)
finds it again whatever comes before or after it.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import count
from operator import attrgetter
from typing import NamedTuple

from chat.core.text import clean
from chat.core.types import Entry

from .lines import LOOKS, Key, Line, Look, Mark

END = 1 << 62
"""The seq of what is in no log yet."""

_TOP: Key = (-1, 0)
_key = attrgetter("key")


class Merged(NamedTuple):
    """A line became the rest of an older one, whose text it continues from `offset` on."""

    gone: Key
    into: Key
    offset: int


class Timeline:
    """`len()` and `[index]` go over all lines, the top line (0) and what waits at the end
    included."""

    def __init__(self) -> None:
        self._serials = count()
        self._places = count(1)
        self.top = Line(next(self._serials), _TOP, Look.TOP, 0, "")
        self.newest = 0
        """The highest seq there is here."""
        self.beginning = False
        """Nothing older is left in the log."""
        self.forgotten = False
        """Something older was here, and was let go."""
        self._lines = [self.top]
        self._waiting: list[Line] = []
        self._open: dict[bytes, Line] = {}
        """Texts that go on, by their authors."""

    def __len__(self) -> int:
        return len(self._lines) + len(self._waiting)

    def __getitem__(self, index: int) -> Line:
        if index < len(self._lines):
            return self._lines[index]
        return self._waiting[index - len(self._lines)]

    @property
    def first(self) -> Key | None:
        """The oldest line's place."""
        return self[1].key if len(self) > 1 else None

    def index(self, key: Key) -> int:
        """Where this line is, or the one that is there in its place."""
        if key[0] == END:
            at = bisect_left(self._waiting, key, key=_key)
            return min(len(self._lines) + at, len(self) - 1)
        return min(bisect_left(self._lines, key, key=_key), len(self) - 1)

    # What the log says

    def add(self, entry: Entry) -> Line:
        """The newest entry: the line that it is on."""
        if not self.newest:
            self._begin(entry.seq)
        self.newest = max(self.newest, entry.seq)
        return self._join(entry, self._lines, self._open)

    def add_older(self, entries: Iterable[Entry], beginning: bool) -> list[Merged]:
        """Entries before all others, oldest first."""
        self.beginning = beginning
        older: list[Line] = []
        opened: dict[bytes, Line] = {}
        for entry in entries:
            self._join(entry, older, opened)
        self._lines[1:1] = older
        return [merged for line in opened.values() if (merged := self._close(line)) is not None]

    def take_back(self, seq: int) -> list[Line]:
        """The log has nothing from `seq` on any more. Returns what is gone; what was noticed here
        meanwhile stays, and belongs after what is left."""
        at = bisect_left(self._lines, (seq, 0), key=_key)
        tail, self._lines[at:] = self._lines[at:], []
        self.newest = min(self.newest, seq - 1)
        self._open = {who: line for who, line in self._open.items() if line.key[0] < seq}
        for line in self._lines:
            if line.is_entry and line.last_seq >= seq:
                self._shorten(line, seq)
        for line in tail:
            if not line.is_entry:
                line.key = self._place(0)
                self._lines.append(line)
        return [line for line in tail if line.is_entry]

    # What happens here

    def note(self, look: Look, text: str, time: int, *, after: int = 0) -> Line:
        """A line of our own, after all that there is, and in any case after entry `after`."""
        line = Line(next(self._serials), self._place(after), look, time, text)
        self._lines.append(line)
        return line

    def wait(
        self, ticket: int, look: Look, name: str, text: str, time: int, *, verified: bool = False
    ) -> Line:
        """Something that we said, at the end of all until the log has it."""
        line = Line(next(self._serials), (END, ticket), look, time, text, name=name)
        line.verified = verified
        line.mark = Mark.PENDING
        self._waiting.append(line)
        return line

    def done(self, line: Line) -> None:
        """It waits no more: the log has it."""
        self._waiting.remove(line)

    def settle(self, line: Line) -> None:
        """It will never be in the log: it stays where the talk is now."""
        self._waiting.remove(line)
        line.key = self._place(0)
        self._lines.append(line)

    def remove(self, line: Line) -> None:
        """It is in no log, and not wanted here any more."""
        at = self.index(line.key)
        if at < len(self._lines) and self._lines[at] is line:
            del self._lines[at]

    def evict(self, keep: int, before: Key | None = None) -> None:
        """Lets the oldest lines go until `keep` are left, but none from `before` on."""
        end = len(self._lines) - keep
        if before is not None:
            end = min(end, bisect_left(self._lines, before, key=_key))
        if end > 1:
            gone = set(self._lines[1:end])
            del self._lines[1:end]
            self._open = {who: line for who, line in self._open.items() if line not in gone}
            self.forgotten = True

    def _place(self, after: int) -> Key:
        return max(after, self.newest, self._lines[-1].key[0]), next(self._places)

    def _begin(self, seq: int) -> None:
        """The first entry of all: what was noticed before it belongs right before it, and after
        all that is older."""
        for line in self._lines[1:]:
            line.key = (seq - 1, line.key[1])

    # Texts that came in several entries

    def _join(self, entry: Entry, lines: list[Line], opened: dict[bytes, Line]) -> Line:
        line = opened.pop(entry.instance, None)
        if line is None or entry.n != line.last_n + 1:
            look = LOOKS.get(entry.kind, Look.TALK)
            name = clean(entry.name).strip() or "?"
            key = (entry.seq, 0)
            line = Line(next(self._serials), key, look, entry.time, "", name=name)
            line.verified = bool(entry.key)
            line.instance, line.first_n = entry.instance, entry.n
            lines.append(line)
        start = len(line.text)
        line.say(line.text + clean(entry.text, lines=True))
        if entry.more or start:
            line.parts.append((entry.seq, entry.n, start))
        line.last_seq, line.last_n, line.more = entry.seq, entry.n, entry.more
        if entry.more:
            opened[entry.instance] = line
        return line

    def _close(self, line: Line) -> Merged | None:
        """Older entries ended within a text whose rest is here already."""
        for at in range(1, len(self._lines)):
            rest = self._lines[at]
            if rest is line or rest.instance != line.instance or rest.key < line.key:
                continue
            if rest.first_n != line.last_n + 1:
                return None
            offset = len(line.text)
            del self._lines[at]
            line.say(line.text + rest.text)
            parts = rest.parts or [(rest.key[0], rest.first_n, 0)]
            line.parts += [(seq, n, offset + start) for seq, n, start in parts]
            line.last_seq, line.last_n, line.more = rest.last_seq, rest.last_n, rest.more
            line.show(rest.mark, rest.note)
            if self._open.get(line.instance) is rest:
                self._open[line.instance] = line
            return Merged(rest.key, line.key, offset)
        return None

    def _shorten(self, line: Line, seq: int) -> None:
        start = next(start for gone, _, start in line.parts if gone >= seq)
        line.parts = [part for part in line.parts if part[0] < seq]
        line.last_seq, line.last_n, _ = line.parts[-1]
        line.more = True
        line.say(line.text[:start])
        self._open[line.instance] = line
