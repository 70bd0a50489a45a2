"""Builds the valid vectors from the tables, with randomness that is always the same."""

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chat.core import asks, layout, protect, wire
from chat.core.channel import Channel, PushSealer
from chat.core.entry import decode_entry, encode_entry, pack_endpoint
from chat.core.layout import Layout
from chat.core.tickets import NO_TICKET
from chat.core.types import Kind, Path, Range

from . import Vector

RANDOM, COOKIE = bytes(range(16)), bytes(range(16, 32))
SID = bytes(range(32, 40))
ROOM_KEY = bytes(range(48, 64))


def show(value: Any) -> Any:
    """A value as JSON has it: bytes in hexadecimal, a struct as its fields and its type."""
    if isinstance(value, Struct):
        fields = {name: show(getattr(value, name)) for name in value.__struct_fields__}
        return {"type": type(value).__name__, **fields}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list):
        return [show(item) for item in value]
    return value


def vector(name: str, comment: str, data: bytes, value: Any) -> Vector:
    return {"name": name, "comment": comment, "hex": data.hex(), "value": show(value)}


Draw = Callable[[int], int]
"""A number from 0 to its argument."""


def _field(width: str, draw: Draw, random: Random) -> Any:
    ranges = {kind.name: kind for kind in (layout.U8, layout.U16, layout.U32, layout.U64)}
    sizes = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}
    if width in ranges:
        return draw((1 << sizes[width]) - 1)
    if width == layout.REST.name:
        return random.randbytes(draw(20))
    if width == layout.BODIES.name:
        return tuple(random.randbytes(draw(9)) for _ in range(draw(3)))
    if width == layout.RANGES.name:
        firsts = [1 + draw((1 << 62) - 1) for _ in range(draw(3))]
        return tuple(Range(first, first + draw((1 << 32) - 2)) for first in firsts)
    if width == layout.MARKS.name:
        return tuple((draw((1 << 32) - 1), draw((1 << 64) - 1)) for _ in range(draw(3)))
    if width == layout.ORDINALS.name:
        return tuple(draw((1 << 32) - 1) for _ in range(draw(3)))
    return random.randbytes(int(width.removesuffix(" bytes")))


def _items(table: Layout[Any]) -> list[tuple[str, Any]]:
    """A random one, and the ones with the least and the most in every field. What is random in a
    type depends on its name alone, so that one change does not change everything."""
    random = Random(table.name)
    draws: dict[str, Draw] = {
        "random": lambda most: random.randint(0, most),
        "least": lambda most: 0,
        "most": lambda most: most,
    }
    return [
        (kind, table.cls(**{row.name: _field(row.width, draw, random) for row in table.fields}))
        for kind, draw in draws.items()
        if table.fields or kind == "random"
    ]


def _said(cls: Any) -> str:
    return (cls.__doc__ or "").split("\n")[0]


def headers() -> list[Vector]:
    return [
        vector(f"{table.name} {kind}", _said(table.cls), wire.encode_header(item), item)
        for table in wire.HEADERS.values()
        for kind, item in _items(table)
    ]


def frames() -> list[Vector]:
    return [
        vector(f"{table.name} {kind}", _said(table.cls), wire.encode_frame(item), item)
        for table in wire.FRAMES.values()
        for kind, item in _items(table)
    ]


MEMBER = asks.Member(7, "ann", "192.0.2.1:5000", 1_700_000_000_000, False)

REQUESTS: list[asks.Request] = [
    asks.Hello(1, "ann", RANDOM),
    asks.Join(2, "lobby", ()),
    asks.Join(3, "lobby", ((41, bytes(range(8))), (0, bytes(range(8, 16))))),
    asks.Leave(4, "lobby"),
    asks.Nick(5, "zo\u00eb"),
    asks.Who(6, 1, 0, 300),
    asks.Rooms(7, ""),
    asks.Direct(8, "bob"),
    asks.Join(9, "den", (), "sword fish"),
    asks.Join(11, "den", (), "", (1, 7)),
    asks.Join(12, "den", (), "", (0, 0), False),
    asks.Act(10, "den", "ban", "bob", 3600, 0, "spam"),
]

RESPONSES: list[asks.Response] = [
    asks.Welcome("ann2", "ann", "192.0.2.1:5000", COOKIE),
    asks.Joined(
        r=2,
        room="lobby",
        tag=1,
        epoch=0,
        key=ROOM_KEY,
        counter=5,
        floor=1,
        head=41,
        digest=bytes(range(8)),
        origin=bytes(range(8, 16)),
        matched=None,
        last_n=3,
        window=64,
        interval=10,
        ordinal=7,
        topic="old things",
        peer="",
    ),
    asks.Left(4, "lobby"),
    asks.Named(5, "zo\u00eb2", "zo\u00eb"),
    asks.Members(6, 1, 3, 9, (MEMBER,), (2, 4), False),
    asks.Members(6, 1, 0, 9, (MEMBER, replace(MEMBER, rtt=42)), (), True),
    asks.RoomList(7, (asks.RoomRow("lobby", 3, "old things"),), False),
    asks.Refused(8, "there is no bob here; /who lists who is"),
    asks.Invited(0, "@0001020304050607.08090a0b0c0d0e0f", "bob"),
    asks.Notice("the server is going down"),
    asks.Done(10, ""),
    asks.Refused(9, "den has a password", int(asks.Why.PASSWORD)),
    asks.Removed("den", "you were kicked from den by ann: spam", (1, 7)),
    asks.Standing(1, 1, 600, 30, 12_500, "shouting"),
]


def requests() -> list[Vector]:
    return [_ask(f"ASK {number}", message) for number, message in enumerate(REQUESTS, 1)]


def responses() -> list[Vector]:
    return [_ask(f"REPLY {number}", message) for number, message in enumerate(RESPONSES, 1)]


def _ask(frame: str, message: asks.Request | asks.Response) -> Vector:
    name = type(message).__name__
    return vector(f"{frame} {name}", _said(type(message)), asks.encode(message), message)


def entries() -> list[Vector]:
    """Bodies, as entry 7 of the lobby."""
    common: dict[str, Any] = {"instance": bytes(range(8)), "time": 1_700_000_000_000, "name": "ann"}
    four, six = Path(0, "192.0.2.1", 5000), Path(0, "2001:db8::1", 5000)
    drawn: list[tuple[str, dict[str, Any]]] = [
        ("the server's own", {"kind": Kind.ROOM, "n": 1, "text": "lobby"}),
        (
            "from IPv4",
            {"kind": Kind.MESSAGE, "n": 63, "text": "hi", "endpoint": pack_endpoint(four)},
        ),
        (
            "from IPv6",
            {"kind": Kind.ACTION, "n": 64, "text": "waves", "endpoint": pack_endpoint(six)},
        ),
        ("masked", {"kind": Kind.TOPIC, "n": 16384, "text": "", "endpoint": bytes(range(4))}),
        ("with a key", {"kind": Kind.MESSAGE, "n": 1 << 30, "text": "zo\u00eb", "key": SID}),
        ("continued", {"kind": Kind.MESSAGE, "n": 2, "text": "to be", "more": True, "refers": 6}),
        ("edit", {"kind": Kind.EDIT, "n": 3, "text": "not to be", "refers": 2}),
        ("deletion", {"kind": Kind.DELETE, "n": 4, "text": "", "refers": 2}),
        ("reaction", {"kind": Kind.REACTION, "n": 5, "text": "\U0001f44d", "refers": 6}),
        (
            "moderation",
            {"kind": Kind.MODERATION, "n": 7, "text": "kicked bob: spam", "key": SID},
        ),
        ("deletion by a moderator", {"kind": Kind.DELETE, "n": 8, "text": "spam", "refers": 2}),
        ("reaction taken back", {"kind": Kind.REACTION, "n": 6, "text": "-+1", "refers": 1 << 40}),
    ]
    found = []
    for comment, fields in drawn:
        data = encode_entry(**common, **fields)
        found.append(vector(f"entry {comment}", comment, data, decode_entry("lobby", 7, data)))
    return found


def sealed() -> list[Vector]:
    """One session from its opening on, and a push. `key` opens what is sealed."""
    secret = protect.PUBLISHED_SECRET
    keys = protect.session_keys(secret, RANDOM, COOKIE, SID)
    first_key = protect.first_key(secret, RANDOM, COOKIE)
    inputs = {"secret": secret, "random": RANDOM, "cookie": COOKIE, "sid": SID}
    binding = protect.binding(secret, RANDOM, COOKIE)
    derived = {"first": first_key, "binding": binding, **keys._asdict()}

    hello: list[wire.Frame] = [wire.Ask(asks.encode(ask)) for ask in REQUESTS[:2]]
    header = wire.encode_header(wire.First(RANDOM, COOKIE, NO_TICKET, b""))
    first = header + protect.seal(first_key, 0, header, _joined(hello))
    welcome: list[wire.Frame] = [wire.Reply(asks.encode(reply)) for reply in RESPONSES[:2]]
    draft: list[wire.Frame] = [wire.Draft(1, 1, Kind.MESSAGE, 0, 0, b"hi"), wire.Ping(1)]
    told: list[wire.Frame] = [
        wire.Entries((bytes.fromhex(entries()[1]["hex"]),)),
        wire.Head(1, 41, bytes(range(8)), 250, 10),
    ]
    client = Channel(SID, keys.to_server, keys.to_client)
    server = Channel(SID, keys.to_client, keys.to_server)
    return [
        {
            "name": "keys",
            "comment": "what goes into a session's keys",
            **_hex(inputs),
            **_hex(derived),
        },
        _seal("FIRST", "HELLO and JOIN, under the counter 0", first, first_key, hello),
        _seal(
            "WELCOME", "the server's first", server.seal(_joined(welcome)), keys.to_client, welcome
        ),
        _seal("DRAFT", "the client's first", client.seal(_joined(draft)), keys.to_server, draft),
        _seal(
            "PUSH",
            "entry 41 of the room 1, under its key",
            PushSealer(1, 0, ROOM_KEY).seal(41, 1, _joined(told)),
            ROOM_KEY,
            told,
        ),
    ]


def _joined(frames: list[wire.Frame]) -> bytes:
    return b"".join(map(wire.encode_frame, frames))


def _hex(values: dict[str, bytes]) -> dict[str, str]:
    return {name: value.hex() for name, value in values.items()}


def _seal(name: str, comment: str, data: bytes, key: bytes, inside: list[wire.Frame]) -> Vector:
    return {**vector(name, comment, data, inside), "key": key.hex()}


FILES: dict[str, Callable[[], list[Vector]]] = {
    "valid/headers": headers,
    "valid/frames": frames,
    "valid/requests": requests,
    "valid/responses": responses,
    "valid/entries": entries,
    "valid/sealed": sealed,
}
