"""A crowd over real sockets: what it says of a bad network is what the network did."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from contextvars import Context
from pathlib import Path as File
from random import Random
from typing import Any, TypeVarTuple

import pytest

import chat
from chat.bots import crowd
from chat.bots.engine import Engine
from chat.bots.messages import Task
from chat.bots.report import Report, Second
from chat.bots.scenario import Kind, Phase, Scenario
from chat.bots.workers import Here
from chat.core import wire
from chat.core.link import Link, parse_link
from chat.core.types import Path

from ..e2e.programs import Program, done, serving
from ..e2e.programs import chat as program
from ..net.waiting import until
from ..relay import Relay

Words = TypeVarTuple("Words")

TALK = Scenario(bots=10, phase=(Phase(rate=100, hold=3),))


class Meddler(Relay):
    """Does to pushes of entries what `does` says, and nothing else."""

    def __init__(self, target: tuple[str, int], does: Callable[["Meddler", int], str]) -> None:
        super().__init__(target)
        self.random = Random(1)
        self.lost = self.twice = self.late = 0
        """Entries."""
        self._does = does
        self._held: dict[Path, tuple[bytes, int]] = {}

    def _answer(self, path: Path, datagram: bytes) -> None:
        header = wire.decode_header(datagram) if datagram[0] == 0x85 else None
        if not isinstance(header, wire.Push) or not header.count:
            super()._answer(path, datagram)
            return
        match self._does(self, header.first):
            case "drop":
                self.lost += header.count
                return
            case "repeat":
                self.twice += header.count
                super()._answer(path, datagram)
            case "hold" if path not in self._held:
                self._held[path] = datagram, header.count
                return
        super()._answer(path, datagram)
        if path in self._held:
            held, count = self._held.pop(path)
            self.late += count
            super()._answer(path, held)


async def measured(
    link: Link,
    scenario: Scenario = TALK,
    thresholds: tuple[str, ...] = (),
    *,
    repair: bool = True,
    impair: str = "",
    seconds: list[Second] | None = None,
) -> Report:
    task = Task(
        link=link, scenario=scenario, run="a0b1c2", insecure=True, repair=repair, impair=impair
    )
    engine = Engine(
        task,
        [Here(task)],
        thresholds,
        on_second=lambda second, _: seconds.append(second) if seconds is not None else None,
        say=lambda line: None,
    )
    async with asyncio.timeout(60):
        return (await engine.run()).judged(thresholds)


def stopped(seconds: float) -> None:
    """This whole process."""
    time.sleep(seconds)


async def meddled(does: Callable[[Meddler, int], str], *, repair: bool) -> tuple[Report, Meddler]:
    async with chat.serve(["127.0.0.1:0"], insecure=True) as server:
        target = server.endpoints[0]
        async with Meddler((target.host, target.port), does) as relay:
            report = await measured(Link("127.0.0.1", relay.port), repair=repair)
    assert (report.sent, report.acked, report.expected) == (300, 300, 3000)
    return report, relay


def one_percent(relay: Meddler, first: int) -> str:
    return "drop" if relay.random.random() < 0.01 else ""


async def test_what_a_relay_drops_is_lost_without_repair_to_the_entry() -> None:
    report, relay = await meddled(one_percent, repair=False)
    assert relay.lost > 10
    assert report.lost == relay.lost
    assert report.delivered == 3000 - relay.lost
    assert (report.duplicates, report.reordered, report.repaired) == (0, 0, 0)


async def test_what_a_relay_drops_is_repaired() -> None:
    report, relay = await meddled(one_percent, repair=True)
    assert relay.lost > 10
    assert (report.lost, report.delivered) == (0, 3000)
    assert report.repaired >= relay.lost


async def test_what_a_relay_repeats_is_counted() -> None:
    def does(relay: Meddler, first: int) -> str:
        return "repeat" if relay.random.random() < 0.05 else ""

    report, relay = await meddled(does, repair=False)
    assert relay.twice > 50
    assert (report.duplicates, report.reordered, report.lost) == (relay.twice, 0, 0)


async def test_what_a_relay_lets_overtake_is_counted() -> None:
    def does(relay: Meddler, first: int) -> str:
        return "hold" if first < 290 and relay.random.random() < 0.05 else ""

    report, relay = await meddled(does, repair=False)
    assert relay.late > 50
    assert (report.reordered, report.duplicates, report.lost) == (relay.late, 0, 0)


async def test_with_repair_everybody_shows_each_once_in_order_whatever_a_relay_does() -> None:
    def does(relay: Meddler, first: int) -> str:
        return relay.random.choice(["drop", "repeat", "hold", *[""] * 30])

    report, relay = await meddled(does, repair=True)
    assert relay.lost
    assert relay.twice
    assert relay.late
    assert (report.lost, report.duplicates, report.reordered) == (0, 0, 0)


class Shifted(asyncio.SelectorEventLoop):
    """Its timers go off before or after their time, by so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Words], object],
        *args: *Words,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        shifted = max(0.0, delay + self._seconds)
        return super().call_later(shifted, callback, *args, context=context)


@pytest.mark.parametrize(("shift", "least"), [(0.05, 45), (-0.05, 0.05)], ids=["late", "early"])
def test_latency_runs_from_the_intended_time_or_when_it_was_said_before(
    shift: float, least: float
) -> None:
    async def run() -> Report:
        async with chat.serve(["127.0.0.1:0"], insecure=True) as server:
            scenario = Scenario(bots=2, phase=(Phase(rate=5, hold=2),))
            return await measured(Link("127.0.0.1", server.endpoints[0].port), scenario)

    with asyncio.Runner(loop_factory=lambda: Shifted(shift)) as runner:
        report = runner.run(run())
    assert sum(count for _, count in report.histogram) == 20
    assert least < report.histogram[0][0], "milliseconds"
    assert report.late_sends == (10 if shift > 0 else 0)


async def test_who_is_stopped_while_the_last_is_on_its_way_gives_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crowd, "SETTLE", 1.0)
    scenario = Scenario(bots=3, phase=(Phase(rate=20, hold=1),))
    seconds: list[Second] = []
    async with serving("--insecure") as server:
        running = asyncio.ensure_future(
            measured(parse_link(server.link), scenario, impair="delay=300ms", seconds=seconds)
        )
        await until(lambda: bool(seconds) or running.done(), lambda: seconds, 20)
        await asyncio.sleep(0.05)
        stopped(1.5)
        report = await running
    assert (report.sent, report.acked, report.lost, report.delivered) == (20, 20, 0, 60)
    assert report.generator_still_s > 1


async def test_a_server_that_stands_still_for_two_seconds_is_seen() -> None:
    scenario = Scenario(bots=5, phase=(Phase(rate=20, hold=8),))
    async with serving("--insecure") as server:
        seconds: list[Second] = []
        running = asyncio.ensure_future(
            measured(parse_link(server.link), scenario, seconds=seconds)
        )
        await until(lambda: len(seconds) >= 2 or running.done(), lambda: seconds, 20)
        server.signal(signal.SIGSTOP)
        await asyncio.sleep(2)
        server.signal(signal.SIGCONT)
        report = await running
    assert report.latency_ms is not None
    assert 1700 < report.latency_ms.p99 <= report.latency_ms.max < 2700
    assert report.latency_ms.p50 < 500
    assert (report.sent, report.lost) == (160, 0)
    assert any((second.max_ms or 0) > 1700 for second in report.series)


async def test_the_last_second_is_told_and_judged() -> None:
    scenario = Scenario(bots=20, find_max=True, phase=(Phase(rate=20, hold=1),))
    async with chat.serve(["127.0.0.1:0"], insecure=True) as server:
        link = Link("127.0.0.1", server.endpoints[0].port)
        reports = [await measured(link, scenario, ("lost==0",)) for _ in range(3)]
    assert [[second.at_s for second in report.series] for report in reports] == [[1.0]] * 3
    assert [len(report.steps) for report in reports] == [1] * 3


async def test_a_step_that_ends_within_a_second_is_judged() -> None:
    scenario = Scenario(
        bots=5, find_max=True, phase=(Phase(rate=20, hold=1.25), Phase(rate=40, hold=1.25))
    )
    async with chat.serve(["127.0.0.1:0"], insecure=True) as server:
        report = await measured(Link("127.0.0.1", server.endpoints[0].port), scenario)
    assert [step.rate for step in report.steps] == [20, 40]


async def test_what_arrives_after_a_step_that_did_not_hold_is_no_step() -> None:
    steps = tuple(Phase(rate=rate, hold=1) for rate in (10, 20, 40))
    async with chat.serve(["127.0.0.1:0"], insecure=True) as server:
        report = await measured(
            Link("127.0.0.1", server.endpoints[0].port),
            Scenario(bots=4, find_max=True, phase=steps),
            impair="delay=700ms",
        )
    assert [step.held for step in report.steps] == [False]
    assert (report.found_rate, report.exit_code) == (None, 99)


async def test_who_comes_and_goes_misses_nothing_while_there() -> None:
    scenario = Scenario(
        bots=8,
        rooms=2,
        kind=(Kind("one"), Kind("other", talks=False)),
        phase=(Phase(rate=20, hold=2, churn=3), Phase(rate=20, hold=2, reconnect=3)),
    )
    async with chat.serve(["127.0.0.1:0"], insecure=True) as server:
        report = await measured(Link("127.0.0.1", server.endpoints[0].port), scenario)
    assert (report.sent, report.acked, report.lost) == (80, 80, 0)
    assert (report.duplicates, report.reordered) == (0, 0)
    assert 80 * 3 <= report.delivered <= 80 * 4
    assert report.join_ms is not None
    assert report.server_cpu is not None
    assert 0 < report.server_cpu < 1
    assert [span.to_s for span in report.phases] == [2, 4]
    assert [second.members >= 6 for second in report.series] == [True] * len(report.series)
    assert sum(second.delivered for second in report.series) <= report.delivered
    assert sum(count for _, count in report.histogram) == report.delivered


async def test_workers_share_the_bots_and_their_results_are_one(tmp_path: File) -> None:
    file = tmp_path / "run.json"
    async with serving() as server:
        ended = await done(
            *("bots", server.link, "--bots", "9", "--rooms", "2", "--workers", "3"),
            *("--rate", "30", "--duration", "2", "--json", str(file)),
        )
    assert ended.code in (0, 98), ended.err  # The machine may be busy.
    report = json.loads(file.read_text())
    assert (report["workers"], report["sent"], report["acked"]) == (3, 60, 60)
    assert report["lost"] == 0
    assert report["delivered"] == report["expected"]
    assert 60 * 4 <= report["delivered"] <= 60 * 5
    assert sum(count for _, count in report["histogram"]) == report["delivered"]
    assert {second["members"] for second in report["series"]} == {9}


async def interrupted(link: str, file: File, line: str, *options: str) -> tuple[Program, Any]:
    async with program("bots", link, "--json", str(file), *options) as bots:
        await until(lambda: any(line in each for each in bots.err), lambda: bots.err, 20)
        bots.signal(signal.SIGINT)
        await bots.ended()
    report = json.loads(file.read_text())
    return bots, report


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_ctrl_c_still_writes_what_is_known(tmp_path: File, workers: str) -> None:
    options = ("--duration", "600", "--rate", "20", "--workers", workers)
    async with serving() as server:
        bots, report = await interrupted(server.link, tmp_path / "a.json", "2 s", *options)
        early, nothing = await interrupted(
            server.link, tmp_path / "b.json", "Ctrl-C", "--ramp", "600", *options
        )
    assert (bots.code, early.code) == (130, 130)
    assert not any("Traceback" in line for line in (*bots.err, *early.err))
    assert report["cut_short"]
    assert report["sent"] == report["acked"] >= 30
    assert report["lost"] == 0
    assert len(report["series"]) >= 2
    assert nothing["cut_short"]
    assert (nothing["sent"], nothing["latency_ms"]) == (0, None)
    assert any("cut short" in line for line in early.out), early.out


async def test_a_server_that_is_not_the_links_is_not_tried_again() -> None:
    async with serving() as server:
        ended = await done("bots", f"chat://{'a' * 26}@127.0.0.1:{server.port}")
    assert ended.code == 1
    assert "0 of 10 bots could join: the server at" in ended.err[-1]
    assert not any("trying again" in line for line in ended.err)
