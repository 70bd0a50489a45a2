"""A guest whose server has gone mad: everything comes under the real keys, and means anything."""

from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from chat.core import asks, limits, wire
from chat.core.memberships import NotSaidError
from chat.core.types import Entry
from tests.core.host import Host
from tests.core.logs import Past
from tests.vectors.build import RESPONSES

from .forge import Forge
from .test_hostile import CHUNKS, COUNT

MOST = 200
"""Rooms, requests, or whatever else a guest may have of what it never asked for."""


ANSWERS: dict[type, tuple[type, ...]] = {
    asks.Hello: (asks.Welcome, asks.Refused),
    asks.Join: (asks.Joined, asks.Refused),
    asks.Leave: (asks.Left, asks.Refused),
    asks.Nick: (asks.Named, asks.Refused),
    asks.Who: (asks.Members, asks.Refused),
    asks.Rooms: (asks.RoomList, asks.Refused),
    asks.Direct: (asks.Invited, asks.Refused),
    asks.Act: (asks.Done, asks.Refused),
}
UNASKED = (asks.Invited, asks.Notice, asks.Removed, asks.Standing)
ABSURD: dict[type, list[Any]] = {
    int: [0, 1, 255, (1 << 31) + 1, (1 << 32) - 1, (1 << 62) - 1, -1, None],
    str: ["", "lobby", "x" * 64, "x" * 65, "\x1b[2J", 5],
    bytes: [b"", b"12345", bytes(8), bytes(16), bytes(200), None],
    bool: [True, False],
    tuple: [(), (1,), (None,)],
    type(None): [0, (1 << 62) - 1],
}
"""By what there should be, what there may be instead."""


class Mad:
    """A server that lets a guest in, and then does what comes to mind."""

    def __init__(self, seed: int) -> None:
        self.host = Host("lobby", "den", entries=30, seed=seed)
        self.random = self.host.random
        self.forge = Forge(self.random)
        self.forge.tags = [1, 2]

    def strike(self) -> None:
        host, forge = self.host, self.forge
        if host.channel is None or not host.guest.connected:
            host.wait(12.0)
        match self.random.randrange(17):
            case 0:
                host.deliver(forge.noise())
            case 1:
                host.deliver(forge.damaged())
            case 2:
                host.deliver(forge.plausible())
            case 3 | 4 | 5 | 6 | 7 if host.channel is not None:
                host.send_plaintext(forge.plaintext())
            case 8 | 9 | 10:
                self.push()
            case 11 if host.channel is not None:
                host.lets_in = self.random.random() < 0.3
                self.answer()
            case 12:
                self.page()
            case 16 if host.channel is not None:
                self.remind()
            case 13:
                with suppress(NotSaidError):
                    self.user()
            case _:
                host.wait(self.random.random() * 0.3)
        forge.capture(host.datagrams[-3:])
        del host.datagrams[:-3]
        del host.frames[:-50]
        del host.told[:-50]

    def push(self) -> None:
        """Under the room key, with any number in its header."""
        random, host = self.random, self.host
        if not host.sealers:
            return
        sealer = random.choice([*host.sealers.values()])
        if random.random() < 0.1:
            sealer.counter = random.choice([sealer.counter + 5000, (1 << 32) - 1])
        first = random.choice([random.randrange(60), self.forge.field("u64")])
        host.deliver(sealer.seal(first, random.randrange(256), self.forge.plaintext()))
        sealer.counter %= 1 << 32

    def remind(self) -> None:
        """Of what it never did, or does not do any more."""
        known = [reply for reply in RESPONSES if type(reply) in UNASKED]
        reply = self.random.choice(known)
        names = self.random.sample(reply.__struct_fields__, self.random.randrange(2))
        fields = {name: self.random.choice(ABSURD[type(getattr(reply, name))]) for name in names}
        if isinstance(reply, asks.Removed) and "room" not in fields:
            fields["room"] = self.random.choice(["lobby", "den", f"room{self.random.random()}"])
        self.host.reply(replace(reply, **fields))

    def answer(self) -> None:
        """To a question that was really asked: of the right kind, with a field or two made up."""
        bodies = [frame.body for frame in self.host.frames if isinstance(frame, wire.Ask)]
        if not bodies:
            return
        ask = asks.decode_request(self.random.choice(bodies))
        known = [reply for reply in RESPONSES if type(reply) in ANSWERS[type(ask)]]
        reply = self.random.choice(known)
        if isinstance(ask, asks.Join) and ask.room in self.host.pasts:
            reply = self.host.joined(ask)
        names = [name for name in reply.__struct_fields__ if name != "r"]
        chosen = self.random.sample(names, min(len(names), self.random.randrange(3)))
        fields = {name: self.random.choice(ABSURD[type(getattr(reply, name))]) for name in chosen}
        fields |= {"r": getattr(ask, "r", 0)} if "r" in reply.__struct_fields__ else {}
        self.host.reply(replace(reply, **fields))

    def page(self) -> None:
        """Pages for the request that is really under way."""
        fetches = self.host.got(wire.Fetch)
        if not fetches or fetches[-1].room not in self.host.tags.values():
            return
        fetch: wire.Fetch = fetches[-1]
        random = self.random
        if random.random() < 0.5:
            self.host.page(fetch, index=random.randrange(3), pages=random.randrange(4), most=9)
            return
        table = wire.FRAMES[0x44]
        fields = {row.name: self.forge.field(row.width) for row in table.fields}
        fields["request"] = fetch.request
        if random.random() < 0.5:
            fields["first"] = fetch.ranges[0].first
        self.host.send(table.cls(**fields))

    def user(self) -> None:
        """The user goes on as if nothing were the matter."""
        guest, now = self.host.guest, self.host.now
        rooms = sorted(guest.rooms)
        match self.random.randrange(9):
            case 0 if "lobby" in rooms:
                guest.older("lobby", 50, now)
            case 1:
                guest.list_rooms(now)
            case 2:
                guest.nick("ann", now)
            case 3:
                guest.join("lobby", now)
                guest.join("den", now)
            case 4:
                guest.typing("lobby", now)
            case 5 if "den" in rooms:
                guest.who("den", now)
            case 8:
                guest.act(self.random.choice(["lobby", "den"]), "lock", now=now)
            case 6 if rooms:
                guest.leave(self.random.choice(rooms), now)
            case _ if rooms:
                room = guest.rooms[self.random.choice(rooms)]
                if not room.outbox.full:
                    guest.say(room.name, "hello" * self.random.randrange(1, 300), now)
        self.host.turn()

    def check(self) -> None:
        """What it keeps is bounded."""
        guest = self.host.guest
        assert len(guest._rooms.all()) <= MOST
        assert len(guest._asking._pending) <= MOST
        for room in guest._rooms.all():
            assert len(room.inbox._buffer) <= limits.BUFFERED_ENTRIES
            assert len(room.inbox._ring) <= 1000
            assert len(room.history._bodies) <= MOST
            assert len(room._typing._until) <= limits.MEMBERS_SMALL


def heal(host: Host) -> None:
    """The server is itself again: another process, with logs of its own."""
    host.pasts = {room: Past(5, origin=b"origin 2") for room in ("lobby", "den")}
    host.sealers.clear()
    host.last_n.clear()
    host.channel = None
    host.lets_in = True
    for room in ("lobby", "den"):
        host.guest.join(room, host.now)
    host.wait(200.0)
    serve(host)


def serve(host: Host) -> None:
    """Answers what is asked, for as long as something is asked; a guest may rest for a second."""
    for _ in range(100):
        frames, host.frames = host.frames, []
        for frame in frames:
            if isinstance(frame, wire.Ping):
                host.send(wire.Pong(frame.token))
            elif isinstance(frame, wire.Fetch) and frame.room in host.tags.values():
                host.page(frame)
        host.wait(1.5)
        if not host.frames:
            return


@pytest.mark.timeout(300)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_guest_survives_a_server_that_has_gone_mad(chunk: int) -> None:
    print(f"seed {chunk}")
    mad = Mad(chunk)
    for number in range(COUNT // CHUNKS // 2):
        mad.strike()
        if number % 100 == 0:
            mad.check()
    mad.check()
    host = mad.host
    heal(host)
    assert host.guest.connected
    host.told.clear()
    for room in ("lobby", "den"):
        past = host.pasts[room]
        past.append(1)
        host.push(room, past.head.seq)
        shown = [entry.seq for entry in host.events(Entry) if entry.room == room]
        assert shown[-1] == past.head.seq
