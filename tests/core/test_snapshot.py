"""What the operator sees is what is so."""

from typing import Any

from chat.core import asks, wire
from chat.core.limits import WORK
from chat.core.motions import Operated
from chat.core.roles import Act
from chat.core.snapshot import RoomRow, SessionRow
from chat.core.types import SECURED, Path, Range

from .peer import Peer
from .scene import HERE, Scene

INSIDE = Path(SECURED, "192.0.2.9", 7000)


def sessions(scene: Scene, after: float = 0.0, **queued: int) -> list[SessionRow]:
    waiting = {path: size for path in (HERE, INSIDE) if (size := queued.get(str(path.port), 0))}
    return list(scene.hub.sessions(after, waiting, scene.now))


def operate(scene: Scene, act: Act, **about: Any) -> None:
    """The operator does this in the lobby."""
    ask = asks.Act(0, "lobby", act, **about)
    scene.hub.operate("ticket", ask, scene.now, scene.wall)
    scene.turn()
    assert Operated("ticket", True, "") in scene.told()


def rooms(scene: Scene, after: str = "") -> dict[str, RoomRow]:
    return {row.name: row for row in scene.hub.list_rooms(after)}


def test_a_session_is_seen_as_it_is() -> None:
    scene = Scene(masked=True)
    ann = Peer(scene, "ann")
    ann.join("dev")
    scene.now += 90.5
    (row,) = sessions(scene)
    assert row == SessionRow(
        endpoint=str(ann.path),
        protocol="sealed",
        name="ann",
        verified=False,
        rooms=("lobby", "dev"),
        round_trip=None,
        recv_queue=0,
        send_queue=0,
        drops=0,
        age=90,
        since=1000.0,
    )


def test_who_reports_has_a_round_trip() -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    ann.send(wire.Report(ann.tag, 0, 0, 0, 0, 87))
    assert sessions(scene)[0].round_trip == 87


def test_plain_text_is_told_apart_from_plain_text_inside_of_dtls() -> None:
    scene = Scene(secure=True)
    scene.write("hello")
    scene.receive(b"hello", INSIDE)
    assert [(row.endpoint, row.protocol, row.name) for row in sessions(scene)] == [
        (str(HERE), "text", f"guest-{HERE.port}"),
        ("192.0.2.9:7000", "text in DTLS", "guest-7000"),
    ]


def test_what_waits_for_the_log_is_in_the_receive_queue() -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    scene.write("hello")
    scene.stalled = True
    ann.say("one", "two", "three")
    scene.write("one\ntwo")
    assert [row.recv_queue for row in sessions(scene)] == [3, 2]
    scene.answer()
    assert [row.recv_queue for row in sessions(scene)] == [0, 0]


def test_what_waits_for_the_socket_is_in_the_send_queue() -> None:
    scene = Scene()
    Peer(scene, "ann")
    scene.write("hello")
    assert [row.send_queue for row in sessions(scene, **{"5000": 1248})] == [0, 1248]


def test_an_answer_to_a_fetch_is_in_the_send_queue_until_it_is_sent() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    for n in range(1, 65):
        ann.say("x" * 900, first=n)
    bob.send(wire.Fetch(bob.tag, 1, 70_000, (Range(1, 64),)))
    assert 64 * 900 < sessions(scene)[1].send_queue < 64 * 1000
    scene.wait(1)
    assert [row.send_queue for row in sessions(scene)] == [0, 0]


def test_what_was_not_taken_of_it_is_counted() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    asked = int(WORK[1])
    for _ in range(asked):
        ann.send(wire.Ping(1))
    scene.write("/who\n" * 60)
    dropped = [row.drops for row in sessions(scene)]
    assert dropped[0] > asked / 2
    assert dropped[1] == 0
    assert dropped[2] > 40
    forged = bytearray(bob.sent[-1])
    forged[-1] ^= 1
    scene.receive(bytes(forged), Path(0, "192.0.2.66", 6))
    assert sessions(scene)[1].drops == 0
    assert bob.channel is not None
    damaged = bytearray(bob.channel.seal(wire.encode_frame(wire.Ping(1))))
    damaged[-1] ^= 1
    scene.receive(bytes(damaged), bob.path)
    assert sessions(scene)[1].drops == 1


def test_what_may_not_be_said_is_counted() -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    operate(scene, Act.MUTE, whom="ann", seconds=60)
    ann.say("hush")
    assert sessions(scene)[0].drops == 1
    assert scene.entries()[-1].text != "hush"


def test_pages_of_sessions_miss_nobody_and_name_nobody_twice() -> None:
    """Time stands still: they all came at the same moment."""
    scene = Scene()
    peers = [Peer(scene, f"p{number}") for number in range(10)]
    rows = sessions(scene)
    assert [row.name for row in rows] == [peer.name for peer in peers]
    assert len({row.since for row in rows}) == 10
    for index, row in enumerate(rows):
        assert sessions(scene, row.since) == rows[index + 1 :]
    peers[3].send(wire.Bye())
    assert [row.name for row in sessions(scene, rows[2].since)] == [peer.name for peer in peers[4:]]


def test_what_holds_in_a_room_is_listed() -> None:
    scene = Scene(secure=True)
    Peer(scene, "ann")
    assert rooms(scene)["lobby"] == RoomRow("lobby", 1, 0, False, False, 0, 0, False, "")
    operate(scene, Act.LOCK)
    operate(scene, Act.HIDE)
    operate(scene, Act.SLOW, seconds=30)
    operate(scene, Act.LIMIT, number=20)
    operate(scene, Act.PASSWORD, text="sesame")
    assert rooms(scene)["lobby"] == RoomRow("lobby", 1, 5, True, True, 30, 20, True, "")


def test_rooms_are_listed_with_what_holds_in_them() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    ann.join("dev")
    ann.say("hello", "you", tag=ann.tags["lobby"])
    ann.say("about tests", tag=ann.tags["dev"], kind=3)
    found = rooms(scene)
    assert list(found) == ["dev", "lobby"]
    assert (found["lobby"].members, found["lobby"].entries) == (2, 2)
    assert (found["dev"].members, found["dev"].entries) == (1, 1)
    assert found["dev"].topic == "about tests"
    assert rooms(scene, "dev").keys() == {"lobby"}
    ann.ask(asks.Leave(ann.number(), "dev"))
    assert (rooms(scene)["dev"].members, rooms(scene)["dev"].entries) == (0, None)
    bob.ask(asks.Direct(bob.number(), "ann"))
    assert list(rooms(scene)) == ["dev", "lobby"]
