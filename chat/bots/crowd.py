"""The bots themselves: each a client with a socket of its own, all on one loop."""

import asyncio
import sys
import time
from functools import partial

from chat.client import Client
from chat.core import events
from chat.core.memberships import NotSaidError
from chat.core.types import Entry
from chat.net.address import resolve
from chat.net.impair import Impairment, Tally

from .measure import LATE, Counts, cpu_seconds, is_local, server_process
from .plan import Message, Plan
from .report import Report

JOIN_PATIENCE = 30.0
"""Seconds after the ramp within which everybody must have joined."""

SETTLE = 10.0
"""Seconds after the last message within which everything must have arrived."""


class CrowdError(Exception):
    """The run cannot be made; one line that says why."""


class Crowd:
    """One run of a plan."""

    def __init__(self, plan: Plan, impairment: Impairment, impair_seed: int | str) -> None:
        self.counts = Counts()
        self._plan = plan
        self._messages = plan.messages()
        self._start = 0.0
        self._impairment = impairment
        self._impair_seed = impair_seed
        self._bots: list[Client] = []
        self._joined = 0
        self._reason = ""
        self._tickets: dict[tuple[int, int], int] = {}
        """(bot, ticket) to the message's number, until it is acknowledged."""
        self._acked: set[int] = set()
        self._heard: list[set[int]] = [set() for _ in range(plan.bots)]
        self._newest: list[int] = [0] * plan.bots
        self._settled = asyncio.Event()

    async def run(self) -> Report:
        """Raises CrowdError and ResolveError."""
        plan = self._plan
        address = (await resolve(plan.link.host, plan.link.port))[0]
        local = is_local(address.path.host)
        server = server_process(plan.link.port) if local else None
        try:
            await self._join()
            before = cpu_seconds(server) if server is not None else None
            own = time.process_time()
            self._start = time.monotonic()
            progress = asyncio.ensure_future(self._tell_progress())
            await self._talk()
            spent = time.monotonic() - self._start
            own = (time.process_time() - own) / spent
            progress.cancel()
            await self._settle()
            after = cpu_seconds(server) if server is not None else None
            cpu = after - before if before is not None and after is not None else None
            return self._report(spent, own, cpu)
        finally:
            for bot in self._bots:
                await bot.close()

    async def _join(self) -> None:
        plan, start = self._plan, time.monotonic()
        for number in range(plan.bots):
            await _until(start + plan.joins_at(number))
            bot = Client(
                plan.link,
                f"bot{number + 1}",
                partial(self._on_event, number),
                impairment=self._impairment,
                impair_seed=f"{self._impair_seed}/{number}",
                insecure=plan.insecure,
            )
            self._bots.append(bot)
            bot.guest.join(plan.room(number), time.monotonic(), backlog=0)
            await bot.open()
            if number == 0:
                bot.when_late(lambda trouble: print(f"chat bots: {trouble}", file=sys.stderr))
        deadline = time.monotonic() + JOIN_PATIENCE
        while self._joined < plan.bots:
            if time.monotonic() > deadline:
                why = f": {self._reason}" if self._reason else ""
                raise CrowdError(f"{self._joined} of {plan.bots} bots could join{why}")
            await asyncio.sleep(0.02)

    async def _talk(self) -> None:
        for message in self._messages:
            due = self._start + message.at
            await _until(due)
            self.counts.late_sends += time.monotonic() - due > LATE
            self._say(message)
        await _until(self._start + self._plan.duration)

    def _say(self, message: Message) -> None:
        bot = self._bots[message.bot]
        room = self._plan.room(message.bot)
        try:
            (ticket,) = bot.guest.say(room, self._plan.text(message), time.monotonic())
        except NotSaidError:
            self.counts.refused += 1
            return
        self.counts.sent += 1
        self._tickets[message.bot, ticket] = message.number
        bot.wake()

    async def _settle(self) -> None:
        """Until every acknowledged message was heard by all, or patience ends."""
        deadline = time.monotonic() + SETTLE
        while self._missing() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    def _missing(self) -> int:
        return len(self._tickets) + self._expected() - self.counts.delivered

    def _expected(self) -> int:
        return sum(self._plan.members(self._messages[number].bot) for number in self._acked)

    def _on_event(self, bot: int, event: object) -> None:
        match event:
            case Entry():
                self._on_entry(bot, event)
            case events.Logged(ticket=ticket):
                number = self._tickets.pop((bot, ticket), None)
                if number is not None:
                    self.counts.acked += 1
                    self._acked.add(number)
            case events.Entered(again=False):
                self._joined += 1
            case events.Unreachable(reason=reason):
                self._reason = reason
            case events.Refusal(reason) | events.Rejected(reason):
                self._reason = reason

    def _on_entry(self, bot: int, entry: Entry) -> None:
        self.counts.reordered += entry.seq <= self._newest[bot]
        self._newest[bot] = max(self._newest[bot], entry.seq)
        number = self._plan.number_of(entry.text)
        if number is None or number >= len(self._messages):
            return
        if number in self._heard[bot]:
            self.counts.duplicates += 1
            return
        self._heard[bot].add(number)
        self.counts.heard(time.monotonic() - self._start - self._messages[number].at)

    async def _tell_progress(self) -> None:
        while True:
            await asyncio.sleep(1)
            counts, seconds = self.counts, time.monotonic() - self._start
            print(
                f"{seconds:4.0f} s  {counts.sent} sent, {counts.acked} acknowledged, "
                f"{counts.delivered} delivered",
                file=sys.stderr,
            )

    def _report(self, spent: float, own: float, cpu: float | None) -> Report:
        counts, plan = self.counts, self._plan
        expected = self._expected()
        network = sum((bot.network.inward + bot.network.outward for bot in self._bots), Tally())
        return Report(
            bots=plan.bots,
            rooms=plan.rooms,
            duration_s=round(spent, 3),
            offered_rate=plan.rate,
            achieved_rate=round(counts.sent / spent, 3),
            sent=counts.sent,
            acked=counts.acked,
            delivered=counts.delivered,
            expected=expected,
            lost=max(0, expected - counts.delivered),
            duplicates=counts.duplicates,
            reordered=counts.reordered,
            repaired=sum(
                room.inbox.repaired for bot in self._bots for room in bot.guest.rooms.values()
            ),
            late_sends=counts.late_sends,
            refused_sends=counts.refused,
            latency_ms=counts.latency(),
            server_cpu_us_per_delivery=(
                round(cpu * 1e6 / counts.delivered, 3)
                if cpu is not None and counts.delivered
                else None
            ),
            generator_cpu=round(own, 3),
            network_datagrams=network.seen,
            network_dropped=network.dropped,
        )


async def _until(moment: float) -> None:
    delay = moment - time.monotonic()
    if delay > 0:
        await asyncio.sleep(delay)


async def run_plan(plan: Plan, impairment: Impairment, impair_seed: int | str) -> Report:
    """Not judged yet. Raises CrowdError and ResolveError."""
    return await Crowd(plan, impairment, impair_seed).run()
