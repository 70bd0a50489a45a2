import pytest

from chat.core import asks, events
from chat.core.asks import Member
from chat.core.history import Older
from chat.core.inbox import Broken, Expired
from chat.core.names import direct_room
from chat.tui.lines import Look
from chat.tui.reader import Reader

from .corpus import HOSTILE
from .entries import OTHER, ROOM, entry
from .guests import Scene

CONNECTED = events.Connected("ann", "ann", "192.0.2.1:4000", False)
AGAIN = events.Connected("ann", "ann", "192.0.2.1:4001", True)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def own(scene: Scene, seq: int, n: int, text: str) -> object:
    return entry(seq, text, name="ann", instance=scene.guest.instance, n=n)


def presence(scene: Scene, *names: str) -> object:
    members = {n: Member(n, name, "", 0, False) for n, name in enumerate(names, 1)}
    scene.guest.rooms[ROOM].roster.members = members
    return events.Presence(ROOM, 0, ())


def test_pending_logged_read_back(scene: Scene) -> None:
    scene.enter("hello")
    scene.tell(events.Logged(ROOM, 1, 1))
    assert scene.seen() == ["· hello"]
    assert scene.desk.pending == 0
    scene.tell(entry(1, "before"), own(scene, 2, 1, "hello"))
    assert scene.seen() == ["before", "· hello"]


def test_failed(scene: Scene) -> None:
    scene.enter("hello")
    scene.tell(events.Failed(ROOM, 1, "no"))
    assert scene.seen() == ["✗ hello"]
    assert scene.desk.pending == 0


def test_what_is_elsewhere_counts_as_unread(scene: Scene) -> None:
    scene.enter("/join dev")
    scene.tell(entry(1), entry(2, kind=3), own(scene, 3, 1, "mine"), entry(1, room="dev"))
    lobby = scene.buffer("lobby")
    assert lobby.unread == 1
    assert scene.desk.current.unread == 0
    scene.desk.buffers.next_unread()
    assert scene.desk.current is lobby
    assert lobby.unread == 0


def test_an_invitation_opens_a_buffer_in_the_background(scene: Scene) -> None:
    room = direct_room(OTHER, scene.guest.instance)
    scene.guest.join(room, 0.0)
    scene.tell(events.Entered(room, "", "bob", False), entry(1, "psst", room=room))
    assert scene.desk.current.label == "lobby"
    assert scene.buffer(room).label == "@bob"
    assert scene.buffer(room).unread == 1


def test_who_the_other_one_is_after_a_restart(scene: Scene) -> None:
    room = direct_room(OTHER, scene.guest.instance)
    membership = scene.guest.join(room, 0.0)
    scene.tell(events.Entered(room, "", "bob", False))
    scene.tell(events.Entered(room, "", "rob\x1b", True))
    assert scene.buffer(room).label == "@rob"
    scene.tell(events.Entered(room, "", "", True))
    assert scene.buffer(room).label == "@rob"
    membership.peer = "robert"
    scene.tell(events.Presence(room, 0, ()))
    assert scene.buffer(room).label == "@robert"


def test_presence_lines(scene: Scene) -> None:
    scene.tell(presence(scene, "ann", "bob"))
    scene.tell(entry(1), presence(scene, "ann", "bob", "carol"))
    assert scene.seen() == ["message 1", "carol joined"]
    assert scene.looks()[-1] is Look.QUIET


def test_a_short_gap_leaves_no_line_and_a_long_one_does(scene: Scene) -> None:
    scene.tell(CONNECTED, events.Disconnected("the server is silent"))
    scene.now = 3.0
    scene.tell(AGAIN)
    assert scene.seen() == []
    scene.tell(events.Disconnected("the server is silent"))
    scene.now = 20.0
    scene.tell(AGAIN)
    assert scene.seen()[-1] == "connected again after 17 s (the server is silent)"
    assert scene.looks()[-1] is Look.QUIET


def test_a_server_that_was_never_there_is_said_once(scene: Scene) -> None:
    for tries in range(1, 5):
        scene.tell(events.Unreachable(tries, "nobody listens at x, UDP port 9"))
    assert scene.seen() == [
        "nobody listens at x, UDP port 9; trying again. What you say is kept until then",
        "/help says what there is",
    ]
    scene.tell(CONNECTED, events.Entered(ROOM, "", "", False), events.CaughtUp(ROOM))
    assert scene.seen()[2:] == ["connected as ann, 192.0.2.1:4000"]


def test_who_we_are_is_told_below_what_was_there_before(scene: Scene) -> None:
    scene.tell(CONNECTED, events.Entered(ROOM, "", "", False), entry(1), entry(2))
    assert scene.seen() == ["message 1", "message 2"]
    scene.tell(events.CaughtUp("another"))
    assert len(scene.seen()) == 2
    scene.tell(events.CaughtUp(ROOM))
    greeting = ["connected as ann, 192.0.2.1:4000", "/help says what there is"]
    assert scene.seen()[2:] == greeting
    scene.tell(AGAIN, events.Entered(ROOM, "", "", True), events.CaughtUp(ROOM))
    assert scene.seen()[2:] == greeting, "once"


def test_a_connection_that_is_lost_before_the_room_was_read(scene: Scene) -> None:
    scene.tell(CONNECTED, events.Disconnected("silent"))
    scene.tell(events.Connected("ann2", "ann", "192.0.2.1:4001", True), events.CaughtUp(ROOM))
    assert scene.seen() == [
        "ann is taken: you are ann2; /nick NAME changes it",
        "connected as ann2, 192.0.2.1:4001",
        "/help says what there is",
    ]


def test_a_taken_name(scene: Scene) -> None:
    scene.tell(events.Connected("ann", "ann", "192.0.2.1:4000", False), events.CaughtUp(ROOM))
    scene.tell(events.Connected("ann2", "ann", "192.0.2.1:4000", True))
    assert scene.seen()[-1] == "ann is taken: you are ann2; /nick NAME changes it"
    scene.tell(events.Renamed("bea", "bea"))
    assert scene.seen()[-1] == "you are bea now"


def test_the_log_went_back(scene: Scene) -> None:
    scene.tell(*(entry(seq) for seq in range(1, 6)), Broken(ROOM, 3))
    assert scene.seen() == [
        "message 1",
        "message 2",
        "the server lost its newest messages: what follows 2 was taken back",
    ]
    assert scene.looks()[-1] is Look.ALERT
    scene.tell(entry(3, "anew"))
    assert scene.seen()[-1] == "anew"


def test_confirmed_and_lost_when_we_are_somebody_new(scene: Scene) -> None:
    scene.tell(CONNECTED)
    scene.enter("one")
    scene.tell(events.Logged(ROOM, 1, 1), Broken(ROOM, 1))
    scene.guest._connection.renew("the log went back", 1.0)
    scene.tell(AGAIN)
    assert "✗ one" in scene.seen()


def test_expired(scene: Scene) -> None:
    scene.tell(entry(1), Expired(ROOM, 2, 10), entry(11), Expired(ROOM, 12, 12))
    assert scene.seen() == [
        "message 1",
        "9 messages have expired before you could read them",
        "message 11",
        "1 message has expired before you could read it",
    ]


def test_older(scene: Scene) -> None:
    scene.tell(entry(10), Older(ROOM, (entry(8), entry(9)), False))
    assert scene.seen() == ["message 8", "message 9", "message 10"]


def test_a_room_that_will_not_have_us(scene: Scene) -> None:
    scene.enter("/join secret")
    del scene.guest.rooms["secret"]
    scene.enter("/join dev")
    scene.tell(events.Refusal("members only", asks.Join(1, "secret", ())))
    assert scene.seen() == []
    secret = scene.buffer("secret")
    assert scene.seen(secret) == ["you are not in #secret: members only"]
    scene.tell(events.Refusal("something else", asks.Nick(2, "zoe")))
    assert scene.seen() == ["something else"]
    scene.desk.buffers.show(secret)
    assert not scene.enter("anybody?")
    scene.enter("/join secret")
    assert scene.enter("now?")


def test_rooms_that_were_closed_are_told_nothing(scene: Scene) -> None:
    scene.tell(
        entry(1, room="unknown"),
        Broken("unknown", 1),
        events.Logged("unknown", 9, 9),
        events.Failed("unknown", 9, "no"),
    )
    assert scene.seen() == []


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_told_acts_on_the_terminal(scene: Scene, text: str) -> None:
    scene.guest.rooms[ROOM].topic = text
    scene.enter("/msg bob x")
    scene.tell(
        events.Connected(text, text + "x", text, False),
        events.Disconnected(text),
        events.Unreachable(1, text),
        events.Rejected(text),
        events.Refusal(text, asks.Direct(1, "bob")),
        events.Refusal(text, asks.Nick(2, "zoe")),
        events.Notice(text),
        events.Renamed(text, text + "x"),
        entry(1, text, name=text),
        presence(scene, "ann"),
        presence(scene, "ann", text),
    )
    scene.enter("/topic")
    scene.now = 60.0
    scene.enter("/who")
    shown = [*scene.seen(), scene.hint, scene.desk.health.trouble(None, False, 0.0)]
    for line in shown:
        assert all(char.isprintable() or char == "\n" for char in line)


def test_a_flood_is_bounded(scene: Scene) -> None:
    scene.desk.buffers.configure(Reader(kept=100))
    buffer = scene.desk.current
    for seq in range(1, 301):
        scene.tell(entry(seq))
    assert len(buffer.timeline) <= 111
    buffer.view(80, 10, None)
    buffer.viewport.scroll(-20)
    before = buffer.view(80, 10, None)
    for seq in range(301, 600):
        scene.tell(entry(seq))
    assert buffer.view(80, 10, None) == before
    for seq in range(600, 2000):
        scene.tell(entry(seq))
    assert len(buffer.timeline) <= 501
