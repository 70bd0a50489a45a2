"""`chat demo`: the claim, proven in front of you.

A server on a free port of this machine, four bots that talk to each other, and you; then a network
that loses a third of everything, then one that loses all of it. At the end it is counted who was
shown what.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from typing import NamedTuple

from chat.client import Client
from chat.core.inbox import Broken
from chat.core.link import Link
from chat.core.text import render
from chat.core.types import Entry
from chat.net.impair import CLEAR, Impairment, Tally
from chat.server.serve import Serving, serve

NAMES = ("ann", "ben", "cleo", "dan")
LOSSY = Impairment.parse("loss=30%")
BLACKOUT = 3.0
SETTLE = 5.0

_LINES = (
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


class Verdict(NamedTuple):
    """Who was shown what."""

    messages: int
    members: int
    shown: int
    """Message by member, each counted once."""
    twice: int
    network: Tally

    @property
    def lost(self) -> int:
        return self.messages * self.members - self.shown

    @property
    def good(self) -> bool:
        return not self.lost and not self.twice

    def __str__(self) -> str:
        return (
            f"{self.messages} messages x {self.members} members: {self.shown:,} shown, "
            f"{self.lost} lost, {self.twice} twice; the network dropped "
            f"{self.network.dropped:,} of {self.network.seen:,} datagrams"
        )


class Ledger:
    """What one member was shown, by sequence number."""

    def __init__(self) -> None:
        self._shown: Counter[int] = Counter()

    def take(self, event: object) -> None:
        match event:
            case Entry(seq=seq):
                self._shown[seq] += 1
            case Broken(_, seq):
                for gone in [each for each in self._shown if each >= seq]:
                    del self._shown[gone]

    @property
    def newest(self) -> int:
        return max(self._shown, default=0)

    def shown(self, up_to: int) -> int:
        return sum(seq <= up_to for seq in self._shown)

    @property
    def twice(self) -> int:
        return sum(count - 1 for count in self._shown.values())


class Demo:
    """The room, its bots, and the one network they are all on."""

    def __init__(self, serving: Serving, tell: Callable[[str], None]) -> None:
        self.link = Link(serving.endpoints[0].host, serving.endpoints[0].port)
        self._tell = tell
        self._members: list[Client] = []
        self._ledgers: list[Ledger] = []
        self._talking: asyncio.Task[None] | None = None
        self._impairment = CLEAR

    @property
    def hint(self) -> str:
        """How to come in from another terminal."""
        return f"nc -u {self.link.host} {self.link.port}"

    def member(self, name: str, on_event: Callable[[object], None]) -> Client:
        """One more: its network is as bad as everybody's, and what it is shown is counted."""
        ledger = Ledger()

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
        bots = [self.member(name, lambda event: None) for name in NAMES]
        for bot in bots:
            await bot.open()
        self._talking = asyncio.ensure_future(self._talk(bots))

    def cut(self) -> None:
        self._impairment = LOSSY
        self._tell("cutting 30 % of all datagrams, each way, yours and the bots'")
        for member in self._members:
            member.network.change(LOSSY)

    def blackout(self) -> None:
        self._tell(f"and now nothing at all passes, for {BLACKOUT:g} seconds")
        for member in self._members:
            member.network.blackout(BLACKOUT)

    def mend(self) -> None:
        self._impairment = CLEAR
        self._tell("the network is good again")
        for member in self._members:
            member.network.change(CLEAR)

    @property
    def lossy(self) -> bool:
        return self._impairment != CLEAR

    async def verdict(self) -> Verdict:
        """Nobody speaks any more, what is under way settles, and is counted."""
        if self._talking is not None:
            self._talking.cancel()
        deadline = time.monotonic() + SETTLE
        while not self._settled() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        messages = max(ledger.newest for ledger in self._ledgers)
        return Verdict(
            messages,
            len(self._members),
            sum(ledger.shown(messages) for ledger in self._ledgers),
            sum(ledger.twice for ledger in self._ledgers),
            sum((it.network.inward + it.network.outward for it in self._members), Tally()),
        )

    async def close(self) -> None:
        if self._talking is not None:
            self._talking.cancel()
        for member in self._members:
            await member.close()

    def _settled(self) -> bool:
        newest = max(ledger.newest for ledger in self._ledgers)
        return all(ledger.newest == newest for ledger in self._ledgers) and all(
            room.joined and room.inbox.complete and not len(room.outbox)
            for member in self._members
            for room in member.guest.rooms.values()
        )

    async def _talk(self, bots: list[Client]) -> None:
        for bot, line in zip(cycle(bots), cycle(_LINES), strict=False):
            await asyncio.sleep(0.4)
            bot.guest.say(self.link.room, line, time.monotonic())
            bot.wake()


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


async def transcript(print_line: Callable[[str], None]) -> Verdict:
    """The whole of it in ten seconds, as text."""

    def tell(line: str) -> None:
        print_line(f"-- {line}")

    def show(event: object) -> None:
        if isinstance(event, Entry):
            print_line(render(event))

    async with demonstration(tell) as demo:
        you = demo.member("you", show)
        await you.open()
        tell(f"a server on this machine, {len(NAMES)} bots, and you; others come by: {demo.hint}")
        await asyncio.sleep(2.0)
        demo.cut()
        await asyncio.sleep(3.0)
        demo.blackout()
        await asyncio.sleep(BLACKOUT)
        demo.mend()
        await asyncio.sleep(1.0)
        verdict = await demo.verdict()
    print_line(str(verdict))
    return verdict
