import pytest

from chat.core.asks import Member
from chat.core.events import Receipts
from chat.core.membership import Membership
from chat.core.recovery import RoundTrip
from chat.core.types import Kind
from chat.tui.lines import Line, Look, Mark
from chat.tui.outgoing import PATIENCE, Outgoing, Unsent, waiting_for
from chat.tui.timeline import Timeline

from .entries import NOON, OWN, ROOM, entry

MEMBERS = {
    ordinal: Member(ordinal, name, "192.0.2.1:1", 0, False)
    for ordinal, name in enumerate(["ann", "bob", "carol", "da\x1bve", "eve", "flo", "gus"], 1)
}
NUMBERS = {"ann": 1, "bob": 2, "carol": 3, "dave": 4, "eve": 5, "flo": 6, "gus": 7}


class Scene:
    def __init__(self) -> None:
        self.timeline = Timeline()
        self.outgoing = Outgoing(self.timeline)
        self.room = Membership(ROOM, RoundTrip())
        self.room.ordinal = NUMBERS["ann"]
        self.room.roster.members = MEMBERS
        self.now = 0.0

    def say(
        self,
        *pieces: str,
        first: int = 1,
        kind: Kind = Kind.MESSAGE,
        typed: str = "",
        refers: int = 0,
    ) -> None:
        tickets = range(first, first + len(pieces))
        self.outgoing.said(
            list(tickets),
            list(pieces),
            Look.TALK,
            "ann",
            NOON,
            typed=[typed] if typed else [],
            kind=kind,
            refers=refers,
        )

    def read(self, seq: int, text: str, n: int, more: bool = False) -> None:
        mine = entry(seq, text, name="ann", instance=OWN, n=n, more=more)
        self.outgoing.read_back(mine)
        self.outgoing.watch(self.timeline.add(mine))

    def hear(self, head: int, **marks: int) -> None:
        marked = {NUMBERS[name]: seq for name, seq in marks.items()}
        self.room.receipts = Receipts(ROOM, head, marked)
        self.look()

    def look(self, seconds: float = 0.0) -> str:
        """The last line's note, so many seconds later."""
        self.now += seconds
        self.outgoing.look(self.room, self.now)
        return self.last.note

    @property
    def last(self) -> Line:
        return self.timeline[len(self.timeline) - 1]

    @property
    def seen(self) -> list[tuple[str, str]]:
        lines = [self.timeline[index] for index in range(1, len(self.timeline))]
        return [(line.mark.value, line.text) for line in lines]


def test_pending_logged_delivered() -> None:
    scene = Scene()
    scene.say("hello")
    assert scene.seen == [("…", "hello")]
    scene.outgoing.logged(1, 1)
    assert scene.seen == [("·", "hello")]
    scene.timeline.add(entry(1, "before"))
    scene.read(2, "hello", 1)
    assert scene.seen == [(" ", "before"), ("·", "hello")]
    scene.hear(1, ann=1, bob=1)
    scene.hear(2, ann=2, bob=2, carol=1)
    assert scene.seen[1][0] == "·"
    scene.hear(2, ann=2, bob=2, carol=2)
    assert scene.seen[1][0] == "✓"


def test_delivered_to_nobody_is_not_delivered() -> None:
    scene = Scene()
    scene.say("hello")
    scene.outgoing.logged(1, 1)
    scene.read(1, "hello", 1)
    scene.hear(1, ann=1)
    assert scene.seen == [("·", "hello")]


def test_in_the_order_in_which_they_were_said() -> None:
    scene = Scene()
    scene.say("one")
    scene.say("two", first=2)
    scene.outgoing.logged(1, 1)
    scene.read(1, "one", 1)
    assert scene.seen == [("·", "one"), ("…", "two")]


def test_pieces_are_one_message() -> None:
    scene = Scene()
    scene.say("one ", "two ", "three")
    assert scene.seen == [("…", "one two three")]
    scene.outgoing.logged(1, 1)
    scene.outgoing.logged(2, 2)
    assert scene.seen == [("…", "one two three")]
    scene.read(5, "one ", 1, more=True)
    assert scene.seen == [("·", "one "), ("…", "two three")]
    scene.read(6, "two ", 2, more=True)
    scene.outgoing.logged(3, 3)
    scene.read(7, "three", 3)
    assert scene.seen == [("·", "one two three")]
    scene.hear(6, ann=6, bob=6)
    assert scene.seen[0][0] == "·"
    scene.hear(7, ann=7, bob=7)
    assert scene.seen[0][0] == "✓"


def test_failed_says_why_and_stays() -> None:
    scene = Scene()
    scene.say("one ", "two")
    scene.outgoing.failed(1, "the room is closed")
    scene.outgoing.failed(2, "the room is closed")
    scene.timeline.add(entry(1, "later"))
    assert scene.seen == [("✗", "one two"), (" ", "later")]
    assert scene.timeline[1].note == "not sent: the room is closed; Alt-R sends it again"


def test_confirmed_and_lost() -> None:
    scene = Scene()
    scene.say("one")
    scene.say("two", first=2)
    scene.outgoing.logged(1, 1)
    scene.outgoing.disowned()
    assert scene.seen == [("✗", "one"), ("…", "two")]
    scene.outgoing.logged(2, 1)
    scene.read(1, "two", 1)
    assert scene.seen == [("✗", "one"), ("·", "two")]


def test_what_was_taken_back_is_not_awaited() -> None:
    scene = Scene()
    scene.say("one")
    scene.outgoing.logged(1, 1)
    scene.read(1, "one", 1)
    gone = scene.timeline.take_back(1)
    scene.outgoing.taken_back(gone)
    scene.hear(1, ann=1, bob=1)
    assert gone[0].mark is Mark.LOGGED


def logged(scene: Scene, seq: int, text: str = "hello") -> Line:
    scene.say(text, first=seq)
    scene.outgoing.logged(seq, seq)
    scene.read(seq, text, seq)
    return scene.last


def test_who_is_waited_for_is_said_after_a_while_and_until_they_have_it() -> None:
    scene = Scene()
    line = logged(scene, 1)
    assert scene.look(10.0) == "", "nothing is known yet"
    scene.hear(1, ann=1, bob=0, carol=1)
    assert scene.look(PATIENCE - 0.1) == ""
    assert scene.look(0.1) == "1 of 2, waiting for bob"
    assert waiting_for(line, scene.room) == line.note
    scene.hear(1, ann=1, bob=0, carol=1, dave=0)
    assert line.note == "1 of 3, waiting for bob and dave"
    scene.hear(1, ann=1, bob=1, carol=1)
    assert (line.mark, line.note) == (Mark.DELIVERED, "")
    assert waiting_for(line, scene.room) == ""


@pytest.mark.parametrize(
    ("behind", "note"),
    [
        (["bob"], "waiting for bob"),
        (["bob", "carol"], "waiting for bob and carol"),
        (["bob", "carol", "dave"], "waiting for bob, carol and dave"),
        (["bob", "carol", "dave", "eve"], "waiting for bob, carol, dave and 1 other"),
        (["bob", "carol", "dave", "eve", "flo"], "waiting for bob, carol, dave and 2 others"),
    ],
)
def test_three_are_named(behind: list[str], note: str) -> None:
    scene = Scene()
    logged(scene, 1)
    marks = {name: int(name not in behind) for name in NUMBERS}
    scene.hear(1, **marks)
    assert scene.look(PATIENCE).endswith(f" of 6, {note}")


def test_who_is_not_known_by_name_is_counted() -> None:
    scene = Scene()
    logged(scene, 1)
    scene.room.roster.members = {}
    scene.hear(1, ann=1, bob=0)
    assert scene.look(PATIENCE) == "0 of 1, waiting for 1 other"


def test_only_what_we_said_last_has_a_note() -> None:
    scene = Scene()
    first = logged(scene, 1)
    scene.hear(1, ann=1, bob=0)
    assert scene.look(PATIENCE) != ""
    second = logged(scene, 2)
    assert first.note == ""
    scene.hear(2, ann=2, bob=0)
    assert scene.look(PATIENCE) == "0 of 1, waiting for bob"
    assert (first.note, first.mark) == ("", Mark.LOGGED)
    assert waiting_for(first, scene.room) == second.note


def test_who_leaves_is_not_waited_for() -> None:
    scene = Scene()
    line = logged(scene, 1)
    scene.hear(1, ann=1, bob=1, carol=0)
    assert scene.look(PATIENCE) == "1 of 2, waiting for carol"
    scene.hear(1, ann=1, bob=1)
    assert (line.mark, line.note) == (Mark.DELIVERED, "")


def test_while_we_are_away_nothing_is_said_of_the_others() -> None:
    scene = Scene()
    line = logged(scene, 1)
    scene.hear(1, ann=1, bob=0)
    assert scene.look(PATIENCE) != ""
    scene.room.parted()
    assert scene.look() == ""
    scene.outgoing.look(None, scene.now)
    assert line.mark is Mark.LOGGED


def test_what_was_taken_back_has_no_note() -> None:
    scene = Scene()
    line = logged(scene, 1)
    scene.hear(1, ann=1, bob=0)
    assert scene.look(PATIENCE) != ""
    scene.outgoing.taken_back(scene.timeline.take_back(1))
    assert line.note == ""


def test_what_failed_is_given_back_as_it_was_typed() -> None:
    scene = Scene()
    scene.say("waves", kind=Kind.ACTION, typed="wa\x07ves")
    scene.say("hello", first=2)
    scene.outgoing.failed(1, "no")
    scene.outgoing.failed(2, "no")
    assert [line.text for line in scene.outgoing.failed_lines] == ["waves", "hello"]
    waves, hello = scene.outgoing.failed_lines
    assert scene.outgoing.unsent(waves) == Unsent(Kind.ACTION, "wa\x07ves")
    assert scene.seen == [("✗", "waves"), ("✗", "hello")], "until it is let go"
    scene.outgoing.dismiss(waves)
    assert scene.seen == [("✗", "hello")]
    assert scene.outgoing.unsent(waves) is None
    scene.outgoing.dismiss(hello)
    scene.outgoing.dismiss(hello)
    assert (scene.seen, scene.outgoing.failed_lines) == ([], [])


def test_a_correction_that_failed_is_sent_again_as_one() -> None:
    scene = Scene()
    scene.say("better", kind=Kind.EDIT, refers=7)
    scene.outgoing.failed(1, "no")
    assert scene.outgoing.unsent(scene.last) == Unsent(Kind.EDIT, "better", 7)


def test_what_is_in_the_log_is_not_sent_again() -> None:
    scene = Scene()
    scene.say("one ", "two ", "three")
    scene.outgoing.logged(1, 1)
    scene.outgoing.failed(2, "the room is closed")
    scene.outgoing.failed(3, "the room is closed")
    assert scene.seen == [("✗", "two three")]
    scene.read(1, "one ", 1, more=True)
    assert [text for _, text in scene.seen] == ["two three", "one "]
    (line,) = scene.outgoing.failed_lines
    assert scene.outgoing.unsent(line) == Unsent(Kind.MESSAGE, "two three")


def test_what_was_confirmed_and_lost_is_sent_again_and_the_rest_is_under_way() -> None:
    scene = Scene()
    scene.say("one ", "two")
    scene.outgoing.logged(1, 1)
    scene.outgoing.disowned()
    (line,) = scene.outgoing.failed_lines
    assert scene.outgoing.unsent(line) == Unsent(Kind.MESSAGE, "one ")


def test_what_failed_and_was_let_go_is_not_there_any_more() -> None:
    scene = Scene()
    scene.say("one")
    scene.outgoing.failed(1, "no")
    for seq in range(1, 10):
        scene.timeline.add(entry(seq))
    scene.timeline.evict(2)
    assert scene.outgoing.failed_lines == []
