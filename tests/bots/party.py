"""A scenario with everything random in it that bots may use: the same seed, the same entries.
`python -m tests.bots.party SEED` prints what the log then has."""

import asyncio
import hashlib
import sys

from chat.bots.bot import Bot
from chat.bots.services.echo import Echo
from chat.core.names import LOBBY
from chat.core.types import Entry

from ..sim.bots import Stage, play
from ..sim.network import Faults

FAULTS = Faults(loss=0.2, duplication=0.1, corruption=0.02, stray=0.1)


class Gambler(Bot):
    """Rolls dice when it likes, and is glad, or not, of what others roll."""

    async def on_start(self) -> None:
        self.best = 0
        self.every(self.random.uniform(0.5, 2.0), self.roll)
        await self.join("den")

    async def roll(self) -> None:
        room = self.random.choice(self.rooms)
        await self.say(room, f"{self.random.randint(1, 6)} at {self.now():.6f}")

    async def on_entry(self, room: str, entry: Entry) -> None:
        if entry.text[0].isdigit() and int(entry.text[0]) > self.best:
            self.best = int(entry.text[0])
            await self.sleep(self.random.random())
            await self.say(room, f"{entry.name} is lucky, says {self.name}")

    async def on_arrive(self, room: str, name: str) -> None:
        await self.say(room, f"echo: welcome, {name}")


def party(seed: int) -> dict[str, list[bytes]]:
    """The bodies of each room's entries."""
    stage = Stage(seed=seed, faults=FAULTS)

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Gambler(), "gambler"), stage.bot(Echo(), "echo"):
            async with stage.bot(Gambler(), "gambler"), stage.bot(Gambler(), "player"):
                await asyncio.sleep(20)
            stage.world.server.crash()
            await asyncio.sleep(20)

    play(stage.world, scene())
    archive = stage.world.server.archive
    return {
        room: [archive[room][seq].body for seq in sorted(archive[room])] for room in (LOBBY, "den")
    }


def digest(entries: dict[str, list[bytes]]) -> str:
    return hashlib.sha256(repr(entries).encode()).hexdigest()


if __name__ == "__main__":
    print(digest(party(int(sys.argv[1]))))
