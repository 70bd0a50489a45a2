"""The server's process is killed, again and again, under a stream of messages."""

import asyncio
import json
import os
from pathlib import Path
from random import Random

import pytest

from .programs import Program, chat, done, serving

KILLS = int(os.environ.get("CHAT_KILLS", "50"))
SEED = 9
PATIENCE = 60.0

LONG = "240"
"""Seconds: on a busy machine, a server may well be killed before anybody has come in, many times in
a row."""


async def feed(program: Program, name: str, stop: asyncio.Event) -> list[str]:
    """Says a numbered line every 20 ms until told to stop; returns what it said."""
    said: list[str] = []
    while not stop.is_set():
        said.append(f"{name} {len(said)}")
        program.write(said[-1] + "\n")
        await asyncio.sleep(0.02)
    program.close_input()
    return said


def trouble(program: Program) -> list[str]:
    """What it said besides that there was no server yet."""
    return [line for line in program.err if not line.endswith("; trying again")]


@pytest.mark.timeout(300)
async def test_a_server_killed_fifty_times_loses_nothing_and_says_nothing_twice(
    tmp_path: Path,
) -> None:
    random, stop = Random(SEED), asyncio.Event()
    async with serving(store=tmp_path) as server:
        port, link = server.port, server.link
    async with (
        chat("send", link, "--name", "ann", "--timeout", LONG) as ann,
        chat("send", link, "--name", "bob", "--timeout", LONG) as bob,
        chat("tail", link, "--json", "--timeout", LONG) as tail,
    ):
        feeding = [asyncio.ensure_future(feed(ann, "ann", stop))]
        feeding.append(asyncio.ensure_future(feed(bob, "bob", stop)))
        for _ in range(KILLS):
            async with serving(store=tmp_path, port=port) as server:
                await asyncio.sleep(random.random())
                await server.kill()
        async with serving(store=tmp_path, port=port):
            stop.set()
            said = dict(zip(("ann", "bob"), await asyncio.gather(*feeding), strict=True))
            assert (await ann.ended(PATIENCE), trouble(ann)) == (0, [])
            assert (await bob.ended(PATIENCE), trouble(bob)) == (0, [])
            log = await done("tail", link, "--from", "start", "--no-follow", "--json")
            entries = [json.loads(line) for line in log.out]
            await tail.line(log.out[-1][:20], PATIENCE)
            async with asyncio.timeout(PATIENCE):
                while not tail.out or json.loads(tail.out[-1])["seq"] < entries[-1]["seq"]:
                    await asyncio.sleep(0.05)
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    for name, lines in said.items():
        assert len(lines) > KILLS
        assert [entry["text"] for entry in entries if entry["author"] == name] == lines
    followed = [json.loads(line) for line in tail.out]
    assert followed == entries[-len(followed) :]
    assert len(followed) > 0.9 * len(entries)
