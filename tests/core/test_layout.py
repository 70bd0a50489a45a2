import struct
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from chat.core.layout import (
    BODIES,
    MARKS,
    RANGES,
    REST,
    U8,
    U16,
    U32,
    U64,
    FieldDoc,
    Layout,
    MalformedError,
    Tail,
    raw,
)
from chat.core.types import Range

from .strategies import items


class Fixed(Struct, frozen=True):
    flag: Annotated[int, U8, "one"]
    port: Annotated[int, U16, "two"]
    tag: Annotated[int, U32, "four"]
    seq: Annotated[int, U64, "eight"]
    token: Annotated[bytes, raw(3), "three more"]


class One(Struct, frozen=True):
    token: Annotated[int, U32, "alone"]


class Nothing(Struct, frozen=True):
    pass


class Rest(Struct, frozen=True):
    tag: Annotated[int, U8, "first"]
    rest: Annotated[bytes, REST, "what is left"]


class Bodies(Struct, frozen=True):
    bodies: Annotated[tuple[bytes, ...], BODIES, "some"]


class Ranges(Struct, frozen=True):
    ranges: Annotated[tuple[Range, ...], RANGES, "some"]


class Marks(Struct, frozen=True):
    marks: Annotated[tuple[tuple[int, int], ...], MARKS, "some"]


KINDS: list[type[Struct]] = [Fixed, One, Nothing, Rest, Bodies, Ranges, Marks]
LAYOUTS: list[Layout[Any]] = [Layout(kind, 1) for kind in KINDS]


def tail_only(tail: Tail, data: bytes) -> object:
    return tail.decode(data)


@given(st.one_of(*map(items, LAYOUTS)))
def test_what_is_packed_unpacks_to_the_same(item: Struct) -> None:
    layout = Layout(type(item), 1)
    assert layout.unpack(layout.pack(item)) == item


def test_numbers_are_in_network_byte_order_and_in_the_order_of_the_fields() -> None:
    packed = Layout(Fixed, 1).pack(Fixed(0x01, 0x0203, 0x04050607, 0x08090A0B0C0D0E0F, b"xyz"))
    assert packed == bytes(range(1, 16)) + b"xyz"


@pytest.mark.parametrize("kind", [Fixed, One, Nothing])
def test_without_a_tail_the_length_is_exact(kind: type[Struct]) -> None:
    layout = Layout(kind, 1)
    for size in {*range(layout.size), layout.size + 1, layout.size + 100} - {layout.size}:
        with pytest.raises(MalformedError):
            layout.unpack(bytes(size))


def test_with_a_tail_the_fixed_part_is_still_needed() -> None:
    layout = Layout(Rest, 1)
    with pytest.raises(MalformedError):
        layout.unpack(b"")
    assert layout.unpack(b"\7") == Rest(7, b"")


@given(st.sampled_from(LAYOUTS), st.binary(max_size=80))
def test_whatever_does_not_unpack_is_malformed_and_nothing_else(
    layout: Layout[Struct], data: bytes
) -> None:
    try:
        item = layout.unpack(data)
    except MalformedError:
        return
    assert layout.pack(item) == data


def test_a_body_may_not_be_longer_than_what_is_left() -> None:
    for data in (b"\0", b"\0\1", b"\0\2a", b"\0\1a\0", b"\0\1a\xff\xffb"):
        with pytest.raises(MalformedError):
            tail_only(BODIES, data)
    assert tail_only(BODIES, b"\0\1a\0\0\0\2bc") == (b"a", b"", b"bc")


@pytest.mark.parametrize("tail", [RANGES, MARKS])
def test_an_array_is_whole_items(tail: Tail) -> None:
    whole = struct.pack(">QI", 1, 1)
    for cut in range(1, 12):
        with pytest.raises(MalformedError):
            tail_only(tail, whole + whole[:cut])
    assert tail_only(tail, b"") == ()


def test_a_range_is_not_empty_and_does_not_begin_before_the_first_entry() -> None:
    for first, count in ((0, 1), (1, 0), (0, 0)):
        with pytest.raises(MalformedError):
            tail_only(RANGES, struct.pack(">QI", first, count))
    assert tail_only(RANGES, struct.pack(">QI", 7, 3)) == (Range(7, 9),)


def test_a_value_of_ours_that_does_not_fit_is_our_mistake() -> None:
    with pytest.raises(struct.error):
        Layout(One, 1).pack(One(1 << 32))


def test_a_field_needs_a_width() -> None:
    class Bare(Struct):
        size: int

    with pytest.raises(TypeError, match="size has no width"):
        Layout(Bare, 1)


def test_a_tail_comes_last() -> None:
    class Early(Struct):
        rest: Annotated[bytes, REST, "too early"]
        tag: Annotated[int, U8, "never found"]

    with pytest.raises(TypeError, match="tag comes after a tail"):
        Layout(Early, 1)


def test_the_table_that_the_codec_reads_can_be_read_by_people() -> None:
    layout = Layout(Rest, 1)
    assert layout.fields == [
        FieldDoc("tag", "u8", "first"),
        FieldDoc("rest", "rest", "what is left"),
    ]
    assert layout.size == 1
