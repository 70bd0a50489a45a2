from chat.core.asks import Member
from chat.core.events import Receipts
from chat.tui.lines import Look, Mark
from chat.tui.outgoing import Outgoing
from chat.tui.timeline import Timeline

from .entries import NOON, OWN, ROOM, entry

MEMBERS = {
    ordinal: Member(ordinal, name, "192.0.2.1:1", 0, False)
    for ordinal, name in ((1, "ann"), (2, "bob"), (3, "carol"))
}


class Scene:
    def __init__(self) -> None:
        self.timeline = Timeline()
        self.outgoing = Outgoing(self.timeline)

    def say(self, *pieces: str, first: int = 1) -> None:
        tickets = range(first, first + len(pieces))
        self.outgoing.said(list(tickets), list(pieces), Look.TALK, "ann", NOON)

    def read(self, seq: int, text: str, n: int, more: bool = False) -> None:
        mine = entry(seq, text, name="ann", instance=OWN, n=n, more=more)
        self.outgoing.read_back(mine)
        self.outgoing.watch(self.timeline.add(mine))

    def hear(self, head: int, **marks: int) -> None:
        numbers = {"ann": 1, "bob": 2, "carol": 3}
        receipts = Receipts(ROOM, head, {numbers[name]: seq for name, seq in marks.items()})
        self.outgoing.heard(receipts, MEMBERS, 1)

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
    assert scene.timeline[1].note == "not sent: the room is closed"


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
