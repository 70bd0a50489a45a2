"""Members of one process that take as read what another has read: as if each had read it itself."""

import pytest

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


def test_who_takes_it_as_read_is_where_who_read_it_is() -> None:
    room = Room()
    one, other = room.members
    for first in (1, 3, 5):
        push = room.push(first, wire.Entries((body(first), body(first + 1))), count=2)
        known = shared(one, push)
        assert known is not None
        assert [entry.text for entry in known.entries] == [f"text {first}", f"text {first + 1}"]
        assert other.repeat(known, OURS, 1.0)
        assert state(other) == state(one)
    last = room.push(7, wire.Entries((body(7),)))
    assert read(one, last) == read(other, last)
    assert state(other) == state(one)
    assert other.report(5.0) == one.report(5.0) is not None


def test_what_was_read_already_is_not_taken_again() -> None:
    room = Room()
    one, other = room.members
    push = room.push(1, wire.Entries((body(1),)))
    known = shared(one, push)
    assert known is not None
    assert other.repeat(known, OURS, 1.0)
    before = state(other)
    assert not other.repeat(known, OURS, 1.0)
    assert state(other) == before


def test_who_misses_something_or_is_elsewhere_reads_for_itself() -> None:
    room = Room()
    one, other = room.members
    read(one, room.push(1, wire.Entries((body(1),))))
    known = shared(one, room.push(2, wire.Entries((body(2),))))
    assert known is not None
    before = state(other)
    assert not other.repeat(known, OURS, 1.0)
    assert state(other) == before


def test_an_author_and_who_has_another_key_read_for_themselves() -> None:
    room = Room()
    one, other = room.members
    known = shared(one, room.push(1, wire.Entries((body(1),))))
    assert known is not None
    assert not other.repeat(known, THEIRS, 1.0)
    forged = ReadPush(
        known.header,
        (bytes(15) + b"!", SERVER.public),
        known.before,
        known.digests,
        known.entries,
        known.authors,
    )
    assert not other.repeat(forged, OURS, 1.0)
    assert other.repeat(known, OURS, 1.0)


@pytest.mark.parametrize(
    "frames",
    [
        (wire.Entries((body(1),)), wire.Head(7, 1, bytes(8), 250, 10)),
        (wire.Entries((body(1, kind=Kind.TOPIC),)),),
        (wire.Head(7, 1, bytes(8), 250, 10),),
    ],
)
def test_what_is_more_than_entries_is_for_each_to_read(frames: tuple[wire.Frame, ...]) -> None:
    room = Room()
    assert shared(room.members[0], room.push(1, *frames)) is None


def test_what_came_out_of_turn_is_for_each_to_read() -> None:
    room = Room()
    assert shared(room.members[0], room.push(2, wire.Entries((body(2),)))) is None
