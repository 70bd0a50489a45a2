"""The room, its bots, and the one network that they are all on."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import cycle

from chat.client import Client
from chat.core.link import Link
from chat.core.types import Entry
from chat.net.impair import CLEAR, Impairment, Tally
from chat.server.serve import Serving, serve

from .verdict import Ledger, Verdict

NAMES = ("ann", "ben", "cleo", "dan")
LOSSY = Impairment.parse("loss=30%")
BLACKOUT = 3.0
SETTLE = 5.0

PAUSE = 0.4
"""Seconds before a bot speaks."""

PATIENCE = 5.0
"""Seconds after which it speaks without having heard the line before its own."""

LINES = (
    "did everybody get that?",
    "yes, and in the same order",
    "somebody is cutting the cable again",
    "I did not notice. Should I have?",
    "how many datagrams did that take?",
    "more than one",
    "UDP promises nothing",
    "so we had to promise something ourselves",
    "what if the last one is the one that is lost?",
    "then the server says where the log ends, and I see that I am behind",
    "and who sends it again?",
    "nobody. I fetch what I miss",
    "and if my own message is lost?",
    "it is pending until it comes back out of the log",
    "twice, perhaps?",
    "the log takes my message 7 only after my message 6",
    "a chat room is a log with people around it",
    "that is the whole idea",
)


class Demo:
    """`tell` is given a line for each thing that happens to the network."""

    def __init__(self, serving: Serving, tell: Callable[[str], None]) -> None:
        self.link = Link(serving.endpoints[0].host, serving.endpoints[0].port)
        self._tell = tell
        self._members: list[Client] = []
        self._ledgers: list[Ledger] = []
        self.bots: dict[str, Client] = {}
        self._talking: asyncio.Task[None] | None = None
        self._awaited = ("", "")
        """Who speaks next, and the line that it waits for."""
        self._heard = asyncio.Event()
        self._impairment = CLEAR

    @property
    def hint(self) -> str:
        """How to come in from another terminal."""
        return f"nc -u {self.link.host} {self.link.port}"

    def member(self, name: str, on_event: Callable[[object], None]) -> Client:
        """One more: its network is as bad as everybody's, and what it is shown is counted."""
        ledger = Ledger(self.link.room)

        def watched(event: object) -> None:
            ledger.take(event)
            on_event(event)

        client = Client(self.link, name, watched, impair_seed=f"demo/{name}")
        client.guest.join(self.link.room, time.monotonic(), first=1)
        client.network.change(self._impairment)
        self._members.append(client)
        self._ledgers.append(ledger)
        return client

    async def begin(self) -> None:
        """The bots come, and talk from now on."""
        self.bots = {name: self.member(name, partial(self._listen, name)) for name in NAMES}
        for bot in self.bots.values():
            await bot.open()
        self._talking = asyncio.ensure_future(self._talk())

    def cut(self) -> None:
        self._impairment = LOSSY
        self._tell("cutting 30 % of all datagrams, each way, yours and the bots'")
        for member in self._members:
            member.network.change(LOSSY)

    async def blackout(self, *, mend: bool = False) -> None:
        """Returns when it is over. `mend`: all is well then."""
        self._tell(f"and now nothing at all passes, for {BLACKOUT:g} seconds")
        for member in self._members:
            member.network.blackout(BLACKOUT)
        await asyncio.sleep(BLACKOUT)
        if mend:
            self.mend()
        else:
            self._tell("datagrams pass again" if self._impairment == CLEAR else "70 % pass again")

    def mend(self) -> None:
        self._impairment = CLEAR
        self._tell("the network is good again")
        for member in self._members:
            member.network.change(CLEAR)

    async def toggle(self) -> None:
        """Cuts if it is good, mends if it is not."""
        if self._impairment == CLEAR:
            self.cut()
        else:
            self.mend()

    async def verdict(self) -> Verdict:
        """Nobody speaks any more, what is under way settles, and is counted."""
        if self._talking is not None:
            self._talking.cancel()
        deadline = time.monotonic() + SETTLE
        while not self._settled() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        staying = [ledger for ledger in self._ledgers if not ledger.left]
        newest = max(ledger.newest for ledger in self._ledgers)
        return Verdict(
            newest + sum(map(self._pending, self._members)),
            len(staying),
            sum(ledger.shown(newest) for ledger in staying),
            sum(ledger.twice for ledger in staying),
            sum((it.network.inward + it.network.outward for it in self._members), Tally()),
        )

    async def close(self) -> None:
        if self._talking is not None:
            self._talking.cancel()
        for member in self._members:
            await member.close()

    def _settled(self) -> bool:
        newest = max(ledger.newest for ledger in self._ledgers)
        return not any(map(self._pending, self._members)) and all(
            ledger.left or ledger.newest == newest == ledger.shown(newest)
            for ledger in self._ledgers
        )

    def _pending(self, member: Client) -> int:
        """What it said and the log has not confirmed."""
        room = member.guest.rooms.get(self.link.room)
        return len(room.outbox) if room is not None else 0

    async def _talk(self) -> None:
        """Each answers to what it was shown, so that it stays a dialogue when lines are late."""
        names = cycle(self.bots)
        speaker = next(names)
        for line in cycle(LINES):
            await asyncio.sleep(PAUSE)
            bot, speaker = self.bots[speaker], next(names)
            self._awaited = speaker, line
            self._heard.clear()
            bot.guest.say(self.link.room, line, time.monotonic())
            bot.wake()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), PATIENCE)

    def _listen(self, name: str, event: object) -> None:
        if isinstance(event, Entry) and (name, event.text) == self._awaited:
            self._heard.set()


@asynccontextmanager
async def demonstration(tell: Callable[[str], None]) -> AsyncIterator[Demo]:
    """A demo whose bots talk, until the block ends."""
    async with serve(["127.0.0.1:0"]) as serving:
        demo = Demo(serving, tell)
        await demo.begin()
        try:
            yield demo
        finally:
            await demo.close()
