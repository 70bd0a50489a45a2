"""One worker's part of a crowd: its bots join, speak at their times, and count what they hear."""

import asyncio
import gc
import time
from collections.abc import Callable
from math import ceil

from chat.net.address import resolve
from chat.net.impair import Impairment

from .heard import Bot, Ledger
from .measure import LATE, Counts
from .messages import Failed, Message, Order, Outcome, Present, Start, Stop, Task, Tick, Trouble
from .network import Network
from .schedule import Event, What
from .schedule import events as scheduled
from .stamp import Stamp, stamped

JOIN_PATIENCE = 30.0
"""Seconds after the ramp within which everybody must have joined."""

SETTLE = 10.0
"""Seconds after the last message within which everything must have arrived."""

HEADS = 1.0
"""Seconds after it in which who repairs nothing hears by heads what it has missed."""

LOOK = 0.02
"""Seconds between two looks whether it is so; they are counted, as who is stopped does not wait."""

SLICE = 100
"""Bots that are counted, before others have a turn."""

LATE_WORD = 2.0
"""Seconds without a session after which it is worth a word."""


class Crowd:
    """`say` takes what the engine is to know, `orders` gives what it wants."""

    def __init__(
        self, task: Task, say: Callable[[Message], None], orders: asyncio.Queue[Order]
    ) -> None:
        self._task = task
        self._say = say
        self._orders = orders
        self._stop: Stop | None = None
        self._stopped = asyncio.Event()
        self._start = 0.0
        self._bots: dict[int, Bot] = {}
        self._ledger = Ledger(task.run)
        self._ticked = 0
        """Seconds of which it has told."""

    async def run(self) -> None:
        """Raises ResolveError."""
        task = self._task
        network = Network(
            task.link,
            await resolve(task.link.host, task.link.port),
            Impairment.parse(task.impair),
            task.impair_seed,
            insecure=task.insecure,
            repair=task.repair,
            secret=task.password or task.link.invite,
        )
        following = asyncio.ensure_future(self._follow())
        try:
            await self._join(network)
            started = await self._started()
            if started is not None:
                await self._measured(network, started)
        finally:
            gc.unfreeze()
            following.cancel()
            for bot in self._bots.values():
                bot.close()
            await asyncio.sleep(0)
            network.reactor.close()

    async def _follow(self) -> None:
        """Until it is told to stop in a hurry."""
        while self._stop is None or not self._stop.hurry:
            match await self._orders.get():
                case Start(at):
                    self._start = at
                case Stop() as stop:
                    self._stop = stop
            self._stopped.set()
            self._stopped = asyncio.Event()

    async def _join(self, network: Network) -> None:
        task, begun = self._task, time.monotonic()
        ramp = task.scenario.ramp
        for number in filter(task.is_ours, range(task.scenario.bots)):
            await self._until(begun + ramp * number / task.scenario.bots)
            if self._stop is not None:
                break
            bot = self._bots[number] = Bot(number, task.room(number), network, self._ledger)
            bot.open()
        waited, told = 0.0, False
        while self._awaited and self._stop is None and waited < JOIN_PATIENCE:
            if not (told or self._joined) and time.monotonic() > begun + LATE_WORD:
                told = True
                self._say(Trouble(f"{self._reason or 'no answer'}; trying again"))
            await asyncio.sleep(LOOK)
            waited += LOOK
        gc.collect()
        gc.freeze()  # Else all that so many bots are is looked through again and again.
        self._say(Present(self._joined, self._reason))

    async def _started(self) -> float | None:
        """None: it will not be."""
        while not self._start and self._stop is None:
            await self._stopped.wait()
        return self._start or None

    async def _measured(self, network: Network, start: float) -> None:
        self._ledger.start = start
        ticking = asyncio.ensure_future(self._tick(start))
        await self._until(start)
        cpu, still = time.process_time(), network.reactor.still
        await self._talk(start)
        seconds, cpu = time.monotonic() - start, time.process_time() - cpu
        await self._settle()
        last = int(seconds + LATE)
        if self._task.scenario.find_max and self._stop is None:
            last = ceil(seconds - LATE)  # Wherever in a second the last step ends, it is judged.
        while self._ticked < last:  # The last of them is due as well.
            await asyncio.sleep(0.001)
        ticking.cancel()
        self._say(self._outcome(network, seconds, cpu, network.reactor.still - still))

    async def _talk(self, start: float) -> None:
        task = self._task
        for event in scheduled(task.scenario):
            if not task.is_ours(event.bot):
                continue
            await self._until(start + event.at)
            if self._stop is not None:
                return
            self._do(event, time.monotonic() - start)
        await self._until(start + task.scenario.seconds)

    def _do(self, event: Event, now: float) -> None:
        bot = self._bots[event.bot]
        match event.what:
            case What.SAY:
                self._ledger.counts.offered += 1
                self._ledger.counts.late_sends += now - event.at > LATE
                stamp = Stamp(self._task.run, event.number, min(event.at, now))
                bot.say(stamped(stamp, event.size))
            case What.LEAVE:
                bot.come_again(silent=False)
            case What.VANISH:
                bot.come_again(silent=True)

    async def _settle(self) -> None:
        """Until every acknowledged message was heard by all, or patience ends."""
        waited, repair = 0.0, self._task.repair
        while waited < SETTLE and not (self._stop and self._stop.hurry):
            waiting = any(bot.waits for bot in self._bots.values())
            heads = self._heads()
            missing = repair and any(bot.lost(heads[bot.room_name]) for bot in self._bots.values())
            if not (waiting or missing) and (repair or waited > HEADS):
                return
            await asyncio.sleep(LOOK)
            waited += LOOK

    async def _tick(self, start: float) -> None:
        while True:
            number = self._ticked + 1
            await asyncio.sleep(max(0.0, start + number - time.monotonic()))
            counts = Counts()
            for index, bot in enumerate(self._bots.values()):
                if not index % SLICE:  # A message may be due at this moment, too.
                    await asyncio.sleep(0)
                bot.count(counts)
            latencies, most = self._ledger.taken()
            self._say(Tick(number, counts + self._ledger.counts, latencies, most))
            self._ticked = number
            if self._ledger.removed:
                self._say(Failed(self._ledger.removed))

    async def _until(self, moment: float) -> None:
        """Or until it is told to stop. The others have their turn in any case."""
        delay = moment - time.monotonic()
        if delay <= 0:
            await asyncio.sleep(0)
            return
        if delay < 0.5:
            await asyncio.sleep(delay)
            return
        while self._stop is None and (delay := moment - time.monotonic()) > 0:
            await asyncio.sleep(min(delay, 0.25))

    @property
    def _joined(self) -> int:
        return sum(bot.joined for bot in self._bots.values())

    @property
    def _awaited(self) -> bool:
        """Somebody may still join."""
        return any(not (bot.joined or bot.refused) for bot in self._bots.values())

    @property
    def _reason(self) -> str:
        return self._ledger.reason

    def _heads(self) -> dict[str, int]:
        """Of each room, the newest entry that any of us has heard of."""
        heads: dict[str, int] = {}
        for bot in self._bots.values():
            heads[bot.room_name] = max(heads.get(bot.room_name, 0), bot.head)
        return heads

    def _outcome(self, network: Network, seconds: float, cpu: float, still: float) -> Outcome:
        heads, there = self._heads(), [bot for bot in self._bots.values() if bot.joined]
        counts = Counts()
        for bot in self._bots.values():
            bot.count(counts, heads[bot.room_name])
            bot.close()
        counts += self._ledger.counts
        latencies, most = self._ledger.taken()
        joins = self._ledger.joins
        return Outcome(
            counts=counts,
            latencies=latencies,
            most=most,
            joins=list(joins.counts.items()),
            joins_most=joins.most,
            seconds=seconds,
            cpu=cpu,
            still=still,
            heads={
                room: (head, sum(bot.room_name == room for bot in there))
                for room, head in heads.items()
            },
            drops=network.drops,
            network_datagrams=network.tally.seen,
            network_dropped=network.tally.dropped,
        )
