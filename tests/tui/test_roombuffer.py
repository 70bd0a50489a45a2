"""One room as its user has it: selecting, searching, what is unread, what is ours."""

import pytest

from chat.core.history import Older
from chat.core.inbox import Broken
from chat.core.types import Kind
from chat.tui.lines import Mark
from chat.tui.reader import Reader
from chat.tui.roombuffer import RoomBuffer
from chat.tui.rows import Row

from .entries import NOON, OWN, ROOM, entry

READER = Reader(name="ann", ids=frozenset({OWN}))


class Scene:
    """A buffer on a screen of 40 columns, and as many rows as are given."""

    def __init__(self, count: int = 0, *, height: int = 6) -> None:
        self.buffer = RoomBuffer(ROOM, READER)
        self.height = height
        self.newest = 0
        self.add(*(f"message {seq}" for seq in range(1, count + 1)))

    def add(self, *texts: str, name: str = "bob", seen: bool = True) -> None:
        for text in texts:
            self.newest += 1
            self.buffer.entry(entry(self.newest, text, name=name), own=False, seen=seen)
        self.rows()

    def amend(self, kind: Kind, refers: int, text: str = "") -> None:
        self.newest += 1
        self.buffer.entry(entry(self.newest, text, kind=kind, refers=refers), own=False, seen=False)

    def say(self, text: str, ticket: int, kind: Kind = Kind.MESSAGE, refers: int = 0) -> None:
        self.buffer.said([ticket], [text], kind, "ann", NOON, refers=refers)

    def log(self, text: str, ticket: int, kind: Kind = Kind.MESSAGE, refers: int = 0) -> None:
        """What was said comes back."""
        self.newest += 1
        self.buffer.outgoing.logged(ticket, ticket)
        mine = entry(
            self.newest, text, name="ann", instance=OWN, n=ticket, kind=kind, refers=refers
        )
        self.buffer.entry(mine, own=True, seen=True)

    def styled(self) -> tuple[Row, ...]:
        return self.buffer.view(40, self.height, None)

    def rows(self) -> list[str]:
        return ["".join(text for _, text in row)[5:] for row in self.styled()]

    @property
    def selected(self) -> str:
        line = self.buffer.selected
        return "" if line is None else line.text


# Selecting


def test_the_first_one_is_the_last_in_view() -> None:
    scene = Scene(20)
    scene.buffer.viewport.scroll(-5)
    assert scene.buffer.select_before()
    assert scene.selected == "message 15"
    scene.buffer.select_before()
    scene.buffer.select_after()
    scene.buffer.select_after()
    assert scene.selected == "message 16"


def test_it_shows_without_colour_and_moves_no_column() -> None:
    scene = Scene(3)
    before = scene.rows()
    scene.buffer.select_before()
    assert scene.rows() == [*before[:-1], "▸bob: message 3"]
    assert all("class:selected" in style for style, _ in scene.styled()[-1])
    wide = ["".join(text for _, text in row) for row in scene.buffer.view(80, 6, None)]
    scene.buffer.deselect()
    plain = ["".join(text for _, text in row) for row in scene.buffer.view(80, 6, None)]
    assert [row.replace("▸", " ") for row in wide] == plain


def test_only_what_was_said_is_selected() -> None:
    scene = Scene(2)
    scene.buffer.alert("something", NOON)
    scene.add("a topic")
    scene.buffer.entry(entry(9, "topic", kind=Kind.TOPIC), own=False, seen=True)
    found = [scene.selected for _ in range(5) if scene.buffer.select_before()]
    assert len(found) == 3
    assert scene.selected == "message 1"
    assert not scene.buffer.select_before()
    assert not RoomBuffer(ROOM).select_before()
    assert not RoomBuffer(ROOM).select_after()


def test_the_view_scrolls_just_enough() -> None:
    scene = Scene(40)
    for _ in range(8):
        scene.buffer.select_before()
    assert scene.rows()[0] == "▸bob: message 33"
    for _ in range(7):
        scene.buffer.select_after()
    assert scene.rows()[0] == " bob: message 35"
    assert scene.rows()[-1] == "▸bob: message 40"


def test_a_line_larger_than_the_screen_shows_its_beginning() -> None:
    scene = Scene(3)
    scene.add("word " * 100, "last")
    scene.buffer.select_before()
    scene.buffer.select_before()
    assert scene.rows()[0].startswith("▸bob: word")
    scene.buffer.select_after()
    assert scene.rows()[-1] == "▸bob: last"


@pytest.mark.parametrize("count", [2, 30])
def test_new_messages_do_not_move_it(count: int) -> None:
    scene = Scene(count)
    scene.buffer.select_before()
    before = scene.rows()
    scene.add(*("more" for _ in range(20)))
    assert scene.rows()[: len(before)] == before
    assert scene.buffer.below > 0
    scene.buffer.deselect()
    assert scene.rows()[-1] == " bob: more"
    assert scene.buffer.viewport.follows


def test_who_scrolled_stays_there_afterwards() -> None:
    scene = Scene(40)
    scene.buffer.viewport.scroll(-10)
    scene.buffer.select_before()
    scene.buffer.deselect()
    assert scene.rows()[-1] == " bob: message 30"


def test_what_is_gone_is_not_selected() -> None:
    scene = Scene(10)
    scene.buffer.select_before()
    scene.buffer.broken(Broken(ROOM, 8), NOON)
    assert scene.buffer.selected is None
    scene.buffer.select_before()
    scene.buffer.configure(Reader(ignored=("bob",)))
    assert scene.buffer.selected is None
    scene.buffer.configure(READER)
    line = scene.buffer.timeline[1]
    scene.buffer.select(line)
    scene.buffer.timeline.evict(3)
    assert scene.buffer.selected is None
    scene.buffer.select(line)
    assert scene.buffer.selected is None


def test_a_pending_line_stays_selected_when_it_is_logged() -> None:
    scene = Scene(3)
    scene.say("mine", 1)
    scene.buffer.select_before()
    assert scene.selected == "mine"
    scene.log("mine", 1)
    assert scene.selected == "mine"
    assert scene.buffer.selected is scene.buffer.timeline[4]


def test_a_failed_line_is_selected() -> None:
    scene = Scene(3)
    scene.say("mine", 1)
    scene.buffer.outgoing.failed(1, "no such room")
    scene.buffer.select_before()
    line = scene.buffer.selected
    assert line is not None
    assert line.mark is Mark.FAILED


def test_the_rest_of_a_text_stays_selected_with_its_beginning() -> None:
    scene = Scene()
    scene.buffer.entry(entry(10, "two", n=2), own=False, seen=True)
    scene.buffer.select_before()
    older = Older(ROOM, (entry(9, "one ", n=1, more=True),), True)
    scene.buffer.older(older)
    assert scene.selected == "one two"


# Searching


def test_up_and_down_and_around() -> None:
    scene = Scene(30)
    assert scene.buffer.find("message 1") == ""
    assert (scene.selected, scene.buffer.search_status) == ("message 19", "1 of 11")
    scene.buffer.find_next(-1)
    assert (scene.selected, scene.buffer.search_status) == ("message 18", "2 of 11")
    scene.buffer.find_next(1)
    scene.buffer.timeline.beginning = True
    scene.buffer.find_next(1)
    assert scene.selected == "message 1"
    assert scene.buffer.search_status == "11 of 11, from the oldest again"
    scene.buffer.find_next(-1)
    assert scene.selected == "message 19"
    assert scene.buffer.search_status == "1 of 11, from the newest again"
    scene.buffer.stop_search()
    assert (scene.selected, scene.buffer.search_status) == ("message 19", "")


def test_from_where_one_reads() -> None:
    scene = Scene(30)
    scene.buffer.viewport.scroll(-12)
    scene.buffer.find("message")
    assert scene.selected == "message 18"
    assert scene.buffer.search_status == "13 of 30"


def test_what_is_found_is_marked_on_all_rows() -> None:
    scene = Scene()
    scene.add("a long text that is wrapped in the middle of what is found", "found", "nothing")
    scene.buffer.find("WRAPPED in the")
    assert scene.buffer.search_status == "searching older messages…"
    scene.buffer.find("text that is wrapped in the middle")
    spans = [span for row in scene.styled() for span in row if "class:match" in span[0]]
    assert "".join(text + " " for _, text in spans).split() == (
        ["text", "that", "is", "wrapped", "in", "the", "middle"]
    )
    assert len(spans) > 1
    scene.buffer.stop_search()
    assert not any("class:match" in style for row in scene.styled() for style, _ in row)


def test_what_cannot_be_found() -> None:
    scene = Scene(3)
    scene.buffer.timeline.beginning = True
    assert scene.buffer.find("/(/").startswith("/(/ is no regular expression: ")
    assert scene.buffer.search_status == ""
    scene.buffer.find("nowhere")
    assert (scene.buffer.search_status, scene.buffer.searching) == ("not found", False)
    assert scene.buffer.selected is None


def test_it_goes_on_in_older_messages() -> None:
    scene = Scene()
    for seq in range(101, 150):
        scene.buffer.entry(entry(seq), own=False, seen=True)
    scene.rows()
    assert not scene.buffer.wants_older
    scene.buffer.find("message 77")
    scene.rows()
    assert scene.buffer.wants_older
    assert scene.buffer.search_status == "searching older messages…"
    scene.buffer.older(Older(ROOM, tuple(entry(seq) for seq in range(91, 101)), False))
    assert scene.buffer.search_status == "searching older messages…"
    scene.buffer.older(Older(ROOM, tuple(entry(seq) for seq in range(61, 91)), False))
    assert (scene.selected, scene.buffer.search_status) == ("message 77", "1 of 1")
    assert scene.rows()[0] == "▸bob: message 77"


def test_new_and_amended_lines_are_counted() -> None:
    scene = Scene(10)
    scene.buffer.find("message")
    assert scene.buffer.search_status == "1 of 10"
    scene.add("message again")
    assert scene.buffer.search_status == "2 of 11"
    scene.amend(Kind.DELETE, 3)
    assert scene.buffer.search_status == "2 of 10"
    scene.amend(Kind.EDIT, 4, "else")
    assert scene.buffer.search_status == "2 of 9"
    scene.buffer.configure(Reader(ignored=("bob",)))
    scene.buffer.timeline.beginning = True
    scene.buffer.find_next(-1)
    assert scene.buffer.search_status == "not found"


# What is unread


def new(scene: Scene) -> list[str]:
    return [row[0][1] for row in scene.styled() if row and row[0][0] == "class:unread"]


def test_a_line_above_what_is_new_stays_while_it_is_read() -> None:
    scene = Scene(3)
    scene.buffer.leave()
    assert new(scene) == []
    scene.add("one", "two", seen=False)
    assert (scene.buffer.unread, scene.buffer.mentions) == (2, 0)
    scene.buffer.enter()
    assert scene.buffer.unread == 0
    scene.add("three")
    assert new(scene) == ["── 2 new ──"]
    assert scene.rows()[2:4] == ["new ──", " bob: one"]
    scene.buffer.leave()
    scene.add("four", seen=False)
    scene.buffer.enter()
    assert new(scene) == ["── 1 new ──"]


def test_what_counts() -> None:
    scene = Scene(3)
    scene.buffer.leave()
    scene.amend(Kind.EDIT, 1, "ann, look")
    scene.amend(Kind.REACTION, 1, "+1")
    scene.buffer.entry(entry(9, "a topic", kind=Kind.TOPIC), own=False, seen=False)
    scene.log("mine", 1)
    assert scene.buffer.unread == 0
    scene.newest = 20
    scene.add("hello ann", "hello", seen=False)
    for seq, text in enumerate(("a long ", "text for ", "ann"), 30):
        scene.buffer.entry(entry(seq, text, more=text != "ann"), own=False, seen=False)
    assert (scene.buffer.unread, scene.buffer.mentions) == (3, 2)


def test_who_looks_away_from_the_room_on_the_screen() -> None:
    scene = Scene(3)
    scene.buffer.leave()
    scene.add("one")
    assert scene.buffer.unread == 1


def test_ignoring_somebody_changes_the_counts() -> None:
    scene = Scene(3)
    scene.buffer.leave()
    scene.add("ann!", "two", name="carol", seen=False)
    scene.add("ann?", seen=False)
    assert (scene.buffer.unread, scene.buffer.mentions) == (3, 2)
    scene.buffer.configure(Reader(name="ann", ignored=("carol",)))
    assert (scene.buffer.unread, scene.buffer.mentions) == (1, 1)
    scene.add("more", name="carol", seen=False)
    scene.buffer.enter()
    scene.rows()
    assert new(scene) == ["── 1 new ──"]
    scene.buffer.configure(Reader(name="ann", ignored=("carol", "bob")))
    assert new(scene) == []
    assert not scene.buffer.jump_to_unread()


def test_the_log_loses_what_was_unread() -> None:
    scene = Scene(3)
    scene.buffer.leave()
    scene.add("one", "two", seen=False)
    scene.buffer.broken(Broken(ROOM, 5), NOON)
    assert scene.buffer.unread == 1
    assert new(scene) == ["── 1 new ──"]


def test_what_comes_after_a_break_is_unread() -> None:
    scene = Scene(10)
    scene.buffer.leave()
    scene.add("one", "two", seen=False)
    scene.buffer.broken(Broken(ROOM, 6), NOON)
    assert (scene.buffer.unread, new(scene)) == (0, [])
    scene.newest = 5
    scene.add("three", seen=False)
    scene.buffer.configure(Reader(ignored=("carol",)))
    assert (scene.buffer.unread, new(scene)) == (1, ["── 1 new ──"])


def test_jumping_to_what_is_unread() -> None:
    scene = Scene(30)
    assert not scene.buffer.jump_to_unread()
    scene.buffer.leave()
    scene.add(*(f"later {number}" for number in range(30)), seen=False)
    scene.buffer.enter()
    assert scene.rows()[-1] == " bob: later 29"
    assert scene.buffer.jump_to_unread()
    assert scene.rows()[:2] == [" new ──", " bob: later 0"]


def test_the_unread_line_does_not_move_the_view() -> None:
    scene = Scene(40)
    scene.buffer.viewport.scroll(-10)
    before = scene.rows()
    scene.buffer.leave()
    scene.add("one", seen=False)
    scene.buffer.enter()
    assert scene.rows() == before
    assert scene.buffer.jump_to_unread()
    scene.buffer.viewport.scroll(-10)
    before = scene.rows()
    scene.buffer.leave()
    scene.add("two", seen=False)
    assert scene.rows()[0] == before[0]


# Mentions


def test_they_have_a_mark_and_a_style() -> None:
    scene = Scene(1)
    scene.add("ann: look")
    assert scene.rows()[-1] == "@bob: ann: look"
    assert ("class:mention", "ann: look") in scene.styled()[-1]


def test_from_one_to_the_next() -> None:
    scene = Scene(20)
    scene.add("ann 1")
    scene.add(*("other" for _ in range(20)))
    scene.add("ann 2", "other")
    assert not scene.buffer.next_mention()
    assert scene.buffer.previous_mention()
    assert scene.selected == "ann 2"
    assert scene.buffer.previous_mention()
    assert scene.selected == "ann 1"
    assert not scene.buffer.previous_mention()
    assert scene.buffer.next_mention()
    assert scene.selected == "ann 2"
    assert not scene.buffer.next_mention()


# What is ours


def test_our_amendments_wait_and_are_gone_when_they_are_logged() -> None:
    scene = Scene(3)
    scene.log("mine", 1)
    scene.buffer.select_before()
    scene.say("better", 2, Kind.EDIT, refers=4)
    scene.say("+1", 3, Kind.REACTION, refers=3)
    scene.say("", 4, Kind.DELETE, refers=4)
    lines = [scene.buffer.timeline[index] for index in (5, 6, 7)]
    assert [(line.mark, line.refers) for line in lines] == [
        (Mark.PENDING, refers) for refers in (4, 3, 4)
    ]
    assert scene.selected == "mine"
    wide = ["".join(text for _, text in row) for row in scene.buffer.view(80, 9, None)][-3:]
    assert [row[8:].strip() for row in wide] == [
        "--  ann corrects: better",
        "--  ann reacts: +1",
        "--  ann takes a message back",
    ]
    scene.log("better", 2, Kind.EDIT, refers=4)
    scene.log("+1", 3, Kind.REACTION, refers=3)
    assert scene.selected == "better"
    assert scene.buffer.timeline[3].reactions == (("+1", 1, True),)
    scene.log("", 4, Kind.DELETE, refers=4)
    assert len(scene.buffer.timeline) == 5
    assert scene.buffer.unread == 0


def test_what_was_said_last() -> None:
    scene = Scene()
    assert scene.buffer.latest(own=False) is None
    scene.log("one", 1)
    scene.log("two", 2)
    scene.add("three")
    scene.say("pending", 3)
    for own, text in ((True, "two"), (False, "three")):
        line = scene.buffer.latest(own=own)
        assert line is not None
        assert line.text == text
    scene.log("", 4, Kind.DELETE, refers=2)
    line = scene.buffer.latest(own=True)
    assert line is not None
    assert line.text == "one"


def test_what_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    scene = Scene(1)
    buffer = scene.buffer
    assert buffer.copy_text(buffer.timeline[1]) == "22:13 <bob> message 1"
    buffer.entry(entry(2, "waves", kind=Kind.ACTION), own=False, seen=True)
    assert buffer.copy_text(buffer.timeline[2]) == "22:13 * bob waves"
    scene.newest = 2
    scene.amend(Kind.DELETE, 1)
    assert buffer.copy_text(buffer.timeline[1]) == "22:13 <bob> message taken back"


def test_fewer_lines_are_kept_at_once() -> None:
    scene = Scene(500)
    scene.buffer.configure(Reader(kept=100))
    assert len(scene.buffer.timeline) == 101
    assert scene.rows()[-1] == " bob: message 500"
