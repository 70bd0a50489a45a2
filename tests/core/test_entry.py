from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import wire
from chat.core.channel import BODY_MAX, PUSH_MAX
from chat.core.entry import (
    TEXT_MAX,
    decode_entry,
    encode_entry,
    pack_endpoint,
    read_endpoint,
    show_endpoint,
)
from chat.core.layout import MalformedError
from chat.core.names import BYTES_MAX
from chat.core.types import Entry, Path

from .strategies import PATHS, U64_MAX

FIELDS = st.fixed_dictionaries(
    {
        "kind": st.integers(0, 15),
        "instance": st.binary(min_size=8, max_size=8),
        "n": st.one_of(
            st.integers(0, (1 << 62) - 1),
            st.sampled_from([0, 63, 64, 16383, 16384, (1 << 30) - 1, 1 << 30, (1 << 62) - 1]),
        ),
        "time": st.integers(0, (1 << 48) - 1),
        "name": st.text(max_size=31),
        "text": st.text(max_size=200),
        "endpoint": st.one_of(
            st.just(b""), st.binary(min_size=4, max_size=4), PATHS.map(pack_endpoint)
        ),
        "key": st.one_of(st.just(b""), st.binary(min_size=8, max_size=8)),
        "refers": st.integers(0, U64_MAX),
        "more": st.booleans(),
    }
)

PLAIN = encode_entry(
    kind=1,
    instance=b"instance",
    n=1,
    time=0,
    name="ann",
    text="hi",
    endpoint=pack_endpoint(Path(0, "192.0.2.1", 7)),
    key=b"8 bytes!",
    refers=5,
)


@given(FIELDS)
def test_an_entry_is_read_as_it_was_written(fields: dict[str, Any]) -> None:
    entry = decode_entry("lobby", 7, encode_entry(**fields))
    assert entry == Entry(
        "lobby",
        7,
        fields["kind"],
        fields["name"],
        fields["key"],
        show_endpoint(fields["endpoint"]),
        fields["instance"],
        fields["n"],
        fields["time"],
        fields["refers"],
        fields["text"],
        fields["more"],
    )


@given(st.binary(max_size=120))
def test_any_bytes_are_an_entry_or_malformed_and_nothing_else(body: bytes) -> None:
    try:
        entry = decode_entry("lobby", 1, body)
    except MalformedError:
        return
    assert len(entry.text.encode()) < len(body)


def test_an_entry_that_is_cut_before_its_text_is_malformed() -> None:
    for size in range(len(PLAIN) - len("hi")):
        with pytest.raises(MalformedError):
            decode_entry("lobby", 1, PLAIN[:size])
    assert decode_entry("lobby", 1, PLAIN[:-2]).text == ""


@pytest.mark.parametrize(("at", "what"), [(PLAIN.index(b"ann"), "name"), (len(PLAIN) - 1, "text")])
def test_what_is_not_utf_8_is_malformed(at: int, what: str) -> None:
    damaged = PLAIN[:at] + b"\xff" + PLAIN[at + 1 :]
    with pytest.raises(MalformedError):
        decode_entry("lobby", 1, damaged)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (Path(0, "192.0.2.1", 65535), "192.0.2.1:65535"),
        (Path(1, "2001:db8::1", 1), "[2001:db8::1]:1"),
        (Path(1, "fe80::1%eth0", 1), "[fe80::1]:1"),
    ],
)
def test_an_endpoint_is_shown_as_people_write_it(path: Path, shown: str) -> None:
    assert show_endpoint(pack_endpoint(path)) == shown


def test_a_masked_endpoint_shows_that_it_is_masked() -> None:
    assert show_endpoint(b"\x00\x01\xab\xff") == "~0001abff"


def test_the_server_itself_has_no_endpoint() -> None:
    assert show_endpoint(b"") == ""


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "::1"])
def test_an_endpoint_is_read_as_it_is_shown(host: str) -> None:
    packed = pack_endpoint(Path(0, host, 4000))
    assert read_endpoint(show_endpoint(packed)) == packed
    assert read_endpoint("~0001abff") == b"\x00\x01\xab\xff"


@pytest.mark.parametrize(
    "text", ["", "bob", "~", "~bob", "192.0.2.1", "192.0.2.1:", "192.0.2.1:70000", "bob:4000", ":1"]
)
def test_what_is_shown_of_no_endpoint_is_none(text: str) -> None:
    assert read_endpoint(text) == b""


@pytest.mark.parametrize(
    ("n", "size"), [(63, 1), (64, 2), (16383, 2), (16384, 4), ((1 << 30) - 1, 4), (1 << 30, 8)]
)
def test_a_counter_takes_as_few_bytes_as_it_needs(n: int, size: int) -> None:
    """A varint of RFC 9000 §16."""

    def length(n: int) -> int:
        return len(encode_entry(kind=1, instance=bytes(8), n=n, time=0, name="", text=""))

    assert length(n) == length(0) + size - 1


def test_a_counter_beyond_every_varint_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="too large"):
        encode_entry(kind=1, instance=bytes(8), n=1 << 62, time=0, name="a", text="")


def test_the_largest_entry_fits_every_datagram_that_may_carry_it() -> None:
    body = encode_entry(
        kind=1,
        instance=bytes(8),
        n=(1 << 32) - 1,
        time=(1 << 48) - 1,
        name="n" * BYTES_MAX,
        text="x" * TEXT_MAX,
        endpoint=bytes(18),
        key=bytes(8),
        refers=U64_MAX,
    )
    assert len(wire.encode_frame(wire.Entries((body,)))) <= PUSH_MAX
    assert len(wire.encode_frame(wire.Direct(1, 1, (body,)))) <= BODY_MAX
    page = wire.Page(1, 0, 1, 1, 1, 1, bytes(8), 1, bytes(8), (body,))
    assert len(wire.encode_frame(page)) <= BODY_MAX
