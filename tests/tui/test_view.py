"""What the desk knows of the network, as it is on the screen."""

from chat.core import events
from chat.core.asks import Member

from .entries import NOON, ROOM, entry
from .guests import Scene


def bar(scene: Scene, columns: int = 100) -> str:
    """The status bar."""
    frame = scene.model.view(columns, 24)
    assert frame.status is not None
    return "".join(text for _, row in frame.rows[frame.status] for _, text in row).rstrip()


def connected() -> Scene:
    scene = Scene()
    scene.guest.rooms[ROOM].joined = True
    scene.tell(events.Connected("ann", "ann", "192.0.2.1:4000", False))
    return scene


def test_the_bar_draws_the_round_trips_of_the_last_seconds() -> None:
    scene = connected()
    scene.guest.rtt.sample(0.01)
    assert bar(scene) == " ann │ lobby │ 10 ms ±5"
    for seconds in (0.01, 0.01, 0.04):
        scene.guest.rtt.sample(seconds)
        scene.now += 1
        scene.model.tick()
    assert bar(scene).endswith(" ▃▃█")
    scene.tell(events.Disconnected("the server is silent"))
    assert "ms" not in bar(scene).replace("reconnecting", "")


def test_the_bar_says_how_far_we_have_read() -> None:
    scene = connected()
    room = scene.guest.rooms[ROOM]
    room.inbox.head = 100
    assert "catching up ░░░░░ 0 of 100" in bar(scene)
    room.inbox.shown = 60
    assert "catching up ▓▓▓░░ 60 of 100" in bar(scene)
    room.inbox.shown = 100
    assert "catching up" not in bar(scene)


def test_a_view_that_is_held_at_the_end_has_nothing_below() -> None:
    scene = connected()
    scene.tell(*(entry(seq, "a word") for seq in range(1, 4)))
    scene.model.search("word")
    bar(scene)
    assert not scene.desk.current.viewport.follows
    assert "more below" not in bar(scene)
    scene.tell(*(entry(seq) for seq in range(4, 30)))
    assert "more below (10)" in bar(scene)


def test_below_what_we_said_is_who_is_waited_for() -> None:
    scene = connected()
    room = scene.guest.rooms[ROOM]
    room.ordinal = 1
    room.roster.members = {
        n: Member(n, name, "", NOON, False) for n, name in ((1, "ann"), (2, "bob"))
    }
    scene.enter("hello")
    scene.tell(events.Logged(ROOM, 1, 1))
    scene.tell(entry(1, "hello", name="ann", instance=scene.guest.instance, n=1))
    room.receipts = events.Receipts(ROOM, 1, {1: 1, 2: 0})
    scene.tell(room.receipts)
    for _ in range(3):
        scene.now += 1
        scene.model.tick()
    line = scene.desk.current.timeline[1]
    assert line.note == "0 of 1, waiting for bob"
    room.receipts = events.Receipts(ROOM, 1, {1: 1, 2: 1})
    scene.tell(room.receipts)
    assert scene.seen() == ["✓ hello"]
    assert line.note == ""
