"""A server under a flood, and the honest who talk on it.

CHAT_FLOOD (5): seconds of each kind of flood. CHAT_FLOOD_RATE (20000): datagrams a second that the
flooding process tries to send, more than 50000 is hardly to be had; what came of it is printed. CHAT_HELLOS (10000): ClientHellos of
nobody.
"""

import asyncio
import json
import os
import random
import socket
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from chat.core.types import Entry

from ..net.waiting import until
from .flood import hellos, resident
from .people import Person, present, seen
from .programs import PATIENCE, running, serving
from .tap import Tap

SECONDS = float(os.environ.get("CHAT_FLOOD", "5"))
RATE = float(os.environ.get("CHAT_FLOOD_RATE", "20000"))
HELLOS = int(os.environ.get("CHAT_HELLOS", "10000"))

CALM = 2.0
"""Seconds of talk before, to compare with."""

HONEST = 5
EACH = 10.0
"""Messages a second of each of them."""

RECOVERED_WITHIN = 2.0
LOST_AFTER = 20.0
GROWTH = 16.0
HELLO_GROWTH = 4.0
"""MiB."""

SESSION = 0x84
SID = slice(1, 9)


class Ear:
    """When each text was meant to be said, and how long it took to everybody."""

    def __init__(self, people: list[Person]) -> None:
        self.heard: list[set[str]] = [set() for _ in people]
        self.twice = 0
        self.seconds: list[float] = []
        for person, heard in zip(people, self.heard, strict=True):
            person.hears = partial(self._hear, heard=heard)

    def _hear(self, entry: Entry, heard: set[str]) -> None:
        self.twice += entry.text in heard
        heard.add(entry.text)
        self.seconds.append(time.monotonic() - float(entry.text.split()[-1]))

    def figures(self) -> tuple[float, float]:
        """Median and 99th percentile in ms, of what came since the last call."""
        ordered, self.seconds = sorted(self.seconds), []
        assert ordered, "nothing was heard"
        return ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.99)] * 1000


async def talk(people: list[Person], seconds: float) -> list[str]:
    """Each says its share; the last word of a text is the time that it was meant to be said at."""
    said, start = list[str](), time.monotonic()
    for number in range(int(seconds * EACH * len(people))):
        at = start + number / EACH / len(people)
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        said.append(f"{number} {at}")
        people[number % len(people)].say(said[-1])
    return said


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["junk", "strangers", "session", "hellos"])
async def test_the_honest_lose_nothing_in_a_flood(kind: str) -> None:
    async with (
        serving("--log-format", "json") as server,
        Tap(("127.0.0.1", server.port)) as tap,
    ):
        victim = Person(tap.link, "victim")
        people = [victim, *(Person(server.link, f"honest{n}") for n in range(1, HONEST))]
        async with present(*people):
            victim.say("here")
            await until(lambda: victim.logged == 1, seen(people))
            sid = next(each.datagram[SID] for each in tap.heard if each.datagram[0] == SESSION)
            ear = Ear(people)
            command = (sys.executable, "-m", "tests.e2e.flood", kind, str(server.port))
            async with running(*command, str(SECONDS), str(RATE), sid.hex()) as flood:
                await flood.line("ready")
                said = await talk(people, CALM)
                await until(lambda: all(len(each) >= len(said) for each in ear.heard), seen(people))
                calm = ear.figures()
                size, lines = resident(server.pid), len(server.err)

                flood.write("go\n")
                start = time.monotonic()
                said += await talk(people, SECONDS)
                during = ear.figures()
                result = json.loads(await flood.line("{", PATIENCE))
                await flood.ended()
                over = time.monotonic()
                await until(
                    lambda: all(len(each) >= len(said) for each in ear.heard),
                    lambda: ([len(each) for each in ear.heard], len(said), seen(people)()),
                    LOST_AFTER,
                )
                recovered = time.monotonic() - over
                await until(lambda: not any(person.pending for person in people), seen(people), 2)
            growth = resident(server.pid) - size
            noise = server.err[lines:]
            took = time.monotonic() - start
            drops = dropped_by_kernel(server.port)
    rate = result["datagrams"] / result["seconds"]
    print(
        f"{kind}: {rate:,.0f}/s for {SECONDS:g} s, {drops or 0:,} dropped by the kernel; latency "
        f"p50 {calm[0]:.1f} -> {during[0]:.1f} ms, p99 {calm[1]:.1f} -> {during[1]:.1f} ms "
        f"({during[0] / calm[0]:.1f}x, {during[1] / calm[1]:.1f}x); complete {recovered:.2f} s "
        f"after; {growth:+.1f} MiB; {len(noise)} lines; answered "
        f"{result['bytes_back'] / result['bytes_out']:.2f}x; "
        f"{sum(len(person.trouble) for person in people)} sessions lost"
    )
    assert recovered <= RECOVERED_WITHIN
    assert ear.twice == 0
    assert all(heard == set(said) for heard in ear.heard)
    assert growth <= GROWTH, f"{growth:.1f} MiB"
    assert len(noise) <= took + 1, noise
    assert all(json.loads(line) for line in noise)
    assert result["bytes_back"] <= result["bytes_out"]


def dropped_by_kernel(port: int) -> int | None:
    """Datagrams for which the server's socket had no room; None where nobody tells."""
    try:
        rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    except OSError:
        return None
    wanted = f"0100007F:{port:04X}"
    return next((int(row.split()[-1]) for row in rows if row.split()[1] == wanted), None)


@pytest.mark.timeout(240)
async def test_hellos_of_nobody_cost_nothing() -> None:
    """Each of another client random, from several endpoints: one smaller answer each, no state."""
    sockets, window = 4, 32
    async with serving() as server:
        with ExitStack() as stack:
            socks = [
                stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                for _ in range(sockets)
            ]
            for sock in socks:
                sock.setblocking(False)
                sock.connect(("127.0.0.1", server.port))
            made = hellos(HELLOS, random.Random(11))
            loop = asyncio.get_running_loop()
            size = None
            out = back = answers = 0
            for first in range(0, HELLOS, window):
                if first * 10 >= HELLOS and size is None:
                    # What OpenSSL needs to begin with is not what a flood may add.
                    size = resident(server.pid)
                sock = socks[first // window % sockets]
                batch = made[first : first + window]
                for hello in batch:
                    out += sock.send(hello)
                for _ in batch:
                    try:
                        answer = await asyncio.wait_for(loop.sock_recv(sock, 2048), 0.2)
                    except TimeoutError:
                        break
                    back += len(answer)
                    answers += 1
            assert size is not None
            growth = resident(server.pid) - size
        print(
            f"{HELLOS} hellos: {answers} answers, {back / out:.2f} bytes back for one sent; "
            f"{growth:+.2f} MiB"
        )
        assert answers > min(1000, 0.9 * HELLOS), "the server was not really asked"
        assert back <= out
        assert growth <= HELLO_GROWTH
        ann = Person(server.link, "ann")
        async with present(ann, seconds=5):
            ann.say("honest")
            await until(lambda: ann.texts == ["honest"], seen([ann]))
