"""What one neighbour may do: `chat.core.guard`."""

from random import Random

import pytest

from chat.core import asks, limits, wire
from chat.core.clientframes import client_frames
from chat.core.guard import Deed, Guard
from chat.core.member import Member
from chat.core.types import Path

from .peer import Peer
from .scene import HERE, Scene

RATES = {deed.value: (1.0, 3.0) for deed in Deed}
ANN, NEXT_DOOR = Path(0, "192.0.2.1", 4000), Path(0, "192.0.2.2", 4000)


def count(guard: Guard, path: Path, now: float = 0.0, deed: Deed = Deed.JOIN) -> int:
    """How often it may be done, of a hundred times at once."""
    return sum(guard.allows(deed, path, now) for _ in range(100))


def test_so_much_at_once_and_then_so_much_a_second() -> None:
    guard = Guard(RATES)
    assert count(guard, ANN) == 3
    assert count(guard, ANN, 2.0) == 2
    assert count(guard, ANN, 1000.0) == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_a_neighbour_is_an_ipv4_address_or_an_ipv6_64(one: str, other: str, same: bool) -> None:
    guard = Guard(RATES)
    assert count(guard, Path(0, one, 1)) == 3
    assert count(guard, Path(1, other, 2)) == (0 if same else 3)


def test_one_deed_does_not_count_for_another() -> None:
    guard = Guard(RATES)
    assert [count(guard, ANN, deed=deed) for deed in Deed] == [3] * len(Deed)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_no_neighbour(host: str) -> None:
    guard, path = Guard(RATES), Path(0, host, 1)
    assert count(guard, path) == 100
    for _ in range(2 * limits.SESSIONS_PER_NEIGHBOUR):
        guard.came(path)
    assert guard.has_room(path)


def test_only_so_many_neighbours_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.core.guard.NEIGHBOURS", 10)
    guard, random = Guard(RATES), Random(1)
    for _ in range(1000):
        path = Path(0, f"192.0.2.{random.randrange(256)}", 1)
        guard.allows(Deed.JOIN, path, 0.0)
        guard.stray(path, 0.0)
        count(guard, ANN)
        guard.stray(ANN, 0.0)
    assert (len(guard._buckets), len(guard._strays)) == (10, 10)
    assert count(guard, ANN) == 0, "who comes often is not forgotten"
    assert not guard.trusts(ANN, 0.0)


def test_so_many_of_one_neighbour_may_be_here_at_once() -> None:
    guard = Guard()
    for _ in range(limits.SESSIONS_PER_NEIGHBOUR):
        assert guard.has_room(ANN)
        guard.came(ANN)
    assert not guard.has_room(ANN._replace(port=1))
    assert guard.has_room(NEXT_DOOR)
    for _ in range(limits.SESSIONS_PER_NEIGHBOUR):
        guard.went(ANN)
    assert guard.has_room(ANN)
    assert not guard._present


def test_what_does_not_open_and_comes_from_elsewhere_is_soon_not_looked_at() -> None:
    rate, burst = limits.STRAYS
    guard = Guard()
    for _ in range(int(burst)):
        assert guard.trusts(ANN, 0.0)
        guard.stray(ANN, 0.0)
    assert not guard.trusts(ANN, 0.0)
    assert guard.trusts(NEXT_DOOR, 0.0)
    assert guard.trusts(ANN, 2 / rate)


# On the server


def refusals(peer: Peer) -> list[str]:
    return [reply.reason for reply in peer.replies if isinstance(reply, asks.Refused)]


def test_who_is_one_too_many_of_a_network_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.core.guard.SESSIONS_PER_NEIGHBOUR", 2)
    scene = Scene()
    peers = [Peer(scene, f"p{n}", path=ANN._replace(port=4000 + n)) for n in range(3)]
    assert scene.hub.census().sessions == 2
    assert refusals(peers[2]) == [
        "too many are here from your network; try again when some have left"
    ]
    peers[0].send(wire.Bye())
    assert not refusals(Peer(scene, "late", path=ANN._replace(port=5000)))


def test_a_session_that_moves_is_counted_where_it_is() -> None:
    scene = Scene()
    guard = scene.hub._house.guard
    ann = Peer(scene, path=ANN)
    assert dict(guard._present) == {ANN.prefix: 1}
    ann.send(wire.Ping(1), path=NEXT_DOOR)
    ann.path = NEXT_DOOR
    (challenge,) = [f for f in ann.read() if isinstance(f, wire.PathChallenge)]
    ann.send(wire.PathResponse(challenge.token))
    assert dict(guard._present) == {NEXT_DOOR.prefix: 1}
    ann.send(wire.Bye())
    assert not guard._present


def test_who_comes_too_often_is_told_when_to_come_again() -> None:
    scene = Scene()
    burst = int(limits.NEIGHBOUR["join"][1])
    for number in range(burst):
        Peer(scene, f"p{number}", path=ANN._replace(port=1000 + number)).send(wire.Bye())
    late = Peer(scene, "late", path=ANN)
    assert refusals(late) == ["too many are coming from your network; try again in a minute"]
    assert not refusals(Peer(scene, "bob", path=NEXT_DOOR))


def test_a_room_more_than_a_network_may_make_is_refused() -> None:
    scene = Scene()
    ann = Peer(scene, path=ANN, room="")
    for number in range(2 * int(limits.NEIGHBOUR["room"][1])):
        ann.join(f"room{number}")
        if refusals(ann):
            break
        ann.say("what is said in it keeps a room")
        scene.wait(1.0)
        ann.ask(asks.Leave(ann.number(), f"room{number}"))
    assert refusals(ann) == ["your network has made many rooms; join one of /rooms, or wait"]
    assert number > 10
    ann.join("lobby")
    ann.join("room1")
    assert len(refusals(ann)) == 1


def test_strays_of_a_session_are_dropped_unopened_and_move_nobody() -> None:
    scene = Scene()
    ann = Peer(scene, path=ANN)
    assert ann.channel is not None
    header = wire.encode_header(wire.Session(ann.channel.sid, 1000, bytes(60)))
    for _ in range(100):
        scene.receive(header, NEXT_DOOR)
    burst = limits.STRAYS[1]
    assert scene.hub.dropped["not opened"] == burst
    assert scene.hub.dropped["strays"] == 100 - burst
    assert ann.send(wire.Ping(1))[0] == wire.Pong(1), "its own endpoint is no stray"


def test_drafts_beyond_what_a_session_may_say_are_not_heard() -> None:
    scene = Scene()
    ann = Peer(scene, path=HERE)
    burst = limits.WORK[1]
    for n in range(1, 4 * int(burst)):
        ann.send(wire.Draft(ann.tag, n, 1, 0, 0, b"x"))
    assert scene.hub.dropped["too much"] > burst
    scene.wait(10.0)
    ann.say("again", first=scene.hub._house.rooms["lobby"].last_n(_only(scene)) + 1)
    assert scene.entries()[-1].text == "again"


@pytest.mark.parametrize(
    "frames",
    [
        wire.encode_frame(wire.Reply(b"")) * 380,
        b"\x3f\0\0" * 380,
        wire.encode_frame(wire.Report(99, 1, 0, 1, 1, 1)) * 39,
        wire.encode_frame(wire.Ping(1)) * 160,
        wire.encode_frame(wire.Ping(1)) + b"\x3f\0\0" * 370 + b"\x3f",
    ],
    ids=["a server's", "unknown", "reports", "pings", "malformed"],
)
def test_what_is_in_a_datagram_is_work_whatever_comes_of_it(
    frames: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, read = Scene(), list[bytes]()
    ann = Peer(scene, path=HERE)

    def reading(plaintext: bytes) -> list[wire.Frame]:
        read.append(plaintext)
        return client_frames(plaintext)

    monkeypatch.setattr("chat.core.sealed.client_frames", reading)
    for _ in range(2000):
        ann.send_plaintext(frames)
    assert 0 < len(read) <= limits.WORK[1] / 4
    scene.wait(5.0)
    assert ann.send(wire.Ping(2))[0] == wire.Pong(2)


def test_to_say_hello_again_and_again_is_work() -> None:
    scene = Scene()
    ann = Peer(scene, path=HERE)
    first, count = ann.sent[-1], 1000
    for _ in range(count):
        scene.receive(first, ann.path)
    answered = len(scene.take(ann.path))
    assert 0 < answered <= limits.WORK[1] / limits.WORK_ASK


def _only(scene: Scene) -> Member:
    (member,) = scene.hub._house.members.values()
    return member
