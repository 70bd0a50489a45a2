"""Whatever a peer may send, drawn from the tables that say what it may send."""

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from chat.core import asks, layout, wire
from chat.core.layout import Layout
from chat.core.types import Path, Range

Strategy = st.SearchStrategy[Any]

U64_MAX = (1 << 64) - 1

BYTES = st.binary(max_size=60)
RANGES = st.builds(
    lambda first, count: Range(first, first + count - 1),
    st.integers(1, U64_MAX),
    st.integers(1, (1 << 32) - 1),
)
MARKS = st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, U64_MAX))

WIDTHS: dict[str, Strategy] = {
    layout.U8.name: st.integers(0, (1 << 8) - 1),
    layout.U16.name: st.integers(0, (1 << 16) - 1),
    layout.U32.name: st.integers(0, (1 << 32) - 1),
    layout.U64.name: st.integers(0, U64_MAX),
    layout.REST.name: BYTES,
    layout.BODIES.name: st.lists(BYTES, max_size=5).map(tuple),
    layout.RANGES.name: st.lists(RANGES, max_size=5).map(tuple),
    layout.MARKS.name: st.lists(MARKS, max_size=5).map(tuple),
    layout.ORDINALS.name: st.lists(st.integers(0, (1 << 32) - 1), max_size=5).map(tuple),
}


def field(width: str) -> Strategy:
    """Values of one row of the table."""
    if width in WIDTHS:
        return WIDTHS[width]
    size = int(width.removesuffix(" bytes"))
    return st.binary(min_size=size, max_size=size)


def items(table: Layout[Any]) -> Strategy:
    """Instances of what a table lays out."""
    return st.builds(table.cls, **{row.name: field(row.width) for row in table.fields})


HEADERS: Strategy = st.one_of(*map(items, wire.HEADERS.values()))
FRAMES: Strategy = st.one_of(*map(items, wire.FRAMES.values()))


def values(kind: inspect.Type) -> Strategy:
    """Values of a MessagePack field, within the bounds that it declares."""
    match kind:
        case inspect.IntType(ge=least, lt=above):
            return st.integers(least or 0, (above or 1 << 32) - 1)
        case inspect.StrType(max_length=most):
            return st.text(max_size=min(most or 40, 40))
        case inspect.BytesType(min_length=least, max_length=most):
            return st.binary(min_size=least or 0, max_size=most or 40)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.UnionType(types):
            return st.one_of(*map(values, types))
        case inspect.TupleType(types):
            return st.tuples(*map(values, types))
        case inspect.VarTupleType(item_type=item, max_length=most):
            return st.lists(values(item), max_size=min(most or 4, 4)).map(tuple)
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{each.name: values(each.type) for each in fields})
    raise TypeError(f"no values for {kind}")


def messages(union: Any) -> Strategy:
    return values(inspect.type_info(union))


REQUESTS = messages(asks.Request)
RESPONSES = messages(asks.Response)

JUNK: Strategy = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), U64_MAX)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)
"""Well-formed MessagePack that means nothing."""


def packed_junk() -> st.SearchStrategy[bytes]:
    return JUNK.map(msgspec.msgpack.encode)


HOSTS = st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))
PATHS = st.builds(Path, st.integers(0, 3), HOSTS, st.integers(0, 65535))

NAMES = st.from_regex(r"[a-z][a-z0-9._-]{0,12}", fullmatch=True)
