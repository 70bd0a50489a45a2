"""A scenario of `chat bots` in the simulated world: who joins, speaks and comes again when it says.
`python -m tests.bots.scene SEED` prints what the log then has."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from chat.bots.messages import Task
from chat.bots.scenario import Scenario, chosen
from chat.bots.schedule import Event, What, events
from chat.bots.stamp import Stamp, stamped
from chat.core.link import Link

from ..sim.client import Client
from ..sim.network import Faults
from ..sim.world import World
from .party import FAULTS, digest

FILE = Path(__file__).with_name("scene.toml")
RUN = "a0b1c2"
RETRY = 0.1
"""Seconds until who has to go looks again whether all that it said is in the log."""


class Scene:
    """One run of a scenario, in virtual time."""

    def __init__(self, scenario: Scenario, faults: Faults) -> None:
        self.said: list[str] = []
        """In their order."""
        self._task = Task(Link("10.0.0.1", room="lobby"), scenario, RUN)
        self._world = World(scenario.seed, clients=0, faults=faults)
        self._bots: dict[int, Client] = {}
        self.lives = 0
        """How many have come."""
        for bot in range(scenario.bots):
            self._at(scenario.ramp * bot / scenario.bots, partial(self._come, bot))
        for event in events(scenario):
            self._at(scenario.ramp + event.at, partial(self._do, event))

    def play(self) -> dict[str, list[bytes]]:
        """The bodies of each room's entries, when everybody has all of them. Raises Violation."""
        world, scenario = self._world, self._task.scenario
        world.run(scenario.ramp + scenario.seconds)
        world.settle()
        archive = world.server.archive
        rooms = sorted({self._task.room(bot) for bot in range(scenario.bots)})
        return {room: [archive[room][seq].body for seq in sorted(archive[room])] for room in rooms}

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        self._world.clock.after(moment, action)

    def _come(self, bot: int) -> None:
        world, number = self._world, self.lives
        self.lives += 1
        random = Random(f"{self._task.scenario.seed}/{number}")
        self._bots[bot] = Client(
            world.clock, world.network, random, number, [self._task.room(bot)], name=f"bot{bot + 1}"
        )
        world.clients.append(self._bots[bot])

    def _do(self, event: Event) -> None:
        match event.what:
            case What.SAY:
                text = stamped(Stamp(RUN, event.number, event.at), event.size)
                self._bots[event.bot].say(self._task.room(event.bot), text)
                self.said.append(text)
            case What.LEAVE | What.VANISH:
                self._come_again(event.bot, silent=event.what is What.VANISH)

    def _come_again(self, bot: int, *, silent: bool) -> None:
        client = self._bots[bot]
        if any(len(room.outbox) for room in client.guest.rooms.values()):
            self._at(RETRY, partial(self._come_again, bot, silent=silent))
            return
        if not silent:
            client.guest.close(self._world.clock.now)
            client.drain()
        client.stop()
        self._world.clients.remove(client)
        self._come(bot)


def scene(seed: int) -> Scene:
    return Scene(chosen(str(FILE), seed=seed), FAULTS)


if __name__ == "__main__":
    print(digest(scene(int(sys.argv[1])).play()))
