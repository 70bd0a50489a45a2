"""Which datagram is whose, and what comes through DTLS."""

from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from chat.core import asks, wire
from chat.core.hub import Hub
from chat.core.opening import Opening
from chat.core.plain import Policy
from chat.core.types import SECURED, Close, Effect, Path, Push, Send
from chat.net.sockaddr import packed, split
from chat.secure.dtls_client import ClientHandshake
from chat.server.door import Door, server_id

from ..core.peer import Peer as CorePeer
from ..core.scene import ELSEWHERE, HERE, Scene
from ..secure.host import CREDENTIALS
from ..secure.host import Peer as Dtls

THERE = Path(0, "192.0.2.8", 6000)
STATUS = wire.encode_header(wire.Status(7, bytes(wire.STATUS_SIZE - 9)))


class Front(Scene):
    """A hub behind its door, at the hub's time. What is sent comes to `boxes` as it is on the wire."""

    def __init__(self, *, secure: bool = True, plain: Policy = Policy.LOOPBACK) -> None:
        self.door: Door | None = None
        super().__init__(secure=secure, plain=plain)
        self.door = Door(
            self.hub, CREDENTIALS if secure else None, send=self.sent, push=self.pushed
        )
        self.pushes: list[tuple[int, int]] = []
        """Socket and number of addresses of each."""
        self.server = server_id(CREDENTIALS) if secure else b""

    def sent(self, path: Path, datagram: bytes) -> None:
        assert path.socket < SECURED
        assert len(datagram) <= wire.DATAGRAM_MAX
        self.boxes[path].append(datagram)

    def pushed(self, number: int, names: bytearray, datagrams: Sequence[bytes]) -> None:
        paths = split(number, names)
        self.pushes.append((number, len(paths)))
        for path in paths:
            for datagram in datagrams:
                self.sent(path, datagram)

    def hear(self, *datagrams: bytes, path: Path = THERE) -> list[bytes]:
        """What comes back for these."""
        self.take(path)
        for datagram in datagrams:
            self.receive(datagram, path)
        return self.take(path)

    def receive(self, datagram: bytes, path: Path) -> None:
        self.through.receive(datagram, path, self.now, self.wall)
        self.turn()

    @property
    def through(self) -> Door:
        assert self.door is not None
        return self.door

    @property
    def pending(self) -> int:
        """Handshakes that the door keeps, and connections that speak text."""
        handshakes = self.through._handshakes
        return handshakes.pending + handshakes.texts if handshakes is not None else 0

    def shaken(self, path: Path = THERE) -> Dtls:
        """A client whose handshake is complete."""
        peer = Dtls()
        said = peer.go()
        while said:
            said = peer.go(*self.hear(*said, path=path))
        assert peer.done
        return peer

    def say(self, peer: Dtls, text: str, path: Path = THERE) -> list[str]:
        """A line of text inside of DTLS; what came back inside of it."""
        peer.heard.clear()
        peer.go(*self.hear(*peer.say(text.encode()), path=path))
        return b"".join(peer.heard).decode().split("\n")[:-1]

    def _do(self, effect: Effect) -> None:
        match effect:
            case Send(path, datagram) if self.door is not None:
                self.door.send(path, datagram)
            case Push(group, datagram) if self.door is not None:
                sockets: defaultdict[int, bytearray] = defaultdict(bytearray)
                for path in sorted(self.groups.get(group, ())):
                    sockets[path.socket] += packed(path)
                for number, names in sockets.items():
                    self.door.push(number, names, [datagram])
            case Close(path) if self.door is not None:
                self.door.close(path)
            case _:
                super()._do(effect)


@pytest.fixture
def front() -> Front:
    return Front()


# The first byte


@pytest.mark.parametrize(
    "text", ["hello", "/help", "0 is a digit", "9", "~", "\u00e9t\u00e9", " leading", "16 men"]
)
def test_text_is_for_the_hub_whatever_it_begins_with(front: Front, text: str) -> None:
    front.receive(text.encode(), HERE)
    assert front.hub.census().text_endpoints == 1
    assert front.pending == 0


def test_a_first_byte_is_either_dtls_or_the_hubs() -> None:
    heard: list[int] = []

    class Ear(SimpleNamespace):
        def receive(self, datagram: bytes, path: Path, now: float, wall: int) -> None:
            heard.append(datagram[0])

        def may_begin(self, path: Path, now: float) -> bool:
            return True

    sent: list[bytes] = []
    there = Door(
        cast("Hub", Ear()),
        CREDENTIALS,
        send=lambda path, datagram: sent.append(datagram),
        push=lambda *_: None,
    )
    for first in range(256):
        there.receive(bytes((first,)) + bytes(60), THERE, 0.0, 0)
    assert heard == [first for first in range(256) if first not in range(0x14, 0x1A)]
    assert sent == []


def test_an_empty_datagram_is_counted_and_not_answered(front: Front) -> None:
    assert front.hear(b"") == []
    assert front.hub.dropped["empty"] == 1


def test_a_status_is_answered_by_the_hub(front: Front) -> None:
    (said,) = front.hear(STATUS)
    assert said[0] == 0x88


# Nobody to shake hands with


def test_where_keys_are_published_a_hello_gets_an_alert_that_is_smaller() -> None:
    front = Front(secure=False)
    (hello,) = Dtls().go()
    (alert,) = front.hear(hello)
    assert alert[0] == 21
    assert alert[-2:] == bytes((2, 71))
    assert len(alert) < 25 <= len(hello)
    assert front.through.deadline() is None


def test_a_client_says_so_in_a_line() -> None:
    front = Front(secure=False)
    client = ClientHandshake(0.0, jitter=lambda: 0.0)
    for datagram in front.hear(*client.datagrams()):
        client.receive(datagram, 0.0)
    assert client.hint == "the server says that it has no secure sessions"
    assert client.secrets is None


@pytest.mark.parametrize(
    "datagram",
    [
        b"\x16",
        b"\x16" + bytes(23),
        *(bytes((first,)) + bytes(60) for first in (20, 21, 23, 24, 25)),
    ],
)
def test_other_records_get_nothing_there(datagram: bytes) -> None:
    front = Front(secure=False)
    assert front.hear(datagram) == []
    assert not front.hub.dropped


def test_strangers_together_get_so_many_alerts_a_second_and_no_more() -> None:
    front = Front(secure=False)
    (hello,) = Dtls().go()
    for port in range(5000):
        front.receive(hello, Path(0, "192.0.2.9", port))
    answered = sum(map(len, front.boxes.values()))
    assert 0 < answered < 5000


# A session


def test_a_handshake_leads_to_a_session_that_is_sealed(front: Front) -> None:
    peer = front.shaken()
    hello = asks.Hello(1, "ann", bytes(16))
    opening = Opening(
        peer.secrets.secret,
        bytes(range(16)),
        lambda _: wire.encode_frame(wire.Ask(asks.encode(hello))),
        handshake=peer.secrets.id,
    )
    assert front.pending == 1
    answers = front.hear(opening.datagram())
    assert [datagram[0] for datagram in answers] == [0x84]
    header = wire.decode_header(answers[0])
    assert isinstance(header, wire.Session)
    assert opening.welcome(header, answers[0]) is not None
    assert front.hub.census().sessions == 1
    assert front.pending == 0, "the handshake is dropped with the first sealed datagram"
    assert front.through.deadline() is None


def test_a_handshakes_secret_is_good_at_its_own_endpoint_only(front: Front) -> None:
    peer = front.shaken()
    hello = wire.encode_frame(wire.Ask(asks.encode(asks.Hello(1, "ann", bytes(16)))))
    opening = Opening(peer.secrets.secret, bytes(16), lambda _: hello, handshake=peer.secrets.id)
    (said,) = front.hear(opening.datagram(), path=ELSEWHERE)
    assert said[0] == 0x83
    assert front.hub.census().sessions == 0
    assert front.pending == 1


def test_a_handshake_whose_session_does_not_come_is_given_up(front: Front) -> None:
    front.shaken()
    deadline = front.through.deadline()
    assert deadline is not None
    front.through.timeout(deadline - 0.1)
    assert front.pending == 1
    front.through.timeout(deadline)
    assert front.pending == 0


def test_what_the_server_proves_is_its_credentials() -> None:
    assert len(server_id(CREDENTIALS)) == 32


# Text inside of DTLS


def test_text_inside_comes_to_the_hub_on_a_path_of_its_own(front: Front) -> None:
    peer = front.shaken()
    front.say(peer, "hello")
    (path,) = front.hub._plain.endpoints
    assert path == THERE._replace(socket=SECURED)
    assert path.secured
    assert [entry.text for entry in front.entries()] == ["hello"]
    (entry,) = front.entries()
    assert entry.endpoint == str(THERE)


def test_answers_go_back_inside(front: Front) -> None:
    peer = front.shaken()
    front.say(peer, "hello")
    (said,) = front.say(peer, "/nick ann")[:1]
    assert "ann" in said
    for datagram in front.hear(*peer.say(b"/help")):
        assert datagram[0] == 23, "nothing readable"


def test_what_others_say_comes_inside_too_and_to_each_of_them(front: Front) -> None:
    """Text that is pushed is sealed for each member that speaks through DTLS."""
    peers = {path: front.shaken(path) for path in (THERE, ELSEWHERE)}
    for path, peer in peers.items():
        front.say(peer, "hello", path)
    for path, peer in peers.items():
        front.take(path)
        peer.heard.clear()
    front.pushes.clear()
    front.receive(b"anybody here?", HERE)
    assert any(b"anybody here?" in datagram for datagram in front.take(HERE))
    for path, peer in peers.items():
        datagrams = front.take(path)
        assert not any(b"anybody" in datagram for datagram in datagrams)
        peer.go(*datagrams)
        assert any(b"anybody here?" in text for text in peer.heard)
    assert {number for number, _ in front.pushes} == {0}


def test_text_inside_needs_no_code_to_be_echoed(front: Front) -> None:
    """The handshake has proven that the endpoint hears us."""
    assert front.hear(b"hello", path=THERE) == []
    front.say(front.shaken(), "hello")
    assert len(front.entries()) == 1


def test_readable_text_from_the_same_endpoint_is_somebody_else(front: Front) -> None:
    front.say(front.shaken(), "hello")
    assert front.hear(b"/quit") == []
    assert front.hub.census().text_endpoints == 1


def test_binary_inside_is_not_taken(front: Front) -> None:
    for inside in (STATUS, b"\x80" + bytes(60), b"\x16" + bytes(60), b"\xff\xff"):
        front.hear(*front.shaken().say(inside))
        assert front.pending == 0, "who says such things keeps no connection"
    assert front.hub.census().text_endpoints == 0
    assert front.hub.dropped["no text inside of DTLS"] == 4


def test_where_no_text_is_taken_no_connection_is_kept() -> None:
    front = Front(plain=Policy.OFF)
    front.hear(*front.shaken().say(b"hello"))
    assert front.pending == 0
    assert front.hub.dropped["plain text not taken"] == 1


def test_binary_does_not_end_what_has_spoken_text(front: Front) -> None:
    peer = front.shaken()
    front.say(peer, "hello")
    front.hear(*peer.say(b"\xff\xff"))
    assert front.pending == 1


def test_who_quits_is_said_goodbye_to_and_forgotten(front: Front) -> None:
    peer = front.shaken()
    front.say(peer, "hello")
    assert front.pending == 1
    assert "goodbye" in front.say(peer, "/quit")[-1]
    assert peer.left
    assert front.pending == 0
    assert front.hub.census().text_endpoints == 0


def test_who_leaves_dtls_has_left_the_room(front: Front) -> None:
    peer = front.shaken()
    front.say(peer, "hello")
    front.hear(*peer.leave())
    assert front.hub.census().text_endpoints == 0
    assert front.hub.census().members == 0
    assert front.pending == 0


def test_a_new_handshake_of_its_endpoint_ends_its_text(front: Front) -> None:
    front.say(front.shaken(), "hello")
    front.shaken()
    assert front.hub.census().text_endpoints == 0


def test_text_inside_and_a_session_outside_of_one_endpoint_do_not_meet(front: Front) -> None:
    peer = front.shaken()
    front.say(peer, "hello")
    ann = CorePeer(front, "ann", path=THERE)
    assert ann.channel is not None
    assert front.hub.census().text_endpoints == 1
    assert front.hub.census().sessions == 1


def test_what_is_to_be_sent_inside_of_a_connection_that_is_gone_is_dropped(front: Front) -> None:
    front.through.send(THERE._replace(socket=SECURED), b"hello\n")
    front.through.close(THERE._replace(socket=SECURED))
    front.through.close(THERE)
    assert front.boxes == {}


def test_without_credentials_there_is_no_inside() -> None:
    front = Front(secure=False)
    front.through.send(THERE._replace(socket=SECURED), b"hello\n")
    front.through.close(THERE)
    front.through.timeout(1e9)
    assert front.boxes == {}
