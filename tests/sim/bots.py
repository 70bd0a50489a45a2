"""Bots in the simulated world: the classes that `chat bots --script` runs, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import TypeVar

from chat.bots.bot import Bot
from chat.bots.runner import Runner
from chat.core.names import LOBBY
from chat.core.types import Entry

from .client import Client
from .loop import VirtualLoop
from .network import Faults
from .world import World

T = TypeVar("T")

LONGEST = 900.0
"""Virtual seconds of a scene: beyond, something is awaited that never comes."""


def play(world: World, scene: Coroutine[object, object, T]) -> T:
    """A scene to its end, in virtual time."""

    async def timed() -> T:
        async with asyncio.timeout(LONGEST):
            return await scene

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(world)) as runner:
        return runner.run(timed())


async def until(
    condition: Callable[[], bool], state: Callable[[], object] = lambda: "", seconds: float = 60
) -> None:
    """As tests.net.waiting.until, in virtual time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        assert loop.time() < deadline, f"waited {seconds} virtual seconds in vain: {state()}"
        await asyncio.sleep(0.05)


class Stage:
    """A world with people in the lobby, and bots that come and go."""

    def __init__(self, *, seed: int = 1, people: int = 2, faults: Faults | None = None) -> None:
        """Of the people, guest1, guest3 and so on have keys."""
        self.seed = seed
        self.world = World(seed, clients=people, faults=faults or Faults())
        self.people = self.world.clients
        self.told: list[str] = []
        """What the bots' hosts told whoever runs them."""
        self._bots = 0

    @asynccontextmanager
    async def bot(
        self, bot: Bot, name: str, *, options: Mapping[str, str] | None = None, room: str = LOBBY
    ) -> AsyncIterator[Client]:
        """In the room, until the block ends or the bot does."""
        world = self.world
        self._bots = number = self._bots + 1
        runner = Runner(
            bot,
            self.told.append,
            seed=f"{self.seed}/{number}",
            options=options or {},
            now=lambda: world.clock.now,
            threads=False,
        )
        client = Client(
            world.clock,
            world.network,
            Random(f"{self.seed}/guest/{number}"),
            100 + number,
            [],
            on_event=runner.take,
            name=name,
        )
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon(client.drain)

        try:
            await runner.start(client.guest, wake, room)
            yield client
        finally:
            await runner.stop()
            client.guest.close(world.clock.now)
            client.drain()
            client.stop()

    async def begin(self) -> None:
        """Everybody is here."""
        await until(lambda: all(LOBBY in each.guest.rooms for each in self.people))
        await until(
            lambda: all(each.guest.rooms[LOBBY].joined for each in self.people),
            lambda: [each.guest.name for each in self.people],
        )

    def texts(self, room: str = LOBBY, person: int = 0) -> list[str]:
        """What one of the people has read, each with its author."""
        return [f"{entry.name}: {entry.text}" for entry in self.entries(room, person)]

    def entries(self, room: str = LOBBY, person: int = 0) -> list[Entry]:
        return self.people[person].screens.get(room, [])

    async def read(self, *lines: str, room: str = LOBBY, person: int = 0) -> None:
        """Until one of the people has read all of these, whatever else."""
        await until(
            lambda: set(lines) <= set(self.texts(room, person)),
            lambda: (self.texts(room, person), self.told),
        )
