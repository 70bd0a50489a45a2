"""Datagrams and frames: what their first bytes are and how each is laid out.

A datagram is a header, told by its first byte, and mostly a sealed sequence of frames. A frame is
one byte of type, two of length, and its fields; unknown types are skipped, so that versions can
grow. docs/protocol.md prints these tables.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar

from msgspec import Struct

from .layout import (
    BODIES,
    MARKS,
    ORDINALS,
    RANGES,
    REST,
    U8,
    U16,
    U32,
    U64,
    Layout,
    MalformedError,
    raw,
)
from .tickets import TICKET_SIZE
from .types import Range

VERSION = 3
"""Of this protocol. A server says its own in ANSWER, so that a client can say who is the elder."""

DATAGRAM_MAX = 1200
"""No datagram above this is ever sent (RFC 8085 §3.2: below every path MTU worth the name)."""

TAG_SIZE = 16
FRAME_HEADER = 3
RANDOM_SIZE = 16
COOKIE_SIZE = 16
SID_SIZE = 8
TOKEN_SIZE = 16
STATUS_SIZE = 96

HEADERS: dict[int, Layout[Any]] = {}
FRAMES: dict[int, Layout[Any]] = {}

C = TypeVar("C", bound=type)


def _in(table: dict[int, Layout[Any]], code: int) -> Callable[[C], C]:
    def register(cls: C) -> C:
        table[code] = Layout(cls, code)
        return cls

    return register


_header, _frame = partial(_in, HEADERS), partial(_in, FRAMES)


@_header(0x80)
class Open(Struct, frozen=True, gc=False):
    """Client: may I come in? With room for a ticket, so that the answer is never larger."""

    version: Annotated[int, U8, "of the protocol"]
    random: Annotated[bytes, raw(RANDOM_SIZE), "fresh for each attempt"]
    sending: Annotated[int, U8, "counts how often this OPEN was sent; echoed, to time the answer"]
    ticket: Annotated[
        bytes, raw(TICKET_SIZE), "from WELCOME; zeros: keys from the published secret"
    ]


@_header(0x81)
class Answer(Struct, frozen=True, gc=False):
    """Server, keeping nothing: prove that you can hear me."""

    version: Annotated[int, U8, "of the protocol, the server's own"]
    random: Annotated[bytes, raw(RANDOM_SIZE), "the client's, from OPEN"]
    sending: Annotated[int, U8, "from OPEN"]
    cookie: Annotated[bytes, raw(COOKIE_SIZE), "HMAC of path and random; the server's random, too"]
    mac: Annotated[bytes, raw(16), "HMAC over the above under a key from the secret"]


@_header(0x82)
class First(Struct, frozen=True, gc=False):
    """Client: the cookie, and sealed HELLO and JOIN. Repeated, the same bytes, until answered."""

    random: Annotated[bytes, raw(RANDOM_SIZE), "from OPEN; after a handshake a fresh one"]
    cookie: Annotated[bytes, raw(COOKIE_SIZE), "from ANSWER; or the handshake's id"]
    ticket: Annotated[bytes, raw(TICKET_SIZE), "from OPEN; zeros after a handshake"]
    sealed: Annotated[bytes, REST, "frames"]


@_header(0x83)
class Retry(Struct, frozen=True, gc=False):
    """Server: this OPEN or FIRST is not one I can take; start over with a new random."""

    random: Annotated[bytes, raw(RANDOM_SIZE), "from OPEN or FIRST"]


@_header(0x84)
class Session(Struct, frozen=True, gc=False):
    """Both: frames of one session."""

    sid: Annotated[bytes, raw(SID_SIZE), "the session's id, drawn by the server"]
    counter: Annotated[int, U32, "of the sender's datagrams in this session; the nonce"]
    sealed: Annotated[bytes, REST, "frames"]


@_header(0x85)
class Push(Struct, frozen=True, gc=False):
    """Server: one datagram to all sealed members of a room."""

    room: Annotated[int, U32, "tag of the room, from JOINED"]
    epoch: Annotated[int, U8, "of the room key"]
    counter: Annotated[int, U32, "of pushes under this key; the nonce"]
    first: Annotated[int, U64, "sequence number of the first entry inside"]
    count: Annotated[int, U8, "entries inside"]
    sealed: Annotated[bytes, REST, "frames; then, unless --insecure, 64 bytes of signature"]


@_header(0x86)
class Reset(Struct, frozen=True, gc=False):
    """Server: I know no session of that id (RFC 9000 §10.3)."""

    token: Annotated[bytes, raw(TOKEN_SIZE), "HMAC of the id; WELCOME said it before"]


@_header(0x87)
class Status(Struct, frozen=True, gc=False):
    """Anybody: are you there? Padded so that the answer is never larger."""

    token: Annotated[int, U64, "echoed"]
    padding: Annotated[bytes, REST, "zeros, up to 96 bytes in all"]


@_header(0x88)
class StatusReply(Struct, frozen=True, gc=False):
    """Server: yes, and so am I."""

    token: Annotated[int, U64, "from STATUS"]
    facts: Annotated[bytes, REST, "MessagePack: version, seconds up, rooms or nil, members or nil"]


@_frame(0x01)
class Ask(Struct, frozen=True, gc=False):
    """Client: a rare request, repeated until its REPLY."""

    body: Annotated[bytes, REST, "MessagePack, see asks"]


@_frame(0x02)
class Draft(Struct, frozen=True, gc=False):
    """Client: one draft of an entry."""

    room: Annotated[int, U32, "tag of the room"]
    n: Annotated[int, U32, "the author's counter in this room, dense from 1"]
    kind: Annotated[int, U8, "1 message, 2 action, 3 topic, 4 edit, 5 deletion, 6 reaction"]
    more: Annotated[int, U8, "1: the next draft continues this one's text"]
    refers: Annotated[int, U64, "sequence number of what it is about, or 0"]
    text: Annotated[bytes, REST, "UTF-8, at most 900 bytes"]


@_frame(0x03)
class Fetch(Struct, frozen=True, gc=False):
    """Client: a fetch of what it is missing, one outstanding at a time."""

    request: Annotated[int, U32, "echoed in the pages"]
    room: Annotated[int, U32, "tag of the room"]
    budget: Annotated[int, U32, "bytes of pages the client's window has room for"]
    ranges: Annotated[tuple[Range, ...], RANGES, "at most 32"]


@_frame(0x04)
class Report(Struct, frozen=True, gc=False):
    """Client: a receiver report (RFC 3550 §6.4)."""

    room: Annotated[int, U32, "tag of the room"]
    seq: Annotated[int, U64, "highest contiguous sequence number"]
    epoch: Annotated[int, U8, "of the newest room key that a push came under"]
    received: Annotated[int, U32, "pushes that opened under that key since JOINED"]
    highest: Annotated[int, U32, "highest push counter among them, plus one; 0: none"]
    rtt: Annotated[int, U16, "smoothed round trip, ms"]


@_frame(0x05)
class Ping(Struct, frozen=True, gc=False):
    """Client: keepalive and probe."""

    token: Annotated[int, U32, "echoed"]


@_frame(0x06)
class PathResponse(Struct, frozen=True, gc=False):
    """Client: the answer to PATHCHALLENGE, from the path that got it (RFC 9000 §8.2)."""

    token: Annotated[bytes, raw(8), "from PATHCHALLENGE"]


@_frame(0x07)
class Bye(Struct, frozen=True, gc=False):
    """Client: this session is over."""


@_frame(0x08)
class Typing(Struct, frozen=True, gc=False):
    """Client: my user is typing. Good for 6.5 s, and never answered."""

    room: Annotated[int, U32, "tag of the room"]
    n: Annotated[int, U32, "of the draft that it is to be; said already: nothing is typed"]


@_frame(0x41)
class Reply(Struct, frozen=True, gc=False):
    """Server: the answer to an ASK, or a notice."""

    body: Annotated[bytes, REST, "MessagePack, see asks"]


@_frame(0x42)
class Entries(Struct, frozen=True, gc=False):
    """Server, in a push: entries from the header's first sequence number on."""

    bodies: Annotated[tuple[bytes, ...], BODIES, "encoded entries"]


@_frame(0x43)
class Direct(Struct, frozen=True, gc=False):
    """Server, in a session: new entries of a direct room."""

    room: Annotated[int, U32, "tag of the room"]
    first: Annotated[int, U64, "sequence number of the first"]
    bodies: Annotated[tuple[bytes, ...], BODIES, "encoded entries"]


@_frame(0x44)
class Page(Struct, frozen=True, gc=False):
    """Server: a part of the answer to a FETCH."""

    request: Annotated[int, U32, "from FETCH"]
    index: Annotated[int, U8, "of this page, from 0"]
    pages: Annotated[int, U8, "in this answer"]
    room: Annotated[int, U32, "tag of the room"]
    floor: Annotated[int, U64, "first sequence number that retention has left"]
    head: Annotated[int, U64, "newest sequence number"]
    head_digest: Annotated[bytes, raw(8), "chained digest after it"]
    first: Annotated[int, U64, "sequence number of the first entry inside"]
    previous: Annotated[bytes, raw(8), "chained digest before it"]
    bodies: Annotated[tuple[bytes, ...], BODIES, "encoded entries"]


@_frame(0x45)
class Head(Struct, frozen=True, gc=False):
    """Server: where the log ends, so that silence can be told from loss."""

    room: Annotated[int, U32, "tag of the room"]
    seq: Annotated[int, U64, "newest sequence number"]
    digest: Annotated[bytes, raw(8), "chained digest after it"]
    due: Annotated[int, U16, "ms until the next head, at most; 0: only in answers to PING"]
    interval: Annotated[int, U16, "between two reports of one member, tenths of a second"]


@_frame(0x46)
class Ack(Struct, frozen=True, gc=False):
    """Server: the author's drafts up to n are in the log. Sent to who repeats a draft that is there,
    or on its way to it."""

    room: Annotated[int, U32, "tag of the room"]
    n: Annotated[int, U32, "newest n that is committed"]


@_frame(0x47)
class Window(Struct, frozen=True, gc=False):
    """Server: how far ahead of its newest acknowledged n an author may send; the latest wins."""

    room: Annotated[int, U32, "tag of the room"]
    size: Annotated[int, U16, "drafts"]


@_frame(0x48)
class Pong(Struct, frozen=True, gc=False):
    """Server: the answer to PING, followed by HEAD and PRESENCE of each joined room."""

    token: Annotated[int, U32, "from PING"]


@_frame(0x49)
class PathChallenge(Struct, frozen=True, gc=False):
    """Server, to a new path: prove that you are there."""

    token: Annotated[bytes, raw(8), "to be sent back"]


@_frame(0x4A)
class Presence(Struct, frozen=True, gc=False):
    """Server: a digest of who is in a room."""

    room: Annotated[int, U32, "tag of the room"]
    version: Annotated[int, U32, "grows by one with each change"]
    count: Annotated[int, U32, "members"]
    check: Annotated[bytes, raw(8), "sum over the members' hashes"]


@_frame(0x4B)
class Receipts(Struct, frozen=True, gc=False):
    """Server: how far each sealed member has come, in rooms of up to 64."""

    room: Annotated[int, U32, "tag of the room"]
    head: Annotated[int, U64, "newest sequence number"]
    marks: Annotated[tuple[tuple[int, int], ...], MARKS, "member's ordinal, contiguous seq"]


@_frame(0x4C)
class RoomKey(Struct, frozen=True, gc=False):
    """Server: pushes will soon be sealed under another key, from counter 0 on."""

    room: Annotated[int, U32, "tag of the room"]
    epoch: Annotated[int, U8, "of the new key"]
    key: Annotated[bytes, raw(16), "the room key"]


@_frame(0x4D)
class Pushing(Struct, frozen=True, gc=False):
    """Server: whether this member is pushed to. Who is not has to fetch past the HEAD it knows."""

    room: Annotated[int, U32, "tag of the room"]
    change: Annotated[int, U32, "grows with each change; the highest counts"]
    on: Annotated[int, U8, "1: it is pushed to"]
    again: Annotated[int, U16, "if it is not, tenths of a second until it is"]


Header = Open | Answer | First | Retry | Session | Push | Reset | Status | StatusReply


@_frame(0x4E)
class Typists(Struct, frozen=True, gc=False):
    """Server: who is typing, all of them, in rooms of up to 64. Good for 6.5 s."""

    room: Annotated[int, U32, "tag of the room"]
    version: Annotated[int, U32, "grows with each; the highest counts"]
    ordinals: Annotated[tuple[int, ...], ORDINALS, "members'"]


ClientFrame = Ask | Draft | Fetch | Report | Ping | PathResponse | Bye | Typing
RoomFrame = Entries | Head | Presence | Receipts | Typists
"""The server's, in a push."""
SessionFrame = Reply | Direct | Page | Ack | Window | Pong | PathChallenge | RoomKey | Pushing
"""The server's to one alone; those for a room may come there, too."""
Frame = ClientFrame | RoomFrame | SessionFrame

OPEN_SIZE = 1 + HEADERS[0x80].size

SEALED_OFFSET = {code: 1 + layout.size for code, layout in HEADERS.items()}
"""Where the last field of a header begins: all before it is authenticated with what is sealed."""

_header_codes = {layout.cls: layout for layout in HEADERS.values()}
_frame_codes = {layout.cls: layout for layout in FRAMES.values()}


def encode_header(header: Header) -> bytes:
    """The datagram of a header whose last field is complete."""
    layout = _header_codes[type(header)]
    return bytes((layout.code,)) + layout.pack(header)


def decode_header(datagram: bytes) -> Header:
    """Raises MalformedError for a first byte or a length that no datagram of ours has."""
    layout = HEADERS.get(datagram[0]) if datagram else None
    if layout is None:
        raise MalformedError("unknown first byte")
    if len(datagram) > DATAGRAM_MAX:
        raise MalformedError("longer than a datagram may be")
    header: Header = layout.unpack(datagram, 1)
    return header


def encode_frame(frame: Frame) -> bytes:
    layout = _frame_codes[type(frame)]
    body = layout.pack(frame)
    return bytes((layout.code,)) + len(body).to_bytes(2, "big") + body


def decode_frames(plaintext: bytes, layouts: dict[int, Layout[Any]] = FRAMES) -> list[Frame]:
    """The frames of an opened datagram of which there is a layout. Raises MalformedError."""
    frames: list[Frame] = []
    at, end = 0, len(plaintext)
    while at < end:
        start = at + FRAME_HEADER
        stop = start + int.from_bytes(plaintext[at + 1 : start], "big")
        if start > end or stop > end:
            raise MalformedError("frame cut short")
        layout = layouts.get(plaintext[at])
        if layout is not None:
            frames.append(layout.unpack(plaintext, start, stop))
        at = stop
    return frames
