import pytest

from chat.core import asks, limits, protect, wire
from chat.core.limits import COOKIE_BUCKET
from chat.core.opening import Opening
from chat.core.types import Path

from .peer import Peer
from .scene import IDENTITY, Scene

THERE = Path(0, "198.51.100.9", 9)


def first_bytes(datagrams: list[bytes]) -> list[int]:
    return [datagram[0] for datagram in datagrams]


def test_who_opens_a_session_is_welcomed_by_name_and_endpoint() -> None:
    scene = Scene()
    ann = Peer(scene, "ann", room="")
    assert ann.channel is not None
    token = protect.reset_token(IDENTITY, ann.channel.sid)
    assert ann.replies == [asks.Welcome("ann", "ann", str(ann.path), token)]
    bob = Peer(scene, "Ann", room="")
    assert isinstance(bob.replies[0], asks.Welcome)
    assert (bob.replies[0].name, bob.replies[0].asked) == ("Ann2", "Ann")
    assert scene.hub.census().sessions == 2


def test_the_join_that_came_with_it_is_answered_too() -> None:
    ann = Peer(Scene(), room="den")
    assert [type(reply).__name__ for reply in ann.replies] == ["Welcome", "Joined"]
    assert list(ann.tags) == ["den"]


def test_a_name_that_cannot_be_one_is_refused_and_there_is_no_session() -> None:
    scene = Scene()
    bad = Peer(scene, "a b")
    assert [type(reply).__name__ for reply in bad.replies] == ["Refused"]
    assert scene.hub.census().sessions == 0


def test_a_full_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SESSIONS", 1)
    scene = Scene()
    Peer(scene, "ann")
    (refused,) = Peer(scene, "bob").replies
    assert isinstance(refused, asks.Refused)
    assert "full" in refused.reason
    assert scene.hub.census().sessions == 1


def test_before_the_registry_was_read_a_first_is_not_answered() -> None:
    scene = Scene()
    scene.hub._house.registry._ready_at = 1
    ann = Peer(scene)
    assert ann.channel is None
    assert scene.take(ann.path) == []


@pytest.mark.parametrize("size", [0, wire.OPEN_SIZE - 1, wire.OPEN_SIZE + 1, 1200])
def test_an_open_of_another_size_gets_no_byte(size: int) -> None:
    scene = Scene()
    scene.receive((b"\x80" + bytes(1200))[:size], THERE)
    assert scene.take(THERE) == []


def test_a_repeated_first_is_welcomed_again_and_is_no_second_session() -> None:
    scene = Scene()
    ann = Peer(scene)
    scene.receive(ann.sent[1], ann.path)
    ann.read()
    assert [type(reply).__name__ for reply in ann.replies] == ["Welcome", "Joined", "Welcome"]
    assert scene.hub.census().sessions == 1


def test_a_first_from_elsewhere_or_too_late_or_damaged_gets_a_retry_and_nothing_else() -> None:
    scene = Scene()
    ann = Peer(scene)
    damaged = ann.sent[1][:-1] + bytes((ann.sent[1][-1] ^ 1,))
    fresh = damaged[:1] + bytes(16) + damaged[17:]
    for datagram, path in ((ann.sent[1], THERE), (fresh, ann.path)):
        scene.receive(datagram, path)
        (retry,) = scene.take(path)
        assert wire.decode_header(retry) == wire.Retry(datagram[1:17])
        assert len(retry) < len(datagram)
    scene.wait(2 * COOKIE_BUCKET)
    scene.take(ann.path)
    scene.receive(ann.sent[1], ann.path)
    assert first_bytes(scene.take(ann.path)) == [0x83]
    assert scene.hub.census().sessions == 1


@pytest.mark.parametrize(
    "frames",
    [
        wire.encode_frame(wire.Ping(1)),
        wire.encode_frame(wire.Ask(asks.encode(asks.Nick(1, "ann")))),
        wire.encode_frame(wire.Ask(b"\xc1")),
        wire.encode_frame(wire.Ask(asks.encode(asks.Hello(1, "ann", bytes(16)))))[:-1],
    ],
)
def test_a_first_that_does_not_say_who_it_is_gets_no_byte(frames: bytes) -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.opening = Opening(protect.PUBLISHED_SECRET, bytes(16), lambda _: frames)
    ann.path = THERE
    scene.hub.dropped.clear()
    ann.open()
    assert scene.take(THERE) == []
    assert dict(scene.hub.dropped) == {"malformed": 1}
    assert scene.hub.census().sessions == 1


def test_one_instance_that_opens_anew_stays_who_it_is() -> None:
    """Nobody sees a client that reconnects leave and come."""
    scene = Scene()
    bob = Peer(scene, "bob")
    old = Peer(scene, "ann")
    scene.wait(5.0)
    bob.read()
    new = Peer(scene, "ann", path=THERE, secret=old.secret, attempt=2)
    assert scene.hub.census().sessions == 2
    assert scene.hub.census().members == 2
    welcome = new.replies[0]
    assert isinstance(welcome, asks.Welcome)
    assert welcome.name == "ann"
    new.say("hi")
    assert sum(isinstance(frame, wire.Entries) for frame in bob.read()) == 1
    members = bob.ask(asks.Who(bob.number(), bob.tag, 0, 0))
    assert isinstance(members[0], asks.Members)
    assert [(row.name, row.endpoint) for row in members[0].came] == [
        ("bob", str(bob.path)),
        ("ann", str(THERE)),
    ]


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_older_opening_does_not_displace_a_newer_session(attempt: int) -> None:
    scene = Scene()
    new = Peer(scene, "ann", attempt=2)
    old = Peer(scene, "ann", path=THERE, secret=new.secret, attempt=attempt)
    assert old.channel is None
    assert new.send(wire.Ping(1))[0] == wire.Pong(1)


def test_whoever_had_an_endpoint_before_is_gone_when_another_proves_it() -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    bob = Peer(scene, "bob", path=ann.path)
    assert bob.send(wire.Ping(1))[0] == wire.Pong(1)
    assert scene.hub.census().sessions == 1
    assert scene.hub._house.people._names.owner("ann") is None


def test_an_unknown_session_gets_one_reset_that_its_owner_knows() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.send(wire.Bye())
    ann.send(wire.Ping(1))
    scene.receive(ann.sent[-1], THERE)
    (reset,) = scene.take(THERE)
    welcome = ann.replies[0]
    assert isinstance(welcome, asks.Welcome)
    assert wire.decode_header(reset) == wire.Reset(welcome.reset)
    assert len(reset) < len(ann.sent[-1])


@pytest.mark.parametrize("size", range(13, 13 + wire.TAG_SIZE + wire.FRAME_HEADER))
def test_a_datagram_too_short_for_a_frame_gets_no_byte(size: int) -> None:
    scene = Scene()
    scene.receive((b"\x84" + bytes(100))[:size], THERE)
    assert scene.take(THERE) == []
    assert scene.hub.dropped["malformed"] == 1


def test_strangers_together_get_so_many_answers_a_second_and_no_more() -> None:
    scene = Scene()
    datagram = b"\x84" + bytes(60)
    for number in range(int(limits.STATELESS) + 500):
        scene.receive(datagram, Path(0, "198.51.100.1", number))
    assert sum(map(len, scene.boxes.values())) == limits.STATELESS
    scene.boxes.clear()
    scene.now += 0.1
    for number in range(500):
        scene.receive(datagram, Path(0, "198.51.100.1", number))
    assert len(scene.boxes) == pytest.approx(limits.STATELESS / 10, abs=1)


def test_what_does_not_open_in_a_session_gets_no_byte() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.send(wire.Ping(1))
    good = ann.sent[-1]
    scene.take(ann.path)
    for datagram in (good, good[:-1] + b"\0", good[:-1], good[:12] + b"\xff" + good[13:]):
        scene.receive(datagram, ann.path)
        assert scene.take(ann.path) == []
    assert scene.hub.dropped["not opened"] == 4


def test_frames_that_are_not_for_servers_are_counted_and_the_others_taken() -> None:
    scene = Scene()
    ann = Peer(scene)
    scene.hub.dropped.clear()
    assert ann.send(wire.Pong(1), wire.Head(1, 1, bytes(8), 0, 0), wire.Ping(2))[0] == wire.Pong(2)
    assert scene.hub.dropped["malformed frames"] == 2


def test_a_silent_session_ends_and_one_that_speaks_does_not() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    for _ in range(5):
        scene.wait(limits.SESSION_IDLE - 30.0)
        bob.send(wire.Ping(1))
    assert list(scene.hub._sealed.by_path) == [bob.path]
    assert ann.path not in scene.hub._sealed.by_path
    scene.wait(limits.SESSION_IDLE - 1.0)
    assert scene.hub.census().sessions == 1
    scene.wait(1.1)
    assert scene.hub.census().sessions == 0
    assert not any(scene.groups.values())


def test_a_datagram_longer_than_any_of_ours_is_malformed() -> None:
    scene = Scene()
    ann = Peer(scene)
    assert ann.channel is not None
    pings = wire.encode_frame(wire.Ping(1)) * 106
    scene.receive(ann.channel.seal(pings), ann.path)
    assert (scene.hub.dropped["malformed"], len(ann.read()) > 0) == (0, True)
    scene.receive(ann.channel.seal(pings * 2), ann.path)
    assert (scene.hub.dropped["malformed"], ann.read()) == (1, [])


def test_who_asks_too_often_is_not_heard() -> None:
    scene = Scene()
    ann = Peer(scene)
    answers = [ann.send(*[wire.Ping(number)] * 100) for number in range(10)]
    assert 0 < sum(map(len, answers)) < 700
    assert scene.hub.dropped["too much"] > 0
    scene.wait(10.0)
    assert wire.Pong(77) in ann.send(wire.Ping(77))


def test_a_rooms_name_is_taken_in_any_spelling() -> None:
    scene = Scene()
    ann = Peer(scene, room="")
    ann.join("#Den")
    assert isinstance(ann.replies[-1], asks.Joined)
    assert ann.replies[-1].room == "den"
    ann.ask(asks.Leave(ann.number(), "DEN"))
    assert isinstance(ann.replies[-1], asks.Left)
    assert list(scene.hub._house.rooms) == []
    ann.join("b!d")
    assert isinstance(ann.replies[-1], asks.Refused)


def test_a_key_that_is_used_up_ends_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protect, "COUNTER_MAX", 20)
    scene = Scene()
    ann = Peer(scene)
    for number in range(40):
        ann.send(wire.Ping(number))
    assert scene.hub.census().sessions == 0
    assert ann.channel is not None
    assert ann.channel.window.top < 25


def test_at_the_end_every_client_is_told_to_look_for_the_server_anew() -> None:
    scene = Scene()
    peers = [Peer(scene, "ann"), Peer(scene, "bob")]
    scene.hub.shutdown()
    scene.turn()
    for peer in peers:
        welcome = peer.replies[0]
        assert isinstance(welcome, asks.Welcome)
        assert [wire.decode_header(d) for d in scene.take(peer.path)] == [wire.Reset(welcome.reset)]
