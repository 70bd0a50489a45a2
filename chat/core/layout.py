"""Turns annotated classes into wire layouts: the one table that codec, docs and tests read.

A class says its fields once, `Annotated` with a width and a meaning:

    class Ping(Struct):
        token: Annotated[int, U32, "echoed by the answer"]

and `Layout(Ping, code)` packs and unpacks it. All integers are in network byte order. A field
without a fixed width (a `Tail`) comes last and takes what is left.
"""

import struct
from collections.abc import Callable
from operator import attrgetter
from typing import (
    Annotated,
    Any,
    Generic,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from .types import Range

T = TypeVar("T")


class MalformedError(Exception):
    """What a peer sent does not follow its layout. Counted by the core, never let out of it."""


class Width(NamedTuple):
    """A field of a fixed number of bytes."""

    name: str
    code: str
    """As the struct module spells it."""


class Tail(NamedTuple):
    """A last field that takes the rest."""

    name: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


U8 = Width("u8", "B")
U16 = Width("u16", "H")
U32 = Width("u32", "I")
U64 = Width("u64", "Q")


def raw(size: int) -> Width:
    """A field of `size` opaque bytes."""
    return Width(f"{size} bytes", f"{size}s")


def _encode_bodies(bodies: tuple[bytes, ...]) -> bytes:
    return b"".join([part for body in bodies for part in (len(body).to_bytes(2, "big"), body)])


def _decode_bodies(data: bytes) -> tuple[bytes, ...]:
    bodies, at, end = [], 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > end or at > end:
            raise MalformedError("body cut short")
        bodies.append(data[start:at])
    return tuple(bodies)


def _array(code: str, make: Callable[..., Any] | None = None) -> tuple[Any, Any]:
    form = struct.Struct(">" + code)

    def encode(items: tuple[tuple[int, ...], ...]) -> bytes:
        return b"".join([form.pack(*item) for item in items])

    def decode(data: bytes) -> tuple[Any, ...]:
        if len(data) % form.size:
            raise MalformedError("array cut short")
        items = form.iter_unpack(data)
        return tuple(items) if make is None else tuple([make(*item) for item in items])

    return encode, decode


def _numbers(code: str) -> tuple[Any, Any]:
    encode, decode = _array(code, int)
    return lambda numbers: encode([(number,) for number in numbers]), decode


def _decode_range(first: int, count: int) -> Range:
    if not first or not count:
        raise MalformedError("empty range")
    return Range(first, first + count - 1)


_encode_counted, _decode_ranges = _array("QI", _decode_range)

REST = Tail("rest", bytes, bytes)
BODIES = Tail("(u16 length, bytes)…", _encode_bodies, _decode_bodies)
RANGES = Tail(
    "(u64 first, u32 count)…",
    lambda ranges: _encode_counted([(r.first, r.last - r.first + 1) for r in ranges]),
    _decode_ranges,
)
MARKS = Tail("(u32, u64)…", *_array("IQ"))


ORDINALS = Tail("u32…", *_numbers("I"))


class FieldDoc(NamedTuple):
    """One row of the table in docs/protocol.md."""

    name: str
    width: str
    meaning: str


class Layout(Generic[T]):
    """Packs and unpacks instances of one annotated class."""

    def __init__(self, cls: type[T], code: int) -> None:
        self.cls: Callable[..., T] = cls
        self.name = cls.__name__
        self.code = code
        self.fields: list[FieldDoc] = []
        codes, names, self._tail, self._tail_name = ">", [], None, ""
        for name, hint in get_type_hints(cls, include_extras=True).items():
            if get_origin(hint) is not Annotated:
                raise TypeError(f"{cls.__name__}.{name} has no width")
            _, width, meaning = get_args(hint)
            self.fields.append(FieldDoc(name, width.name, meaning))
            if self._tail is not None:
                raise TypeError(f"{cls.__name__}.{name} comes after a tail")
            if isinstance(width, Tail):
                self._tail, self._tail_name = width, name
            else:
                codes += width.code
                names.append(name)
        self._form = struct.Struct(codes)
        self.size = self._form.size
        """Bytes of the fixed part."""
        self._values: Callable[[T], Any]
        if len(names) == 1:
            only = attrgetter(names[0])
            self._values = lambda item: (only(item),)
        else:
            self._values = attrgetter(*names) if names else lambda item: ()

    def pack(self, item: T) -> bytes:
        """Raises struct.error when a value of ours does not fit its width."""
        fixed = self._form.pack(*self._values(item))
        if self._tail is None:
            return fixed
        return fixed + self._tail.encode(getattr(item, self._tail_name))

    def unpack(self, data: bytes, start: int = 0, end: int | None = None) -> T:
        """What lies between `start` and `end`. Raises MalformedError. Without a tail the length
        must be exact."""
        end = len(data) if end is None else end
        tail_start = start + self.size
        if end < tail_start or (self._tail is None and end != tail_start):
            raise MalformedError(f"{self.cls.__name__}: {end - start} bytes")
        values = self._form.unpack_from(data, start)
        if self._tail is None:
            return self.cls(*values)
        return self.cls(*values, self._tail.decode(data[tail_start:end]))
