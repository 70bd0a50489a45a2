from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import asks, wire
from chat.core.channel import BODY_MAX
from chat.core.layout import MalformedError

from .strategies import JUNK, REQUESTS, RESPONSES

DECODERS = [asks.decode_request, asks.decode_response]


@given(REQUESTS)
def test_every_request_survives_the_wire(request: asks.Request) -> None:
    assert asks.decode_request(asks.encode(request)) == request


@given(RESPONSES)
def test_every_response_survives_the_wire(response: asks.Response) -> None:
    assert asks.decode_response(asks.encode(response)) == response


@pytest.mark.parametrize("decode", DECODERS)
@given(body=JUNK.map(msgspec.msgpack.encode) | st.binary(max_size=60))
def test_any_body_is_a_message_or_malformed_and_nothing_else(decode: Any, body: bytes) -> None:
    try:
        decode(body)
    except MalformedError:
        return


@given(REQUESTS, st.data())
def test_a_request_that_is_cut_anywhere_is_malformed(
    request: asks.Request, data: st.DataObject
) -> None:
    body = asks.encode(request)
    with pytest.raises(MalformedError):
        asks.decode_request(body[: data.draw(st.integers(0, len(body) - 1))])


@given(REQUESTS)
def test_what_comes_after_a_message_is_malformed(request: asks.Request) -> None:
    with pytest.raises(MalformedError):
        asks.decode_request(asks.encode(request) + b"\xc0")


@given(REQUESTS, JUNK)
def test_fields_of_a_newer_version_are_skipped(request: asks.Request, field: object) -> None:
    fields = msgspec.msgpack.decode(asks.encode(request))
    body = msgspec.msgpack.encode([*fields, field])
    assert asks.decode_request(body) == request


TOO_MUCH = [
    asks.Hello(0, "n" * 65, bytes(16)),
    asks.Hello(0, "n", bytes(15)),
    asks.Hello(0, "n", bytes(17)),
    asks.Hello(-1, "n", bytes(16)),
    asks.Hello(1 << 32, "n", bytes(16)),
    asks.Join(1, "r" * 65, ()),
    asks.Join(1, "r", ((1, bytes(8)),) * 11),
    asks.Join(1, "r", ((1, bytes(7)),)),
    asks.Join(1, "r", ((1 << 62, bytes(8)),)),
    asks.Join(-1, "r", ()),
    asks.Nick(1, "n" * 65),
    asks.Who(1, 1, -1, 0),
    asks.Rooms(1, "r" * 65),
    asks.Direct(1 << 32, "n"),
]


@pytest.mark.parametrize("request_", TOO_MUCH, ids=repr)
def test_a_request_beyond_its_bounds_is_malformed(request_: asks.Request) -> None:
    with pytest.raises(MalformedError):
        asks.decode_request(asks.encode(request_))


BOMBS = {
    "arrays in arrays": b"\x91" * 100_000,
    "arrays in a field nobody knows": b"\x94\x03\x01\xa1a" + b"\x91" * 100_000,
    "maps in a field nobody knows": b"\x94\x03\x01\xa1a" + b"\x81\xa1k" * 100_000,
    "an array of four billion": b"\xdd\xff\xff\xff\xff",
    "a map of four billion": b"\xdf\xff\xff\xff\xff",
    "a string of four billion": b"\x93\x03\x01\xdb\xff\xff\xff\xff",
    "bytes of four billion": b"\x93\x03\x01\xc6\xff\xff\xff\xff",
    "points of four billion": b"\x94\x01\x01\xa1a\xdd\xff\xff\xff\xff",
    "members of four billion": b"\x98\x04\x01\x01\x00\x01\xdd\xff\xff\xff\xff",
    "members of a hundred million": b"\x98\x04\x01\x01\x00\x01\xdd\x06\x00\x00\x00",
    "an extension of four billion": b"\x93\x03\x01\xc9\xff\xff\xff\xff\x01",
    "an unknown tag": b"\x92\x7f\x01",
    "no tag": b"\x90",
    "a tag that is nothing": b"\x93\xc0\x01\xa1a",
    "a tag that is true": b"\x93\xc3\x01\xa1a",
    "a float for a number": b"\x93\x03\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\xa1a",
    "a byte that MessagePack never uses": b"\x93\x03\x01\xc1",
    "nothing": b"",
}


@pytest.mark.parametrize("decode", DECODERS)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_malformed_and_costs_nothing(decode: Any, bomb: str) -> None:
    with pytest.raises(MalformedError):
        decode(BOMBS[bomb])


def test_a_page_of_members_and_the_largest_joined_fit_a_datagram() -> None:
    joined = asks.Joined(
        r=(1 << 32) - 1,
        room="@" + "f" * 33,
        tag=(1 << 32) - 1,
        epoch=255,
        key=bytes(16),
        counter=(1 << 23) - 1,
        floor=(1 << 62) - 1,
        head=(1 << 62) - 1,
        digest=bytes(8),
        origin=bytes(8),
        matched=(1 << 62) - 1,
        last_n=(1 << 32) - 1,
        window=(1 << 16) - 1,
        interval=(1 << 16) - 1,
        ordinal=(1 << 32) - 1,
        topic="\u20ac" * 100,
        peer="n" * 64,
    )
    assert len(wire.encode_frame(wire.Reply(asks.encode(joined)))) <= BODY_MAX
