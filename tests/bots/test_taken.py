"""Bots that take pushes as read hear what they would have read themselves, on any network."""

from random import Random

import pytest

from chat.bots.pushes import Pushes, Taken
from chat.core import wire
from chat.core.channel import PushSealer
from chat.core.membership import Event, Membership
from chat.core.types import Entry, chained

from ..core.pushing import OURS, SERVER, THEIRS, Room, body, state

TAG = 7


class Server:
    """The room's log, and what is pushed of it."""

    def __init__(self, random: Random) -> None:
        self.room = Room()
        self._random = random
        self._bodies: list[bytes] = []
        self._digests = [bytes(8)]

    @property
    def head(self) -> int:
        return len(self._bodies)

    def says(self) -> bytes:
        first = self.head + 1
        count = self._random.randint(1, 3)
        for seq in range(first, first + count):
            author = OURS if self._random.random() < 0.05 else THEIRS
            self._bodies.append(body(seq, instance=author))
            self._digests.append(chained(self._digests[-1], self._bodies[-1]))
        return self.room.push(first, wire.Entries(tuple(self._bodies[first - 1 :])), count=count)

    def beats(self) -> bytes:
        head = wire.Head(TAG, self.head, self._digests[-1], 250, 10)
        return self.room.push(0, head, count=0)

    def renews(self) -> wire.RoomKey:
        """Its key, before it is used."""
        old = self.room.sealer
        key = self._random.randbytes(16)
        self.room.sealer = PushSealer(TAG, old.epoch + 1, key, SERVER)
        return wire.RoomKey(TAG, old.epoch + 1, key)

    def page(self, first: int) -> wire.Page:
        bodies = tuple(self._bodies[first - 1 : first + 9])
        at = (1, self.head, self._digests[-1], first, self._digests[first - 1])
        return wire.Page(1, 0, 1, TAG, *at, bodies)


class Reader:
    """One that reads all there is in full, and one beside it, to whom the same happens, that takes
    as read what it can."""

    def __init__(self, server: Server, pushes: Pushes, random: Random) -> None:
        self.heard: list[object] = []
        self.expected: list[object] = []
        self.taken_as_read = 0
        self.full, self.other = server.room.joined(), server.room.joined()
        self._taken = Taken(self.other)
        self._pushes = pushes
        self._random = random
        self._held: bytes | None = None

    def receive(self, datagram: bytes, now: float) -> None:
        """Or not, or twice, or after the next one."""
        fate = self._random.random()
        if fate < 0.03:
            return
        if fate < 0.06 and self._held is None:
            self._held = datagram
            return
        held, self._held = self._held, None
        for each in (datagram, *([datagram] if fate < 0.1 else []), *([held] if held else [])):
            self._arrives(each, now)

    def learns(self, key: wire.RoomKey, now: float) -> None:
        self.tell()
        for member in (self.full, self.other):
            member.frame(key, now, OURS)

    def fetches(self, server: Server, now: float) -> None:
        """What it misses."""
        self.tell()
        while self.full.inbox.missing():
            page = server.page(self.full.inbox.seq + 1)
            self.expected += self.full.page(page, False, now, OURS)
            self.heard += self.other.page(page, False, now, OURS)

    def tell(self) -> None:
        self._taken.tell()
        assert state(self.other) == state(self.full)

    def _arrives(self, datagram: bytes, now: float) -> None:
        self.expected += read(self.full, datagram, now)
        push = self._pushes.get(datagram)
        if push is not None and self._taken.take(push, OURS, now):
            self.taken_as_read += 1
            self.heard += push.entries
            return
        self._taken.tell()
        told = read(self.other, datagram, now)
        self.heard += told
        entries = tuple(each for each in told if isinstance(each, Entry))
        if entries:
            self._pushes.add(datagram, self.other, entries)


def read(member: Membership, datagram: bytes, now: float) -> list[Event]:
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.Push)
    assert member.opener is not None
    if not member.opener.knows(header.epoch, now):
        return []
    frames = member.opener.open(header, datagram, now) or []
    return [told for frame in frames for told in member.frame(frame, now, OURS, header.first)]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_they_hear_the_same_and_stand_at_the_same_place(seed: int) -> None:
    random = Random(seed)
    server, pushes = Server(random), Pushes()
    readers = [Reader(server, pushes, random) for _ in range(4)]
    now, keys = 1.0, 0
    for _ in range(300):
        now += random.expovariate(20)
        chance = random.random()
        if chance < 0.03:
            key, keys = server.renews(), keys + 1
            for reader in readers:
                reader.learns(key, now)
        datagram = server.beats() if chance > 0.9 else server.says()
        for reader in random.sample(readers, len(readers)):
            reader.receive(datagram, now)
            if reader.full.inbox.missing() and random.random() < 0.3:
                reader.fetches(server, now)
    for reader in readers:
        reader.receive(server.beats(), now)
        reader.fetches(server, now)
        assert reader.heard == reader.expected
        assert reader.other.report(now + 99) == reader.full.report(now + 99) is not None
        assert reader.taken_as_read > 50
    assert keys
