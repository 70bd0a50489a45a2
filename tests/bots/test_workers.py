"""Processes that share the bots, and what becomes of a run where one of them does not do its part."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from chat.bots import engine, workers
from chat.bots.engine import Engine
from chat.bots.messages import Message, Order, Present, Start, Task
from chat.bots.scenario import Phase, Scenario
from chat.bots.workers import CrowdError, Elsewhere, Worker, hire
from chat.cli import run
from chat.core.link import Link

from ..e2e.programs import chat, serving
from ..net.waiting import until

TASK = Task(link=Link("127.0.0.1", 1), scenario=Scenario(phase=(Phase(hold=1),)), run="a0b1c2")


class Deaf(Worker):
    """Says that its bots are there, and nothing more."""

    def __init__(self) -> None:
        self.started = False

    def begin(self, say: Callable[[Message], None]) -> None:
        say(Present(10))

    def tell(self, order: Order) -> None:
        self.started |= isinstance(order, Start)

    async def end(self) -> None:
        pass


async def test_who_does_not_answer_is_not_waited_for_after_the_second_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "HURRY", 0.1)
    deaf = Deaf()
    whole = Engine(TASK, [deaf], (), on_second=lambda second, report: None, say=lambda line: None)
    running = asyncio.ensure_future(whole.run())
    await until(lambda: deaf.started, lambda: deaf.started)
    whole.cut_short()
    await asyncio.sleep(0.2)
    assert not running.done()
    whole.cut_short()
    async with asyncio.timeout(10):
        with pytest.raises(CrowdError, match="^1 of 1 workers do not answer: no report$"):
            await running


def children(process: int) -> list[int]:
    """Its workers."""
    own = map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
    return [each for each in own if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


async def test_a_worker_that_dies_after_the_second_ctrl_c_ends_the_run() -> None:
    options = ("--workers", "2", "--duration", "60")
    async with serving() as server, chat("bots", server.link, *options) as bots:
        await until(lambda: any("1 s" in line for line in bots.err), lambda: bots.err, 20)
        first, _ = children(bots.pid)
        os.kill(first, signal.SIGSTOP)
        for _ in range(2):
            os.kill(bots.pid, signal.SIGINT)
            await asyncio.sleep(0.5)
        os.kill(first, signal.SIGKILL)
        assert await bots.ended() == 1
    assert "a worker has ended by itself" in bots.err[-1]


def test_workers_that_cannot_be_started_are_told_and_none_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dismissed: list[Worker] = []

    class Few(Elsewhere):
        begun = 0

        def __init__(self, task: Task) -> None:
            Few.begun += 1
            if Few.begun > 2:
                raise OSError(24, "Too many open files")

        def dismiss(self) -> None:
            dismissed.append(self)

    monkeypatch.setattr(workers, "Elsewhere", Few)
    with pytest.raises(CrowdError, match="^only 2 of 5 .*: Too many open files; use fewer"):
        hire([TASK] * 5)
    assert len(dismissed) == 2


def test_a_seed_that_no_worker_could_be_told_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bots", "127.0.0.1:1", "--workers", "2", "--seed", str(2**64)]) == 2
    assert "seed: expected `int` <= " in capsys.readouterr().err
