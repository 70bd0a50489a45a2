"""The nouns that every floor shares: paths, records of a log, and what a core asks of its shell.

A core (`hub.Hub`, `guest.Guest`) is fed with datagrams, answers and the time, and drained of
effects: the classes below `Effect`. It never does anything by itself, which is what lets the
simulator run a week of bad network in a second.

All times named `now` are monotonic seconds; all times named `wall` are milliseconds since 1970.
"""

import hashlib
import ipaddress
from enum import Enum, IntEnum
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

INSTANCE_SIZE = 8
"""Bytes of an author's instance: SHA-256(secret)[:8], so that everybody may read it and nobody
can speak for it without the secret."""

DIGEST_SIZE = 8
"""Bytes of a chained digest."""

SEQ_MAX = (1 << 62) - 1
"""The highest sequence number: no log gets there, and all arithmetic stays within 64 bits."""

_HOSTS = 16_384
"""Whose addresses are known without being read again: of a large room, everybody's."""

REGISTRY = "!registry"
"""The reserved room whose log holds what must outlive the rooms themselves."""


@lru_cache(_HOSTS)
def bare_address(host: str) -> bytes:
    """4 bytes or 16; an IPv4 address is one in IPv6's clothes, too. Raises ValueError."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if address.version == 6 else None
    return (mapped or address).packed


@lru_cache(_HOSTS)
def _loopback(host: str) -> bool:
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


SECURED = 1 << 16
"""Added to the number of a socket, for text that goes through it inside of DTLS."""


class Path(NamedTuple):
    """Where a datagram came from, or goes to: one of our sockets and the endpoint beyond it."""

    socket: int
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def secured(self) -> bool:
        """What comes this way was inside of DTLS."""
        return self.socket >= SECURED

    @property
    def loopback(self) -> bool:
        return _loopback(self.host)

    @property
    def prefix(self) -> bytes:
        """What one customer of a provider has: an IPv4 address, or an IPv6 /64."""
        return bare_address(self.host)[:8]


class Form(Enum):
    """In which form a member gets what the room says."""

    SEALED = "sealed"
    TEXT = "text"

    __hash__ = object.__hash__
    """There is one of each: in C, where Enum's own is a call into Python for each look into a
    dictionary."""


class Group(NamedTuple):
    """All members of one room that get the very same bytes: one fan-out."""

    room: str
    form: Form


class Kind(IntEnum):
    """What an entry of a log is."""

    MESSAGE = 1
    ACTION = 2
    TOPIC = 3
    EDIT = 4
    """The new text of what it refers to; see `amend` for this one and the next two."""
    DELETE = 5
    """What it refers to is taken back; no text."""
    REACTION = 6
    """To what it refers to: a word or an emoji; `-` in front takes it back."""
    MODERATION = 7
    """What a moderator did, in the server's words: `kicked bob: spam`."""
    ROOM = 8
    """In the registry: a room was made; its name is the text."""
    NAME = 9
    """In the registry: a name belongs to a key; the text is that key, in hexadecimal, and it."""
    ACT = 10
    """In the registry: an act of moderation; the text is a `policy.Deed` in JSON."""


class Entry(Struct, frozen=True, gc=False):
    """One decoded entry of a room's log, as everybody sees it."""

    room: str
    seq: int
    kind: int
    name: str
    key: bytes
    """Id of the author's key, 8 bytes, or empty."""
    endpoint: str
    """`ip:port`, `~` and four masked bytes in hexadecimal, or empty for the server's own."""
    instance: bytes
    n: int
    time: int
    """Wall-clock milliseconds at the server, never below those of the entry before."""
    refers: int
    """The sequence number that this entry is about, or 0."""
    text: str
    more: bool
    """The author's next entry continues this one's text."""


class Draft(Struct, frozen=True, gc=False):
    """What a log is asked to append: opaque but for the author's counter."""

    instance: bytes
    n: int
    body: bytes


class Record(Struct, frozen=True, gc=False):
    """What a log gives back: a draft with its place in the order."""

    seq: int
    digest: bytes
    instance: bytes
    n: int
    body: bytes


class Point(NamedTuple):
    """A place in a log's chain: the digest after the entry `seq` (0: the log's origin)."""

    seq: int
    digest: bytes


class Range(NamedTuple):
    """Sequence numbers from `first` to `last`, both included."""

    first: int
    last: int


class Run(NamedTuple):
    """Consecutive records, and the digest before the first of them."""

    previous: bytes
    records: tuple[Record, ...]


class Extract(NamedTuple):
    """An answer to a fetch: what there is of the ranges asked for, as far as the budget went."""

    floor: int
    """The first sequence number that retention has left; head + 1 where nothing is left."""
    head: Point
    runs: tuple[Run, ...]


class Snapshot(NamedTuple):
    """One consistent look at a log for a member that joins."""

    floor: int
    head: Point
    origin: bytes
    """The random digest before entry 1: it tells one log from another."""
    last_n: int
    """The joining instance's newest n, 0 for none."""
    matched: int | None
    """The newest of the offered points that is on this log's chain; None: not even the origin."""
    tail: bytes
    """The newest entry's body, empty where there is none."""


def chained(previous: bytes, body: bytes) -> bytes:
    """The digest after `body`, 8 bytes. SHA-1, because a Redis script can compute it; a chain that
    tells an honest log's past from another needs no more."""
    return hashlib.sha1(previous + body, usedforsecurity=False).digest()[:DIGEST_SIZE]


class Send(Struct, frozen=True, gc=False):
    """Send one datagram to one endpoint."""

    path: Path
    datagram: bytes


class Subscribe(Struct, frozen=True, gc=False):
    """Add an endpoint to a fan-out."""

    group: Group
    path: Path


class Unsubscribe(Struct, frozen=True, gc=False):
    """Take an endpoint out of a fan-out."""

    group: Group
    path: Path


class Push(Struct, frozen=True, gc=False):
    """Send the same datagram to all endpoints of a fan-out."""

    group: Group
    datagram: bytes


class Open(Struct, frozen=True):
    """Take a snapshot of a room's log; answer with `opened(ticket, snapshot)`."""

    ticket: object
    room: str
    instance: bytes
    points: tuple[Point, ...]


class Follow(Struct, frozen=True):
    """From now on say each entry after `after` once, in order, by `logged`."""

    room: str
    after: int


class Unfollow(Struct, frozen=True):
    """Say no more entries of this room."""

    room: str


class Trim(Struct, frozen=True):
    """Forget a room's entries before seq `before`; if that fails, the next one does."""

    room: str
    before: int


class Append(Struct, frozen=True):
    """Commit drafts to a room's log; answer with `appended(room, result)`.

    All appends of one drain are committed together or not at all."""

    room: str
    drafts: tuple[Draft, ...]


class Fetch(Struct, frozen=True):
    """Read ranges, up to `budget` bytes of bodies; answer with `fetched(ticket, extract)`."""

    ticket: object
    room: str
    ranges: tuple[Range, ...]
    budget: int


class Check(Struct, frozen=True):
    """Does the password belong to this verifier? It takes long and much memory on purpose: done
    elsewhere, answered with `checked(ticket, ok)`, ok None if there is too much to do."""

    ticket: object
    password: str
    verifier: str
    """A PHC string of Argon2id (RFC 9106)."""


class Harden(Struct, frozen=True):
    """Make a verifier of a password; answer with `hardened(ticket, verifier)`, as Check."""

    ticket: object
    password: str


class Close(Struct, frozen=True):
    """Nothing more of a handshake, or of text over one, is needed at this endpoint."""

    path: Path


class Handshake(Struct, frozen=True):
    """A client's: shake hands with the server; answer with `admitted` or `distrusted`. What was
    begun before is not wanted any more."""


class Tell(Struct, frozen=True):
    """Something happened that the shell, a log file or a person may want to know."""

    event: object


Request = Append | Open | Fetch | Follow | Unfollow | Trim
"""To the log."""

Effect = Send | Subscribe | Unsubscribe | Push | Close | Handshake | Check | Harden | Tell | Request
