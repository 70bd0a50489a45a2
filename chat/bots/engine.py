"""A whole run: the workers begin together, each second is added up, and at the end all of it."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from itertools import chain

from msgspec.structs import replace

from chat.net.address import resolve

from .histogram import Histogram
from .measure import Counts, cpu_seconds, is_local, server_process
from .messages import Failed, Message, Outcome, Present, Start, Stop, Task, Tick, Trouble
from .report import Report, Second
from .scenario import as_settings
from .schedule import spans
from .steps import Steps
from .workers import CrowdError, Worker

LEAD = 0.1
"""Seconds from the order to start until the start: it has to reach every worker."""

HURRY = 10.0
"""Seconds for which a worker is waited for that was told to hurry."""

OnSecond = Callable[[Second, Report], None]


class Engine:
    """Of one run, over `workers`, which have their tasks."""

    def __init__(
        self,
        task: Task,
        workers: list[Worker],
        thresholds: tuple[str, ...],
        *,
        on_second: OnSecond,
        say: Callable[[str], None],
    ) -> None:
        """`task` is one of theirs. `on_second` is called with each second, and with a report of
        all until then; `say` with lines for the user."""
        self._task = task
        self._workers = workers
        self._on_second = on_second
        self._say = say
        self._spans = spans(task.scenario)
        self._steps = Steps(task.scenario, thresholds) if task.scenario.find_max else None
        self._begun = time.time()
        self._started = False
        self._cut_short = False
        self._present: dict[int, Present] = {}
        self._ticks: dict[int, list[Tick]] = {}
        """Of each second, as long as not all workers have told of it."""
        self._before = Counts()
        self._series: list[Second] = []
        self._histogram = Histogram()
        self._outcomes: list[Outcome] = []
        self._failure = ""
        self._changed = asyncio.Event()

    async def run(self) -> Report:
        """Not judged yet. Raises CrowdError and ResolveError."""
        link = self._task.link
        address = (await resolve(link.host, link.port))[0]
        server = server_process(link.port) if is_local(address.path.host) else None
        try:
            for number, worker in enumerate(self._workers):
                worker.begin(partial(self._heard, number))
            await self._until(lambda: len(self._present) == len(self._workers))
            if not self._cut_short:
                self._check_present()
            before, began = _cpu(server), time.monotonic()
            if not self._cut_short:
                self._started = True
                self._order(Start(time.monotonic() + LEAD))
                await self._until(lambda: len(self._outcomes) == len(self._workers))
            after, took = _cpu(server), time.monotonic() - began
        finally:
            await asyncio.gather(*(worker.end() for worker in self._workers))
        cpu = after - before if after is not None and before is not None else None
        return self._whole(cpu, took)

    def cut_short(self) -> None:
        """The user has had enough: what is on its way arrives; the second time it does not."""
        hurry = self._cut_short or not self._started
        self._order(Stop(hurry=hurry))
        if hurry:
            asyncio.get_running_loop().call_later(HURRY, self._give_up)
        self._cut_short = True
        self._changed.set()

    def _give_up(self) -> None:
        missing = len(self._workers) - len(self._outcomes)
        self._failure = f"{missing} of {len(self._workers)} workers do not answer: no report"
        self._changed.set()

    def _order(self, order: Start | Stop) -> None:
        for worker in self._workers:
            worker.tell(order)

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Raises CrowdError."""
        while not reached():
            if self._cut_short and not self._started:
                return
            if self._failure:
                raise CrowdError(self._failure)
            await self._changed.wait()
            self._changed.clear()

    def _check_present(self) -> None:
        joined = sum(each.joined for each in self._present.values())
        bots = self._task.scenario.bots
        reasons = [each.reason for each in self._present.values() if each.reason]
        if joined < bots:
            why = f": {reasons[0]}" if reasons else ""
            raise CrowdError(f"{joined} of {bots} bots could join{why}")

    # What the workers say

    def _heard(self, number: int, message: Message) -> None:
        match message:
            case Present():
                self._present[number] = message
            case Tick():
                self._tick(message)
            case Outcome():
                self._outcomes.append(message)
            case Trouble(line):
                if not number:
                    self._say(line)
            case Failed(reason):
                self._failure = reason
        self._changed.set()

    def _tick(self, tick: Tick) -> None:
        ticks = self._ticks.setdefault(tick.number, [])
        ticks.append(tick)
        if len(ticks) < len(self._workers):
            return
        del self._ticks[tick.number]
        counts, histogram = Counts(), Histogram()
        for each in ticks:
            counts += each.counts
            histogram.merge(each.latencies, each.most)
        self._histogram.merge(histogram.counts.items(), histogram.most)
        self._add_second(tick.number, counts, histogram)

    def _add_second(self, number: int, counts: Counts, histogram: Histogram) -> None:
        new, self._before = counts - self._before, counts
        latency = histogram.latency()
        second = Second(
            at_s=float(number),
            offered=new.offered,
            sent=new.sent,
            acked=new.acked,
            delivered=new.delivered,
            lost=max(0, new.lost),
            repaired=new.repaired,
            members=counts.members,
            p50_ms=latency.p50 if latency else None,
            p99_ms=latency.p99 if latency else None,
            max_ms=latency.max if latency else None,
        )
        self._series.append(second)
        self._on_second(second, self._report(counts, float(number), self._histogram))
        if self._steps is not None and self._steps.second(number, counts, histogram, self._report):
            self._order(Stop())

    # What came of it

    def _whole(self, cpu: float | None, took: float) -> Report:
        """`cpu` seconds were the server's, in `took` seconds."""
        counts, joins = Counts(), Histogram()
        heads: dict[str, int] = {}
        for tick in chain.from_iterable(self._ticks.values()):  # Of those who ended last.
            self._histogram.merge(tick.latencies, tick.most)
        for each in self._outcomes:
            counts += each.counts
            self._histogram.merge(each.latencies, each.most)
            joins.merge(each.joins, each.joins_most)
            for room, (head, _) in each.heads.items():
                heads[room] = max(head, heads.get(room, 0))
        for each in self._outcomes:  # What none of a worker's bots has heard of is lost to them.
            for room, (head, bots) in each.heads.items():
                counts.lost += bots * (heads[room] - head)
        seconds = max((each.seconds for each in self._outcomes), default=0.0)
        drops = [each.drops for each in self._outcomes if each.drops is not None]
        report = self._report(counts, seconds, self._histogram)
        own = [each.cpu for each in self._outcomes]
        return replace(
            report,
            server_cpu_us_per_delivery=_each(cpu, counts.delivered),
            server_cpu=round(cpu / took, 4) if cpu is not None and took else None,
            join_ms=joins.latency(),
            kernel_drops=sum(drops) if drops else None,
            generator_cpu=round(max(own, default=0.0) / seconds, 3) if seconds else 0.0,
            generator_cpu_us_per_delivery=_each(sum(own), counts.delivered),
            generator_still_s=round(max((each.still for each in self._outcomes), default=0.0), 3),
            network_datagrams=sum(each.network_datagrams for each in self._outcomes),
            network_dropped=sum(each.network_dropped for each in self._outcomes),
            steps=self._steps.done if self._steps is not None else (),
        )

    def _report(self, counts: Counts, seconds: float, histogram: Histogram) -> Report:
        """Of what is known while it runs."""
        task, scenario = self._task, self._task.scenario
        network = {"impair": task.impair, "impair_seed": task.impair_seed} if task.impair else {}
        return Report(
            bots=scenario.bots,
            rooms=scenario.rooms,
            duration_s=round(seconds, 3),
            offered_rate=round(counts.offered / seconds, 3) if seconds else 0.0,
            achieved_rate=round(counts.sent / seconds, 3) if seconds else 0.0,
            sent=counts.sent,
            acked=counts.acked,
            delivered=counts.delivered,
            expected=counts.delivered + counts.lost,
            lost=counts.lost,
            duplicates=counts.duplicates,
            reordered=counts.reordered,
            repaired=counts.repaired,
            late_sends=counts.late_sends,
            refused_sends=counts.refused,
            latency_ms=histogram.latency(),
            server_cpu_us_per_delivery=None,
            generator_cpu=0.0,
            network_datagrams=0,
            network_dropped=0,
            scenario=scenario.name,
            settings={
                **as_settings(scenario),
                **network,
                "link": f"{task.link.host}:{task.link.port}/{task.link.room}",
                "repair": "yes" if task.repair else "no",
                "insecure": "yes" if task.insecure else "no",
            },
            started=self._begun,
            cut_short=self._cut_short,
            workers=len(self._workers),
            phases=self._spans,
            series=tuple(self._series),
            histogram=histogram.rows(),
        )


def _cpu(server: int | None) -> float | None:
    return cpu_seconds(server) if server is not None else None


def _each(seconds: float | None, count: int) -> float | None:
    """Microseconds."""
    return round(seconds * 1e6 / count, 3) if seconds is not None and count else None
