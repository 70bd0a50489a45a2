"""Rare requests and their answers: the MessagePack bodies of the ASK and REPLY frames.

Each request but Hello carries `r`, which the answer repeats; a client repeats a request until it is
answered. A server ignores a request that is older than the newest it took of the same subject, so
that what the network delayed changes nothing.
"""

from enum import IntEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from .layout import MalformedError
from .types import SEQ_MAX

Name = Annotated[str, Meta(max_length=64)]
Key = Annotated[bytes, Meta(max_length=32)]
"""The public key that a name belongs to, 32 bytes; empty: it belongs to nobody."""
Proof = Annotated[bytes, Meta(max_length=64)]
"""Its signature on this session and the name, 64 bytes; see signatures."""
Digest = Annotated[bytes, Meta(min_length=8, max_length=8)]
Natural = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
Number = Annotated[int, Meta(ge=0, lt=1 << 32)]
SECRET_MAX = 128
WORDS_MAX = 300
Stay = tuple[Number, Number]
"""Somebody's time in a room: the room's tag, and the ordinal that it had there. A room that was
empty and is made again has a greater tag, so the later stay is the greater one."""
Secret = Annotated[str, Meta(max_length=SECRET_MAX)]
"""What opens a room's door: its password, or an invite."""
Words = Annotated[str, Meta(max_length=WORDS_MAX)]


class Why(IntEnum):
    """What a refusal means to a program."""

    OTHER = 0
    PASSWORD = 1
    """The room has a password, and none was given."""
    ENTRY = 2
    """No such room, wrong password, or an invite that is no good: which, nobody is told."""
    CLOSED = 3
    """Banned, locked or full."""


class Hello(Struct, frozen=True, array_like=True, tag=0):
    """In FIRST: who I am. The session's instance is SHA-256(secret)[:8]."""

    attempt: Number
    """Counts this instance's openings, so that a late FIRST cannot displace a newer session."""
    name: Name
    secret: Annotated[bytes, Meta(min_length=16, max_length=16)]
    key: Key = b""
    proof: Proof = b""


class Join(Struct, frozen=True, array_like=True, tag=1):
    """Make me a member, and say what of my past is on the log's chain."""

    r: Number
    room: Name
    points: Annotated[tuple[tuple[Natural, Digest], ...], Meta(max_length=10)]
    secret: Secret = ""
    out: Stay = (0, 0)
    """The stay there that I know to be over, because of a Removed; what was sent before I knew
    brings nobody back."""
    make: bool = True
    """The room, if it is not there."""


class Leave(Struct, frozen=True, array_like=True, tag=2):
    """I am no member of this room any more."""

    r: Number
    room: Name


class Nick(Struct, frozen=True, array_like=True, tag=3):
    """Let me have this name from now on."""

    r: Number
    name: Name
    key: Key = b""
    proof: Proof = b""


class Who(Struct, frozen=True, array_like=True, tag=4):
    """Who is in this room: the changes since `version`, or from 0 a page of all, which has their
    round trips, too."""

    r: Number
    room: Number
    version: Number
    after: Number
    """For pages: the last ordinal of the page before."""


class Rooms(Struct, frozen=True, array_like=True, tag=5):
    """Which rooms are there, in order of their names."""

    r: Number
    after: Name


class Direct(Struct, frozen=True, array_like=True, tag=6):
    """Which room do I share with this name's owner alone?"""

    r: Number
    name: Name


class Act(Struct, frozen=True, array_like=True, tag=7):
    """Moderate a room; see roles.Act for what there is to do."""

    r: Number
    room: Name
    act: Annotated[str, Meta(max_length=16)]
    whom: Name = ""
    """A name, an address or prefix, or an invite's id."""
    seconds: Number = 0
    """How long it holds; 0: for good. Of `slow`, between two messages."""
    number: Natural = 0
    """The message, the limit, or how often an invite may be used."""
    text: Words = ""
    """Why; or the password, or the role."""


class Welcome(Struct, frozen=True, array_like=True, tag=0):
    """To FIRST: the session stands."""

    name: Name
    """The name given: another one than asked for where that is taken."""
    asked: Name
    endpoint: Name
    """The client's, as the server sees it."""
    reset: Annotated[bytes, Meta(min_length=16, max_length=16)]
    """The token of a stateless reset of this session."""
    verified: bool = False
    """The name is known to be the key's."""
    ticket: Annotated[bytes, Meta(max_length=128)] = b""
    """To resume with; empty where there is none."""
    push_key: Annotated[bytes, Meta(max_length=32)] = b""
    """That all pushes are signed with; empty: they are not."""


class Joined(Struct, frozen=True, array_like=True, tag=1):
    """To Join: all that a member needs to follow the room."""

    r: Number
    room: Name
    tag: Number
    epoch: Annotated[int, Meta(ge=0, lt=256)]
    key: bytes
    """The room key, 16 bytes; empty in a direct room, which has none."""
    counter: Number
    """Of the next push."""
    floor: Natural
    head: Natural
    digest: Digest
    origin: Digest
    matched: Natural | None
    last_n: Annotated[int, Meta(ge=0, lt=1 << 31)]
    """Of an instance that has said more than this, nothing is taken any more."""
    window: Number
    interval: Number
    """Tenths of a second between two receiver reports."""
    ordinal: Number
    """The member's own, in the room's presence."""
    topic: str
    peer: str
    """In a direct room, the other one's name."""


class Left(Struct, frozen=True, array_like=True, tag=2):
    """To Leave."""

    r: Number
    room: Name


class Named(Struct, frozen=True, array_like=True, tag=3):
    """To Nick."""

    r: Number
    name: Name
    asked: Name
    verified: bool = False
    """The name is known to be the key's."""


class Member(Struct, frozen=True, array_like=True):
    """One row of a room's presence."""

    ordinal: Number
    """Counts the room's joins."""
    name: Name
    endpoint: Name
    since: Natural
    """Wall-clock milliseconds."""
    text: bool
    """A plain-text endpoint, which sends no reports."""
    verified: bool = False
    """The name is known to be its key's."""
    rtt: Annotated[int, Meta(ge=0, lt=1 << 16)] | None = None
    """Its smoothed round trip as it reported it, ms; None: not known, or not asked for."""


class Members(Struct, frozen=True, array_like=True, tag=4):
    """To Who."""

    r: Number
    room: Number
    since: Number
    """The version these are the changes to; 0: this is a page of all."""
    version: Number
    came: tuple[Member, ...]
    """New or changed."""
    went: tuple[Number, ...]
    more: bool
    """A page, and there are members after it."""


class RoomRow(Struct, frozen=True, array_like=True):
    """One row of the list of rooms."""

    name: Name
    members: Number
    topic: str


class RoomList(Struct, frozen=True, array_like=True, tag=5):
    """To Rooms."""

    r: Number
    rooms: tuple[RoomRow, ...]
    more: bool


class Refused(Struct, frozen=True, array_like=True, tag=6):
    """To any request: no, and what to do instead."""

    r: Number
    reason: str
    why: int = 0
    """One of Why, or another number."""


class Invited(Struct, frozen=True, array_like=True, tag=7):
    """To Direct; or unasked, and repeated until joined: you share this room with `peer`."""

    r: Number
    """0: unasked."""
    room: Name
    peer: Name


class Notice(Struct, frozen=True, array_like=True, tag=8):
    """Unasked: one line from the server to the person."""

    text: str


class Done(Struct, frozen=True, array_like=True, tag=9):
    """To Act: it is in the log, and holds."""

    r: Number
    text: str
    """What there is to say: the invite, the list, or nothing."""


class Removed(Struct, frozen=True, array_like=True, tag=10):
    """Unasked, repeated until a Leave, and to a Join that does not know of it: you are no member of
    this room any more."""

    room: Name
    reason: str
    stay: Stay
    """The one that is over: who has a later one has joined since."""


FOR_GOOD = (1 << 32) - 1
"""As the seconds that somebody is muted."""


class Standing(Struct, frozen=True, array_like=True, tag=11):
    """Unasked: what you are in a room, when you enter it, when that changes, and when you say what
    you may not."""

    room: Number
    """Its tag."""
    role: int
    """One of roles.Role, or another number."""
    muted: Number = 0
    """Seconds that it still lasts; FOR_GOOD; 0: not muted."""
    slow: Number = 0
    """Seconds between two messages of one member; 0: as it likes."""
    wait: Number = 0
    """Milliseconds until the next one."""
    reason: str = ""


Request = Hello | Join | Leave | Nick | Who | Rooms | Direct | Act
Response = (
    Welcome
    | Joined
    | Left
    | Named
    | Members
    | RoomList
    | Refused
    | Invited
    | Notice
    | Done
    | Removed
    | Standing
)

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_responses: msgspec.msgpack.Decoder[Response] = msgspec.msgpack.Decoder(Response)


def encode(message: Request | Response) -> bytes:
    return _encoder.encode(message)


def decode_request(body: bytes) -> Request:
    """Raises MalformedError."""
    try:
        return _requests.decode(body)
    except _UNREADABLE as error:
        raise MalformedError(str(error)) from error


def decode_response(body: bytes) -> Response:
    """Raises MalformedError."""
    try:
        return _responses.decode(body)
    except _UNREADABLE as error:
        raise MalformedError(str(error)) from error
