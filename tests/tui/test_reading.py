"""All of reading at once, against a naive reader who keeps everything and works it out anew each time:
entries, older pages, amendments, breaks, who came, filters, sizes, scrolling."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.core import events
from chat.core.amend import amends, fold
from chat.core.history import Older
from chat.core.inbox import Broken
from chat.core.types import Entry, Kind
from chat.tui.layout import Context, lay_out
from chat.tui.lines import TAKEN_BACK, Line
from chat.tui.order import Order
from chat.tui.reader import Joins, Reader
from chat.tui.roombuffer import RoomBuffer
from chat.tui.rows import Row

from .entries import NOON, OTHER, OWN, ROOM, entry

MINUTE = 60_000
NAMES = ("ann", "bob", "carol")
INSTANCES = dict(zip(NAMES, (OWN, OTHER, b"carolcar"), strict=True))


class Coming(NamedTuple):
    """What a naive reader keeps of somebody who came."""

    name: str
    time: int
    heard: list[Entry]
    """All that is known to have been said before."""


def shows(reader: Reader, item: Entry | Coming) -> bool:
    if isinstance(item, Entry):
        return item.instance == OWN or item.name not in reader.ignored
    if reader.joins == "off" or item.name in reader.ignored:
        return False
    if reader.joins == "all":
        return True
    since = item.time - reader.smart_minutes * MINUTE
    return any(each.name == item.name and each.time >= since for each in item.heard)


class Naive:
    """Items by a number that only grows: the seq that they are at, and how many were there."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.items: list[tuple[int, Entry | Coming | str]] = []
        self.unread: set[int] = set()
        self.reader = Reader()

    @property
    def newest(self) -> int:
        return max(self.entries, default=0)

    @property
    def oldest(self) -> int:
        return min(self.entries, default=0)

    def texts(self) -> list[str]:
        shown = [
            item for _, item in self.items if isinstance(item, str) or shows(self.reader, item)
        ]
        return [self._text(item) for item in shown]

    def _text(self, item: Entry | Coming | str) -> str:
        if isinstance(item, str):
            return item
        if isinstance(item, Coming):
            return f"{item.name} joined"
        text = fold(item, [each for each in self.entries.values() if each.refers == item.seq]).text
        return TAKEN_BACK if text is None else text

    def add(self, new: Entry) -> None:
        self.entries[new.seq] = new
        if not amends(new.kind):
            self.items.append((new.seq, new))

    def add_older(self, older: list[Entry]) -> None:
        self.entries |= {each.seq: each for each in older}
        said = [each for each in older if not amends(each.kind)]
        for _, item in self.items:
            if isinstance(item, Coming):
                item.heard.extend(said)
        self.items[:0] = [(each.seq, each) for each in said]

    def came(self, name: str, time: int, known: list[Entry]) -> None:
        self.items.append((self.newest, Coming(name, time, known)))

    def take_back(self, seq: int) -> None:
        self.entries = {at: each for at, each in self.entries.items() if at < seq}
        self.items = [
            (at, item) for at, item in self.items if not isinstance(item, Entry) or at < seq
        ]


class Both:
    """A buffer, and a naive reader of the same."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.buffer = RoomBuffer(ROOM)
        self.naive = Naive()
        self.size = (60, 8)
        self.first = self.next = data.draw(st.integers(2, 30), label="first")
        self.said: list[Entry] = []
        """All that was ever read, as far as somebody who came now may have spoken."""
        self.here: set[str] = set()
        self.away = False

    def made(self, seq: int) -> Entry:
        draw = self.data.draw
        name = draw(st.sampled_from(NAMES))
        kind = draw(st.sampled_from([Kind.MESSAGE] * 4 + [Kind.EDIT, Kind.DELETE, Kind.REACTION]))
        text = {Kind.DELETE: "", Kind.REACTION: draw(st.sampled_from(["+1", "-+1", "👍"]))}
        refers = draw(st.integers(max(1, seq - 6), seq - 1)) if amends(kind) and seq > 1 else 0
        if not refers:
            kind = Kind.MESSAGE
        words = draw(st.sampled_from(["word ", "long words in it ", "ann "]))
        return entry(
            seq,
            text.get(kind, words * draw(st.integers(1, 6)) + str(seq)),
            name=name,
            instance=INSTANCES[name],
            kind=kind,
            refers=refers,
            time=NOON + seq * MINUTE,
        )

    def act(self) -> str:
        draw, buffer, naive = self.data.draw, self.buffer, self.naive
        match draw(st.sampled_from(ACTS)):
            case "entry":
                new = self.made(self.next)
                self.next += 1
                buffer.entry(new, own=new.name == "ann", seen=True)
                naive.add(new)
                if self.away and new.name != "ann" and not amends(new.kind):
                    naive.unread.add(new.seq)
                self.said += [] if amends(new.kind) else [new]
                return "below"
            case "older" if naive.entries and self.first > 1 and naive.oldest == self.first:
                count = draw(st.integers(1, min(6, self.first - 1)))
                older = [self.made(seq) for seq in range(self.first - count, self.first)]
                self.first -= count
                buffer.older(Older(ROOM, tuple(older), self.first == 1))
                naive.add_older(older)
                return "above"
            case "broken" if len(naive.entries) > 1:
                seq = draw(st.integers(max(naive.oldest + 1, naive.newest - 4), naive.newest))
                buffer.broken(Broken(ROOM, seq), NOON)
                naive.take_back(seq)
                naive.items.append((0, buffer.timeline[len(buffer.timeline) - 1].text))
                naive.unread = {each for each in naive.unread if each < seq}
                self.next = seq
                return "changed"
            case "came" if naive.entries:
                name = draw(st.sampled_from(NAMES[1:]))
                time = NOON + self.next * MINUTE
                known = {each.name: each for each in self.said}
                buffer.presence(events.Presence(ROOM, 0, ()), self.here, "ann", time)
                buffer.presence(events.Presence(ROOM, 0, ()), self.here | {name}, "ann", time)
                if name not in self.here:
                    naive.came(name, time, list(known.values()))
                self.here |= {name}
                return "below"
            case "gone":
                self.here = set()
                buffer.attendance.update((), (), "ann")
            case "reader":
                joins: Joins = draw(st.sampled_from(["all", "smart", "off"]))
                ignored = draw(st.sampled_from([(), ("bob",), ("bob", "carol")]))
                reader = Reader("ann", ids=frozenset({OWN}), ignored=ignored, joins=joins)
                buffer.configure(reader)
                naive.reader = reader
                return "changed"
            case "size":
                self.size = draw(st.integers(20, 90)), draw(st.integers(1, 12))
                return "changed"
            case "scroll":
                buffer.viewport.scroll(draw(st.integers(-12, 9)))
                return "moved"
            case "leave":
                buffer.leave()
                self.away = True
            case "enter":
                buffer.enter()
                self.away, naive.unread = False, set()
            case "unread":
                buffer.jump_to_unread()
                return "moved"
            case "select":
                if not buffer.select_before():
                    buffer.deselect()
                return "moved"
        return "below"


ACTS: tuple[str, ...] = ("entry",) * 8 + (
    "older",
    "older",
    "broken",
    "came",
    "came",
    "gone",
    "reader",
    "size",
)
ACTS += ("scroll", "scroll", "leave", "enter", "unread", "select")


def all_rows(buffer: RoomBuffer, size: int) -> list[Row]:
    """Of all lines, one after the other."""
    viewport, unread = buffer.viewport, buffer._unread
    rows: list[Row] = []
    lines = list(buffer.timeline.shown)
    for before, line in zip([None, *lines[:-1]], lines, strict=True):
        context = Context(
            size,
            before is not None and before.day != line.day,
            unread.new if before is not None and unread.between(before, line) else 0,
            line is viewport.selected,
        )
        rows += lay_out(line, context).rows
    return rows


def top_line(buffer: RoomBuffer) -> tuple[Line, int, int] | None:
    """What holds a scrolled view: the line as it is, and where in it the top row begins."""
    anchor = buffer.viewport.anchor
    if anchor is None:
        return None
    line = buffer.timeline.shown.find(anchor.key)
    return None if line is None else (line, line.version, anchor.offset)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_reading_is_what_a_naive_reader_sees(data: st.DataObject) -> None:
    both = Both(data)
    buffer = both.buffer
    buffer.presence(events.Presence(ROOM, 0, ()), (), "ann", NOON)
    view: tuple[Row, ...] = buffer.view(*both.size, None)
    for _ in range(data.draw(st.integers(0, 30), label="steps")):
        held, before = top_line(buffer), view
        did = both.act()
        view = buffer.view(*both.size, None)
        assert [line.text for line in buffer.timeline.shown][1:] == both.naive.texts()
        rows = all_rows(buffer, both.size[0])
        height = both.size[1]
        if buffer.viewport.follows:
            assert list(view) == rows[-height:]
        else:
            assert len(view) == min(height, len(rows))
            assert any(
                rows[at : at + len(view)] == list(view) for at in range(len(rows) - len(view) + 1)
            )
        if held is not None and did in ("above", "below") and top_line(buffer) == held:
            line, version, offset = held
            assert not before or offset < 0 or line.version != version or view[0] == before[0]
        elif held is not None and did in ("above", "below"):
            # What held it is another line now, or another part of one; or a row above it, like that
            # of the day, which may go; or there was room left, or is since a line became shorter.
            changed = held[0] not in buffer.timeline.shown or held[0].version != held[1]
            filled = list(view) == rows[-height:] and before[0] in view
            top = held[2] < 0 or held[0] is buffer.timeline.top
            assert changed or top or len(before) < height or filled
        unread = [both.naive.entries[seq] for seq in both.naive.unread]
        unread = [each for each in unread if shows(both.naive.reader, each)]
        assert buffer.unread == len(unread)
        assert buffer.mentions <= buffer.unread


def counted(monkeypatch: pytest.MonkeyPatch, size: int) -> tuple[int, int]:
    """Rows laid out and lines looked at, for views of a room with so many lines."""
    laid = looked = 0
    get = Order.__getitem__

    def look(self: Order, index: int) -> Line:
        nonlocal looked
        looked += 1
        return get(self, index)

    def lay(line: Line, context: Context) -> object:
        nonlocal laid
        laid += 1
        return lay_out(line, context)

    buffer = RoomBuffer(ROOM, Reader("ann", ignored=("bob",), joins="smart", kept=10**6))
    for seq in range(1, 51):
        buffer.entry(entry(seq, name="carol"), own=False, seen=True)
    for seq in range(51, size - 49):
        buffer.entry(entry(seq, name="bob"), own=False, seen=True)
    buffer.leave()
    for seq in range(size - 49, size + 1):
        buffer.entry(entry(seq, name="carol"), own=False, seen=False)
    monkeypatch.setattr("chat.tui.layout.lay_out", lay)
    monkeypatch.setattr(Order, "__getitem__", look)
    for _ in range(6):
        buffer.view(60, 20, None)
        buffer.viewport.scroll(-11)
    buffer.jump_to_unread()
    buffer.select_before()
    buffer.view(60, 20, None)
    monkeypatch.undo()
    return laid, looked


def test_a_view_costs_the_same_however_much_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a line above what is new, and all but a hundred lines hidden in one run."""
    small, large = counted(monkeypatch, 100), counted(monkeypatch, 50_000)
    assert small == large
    assert small[0] < 200
