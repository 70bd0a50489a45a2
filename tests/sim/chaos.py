"""Everything that may happen to a room, at random."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from chat.core.names import LOBBY, is_public
from chat.core.types import Kind, Path

from .client import Client
from .world import World

CHAOS = 60.0
"""Virtual seconds of it."""

KINDS = (
    "loss",
    "duplication",
    "corruption",
    "reordering",
    "partition",
    "crash",
    "move",
    "replay",
    "stall",
    "refusal",
    "handshake lost",
    "rekey",
    "resume",
    "not pushed to",
)
"""Faults that a run of many seeds must have injected, each at least once."""


class Chaos:
    """Draws what happens next, until it is over."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = world.random
        self._direct: set[tuple[int, str]] = set()

    def watched(self) -> AbstractContextManager[object]:
        """What else is watched over while it goes on."""
        return nullcontext()

    def begin(self) -> None:
        for client in self.world.clients:
            self._again(2.0, partial(self._talk, client))
            self._again(15.0, partial(self._wander, client))
            self._again(20.0, partial(self._disturb, client))
            self._again(10.0, partial(self._rename_topic, client))
        self._again(25.0, self._crash)
        self._again(10.0, self._adversary)
        self._again(20.0, self._storage)
        self._again(10.0, self._nc)
        self._again(30.0, self._wall_clock)
        self._again(10.0, self._rekey)

    def finish(self) -> float:
        """How long after the last fault everybody had everything. Raises Violation."""
        return self.world.finish()

    def _again(self, mean: float, action: Callable[[], None]) -> None:
        def run() -> None:
            if self.world.clock.now < CHAOS:
                action()
                self._again(mean, action)

        self.world.clock.after(self.random.expovariate(1 / mean), run)

    def _talk(self, client: Client) -> None:
        rooms = list(client.guest.rooms)
        if rooms:
            burst = 1 if self.random.random() < 0.9 else self.random.randint(2, 90)
            for _ in range(burst):
                size = 0 if self.random.random() < 0.95 else self.random.randint(500, 6000)
                self.world.say(client, self.random.choice(rooms), size=size)

    def _rename_topic(self, client: Client) -> None:
        rooms = [room for room in client.guest.rooms if is_public(room)]
        if rooms:
            self.world.say(client, self.random.choice(rooms), kind=Kind.TOPIC)

    def _wander(self, client: Client) -> None:
        guest, now = client.guest, self.world.clock.now
        match self.random.randrange(6):
            case 0:
                guest.join("den", now)
            case 1 if "den" in guest.rooms:
                guest.leave("den", now)
            case 2:
                guest.nick(self.random.choice(["ann", "bob", f"guest{client.number}"]), now)
            case 3:
                guest.direct(self.random.choice(self.world.clients).guest.name, now)
            case 4 if LOBBY in guest.rooms:
                guest.older(LOBBY, 50, now)
            case _:
                guest.list_rooms(now)
        client.drain()

    def _disturb(self, client: Client) -> None:
        world = self.world
        if self.random.random() < 0.5:
            world.injected["move"] += 1
            client.move(known=self.random.random() < 0.5)
            return
        world.network.cut.add(client.path)
        seconds = self.random.choice([1, 3, 10, 30, 60]) * self.random.random()
        world.clock.after(seconds, lambda: world.network.cut.discard(client.path))

    def _crash(self) -> None:
        server = self.world.server
        self.world.injected["crash"] += server.hub is not None
        server.down_for = self.random.choice([0.01, 1.0, 15.0]) * self.random.random()
        server.crash_at = server.steps + self.random.randint(1, 40)

    def _adversary(self) -> None:
        """Replays what it has captured: from where it came, and from elsewhere."""
        world = self.world
        for datagram, source in self.random.sample(
            world.network.captured, min(5, len(world.network.captured))
        ):
            world.injected["replay"] += 1
            elsewhere = Path(0, "10.6.6.6", 666)
            world.network.inject(datagram, self.random.choice([source, elsewhere]))

    def _storage(self) -> None:
        server = self.world.server
        if self.random.random() < 0.5:
            self.world.injected["stall"] += 1
            server.log_delay = self.random.choice([0.1, 0.5, 1.0])
        else:
            self.world.injected["refusal"] += 1
            server.broken_log = "the disk is full"

        def mend() -> None:
            server.log_delay, server.broken_log = 0.002, None

        self.world.clock.after(self.random.random() * 5, mend)

    def _nc(self) -> None:
        """Somebody with nc -u, who does not read what comes back."""
        source = Path(0, "127.0.0.1", self.random.choice([5000, 5001]))
        line = self.random.choice(["hello", "/who", "/join den", "/nick ann", "/quit", "/topic hm"])
        self.world.network.send(line.encode() + b"\n", source, Path(0, "10.0.0.1", 9999))

    def _rekey(self) -> None:
        """Rooms have new keys, as after an hour."""
        server = self.world.server
        for room in list(server.hub._house.rooms.values()) if server.hub is not None else ():
            if room.parties is None:
                self.world.injected["rekey"] += 1
                room.timeout("key", self.world.clock.now)
        server.turn()

    def _wall_clock(self) -> None:
        self.world.server.wall_offset = self.random.choice([-3_600_000, 0, 3_600_000])
