from collections.abc import Callable
from typing import Any

import pytest

from chat.core import asks, protect, wire
from chat.core.entry import decode_entry
from chat.core.plain import Policy
from chat.core.types import Path
from tests.core.host import Host
from tests.core.peer import Peer
from tests.core.scene import ELSEWHERE, HERE, Scene

from . import FOLDER, Vector, dump, load
from .build import FILES, show

SIX = Path(0, "2001:db8::7", 5000)


def cases(name: str, *, without: str = "") -> pytest.MarkDecorator:
    """One test for each vector of a file."""
    vectors = [vector for vector in load(name) if vector["name"] != without]
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


@pytest.mark.parametrize("name", FILES)
def test_the_format_is_what_it_was(name: str) -> None:
    written = (FOLDER / f"{name}.json").read_text()
    assert dump(FILES[name]()) == written, "changed on purpose? then: python -m tests.vectors"


def test_there_is_a_vector_of_every_type() -> None:
    for name, tables in (("headers", wire.HEADERS), ("frames", wire.FRAMES)):
        codes = {bytes.fromhex(vector["hex"])[0] for vector in load(f"valid/{name}")}
        assert codes == set(tables)
    for name, union in (("requests", asks.Request), ("responses", asks.Response)):
        kinds = {vector["value"]["type"] for vector in load(f"valid/{name}")}
        assert kinds == {kind.__name__ for kind in union.__args__}


def test_every_vector_has_a_name_of_its_own_and_a_comment() -> None:
    for path in FOLDER.glob("*/*.json"):
        vectors = load(f"{path.parent.name}/{path.stem}")
        assert len({vector["name"] for vector in vectors}) == len(vectors)
        assert all(vector["comment"] for vector in vectors)


def read(vector: Vector, decode: Callable[[bytes], Any], encode: Callable[[Any], bytes]) -> None:
    data = bytes.fromhex(vector["hex"])
    value = decode(data)
    assert show(value) == vector["value"]
    assert encode(value) == data


@cases("valid/headers")
def test_a_header_means_what_it_meant(vector: Vector) -> None:
    read(vector, wire.decode_header, wire.encode_header)


@cases("valid/frames")
def test_a_frame_means_what_it_meant(vector: Vector) -> None:
    read(vector, lambda data: wire.decode_frames(data)[0], wire.encode_frame)


@cases("valid/requests")
def test_a_request_means_what_it_meant(vector: Vector) -> None:
    read(vector, asks.decode_request, asks.encode)


@cases("valid/responses")
def test_a_response_means_what_it_meant(vector: Vector) -> None:
    read(vector, asks.decode_response, asks.encode)


@cases("valid/entries")
def test_an_entry_means_what_it_meant(vector: Vector) -> None:
    entry = decode_entry("lobby", 7, bytes.fromhex(vector["hex"]))
    assert show(entry) == vector["value"]


def test_keys_are_derived_as_they_were() -> None:
    inputs = load("valid/sealed")[0]
    secret, random, cookie, sid = (
        bytes.fromhex(inputs[name]) for name in ("secret", "random", "cookie", "sid")
    )
    derived = {
        "first": protect.first_key(secret, random, cookie),
        "binding": protect.binding(secret, random, cookie),
        **protect.session_keys(secret, random, cookie, sid)._asdict(),
    }
    assert {name: key.hex() for name, key in derived.items()}.items() <= inputs.items()


@cases("valid/sealed", without="keys")
def test_a_sealed_datagram_opens_to_what_it_held(vector: Vector) -> None:
    datagram = bytes.fromhex(vector["hex"])
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.First | wire.Session | wire.Push)
    counter = 0 if isinstance(header, wire.First) else header.counter
    authenticated = datagram[: -len(header.sealed)]
    plaintext = protect.unseal(bytes.fromhex(vector["key"]), counter, authenticated, header.sealed)
    assert plaintext is not None
    frames = wire.decode_frames(plaintext)
    assert [show(frame) for frame in frames] == vector["value"]
    assert b"".join(map(wire.encode_frame, frames)) == plaintext


@cases("hostile/datagrams")
def test_a_hostile_datagram_gets_no_byte_from_a_server(vector: Vector) -> None:
    scene = Scene(plain=Policy.ANY)
    ann = Peer(scene, "ann")
    for path in (HERE, ELSEWHERE, SIX, ann.path):
        scene.take(path)
        scene.receive(bytes.fromhex(vector["hex"]), path)
        assert scene.take(path) == []
    assert scene.hub.dropped.total() == 4
    assert scene.hub.census().members == 1
    assert ann.send(wire.Ping(1))[0] == wire.Pong(1)


@cases("hostile/datagrams")
def test_a_hostile_datagram_gets_no_byte_from_a_client(vector: Vector) -> None:
    host = Host("lobby")
    sent = len(host.datagrams)
    host.deliver(bytes.fromhex(vector["hex"]))
    assert len(host.datagrams) == sent
    assert host.guest.dropped.total() == 1
    assert host.guest.connected


@cases("hostile/frames")
def test_hostile_frames_in_a_session_get_no_byte_from_a_server(vector: Vector) -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    assert ann.tag == 1
    assert ann.send_plaintext(bytes.fromhex(vector["hex"])) == []
    assert ann.send(wire.Ping(1))[0] == wire.Pong(1)
    assert scene.log.open("lobby", b"", ()).head.seq == 0


@cases("hostile/frames")
def test_hostile_frames_in_a_session_get_no_byte_from_a_client(vector: Vector) -> None:
    host = Host("lobby")
    sent = len(host.datagrams)
    host.send_plaintext(bytes.fromhex(vector["hex"]))
    assert len(host.datagrams) == sent
    assert host.guest.connected


@cases("hostile/requests")
def test_a_hostile_request_gets_no_byte(vector: Vector) -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    scene.hub.dropped.clear()
    assert ann.send(wire.Ask(bytes.fromhex(vector["hex"]))) == []
    assert scene.hub.dropped.total() == 1
    assert ann.send(wire.Ping(1))[0] == wire.Pong(1)


@cases("hostile/requests", without="HELLO in the middle of a session")
def test_a_session_that_would_begin_with_it_does_not(vector: Vector) -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    hello = wire.encode_frame(wire.Ask(bytes.fromhex(vector["hex"])))
    ann.opening = type(ann.opening)(protect.PUBLISHED_SECRET, bytes(16), lambda _: hello)
    ann.path, ann.channel = ELSEWHERE, None
    ann.open()
    assert ann.channel is None
    assert scene.hub.census().sessions == 1


@cases("hostile/responses")
def test_a_hostile_response_gets_no_byte_and_is_not_told(vector: Vector) -> None:
    host = Host("lobby")
    sent, told = len(host.datagrams), len(host.told)
    host.send(wire.Reply(bytes.fromhex(vector["hex"])))
    assert (len(host.datagrams), len(host.told)) == (sent, told)
    assert host.guest.connected
