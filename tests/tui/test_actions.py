import pytest

from chat.core import asks, events
from chat.core.asks import Member, RoomRow
from chat.core.names import direct_room
from chat.net.impair import CLEAR, Impairment
from chat.tui.keys import KEYS

from .entries import OTHER, entry
from .guests import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_speech_is_shown_at_once_and_kept_for_the_server(scene: Scene) -> None:
    assert scene.enter("hello")
    assert scene.seen() == ["… hello"]
    assert scene.said() == ["hello"]
    assert scene.desk.pending == 1
    assert scene.line.woken


def test_slashes(scene: Scene) -> None:
    assert scene.enter("//quit")
    assert scene.said() == ["/quit"]
    assert not scene.enter("/qit")
    assert "did you mean /quit?" in scene.hint
    assert not scene.enter("/\x1b[2Jx")
    assert "\x1b" not in scene.hint
    assert scene.said() == ["/quit"]
    assert scene.enter("/quit")
    assert scene.ended


def test_several_lines_are_never_a_command(scene: Scene) -> None:
    assert not scene.enter("/quit\n/quit")
    assert not scene.enter("/me waves\nand more")
    assert "begin with //" in scene.hint
    assert not scene.ended
    assert scene.enter("//quit\n/quit")
    assert scene.said() == ["/quit\n/quit"]


def test_nothing_is_nothing(scene: Scene) -> None:
    assert scene.enter(" \n ")
    assert scene.said() == []


def test_what_is_too_long_stays(scene: Scene) -> None:
    assert not scene.enter("x" * 9000)
    assert "9000 bytes are too long" in scene.hint
    assert scene.said() == []
    assert scene.enter("word " * 1000)
    assert scene.desk.pending == 1
    assert len(scene.said()) > 1
    assert len(scene.seen()) == 1


def test_a_topic(scene: Scene) -> None:
    assert not scene.enter("/topic " + "x" * 301)
    assert "at most 300" in scene.hint
    assert scene.enter("/topic")
    assert scene.seen() == ["there is no topic; /topic TEXT sets one"]
    scene.guest.rooms["lobby"].topic = "du\x1bcks"
    scene.enter("/topic")
    assert scene.seen()[-1] == "the topic: ducks"
    assert scene.enter("/topic geese")
    assert scene.said() == ["geese"]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/join", "usage: /join ROOM"),
        ("/join a/b", "a room's name has letters"),
        ("/nick !", "a name has letters"),
        ("/leave nowhere", "you are not in nowhere"),
        ("/leave", "your only room"),
        ("/who nowhere", "you are not in nowhere"),
        ("/msg ann hi", "that is you"),
        ("/msg bob", "usage: /msg"),
        ("/net loss=1000%", "from 0% to 100%"),
        ("/net on", "nothing to go back to"),
    ],
)
def test_what_cannot_be_is_said_and_stays(scene: Scene, line: str, hint: str) -> None:
    assert not scene.enter(line)
    assert hint in scene.hint
    assert scene.said() == []


def test_joining_and_leaving(scene: Scene) -> None:
    assert scene.enter("/join #Dev")
    assert scene.desk.current.label == "dev"
    assert "dev" in scene.guest.rooms
    scene.enter("hello dev")
    assert scene.seen() == ["… hello dev"]
    assert scene.enter("/join lobby")
    assert scene.desk.current.label == "lobby"
    assert scene.enter("/leave dev")
    assert [buffer.label for buffer in scene.desk.buffers] == ["lobby"]


def test_a_message_to_one_person(scene: Scene) -> None:
    assert scene.enter("/msg Bob hello there")
    assert scene.said() == []
    room = direct_room(OTHER, scene.guest.instance)
    scene.guest.join(room, 0.0)
    scene.tell(events.DirectRoom(room, "bob"))
    assert scene.desk.current.label == "@bob"
    assert scene.seen() == ["… hello there"]
    assert scene.said() == ["hello there"]


def test_a_message_to_nobody_is_given_back(scene: Scene) -> None:
    scene.enter("/msg bob hello there")
    scene.enter("/msg zed. hi")
    assert scene.desk.pending == 2
    scene.tell(events.Refusal("nobody is called that; bob is here", asks.Direct(2, "zed.")))
    assert scene.seen()[-1].endswith("bob is here. Not said: hi")
    assert list(scene.desk.letters) == ["bob"]
    assert scene.desk.unsent == ["hello there"]


def test_a_direct_room_has_no_topic(scene: Scene) -> None:
    room = direct_room(OTHER, scene.guest.instance)
    scene.guest.join(room, 0.0)
    scene.desk.buffers.show(scene.desk.buffers.open(room, "bob"))
    assert not scene.enter("/topic ducks")
    assert scene.hint == "a direct room has no topic"
    scene.enter("/topic")
    assert scene.seen() == ["there is no topic"]


@pytest.mark.parametrize("line", ["\udcff", "/me \udcff", "/topic \udcff", "/msg bob \udcff"])
def test_what_is_no_text_stays(scene: Scene, line: str) -> None:
    assert not scene.enter(line)
    assert "UTF-8" in scene.hint
    assert scene.desk.unsent == []


def test_what_is_not_confirmed_is_known(scene: Scene) -> None:
    long = "word " * 1000
    for line in ("one", long, "/me waves", "/msg bob psst", "one"):
        scene.enter(line)
    assert scene.desk.unsent == ["one", long, "waves", "one", "psst"]
    scene.tell(events.Logged("lobby", 1, 1))
    assert scene.desk.unsent == [long, "waves", "one", "psst"]
    assert scene.desk.pending == 4


def test_who(scene: Scene) -> None:
    roster = scene.guest.rooms["lobby"].roster
    roster.members = {
        1: Member(1, "bob", "192.0.2.1:4000", 0, True),
        2: Member(2, "An\x1bn", "192.0.2.22:4000", 0, False),
    }
    roster.count = 2
    assert scene.enter("/who")
    assert scene.seen() == []
    scene.now = 60.0
    scene.news.tick()
    (text,) = scene.seen()
    first, ann, bob = text.split("\n")
    assert first == "2 members in lobby"
    assert ann.startswith("Ann  192.0.2.22:4000  since ")
    assert bob.startswith("bob  192.0.2.1:4000   since ")
    assert bob.endswith(", plain text")


def test_rooms(scene: Scene) -> None:
    scene.enter("/rooms")
    scene.tell(events.Listing((RoomRow("dev", 3, "all\x07 of it"), RoomRow("lobby", 12, ""))))
    assert scene.seen() == ["dev    3 members   all of it\nlobby  12 members"]
    assert scene.desk.known_rooms == ["lobby", "dev"]
    scene.tell(events.Listing(()))
    assert len(scene.seen()) == 1, "nobody asked for that one"


def test_net(scene: Scene) -> None:
    scene.guest.dropped["not opened"] += 2
    scene.enter("/net")
    (text,) = scene.seen()
    assert "server      192.0.2.9, UDP port 9999" in text
    assert "not taken   2 not opened" in text
    assert "received  3 datagrams, 1 lost" in text
    assert scene.enter("/net loss=30% delay=80ms")
    assert scene.line.network.spec == Impairment.parse("loss=30% delay=80ms")
    scene.enter("/net off")
    assert scene.line.network.spec == CLEAR
    scene.enter("/net on")
    assert scene.line.network.spec == Impairment.parse("loss=30% delay=80ms")


def test_a_blackout_impairs_while_it_lasts(scene: Scene) -> None:
    scene.now = 100.0
    assert not scene.desk.impaired
    scene.enter("/net blackout=10s..15s")
    seen = []
    for scene.now in (105.0, 110.0, 114.9, 115.0):
        seen.append(scene.desk.impaired)
    assert seen == [False, True, True, False]
    scene.enter("/net loss=5% blackout=10s..15s")
    scene.now = 500.0
    assert scene.desk.impaired


def test_help(scene: Scene) -> None:
    scene.enter("/help")
    (text,) = scene.seen()
    assert "/topic [TEXT]" in text
    assert "F8  of the demo's" in text
    assert "… on its way, · in the log, ✓ with everybody, ✗ not sent." in text
    scene.enter("/help nick")
    assert scene.seen()[-1] == "/nick NAME  change your name"
    scene.enter("/help keys")
    keys = scene.seen()[-1]
    assert all(binding.help in keys for section in KEYS for binding in section.bindings)
    assert "F8  of the demo's" in keys


def test_who_says_something_looks_for_the_server_at_once(scene: Scene) -> None:
    scene.now = 10.0
    before = len(scene.guest.drain())
    scene.enter("hello?")
    first = scene.guest.drain()
    scene.enter("anybody?")
    assert before == 0
    assert len(first) == 1
    assert scene.guest.drain() == []


def test_older_is_asked_for_once_joined(scene: Scene) -> None:
    scene.tell(entry(50))
    buffer, room = scene.desk.current, scene.guest.rooms["lobby"]
    buffer.view(80, 10, room)
    assert buffer.wants_older
    scene.actions.want_older()
    assert not room.history.asking
    room.joined = True
    room.inbox.first = 50
    scene.actions.want_older()
    assert room.history.asking


def test_names_are_offered_by_who_spoke_last(scene: Scene) -> None:
    members = {n: Member(n, name, "", 0, False) for n, name in enumerate(["ann", "bea", "zoe"])}
    scene.guest.rooms["lobby"].roster.members = members
    scene.tell(entry(1, name="gone"), entry(2, name="zoe"))
    assert scene.desk.known_names() == ["zoe", "bea", "gone"]
