"""Signals of a run, before its event loop, in it and after it."""

import asyncio
import json
import os
import pty
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from chat.bots.interrupts import SIGNALS, Interrupts

from ..e2e.programs import chat, serving
from ..net.waiting import until

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("number", SIGNALS)
def test_each_is_told_whenever_it_comes(run: Run, number: signal.Signals) -> None:
    told: list[bool] = []
    interrupts = Interrupts()
    signal.raise_signal(number)

    async def main() -> None:
        interrupts.tell(lambda: told.append(asyncio.get_running_loop().is_running()))
        assert told == [True]
        asyncio.get_running_loop().call_later(0.01, signal.raise_signal, number)
        await until(lambda: len(told) == 2, lambda: told)

    run(main())
    signal.raise_signal(number)
    interrupts.ignore()
    signal.raise_signal(number)
    assert told == [True, True]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("line", ["Ctrl-C", "1 s"])
async def test_ctrl_c_again_and_again_leaves_reports_and_an_exit_code(
    tmp_path: Path, workers: str, line: str
) -> None:
    files = [tmp_path / name for name in ("a.json", "a.html", "a.hgrm")]
    options = [word for file in files for word in (f"--{file.suffix[1:]}", str(file))]
    async with (
        serving() as server,
        chat("bots", server.link, "--workers", workers, *options) as bots,
    ):
        await until(lambda: any(line in each for each in bots.err), lambda: bots.err, 20)
        while bots.code is None:
            bots.signal(signal.SIGINT)
            await asyncio.sleep(0.005)
        await bots.ended()
    assert bots.code == 130, bots.err
    assert not any("Traceback" in each for each in bots.err), bots.err
    assert json.loads(files[0].read_text())["cut_short"]
    assert files[1].read_text().rstrip().endswith("</html>")
    assert "Total count" in files[2].read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_terminal_that_is_closed_leaves_the_report(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "a.json"
    async with serving() as server:
        process, terminal = pty.fork()
        if not process:
            words = ["bots", server.link, "--workers", workers, "--json", str(file)]
            os.execv(sys.executable, [sys.executable, "-m", "chat", *words])
        shown = b""
        while b"delivered" not in shown:
            shown += await asyncio.wait_for(asyncio.to_thread(os.read, terminal, 4096), 20)
        os.close(terminal)
        _, status = await asyncio.wait_for(asyncio.to_thread(os.waitpid, process, 0), 20)
    assert os.waitstatus_to_exitcode(status) == 130
    assert json.loads(file.read_text())["cut_short"]


@pytest.mark.parametrize("ignored", [True, False])
def test_under_nohup_it_goes_on(ignored: bool) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    interrupts = Interrupts()
    assert (signal.getsignal(signal.SIGHUP) == signal.SIG_IGN) is ignored
    interrupts.ignore()
