"""One simulated run: a seed decides everything that happens in it."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from chat.core import events
from chat.core.memberships import NotSaidError
from chat.core.names import LOBBY
from chat.core.types import Kind
from chat.log.api import Log, Retention
from chat.log.memory import MemoryLog

from . import checks
from .client import Client
from .clock import Clock
from .network import Faults, Network
from .server import Server, Violation
from .watch import Watch

SETTLE = 20.0
"""Virtual seconds after the last fault within which everybody must have everything."""

Converged = Callable[[Server, list[Client]], str]
"""Nothing, or what somebody has not got yet."""

Store = Callable[[Random, Callable[[], int]], Callable[[], Log]]
"""Makes, for a run, what opens its disk anew for each process."""


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
        self.on_step: Callable[[], None] = lambda: None
        """Called after each step of the server."""
        self.on_event: Callable[[Client, object], None] = lambda client, event: None
        """Called with all that a guest tells."""
        self._texts = 0
        make = store or memory_store
        self.server = Server(
            self.clock,
            self.network,
            Random(seed + 2),
            make(Random(seed + 3), lambda: self.server.calm),
        )
        self.server.start()
        for number in range(clients):
            self.clients.append(self._client(number, seed, list(rooms)))

    def _client(self, number: int, seed: int, rooms: list[str]) -> Client:
        def told(event: object) -> None:
            for client in self.clients[number : number + 1]:
                self.on_event(client, event)

        return Client(
            self.clock,
            self.network,
            Random(seed + 10 + number),
            number,
            rooms,
            on_logged=self._acknowledged,
            on_event=told,
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
            self.on_step()

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

    def settle(self, converged: Converged = checks.converged, *, patience: float = SETTLE) -> float:
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
            state = converged(self.server, self.clients)
            return not state

        while not done():
            if self.clock.now > start + patience:
                raise Violation(f"not converged after {patience} s: {state}")
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
