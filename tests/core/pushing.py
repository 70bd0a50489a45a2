"""A room's pushes as the server seals them, and members of it."""

from chat.core import wire
from chat.core.asks import Joined
from chat.core.channel import PushSealer
from chat.core.entry import encode_entry
from chat.core.membership import Membership
from chat.core.readpush import ReadPush, read_push
from chat.core.recovery import RoundTrip
from chat.core.signatures import Signer
from chat.core.types import Entry, Kind

SERVER = Signer(bytes(32))
KEY = bytes(16)
OURS, THEIRS = b"o" * 8, b"t" * 8


def body(n: int, *, instance: bytes = THEIRS, kind: int = Kind.MESSAGE) -> bytes:
    return encode_entry(kind=kind, instance=instance, n=n, time=n, name="ann", text=f"text {n}")


class Room:
    """The server's end, and members that have joined."""

    def __init__(self) -> None:
        self.sealer = PushSealer(7, 0, KEY, SERVER)
        self.members = [self.joined() for _ in range(2)]

    def joined(self, head: int = 0) -> Membership:
        member = Membership("lobby", RoundTrip(), backlog=0)
        joined = Joined(
            r=1,
            room="lobby",
            tag=7,
            ordinal=1,
            epoch=0,
            key=KEY,
            counter=0,
            floor=1,
            head=head,
            digest=bytes(8),
            origin=bytes(8),
            matched=None,
            last_n=0,
            window=64,
            topic="",
            peer="",
            interval=10,
        )
        member.enter(joined, 0.0, SERVER.public)
        return member

    def push(self, first: int, *frames: wire.Frame, count: int = 1) -> bytes:
        return self.sealer.seal(first, count, b"".join(map(wire.encode_frame, frames)))


def read(member: Membership, datagram: bytes, now: float = 1.0) -> list[Entry]:
    """In full."""
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.Push)
    assert member.opener is not None
    frames = member.opener.open(header, datagram, now)
    assert frames is not None
    told = [t for f in frames for t in member.frame(f, now, OURS, header.first)]
    return [each for each in told if isinstance(each, Entry)]


def shared(member: Membership, datagram: bytes) -> ReadPush | None:
    entries = tuple(read(member, datagram))
    assert member.opener is not None
    return read_push(datagram, member.opener, member.inbox, entries)


def state(member: Membership) -> object:
    keys, inbox = member.opener, member.inbox
    assert keys is not None
    return (
        (inbox.seq, inbox.shown, inbox.head, inbox.digest(inbox.seq), inbox.missing()),
        (keys.received, keys.highest, keys.reached),
        (member.deadline(), member.fetch_due()),
    )
