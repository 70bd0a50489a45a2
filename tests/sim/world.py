"""One simulated run: a seed decides everything that happens in it."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path as FilePath
from random import Random
from unittest.mock import patch

from chat.core import events, ledger
from chat.core.memberships import NotSaidError
from chat.core.names import LOBBY, is_public
from chat.core.types import Kind, Path
from chat.log.api import Log, Retention
from chat.log.memory import MemoryLog

from . import checks
from .client import Client
from .clock import Clock
from .network import Faults, Network
from .server import Server, Violation
from .watch import Watch

CHAOS = 60.0
SETTLE = 20.0
"""Virtual seconds after the last fault within which everybody must have everything."""

Store = Callable[[Random, Callable[[], int]], Callable[[], Log]]
"""Makes, for a run, what opens its disk anew for each process."""

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


@dataclass
class Outcome:
    """What a run did."""

    seed: int
    injected: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    entries: int = 0
    seconds: float = 0.0
    """Virtual, from the last fault until everybody had everything."""
    breaks: int = 0


class World:
    """Clock, network, server and clients of one run."""

    def __init__(
        self,
        seed: int,
        *,
        clients: int,
        faults: Faults,
        store: Store | None = None,
        rooms: tuple[str, ...] = (LOBBY,),
    ) -> None:
        self.random = Random(seed)
        self.clock = Clock()
        self.network = Network(self.clock, Random(seed + 1), faults)
        self.watch = Watch()
        self.injected: Counter[str] = self.network.injected
        self.clients: list[Client] = []
        self.went_back = False
        self._texts = 0
        make = store or memory_store
        self.server = Server(
            self.clock,
            self.network,
            Random(seed + 2),
            make(Random(seed + 3), lambda: self.server.wall),
        )
        self.server.start()
        for number in range(clients):
            self.clients.append(
                Client(
                    self.clock,
                    self.network,
                    Random(seed + 10 + number),
                    number,
                    list(rooms),
                    on_logged=self._acknowledged,
                )
            )

    def run(self, until: float, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Steps until the time, or until `stop`."""
        while self.clock.next <= until and not stop():
            self.step()
        if not stop():
            self.clock.now = max(self.clock.now, until)

    def step(self) -> None:
        """The next thing that happens."""
        steps = self.server.steps
        self.clock.step()
        if self.server.steps != steps:
            checks.after_each_step(self.server)

    def say(
        self,
        client: Client,
        room: str = LOBBY,
        *,
        size: int = 0,
        kind: Kind = Kind.MESSAGE,
        refers: int = 0,
    ) -> None:
        self._texts += 1
        text = f"<{client.number}-{self._texts}>" + "x" * size
        try:
            client.say(room, text, kind, refers)
        except NotSaidError:
            self.injected["refused by the outbox"] += 1

    def settle(self) -> float:
        """No more faults, and a server: how long until everybody has everything. Raises
        Violation."""
        self.network.faults = Faults()
        self.network.cut.clear()
        self.server.broken_log = None
        self.server.log_delay = 0.002
        while self.server.hub is None:
            self.clock.step()
        start = self.clock.now
        state = ""

        def done() -> bool:
            nonlocal state
            state = checks.converged(self.server, self.clients)
            return not state

        while not done():
            if self.clock.now > start + SETTLE:
                raise Violation(f"not converged after {SETTLE} s: {state}")
            self.run(self.clock.now + 0.1)
        return self.clock.now - start

    def finish(self) -> float:
        seconds = self.settle()
        checks.at_the_end(self.server, self.clients, went_back=self.went_back)
        return seconds

    def _acknowledged(self, client: Client, event: events.Logged) -> None:
        """Promise 1: what is acknowledged is in the log."""
        last = self.server.committed.get((event.room, client.guest.instance), 0)
        if last < event.n and not self.went_back:
            raise Violation(f"{client.guest.name} was told of {event.n}, the log has {last}")


def memory_store(random: Random, wall: Callable[[], int]) -> Callable[[], MemoryLog]:
    """A disk in memory: it outlives the processes that open it, who follows it does not."""
    log = MemoryLog(random=random.randbytes, wall=wall)

    def reopen() -> MemoryLog:
        log._followed.clear()
        return log

    return reopen


def retaining_store(entries: int) -> Store:
    """A memory store that keeps little."""

    def make(random: Random, wall: Callable[[], int]) -> Callable[[], Log]:
        log = MemoryLog(random=random.randbytes, wall=wall, retention=Retention(entries=entries))

        def reopen() -> Log:
            log._followed.clear()
            return log

        return reopen

    return make


@contextmanager
def going_back(world: World) -> Iterator[None]:
    """What is committed in here is lost: a power cut, a replica promoted without its tail."""
    log = world.server.log
    assert isinstance(log, MemoryLog)
    before = copy.deepcopy(log._rooms)
    yield
    world.server.crash()
    log._rooms = before
    world.went_back = True
    world.injected["log went back"] += 1


def world_of(
    clients: int,
    *,
    seed: int = 5,
    delay: float = 0.01,
    store: Store | None = None,
    rooms: tuple[str, ...] = (LOBBY,),
) -> World:
    """A quiet world in which everybody has joined."""
    world = World(seed, clients=clients, faults=Faults(delay=delay), store=store, rooms=rooms)
    settle(world)
    return world


def settle(world: World) -> None:
    """Everybody has everything, and half a second more."""
    world.settle()
    world.run(world.clock.now + 0.5)


class Chaos:
    """Draws what happens next, until it is over."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = world.random
        self._direct: set[tuple[int, str]] = set()

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


def chaos(seed: int, folder: FilePath | None = None) -> Outcome:
    """A random run. Raises Violation."""
    random = Random(seed ^ 0x5EED)
    faults = Faults(
        loss=random.choice([0.0, 0.05, 0.15, 0.3]),
        duplication=random.choice([0.0, 0.05, 0.1]),
        corruption=random.choice([0.0, 0.01, 0.05]),
        delay=random.choice([0.001, 0.02, 0.2]),
        stray=random.choice([0.0, 0.02, 0.2]),
    )
    store = None
    if folder is not None:
        store = sqlite_store(folder)
    elif random.random() < 0.1:
        store = retaining_store(40)
    world = World(seed, clients=random.randint(2, 5), faults=faults, store=store)
    # A minute's topics are to be enough for the registry to be cleaned.
    small = patch.multiple(ledger, REGISTRY_SPARE=5, REGISTRY_TRIM=2)
    with small, world.watch.installed():
        Chaos(world).begin()
        world.run(CHAOS)
        world.server.crash_at = None
        seconds = world.finish()
    log = world.server.log
    return Outcome(
        seed,
        world.injected,
        world.server.steps,
        log.open(LOBBY, b"", ()).head.seq,
        seconds,
        sum(len(client.breaks) for client in world.clients),
    )


def sqlite_store(folder: FilePath) -> Store:
    from chat.log.sqlite import SqliteLog

    def make(random: Random, wall: Callable[[], int]) -> Callable[[], Log]:
        return lambda: SqliteLog(folder, random=random.randbytes, wall=wall)

    return make
