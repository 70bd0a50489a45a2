from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import wire
from chat.core.channel import BODY_MAX, PUSH_MAX
from chat.core.layout import MalformedError
from chat.core.limits import MEMBERS_SMALL, RANGES
from chat.core.text import is_text
from chat.core.tickets import NO_TICKET
from chat.core.types import Range

from .strategies import FRAMES, HEADERS

ONE_OF_EACH = (*wire.HEADERS.values(), *wire.FRAMES.values())


@given(HEADERS)
def test_every_header_survives_the_wire(header: wire.Header) -> None:
    assert wire.decode_header(wire.encode_header(header)) == header


@given(st.lists(FRAMES, max_size=6))
def test_frames_survive_the_wire_in_their_order(frames: list[wire.Frame]) -> None:
    assert wire.decode_frames(b"".join(map(wire.encode_frame, frames))) == frames


@given(FRAMES, st.data())
def test_a_frame_that_is_cut_anywhere_is_malformed(frame: wire.Frame, data: st.DataObject) -> None:
    encoded = wire.encode_frame(frame)
    cut = data.draw(st.integers(1, len(encoded) - 1))
    with pytest.raises(MalformedError):
        wire.decode_frames(encoded[:cut])


@given(FRAMES, st.binary(min_size=1, max_size=2))
def test_a_frame_with_a_stump_of_another_after_it_is_malformed(
    frame: wire.Frame, stump: bytes
) -> None:
    with pytest.raises(MalformedError):
        wire.decode_frames(wire.encode_frame(frame) + stump)


@given(st.lists(FRAMES, max_size=3), st.binary(max_size=40))
def test_frames_of_an_unknown_type_are_skipped(frames: list[wire.Frame], body: bytes) -> None:
    """So that versions can grow."""
    unknown = b"".join(
        bytes((code,)) + len(body).to_bytes(2, "big") + body
        for code in set(range(256)) - set(wire.FRAMES)
    )
    encoded = unknown.join([b"", *map(wire.encode_frame, frames), b""])
    assert wire.decode_frames(encoded) == frames


@given(st.binary(max_size=120))
def test_any_bytes_are_frames_or_malformed_and_nothing_else(data: bytes) -> None:
    try:
        frames = wire.decode_frames(data)
    except MalformedError:
        return
    assert len(frames) <= len(data) // wire.FRAME_HEADER


@given(st.sampled_from(sorted(wire.HEADERS)), st.binary(max_size=90))
def test_any_bytes_after_a_known_first_one_are_a_header_or_malformed(
    code: int, rest: bytes
) -> None:
    datagram = bytes((code,)) + rest
    try:
        header = wire.decode_header(datagram)
    except MalformedError:
        return
    assert wire.encode_header(header) == datagram


def test_an_unknown_first_byte_is_malformed() -> None:
    for code in set(range(256)) - set(wire.HEADERS):
        with pytest.raises(MalformedError, match="first byte"):
            wire.decode_header(bytes((code,)) * 64)
    with pytest.raises(MalformedError):
        wire.decode_header(b"")


def test_our_first_bytes_can_never_start_text() -> None:
    """Which is what lets both protocols share a port (RFC 7983)."""
    for code in wire.HEADERS:
        assert 0x80 <= code <= 0xBF
        assert not is_text(bytes((code,)))


def test_no_two_frames_share_a_type_and_each_way_has_its_half() -> None:
    """The docstring of a frame says whose it is."""
    kinds = [layout.cls for layout in wire.FRAMES.values()]
    assert len(kinds) == len(set(kinds))
    for code, layout in wire.FRAMES.items():
        sender = "Client" if code < 0x40 else "Server"
        assert (layout.cls.__doc__ or "").startswith(sender)


def test_the_answers_to_strangers_are_smaller_than_what_they_answer() -> None:
    answer, retry, reset = (1 + wire.HEADERS[code].size for code in (0x81, 0x83, 0x86))
    least = wire.TAG_SIZE + wire.FRAME_HEADER
    assert answer < wire.OPEN_SIZE
    assert retry < wire.SEALED_OFFSET[0x82] + least
    assert reset < wire.SEALED_OFFSET[0x84] + least


def test_what_is_authenticated_ends_where_the_sealed_part_begins() -> None:
    for header in (
        wire.First(bytes(16), bytes(16), NO_TICKET, b""),
        wire.Session(bytes(8), 1, b""),
        wire.Push(1, 2, 3, 4, 5, b""),
    ):
        encoded = wire.encode_header(header)
        assert wire.SEALED_OFFSET[encoded[0]] == len(encoded)


@pytest.mark.parametrize(
    ("frame", "room"),
    [
        (wire.Draft(1, 1, 1, 0, 0, bytes(900)), BODY_MAX),
        (wire.Fetch(1, 1, 1, tuple(Range(n, n) for n in range(1, RANGES + 1))), BODY_MAX),
        (wire.Receipts(1, 1, tuple((n, n) for n in range(MEMBERS_SMALL))), PUSH_MAX),
        (wire.Typists(1, 1, tuple(range(MEMBERS_SMALL))), PUSH_MAX),
    ],
)
def test_the_largest_of_what_we_send_fits_a_datagram(frame: Any, room: int) -> None:
    assert len(wire.encode_frame(frame)) <= room


def test_every_field_has_a_meaning_that_people_can_read() -> None:
    for layout in ONE_OF_EACH:
        for field in layout.fields:
            assert field.meaning
