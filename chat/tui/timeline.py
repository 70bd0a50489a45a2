"""A room's lines in order: entries by their seq, what was noticed here in between, and at the end
what we said and the log has not confirmed.

Pure, and the owner of all lines. A line's key is its place, so that who looks at one (`viewport`)
finds it again whatever comes before or after it.
"""

from collections.abc import Iterable, Mapping
from itertools import count
from typing import NamedTuple

from chat.core.amend import Amendments, amends
from chat.core.limits import PARTS
from chat.core.text import clean
from chat.core.types import Entry, Kind

from .lines import END, LOOKS, SPOKEN, TAKEN_BACK, Key, Line, Look, Mark, Reaction, common_name
from .order import Order
from .presence import Change
from .reader import Reader

CROWD = 100
"""What was made of one line beyond which reactions are counted when it is drawn, not one by one."""

_TOP: Key = (-1, 0)
_END: Key = (END, 0)


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
        self.shown = Order([self.top])
        """What the reader wants to see of it."""
        self.reader = Reader()
        self._lines = Order([self.top])
        self._open: dict[bytes, Line] = {}
        """Texts that go on, by their authors."""
        self._further: dict[int, Line] = {}
        """By seq, the lines of entries that continue a text."""
        self._amendments = Amendments()
        self._uncounted: set[Line] = set()
        """With reactions that were not counted yet."""

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> Line:
        return self._lines[index]

    def index(self, key: Key) -> int:
        """Where this line is, or the one that is there in its place."""
        return self._lines.index(key)

    @property
    def first(self) -> Key | None:
        """The oldest line's place."""
        return self[1].key if len(self) > 1 else None

    # What the log says

    def add(self, entry: Entry, *, own: bool = False) -> Line:
        """The newest entry, which is no amendment: the line that it is on."""
        self._take(entry)
        line = self._join(entry, self._open, own)
        if line is None:
            line = self._begin_line(entry, self._open, own)
            self._show(line)
        self._fold(line)
        line.call(self.reader.mentioned(line))
        return line

    def amend(self, entry: Entry) -> Line | None:
        """The newest entry, which is an amendment: the line that is another one now."""
        self._take(entry)
        self._amendments.add(entry)
        line = self._with(entry.refers)
        if line is None:
            return None
        if entry.kind == Kind.REACTION and self._amendments.about(*_seqs(line)) > CROWD:
            self._uncounted.add(line)
            return None
        return line if self._refold(line) else None

    def count(self) -> None:
        """Brings reactions up to date, before they are drawn."""
        for line in self._uncounted:
            self._fold(line)
        self._uncounted.clear()

    def add_older(self, entries: Iterable[Entry], beginning: bool) -> list[Merged]:
        """Entries before all others, oldest first."""
        self.beginning = beginning
        older: list[Line] = []
        opened: dict[bytes, Line] = {}
        spoke: dict[str, int] = {}
        for entry in entries:
            if amends(entry.kind):
                self._amendments.add(entry)
                continue
            line = self._join(entry, opened, False)
            if line is None:
                line = self._begin_line(entry, opened, False)
                older.append(line)
            if line.look in SPOKEN:
                spoke[line.who] = max(line.time, spoke.get(line.who, 0))
        self._lines.insert(1, older)
        merged = [each for line in opened.values() if (each := self._close(line)) is not None]
        for line in older:
            self._fold(line)
            line.call(self.reader.mentioned(line))
        self.shown.insert(1, filter(self.reader.shows, older))
        if self._spoke_before(spoke):
            self._filter()
        return merged

    def take_back(self, seq: int) -> list[Line]:
        """The log has nothing from `seq` on any more. Returns what is gone; what was noticed here
        meanwhile stays, and belongs after what is left."""
        tail = self._lines.cut((seq, 0), _END)
        self.shown.cut((seq, 0), _END)
        self.newest = min(self.newest, seq - 1)
        self._open = {who: line for who, line in self._open.items() if line.key[0] < seq}
        self._further = {at: line for at, line in self._further.items() if at < seq}
        for line in self._lines:
            if line.is_entry and line.last_seq >= seq:
                self._shorten(line, seq)
        for target in self._amendments.take_back(seq):
            if (amended := self._with(target)) is not None:
                self._refold(amended)
        for line in tail:
            if not line.is_entry:
                line.key = self._place(0)
                self._show(line)
        return [line for line in tail if line.is_entry]

    # What happens here

    def note(
        self,
        look: Look,
        text: str,
        time: int,
        *,
        after: int = 0,
        about: Change | None = None,
        spoke: Mapping[str, int] | None = None,
    ) -> Line:
        """A line of our own, after all that there is, and in any case after entry `after`. `about`:
        who it says has come or gone; `spoke`: when they had last spoken, by their common names."""
        line = Line(next(self._serials), self._place(after), look, time, text)
        line.about, line.spoke = about, dict(spoke or {})
        self._show(line)
        return line

    def wait(
        self, ticket: int, look: Look, name: str, text: str, time: int, *, verified: bool = False
    ) -> Line:
        """Something that we said, at the end of all until the log has it."""
        line = Line(next(self._serials), (END, ticket), look, time, text, name=name)
        line.verified = verified
        line.own = True
        line.mark = Mark.PENDING
        self._show(line)
        return line

    def done(self, line: Line) -> None:
        """It waits no more: the log has it."""
        self.remove(line)

    def settle(self, line: Line) -> None:
        """It will never be in the log: it stays where the talk is now."""
        self.remove(line)
        line.key = self._place(0)
        self._show(line)

    def sink(self, line: Line) -> None:
        """It, and what was noticed here after it, comes below the newest entry."""
        newest = (self.newest, 0)
        noticed = self._lines.cut(line.key, newest)
        self.shown.cut(line.key, newest)
        for each in noticed:
            each.key = self._place(0)
            self._show(each)

    def remove(self, line: Line) -> None:
        """It is in no log, and not wanted here any more."""
        self._lines.remove(line)
        self.shown.remove(line)

    def evict(self, keep: int, before: Key | None = None) -> None:
        """Lets the oldest lines go until `keep` are left, but none from `before` on."""
        end = min(len(self) - keep, self._lines.place(_END))
        if before is not None:
            end = min(end, self._lines.place(before))
        if end > 1:
            limit = self[end].key if end < len(self) else _END
            gone = set(self._lines.cut(self[1].key, limit))
            self.shown.cut((0, 0), limit)
            self._open = {who: line for who, line in self._open.items() if line not in gone}
            self._further = {at: line for at, line in self._further.items() if line not in gone}
            self.forgotten = True

    def read_as(self, reader: Reader) -> None:
        """Somebody who wants to see other things. What was found to be a mention stays one."""
        before, self.reader = self.reader, reader
        if (reader.ids, reader.ignored) != (before.ids, before.ignored):
            for line in self._lines:
                line.own = line.own or (line.entry is not None and reader.owns(line.entry))
                if line.reactions:
                    self._fold(line)
        self._filter()

    def _show(self, line: Line) -> None:
        self._lines.add(line)
        if self._wanted(line):
            self.shown.add(line)

    def _filter(self) -> None:
        self.shown.replace(filter(self._wanted, self._lines))

    def _wanted(self, line: Line) -> bool:
        if line.about is None:
            return self.reader.shows(line)
        names = self.reader.news(line)
        if names:
            line.say(line.about.text(names))
        return bool(names)

    def _spoke_before(self, spoke: Mapping[str, int]) -> bool:
        """Whether that makes known of somebody who came or went that they had spoken."""
        found = False
        for line in self._lines:
            if line.about is None or not spoke:
                continue
            for who in map(common_name, line.about.names):
                if spoke.get(who, -1) > line.spoke.get(who, -1):
                    line.spoke[who] = spoke[who]
                    found = True
        return found

    def _place(self, after: int) -> Key:
        last = self[self._lines.place(_END) - 1]
        return max(after, self.newest, last.key[0]), next(self._places)

    def _take(self, entry: Entry) -> None:
        if not self.newest:
            # What was noticed before the first entry of all belongs right before it, and after all
            # that is older.
            for line in self._lines.between((0, 0), _END):
                line.key = (entry.seq - 1, line.key[1])
        self.newest = max(self.newest, entry.seq)

    # Texts that came in several entries

    def _begin_line(self, entry: Entry, opened: dict[bytes, Line], own: bool) -> Line:
        look = LOOKS.get(entry.kind, Look.TALK)
        name = clean(entry.name).strip() or "?"
        text = clean(entry.text, lines=True)
        line = Line(next(self._serials), (entry.seq, 0), look, entry.time, text, name=name)
        line.verified = bool(entry.key)
        line.own = own or self.reader.owns(entry)
        line.entry = entry
        line.last_n, line.more = entry.n, entry.more
        if entry.more:
            line.parts.append((entry.seq, entry.n, 0))
            opened[entry.instance] = line
        return line

    def _join(self, entry: Entry, opened: dict[bytes, Line], own: bool) -> Line | None:
        """The line that this continues, if there is one."""
        line = opened.pop(entry.instance, None)
        if line is None or entry.n != line.last_n + 1:
            return None
        line.parts.append((entry.seq, entry.n, len(line.logged)))
        self._further[entry.seq] = line
        line.say(line.logged + clean(entry.text, lines=True))
        line.last_seq, line.last_n = entry.seq, entry.n
        line.more = entry.more and len(line.parts) < PARTS
        if line.more:
            opened[entry.instance] = line
        return line

    def _close(self, line: Line) -> Merged | None:
        """Older entries ended within a text whose rest is here already."""
        assert line.entry is not None
        for at in range(1, len(self._lines)):
            rest = self._lines[at]
            if rest is line or rest.entry is None or rest.key < line.key:
                continue
            if rest.entry.instance != line.entry.instance:
                continue
            if rest.entry.n != line.last_n + 1:
                return None
            offset = len(line.logged)
            parts = rest.parts or [(rest.key[0], rest.entry.n, 0)]
            if len(line.parts) + len(parts) >= PARTS:
                return None
            self.remove(rest)
            line.say(line.logged + rest.logged)
            line.parts += [(seq, n, offset + start) for seq, n, start in parts]
            self._further.update((seq, line) for seq, _, _ in parts)
            line.last_seq, line.last_n, line.more = rest.last_seq, rest.last_n, rest.more
            line.own = line.own or rest.own
            line.show(rest.mark, rest.note)
            if self._open.get(line.entry.instance) is rest:
                self._open[line.entry.instance] = line
            return Merged(rest.key, line.key, offset)
        return None

    def _shorten(self, line: Line, seq: int) -> None:
        assert line.entry is not None
        start = next(start for gone, _, start in line.parts if gone >= seq)
        line.parts = [part for part in line.parts if part[0] < seq]
        line.last_seq, line.last_n, _ = line.parts[-1]
        line.more = True
        line.say(line.logged[:start])
        self._open[line.entry.instance] = line
        self._fold(line)
        line.call(self.reader.mentioned(line))

    # What was made of them later

    def _with(self, seq: int) -> Line | None:
        """The line that this entry is on, if it is here."""
        line = self._further.get(seq) or self._lines.find((seq, 0))
        return line if line is not None and line.is_entry else None

    def _refold(self, line: Line) -> bool:
        """Whether it is another one now."""
        version, text = line.version, line.text
        self._fold(line)
        if line.text != text:
            line.call(self.reader.mentioned(line))
        return line.version != version

    def _fold(self, line: Line) -> None:
        reader = self.reader
        assert line.entry is not None
        found = self._amendments.of(line.entry, *_seqs(line))
        heard = {
            clean(text): [each for each in by if not reader.ignores(each.name)]
            for text, by in found.reactions.items()
        }
        text = found.text
        line.amend(
            None if text is None else clean(text, lines=True),
            edited=found.edited,
            instead=_removed(found.removal),
            reactions=tuple(
                Reaction(text, len(by), any(map(reader.owns, by)))
                for text, by in heard.items()
                if by
            ),
        )


def _removed(removal: Entry | None) -> str:
    """What is shown of a text that is gone; `removal`: the moderator's entry, if it was one."""
    if removal is None:
        return TAKEN_BACK
    why = clean(removal.text).strip()
    return f"deleted by {clean(removal.name)}" + (f": {why}" if why else "")


def _seqs(line: Line) -> list[int]:
    """Of its entries."""
    return [seq for seq, _, _ in line.parts] or [line.key[0]]
