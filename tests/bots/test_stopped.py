"""`chat bots` that is stopped for a while, as by Ctrl-Z."""

import asyncio
import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.needs import needs

from ..e2e.programs import chat, serving
from ..net.waiting import until
from ..tui.terminal import Server, Terminal

AWAY = 2.0
"""Seconds."""


def check(report: dict[str, Any]) -> None:
    """It is the bots that were away, and not the server that was slow."""
    assert AWAY - 0.2 < report["generator_still_s"] < AWAY + 3
    assert report["late_sends"] > 10
    assert report["latency_ms"]["max"] < 1000 * AWAY / 2
    timed = sum(count for _, count in report["histogram"])
    assert 0 < timed < report["delivered"] == report["expected"]
    assert not report["valid"]
    assert "the bots stood still for" in report["verdict"]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_the_time_that_bots_stood_still_is_no_latency(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "run.json"
    options = ("--rate", "20", "--duration", "6", "--workers", workers, "--json", str(file))
    async with serving() as server, chat("bots", server.link, *options) as bots:
        await until(lambda: any("2 s" in line for line in bots.err), lambda: bots.err, 20)
        bots.signal(signal.SIGSTOP)
        await asyncio.sleep(AWAY)
        bots.signal(signal.SIGCONT)
        assert await bots.ended(40) == 98, bots.err
    check(json.loads(file.read_text()))


@needs("tmux")
def test_after_ctrl_z_and_fg_it_goes_on_below(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    with Server() as server, Terminal(["sh", "-i"], columns=120, state=tmp_path) as shell:
        shell.say(f"chat bots {server.link} --rate 20 --duration 8 --json {file}")
        shell.wait("2 s  10 of 10 bots")
        shell.press("C-z")
        shell.wait("\n$")
        before = shell.screen()
        time.sleep(AWAY)
        assert [row for row in shell.screen() if row] == [row for row in before if row]
        shell.say("fg")
        shell.wait("6 s  10 of 10 bots")
        rows = shell.screen()
        heads = [row for row in rows if re.match(r"\d+ s  10 of 10 bots", row)]
        assert len(heads) == 2, rows
        assert rows[: len(before) - 1] == before[:-1], "what was there stays"
        shell.wait("verdict", seconds=30)
    check(json.loads(file.read_text()))
