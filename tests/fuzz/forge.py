"""Makes what no honest peer sends: random, damaged, spliced, and well-formed but absurd."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from chat.core import asks, layout, wire
from chat.core.layout import Layout
from chat.core.tickets import NO_TICKET
from chat.core.types import Range
from tests.vectors import load

BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}

WORDS = [
    "lobby",
    "den",
    "attic",
    "#Lobby",
    "ann",
    "bob",
    "mallory",
    "",
    "a b",
    "!registry",
    "@",
    "Zoë",
]
TEXTS = [
    "hello",
    "",
    "\x1b[2J\x07",
    "x" * 900,
    "é" * 450,
    "a\nb\n[192.0.2.1:5000] ann: I quit",
    "\u202e" * 50,
    "e" + "\u0301" * 300,
    "/quit",
]
LINES = [
    "hello",
    "/who",
    "/join den",
    "/join a b",
    "/leave",
    "/nick mallory",
    "/nick ann",
    "/nick \x1b",
    "/msg ann psst",
    "/msg nobody hi",
    "/me waves",
    "/topic",
    "/topic news",
    "/topic " + "x" * 400,
    "/rooms",
    "/help",
    "/help who",
    "/quit",
    "//slash",
    "/",
    "/xyzzy",
    "\x1b[2J",
    "x" * 3000,
    "x" * 9000,
]

_JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    1 << 32,
    (1 << 64) - 1,
    1.5,
    "",
    "x" * 70,
    b"",
    b"x" * 16,
    [],
    {},
]


def golden() -> list[bytes]:
    """Every datagram of the vectors, good and bad."""
    names = ("valid/headers", "valid/sealed", "hostile/datagrams")
    vectors = [vector for name in names for vector in load(name) if "hex" in vector]
    return [bytes.fromhex(vector["hex"]) for vector in vectors]


def plaintexts() -> list[bytes]:
    """Every sequence of frames of the vectors."""
    names = ("valid/frames", "hostile/frames")
    return [bytes.fromhex(vector["hex"]) for name in names for vector in load(name)]


def bodies(kind: str) -> list[bytes]:
    """Every `requests` or `responses` body of the vectors."""
    names = (f"valid/{kind}", f"hostile/{kind}")
    return [bytes.fromhex(vector["hex"]) for name in names for vector in load(name)]


class Forge:
    """One source of hostility. `tags`: rooms that it may name."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.tags: list[int] = [1]
        self.said: Counter[int] = Counter()
        """By tag, drafts that were numbered as they should be."""
        self.seen: list[bytes] = []
        """Datagrams that it has captured."""
        self._golden = golden()
        self._plaintexts = plaintexts()
        self._requests = bodies("requests")
        self._responses = bodies("responses")

    def capture(self, datagrams: Sequence[bytes]) -> None:
        self.seen += datagrams
        if len(self.seen) > 300:
            del self.seen[: len(self.seen) - 300]

    # Datagrams

    def noise(self) -> bytes:
        """Random bytes, mostly with a first byte that somebody might look at."""
        random = self.random
        data = random.randbytes(random.choice([0, 1, 2, 13, 33, 64, 96, 200, 1200]))
        if data and random.random() < 0.8:
            data = bytes((random.choice([*range(0x80, 0x8A), 0xBF, 0x16, 0x20]),)) + data[1:]
        return data

    def damaged(self) -> bytes:
        """A datagram of ours, or two, with something wrong."""
        random = self.random
        data = random.choice(self.seen if self.seen and random.random() < 0.7 else self._golden)
        match random.randrange(4):
            case 0:
                return data[: random.randrange(len(data) + 1)]
            case 1:
                other = random.choice(self._golden)
                return (
                    data[: random.randrange(len(data) + 1)]
                    + other[random.randrange(len(other) + 1) :]
                )
            case 2:
                return data + random.randbytes(random.randrange(1, 40))
            case _:
                return self.flipped(data)

    def flipped(self, data: bytes) -> bytes:
        found = bytearray(data)
        for _ in range(self.random.randint(1, 4)):
            if found:
                found[self.random.randrange(len(found))] ^= 1 << self.random.randrange(8)
        return bytes(found)

    def replayed(self) -> bytes:
        return self.random.choice(self.seen or self._golden)

    def plausible(self) -> bytes:
        """Well-formed, and of a session that is not there."""
        random = self.random
        sealed = random.randbytes(random.choice([19, 20, 60, 300, 1160]))
        header: wire.Header
        match random.randrange(4):
            case 0:
                table = wire.HEADERS[0x80]
                fields = {row.name: self.field(row.width) for row in table.fields}
                header = table.cls(**fields)
            case 1:
                header = wire.First(
                    random.randbytes(16), random.randbytes(16), self.ticket(), sealed[:1000]
                )
            case 2:
                header = wire.Session(random.randbytes(8), random.randrange(1 << 32), sealed)
            case _:
                size = wire.STATUS_SIZE - wire.SEALED_OFFSET[0x87]
                header = wire.Status(random.randrange(1 << 64), bytes(size))
        return wire.encode_header(header)

    def text(self) -> bytes:
        """Well-formed plain text of several lines."""
        lines = [self.random.choice(LINES) for _ in range(self.random.choice([1, 1, 2, 5, 60]))]
        return "\n".join(lines).encode() + self.random.choice([b"", b"\n", b"\r\n"])

    # Frames

    def plaintext(self, *, server: bool = False) -> bytes:
        """The inside of a sealed datagram, for a server or for a client."""
        random = self.random
        if random.random() < 0.1:
            return self.flipped(random.choice(self._plaintexts))
        if server and random.random() < 0.03:
            return self.burst()
        data = b""
        for _ in range(random.choice([1, 1, 1, 2, 4, 30])):
            frame = wire.encode_frame(self.frame(server=server))
            if len(data) + len(frame) > 1100:
                break
            data += frame
        return self.flipped(data) if random.random() < 0.1 else data

    def burst(self) -> bytes:
        """One request after the other, in one datagram."""
        first = self.random.randrange(1000)
        joins = [asks.Join(1 + n, f"room{first + n}", ()) for n in range(50)]
        return b"".join(wire.encode_frame(wire.Ask(asks.encode(join))) for join in joins)

    def frame(self, *, server: bool) -> wire.Frame:
        random = self.random
        if random.random() < 0.35:
            return wire.Ask(self.message(server=True)) if server else wire.Reply(self.message())
        codes = [code for code in wire.FRAMES if (code < 0x40) is server or random.random() < 0.05]
        frame: wire.Frame = self._frame(wire.FRAMES[random.choice(codes)])
        return frame if not isinstance(frame, wire.Bye) or random.random() < 0.1 else wire.Ping(1)

    def _frame(self, table: Layout[Any]) -> Any:
        fields = {row.name: self.field(row.width) for row in table.fields}
        if "room" in fields and self.random.random() < 0.9:
            fields["room"] = self.random.choice(self.tags)
        if table.cls is wire.Draft and self.random.random() < 0.9:
            fields["kind"] = self.random.choice([1, 1, 1, 2, 3, 4, 5, 6])
            fields["text"] = self.random.choice(TEXTS).encode()
            if fields["kind"] > 3:
                fields["refers"] = self.random.choice([1, 2, 5, 1 << 40])
                fields["text"], fields["more"] = (b"hi", b"", b"+1")[fields["kind"] - 4], 0
            if self.random.random() < 0.8:
                self.said[fields["room"]] += 1
                fields["n"] = self.said[fields["room"]]
        return table.cls(**fields)

    def ticket(self) -> bytes:
        tickets: list[bytes] = [NO_TICKET, self.random.randbytes(len(NO_TICKET))]
        return self.random.choice(tickets)

    def field(self, width: str) -> Any:
        """A value that fits: small, large, or anything."""
        random = self.random
        if width in BITS:
            most = (1 << BITS[width]) - 1
            return random.choice(
                [0, 1, 2, random.randrange(200) & most, most, random.randint(0, most)]
            )
        if width == layout.REST.name:
            return random.randbytes(random.choice([0, 1, 8, 100]))
        if width == layout.BODIES.name:
            return tuple(self.body() for _ in range(random.choice([0, 1, 2, 5])))
        if width == layout.RANGES.name:
            return tuple(self._range() for _ in range(random.choice([1, 1, 3, 60])))
        if width == layout.MARKS.name:
            return tuple((self.field("u32"), self.field("u64")) for _ in range(random.randrange(4)))
        if width == layout.ORDINALS.name:
            return tuple(self.field("u32") for _ in range(random.choice([0, 1, 3, 90])))
        return random.randbytes(int(width.removesuffix(" bytes")))

    def body(self) -> bytes:
        """What may be an entry."""
        entries = load_entries()
        return (
            self.flipped(self.random.choice(entries))
            if self.random.random() < 0.5
            else self.random.choice(entries)
        )

    def _range(self) -> Range:
        first = max(1, self.field("u64"))
        return Range(first, first + max(1, self.field("u32")) - 1)

    # Messages

    def message(self, *, server: bool = False) -> bytes:
        """The body of an ASK to a server, or of a REPLY to a client."""
        random = self.random
        known = self._requests if server else self._responses
        match random.randrange(5):
            case 0:
                return random.choice(known)
            case 1:
                return self.flipped(random.choice(known))
            case 2 if server:
                return asks.encode(self.request())
            case _:
                return self._remade(random.choice(known))

    def request(self) -> asks.Request:
        """One that makes sense, perhaps."""
        random, r = self.random, self.random.randrange(1, 1 << 20)
        word = random.choice(WORDS)
        choices: list[asks.Request] = [
            asks.Join(r, word, ()),
            asks.Join(r, f"room{random.randrange(60)}", ((random.randrange(9), bytes(8)),)),
            asks.Leave(r, word),
            asks.Nick(r, word),
            asks.Who(r, random.choice(self.tags), random.randrange(5), random.randrange(5)),
            asks.Rooms(r, word),
            asks.Direct(r, word),
        ]
        return random.choice(choices)

    def _remade(self, body: bytes) -> bytes:
        """The same message with one value replaced."""
        try:
            fields = msgspec.msgpack.decode(body)
        except (ValueError, msgspec.DecodeError, RecursionError):
            return self.random.randbytes(10)
        if not isinstance(fields, list) or not fields:
            return body
        at = self.random.randrange(len(fields))
        if isinstance(fields[at], list) and fields[at] and self.random.random() < 0.7:
            inner = fields[at]
            inner[self.random.randrange(len(inner))] = self._value()
        else:
            fields[at] = self._value()
        return msgspec.msgpack.encode(fields)

    def _value(self) -> Any:
        pool = [
            *_JUNK,
            self.random.randrange(1 << 32),
            self.random.choice(WORDS),
            self.random.randrange(8),
        ]
        return self.random.choice(pool)


_entries: list[bytes] = []


def load_entries() -> list[bytes]:
    """Every entry of the vectors, read once."""
    if not _entries:
        _entries.extend(bytes.fromhex(vector["hex"]) for vector in load("valid/entries"))
    return _entries
