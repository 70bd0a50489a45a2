import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import asks, wire
from chat.core.house import OpenRegistry
from chat.core.hub import Hub
from chat.core.plain import Policy
from chat.core.protect import PUBLISHED_SECRET
from chat.core.roles import Role
from chat.core.signatures import Signer
from chat.core.types import Open, Path

from .peer import Peer
from .scene import ELSEWHERE, HERE, Scene

STATUS = wire.encode_header(wire.Status(77, bytes(wire.STATUS_SIZE - 9)))


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "empty"),
        (b"\x16\xfe\xfd" + bytes(30), "unknown first byte"),
        (b"\x00", "unknown first byte"),
        (b"\xc3", "unknown first byte"),
        (b"\xff" * 40, "unknown first byte"),
        (b"hello\xff", "unknown first byte"),
        (b"\x80", "malformed"),
        (b"\x89" + bytes(40), "malformed"),
        (b"\xbf", "malformed"),
        (b"\x81" + bytes(49), "malformed"),
        (b"\x83" + bytes(16), "malformed"),
        (b"\x85" + bytes(60), "malformed"),
        (b"\x86" + bytes(16), "malformed"),
        (b"\x88" + bytes(60), "malformed"),
        (b"\x87" + bytes(94), "malformed"),
        (b"\x87" + bytes(96), "malformed"),
    ],
    ids=lambda value: value.hex()[:8] if isinstance(value, bytes) else value,
)
def test_what_is_not_ours_is_counted_by_reason_and_gets_no_byte(
    datagram: bytes, reason: str
) -> None:
    scene = Scene(plain=Policy.ANY)
    for path in (HERE, ELSEWHERE):
        scene.receive(datagram, path)
        assert scene.take(path) == []
    assert dict(scene.hub.dropped) == {reason: 2}


@given(st.binary(max_size=100))
def test_no_datagram_of_a_stranger_raises_or_gets_more_than_its_share(datagram: bytes) -> None:
    scene = Scene(plain=Policy.ANY)
    scene.receive(datagram, ELSEWHERE)
    told = sum(len(answer) + 28 for answer in scene.take(ELSEWHERE))
    assert told <= 3 * (len(datagram) + 28)
    assert scene.hub.census().members == 0


def test_status_says_that_it_is_up_and_how_long() -> None:
    scene = Scene()
    scene.wait(61.0)
    scene.receive(STATUS, ELSEWHERE)
    (reply,) = scene.take(ELSEWHERE)
    header = wire.decode_header(reply)
    assert isinstance(header, wire.StatusReply)
    assert header.token == 77
    assert msgspec.msgpack.decode(header.facts) == ["1.2.3", 61]
    assert len(reply) <= len(STATUS)


def test_status_counts_rooms_and_members_for_this_machine_only() -> None:
    scene = Scene()
    Peer(scene, "ann")
    Peer(scene, "bob", room="den")
    scene.receive(STATUS, HERE)
    header = wire.decode_header(scene.take(HERE)[0])
    assert isinstance(header, wire.StatusReply)
    assert msgspec.msgpack.decode(header.facts)[2:] == [2, 2]


def test_a_status_that_would_be_larger_than_its_question_is_not_sent() -> None:
    scene = Scene()
    scene.hub._version = "v" * 90
    scene.receive(STATUS, ELSEWHERE)
    assert scene.take(ELSEWHERE) == []


def test_a_new_hub_asks_for_the_registry_and_is_ready_when_it_was_read() -> None:
    hub = Hub(
        secret=PUBLISHED_SECRET,
        identity=b"identity",
        random=lambda size: bytes(size),
        now=0.0,
    )
    (open,) = hub.drain()
    assert open == Open(OpenRegistry(), "!registry", b"", ())
    assert not hub.ready
    assert hub.deadline() is None
    assert Scene().hub.ready


def test_the_census_counts_who_is_here() -> None:
    scene = Scene()
    Peer(scene, "ann")
    Peer(scene, "bob", room="")
    scene.write("hello\n")
    census = scene.hub.census()
    assert (census.sessions, census.text_endpoints, census.rooms, census.members) == (2, 1, 1, 3)


def test_nothing_is_left_to_do_when_everybody_is_gone() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.say("hi")
    scene.write("hello\n")
    ann.send(wire.Bye())
    scene.write("/quit\n")
    scene.wait(100.0)
    assert scene.hub.deadline() is None
    assert scene.hub.drain() == []
    census = scene.hub.census()
    assert (census.sessions, census.text_endpoints, census.rooms, census.members) == (0, 0, 0, 0)


def test_a_log_that_fails_is_told_to_who_waits_for_it_and_asked_again() -> None:
    scene = Scene()
    scene.trouble = "the disk is gone"
    ann = Peer(scene)
    assert "Notice" in [type(reply).__name__ for reply in ann.replies]
    assert scene.hub.census().rooms == 0
    scene.trouble = ""
    assert "Joined" in [type(reply).__name__ for reply in ann.join("lobby")]


def test_an_endpoint_that_has_a_session_says_nothing_in_the_clear() -> None:
    scene = Scene()
    path = Path(0, "127.0.0.1", 7000)
    ann = Peer(scene, path=path)
    assert scene.write("hello\n", path) == []
    assert scene.hub.dropped["not sealed"] == 1
    assert scene.hub.census().members == 1
    ann.send(wire.Bye())
    assert scene.write("hello\n", path)
    Peer(scene, path=path)
    assert scene.hub.census().text_endpoints == 0


def test_whose_key_the_operator_lists_is_an_admin_everywhere_until_it_is_not_listed() -> None:
    scene, key = Scene(secure=True), Signer(bytes([3]) * 32)
    ann, bob = Peer(scene, "ann", key=key), Peer(scene, "bobby")

    def standings() -> list[int]:
        ann.read()
        return [it.role for it in ann.replies if isinstance(it, asks.Standing)]

    def mute() -> asks.Response:
        ann.replies.clear()
        ann.ask(asks.Act(ann.number(), "lobby", "mute", "bobby"))
        return next(it for it in ann.replies if isinstance(it, asks.Done | asks.Refused))

    assert isinstance(mute(), asks.Refused)
    scene.hub.admins(frozenset((key.public,)), scene.now)
    scene.turn()
    assert standings() == [Role.ADMIN]
    assert isinstance(mute(), asks.Done)
    scene.hub.admins(frozenset(), scene.now)
    scene.turn()
    assert standings() == [Role.MEMBER]
    assert isinstance(mute(), asks.Refused)
    bob.read()
    assert [it.role for it in bob.replies if isinstance(it, asks.Standing)] == [Role.MUTED]
