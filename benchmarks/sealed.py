"""What it costs a server that its sessions are sealed and its pushes are signed.

python -m benchmarks.sealed

Two servers, one as it is by default and one with --insecure, each with a room of --members, take
turns: in each round first the one, then the other is told --rate messages a second for --seconds.
Prints the medians over the rounds of the server's CPU for one delivery, and their ratio (to be at
most 1.25). Then a third server gets --sessions that say nothing: prints its memory for each of them
(to be at most 4 KiB). Both ends run here: on two cores a crowd that is too slow to hear all of it
is said so, and the figures are then of no use.
"""

import argparse
import asyncio
import gc
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from chat.client import Client
from chat.core import events
from chat.core.link import Link, parse_link
from chat.core.types import Entry
from chat.loop import run_loop

from .idle import memory, spent

AT_ONCE = 100
"""Joins that are under way at a time: a server takes up to 256 handshakes, and each of a client's
ends is work for this process, too."""

ROOM = 500
"""Members of a room of who says nothing: who comes is told to all of it each second, which among
ten thousand would be most of what happens here."""

WARM = 1.0
PATIENCE = 60.0
HANDSHAKES_OVER = 15.0
"""Seconds after the last join: no handshake is kept any more, and what was freed is freed."""


@contextmanager
def server(*options: str) -> Iterator[tuple[Link, int]]:
    """A `chat serve` on a free port, and its process id."""
    command = [sys.executable, "-m", "chat", "serve", "--bind", "127.0.0.1:0", "--store", "memory:"]
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        links = (line.split()[1] for line in process.stdout if line.startswith("link "))
        yield parse_link(next(links)), process.pid
    finally:
        process.terminate()
        process.communicate()


class Crowd:
    """Members of one room who count what they hear."""

    def __init__(self, link: Link, *, insecure: bool) -> None:
        self.heard = 0
        self.joined = 0
        self.lost = 0
        """Sessions that ended."""
        self._link = link
        self._insecure = insecure
        self._clients: list[Client] = []

    def _told(self, event: object) -> None:
        match event:
            case Entry():
                self.heard += 1
            case events.Entered(again=False):
                self.joined += 1
            case events.Disconnected() | events.Rejected():
                self.lost += 1

    async def join(self, count: int, room_size: int = 0) -> None:
        """All into the link's room, or so many each into rooms of their own."""
        for number in range(count):
            client = Client(self._link, f"m{number}", self._told, insecure=self._insecure)
            room = f"room{number // room_size}" if room_size else self._link.room
            client.guest.join(room, time.monotonic(), backlog=0)
            await client.open()
            self._clients.append(client)
            if number % 10 == 9:
                await asyncio.sleep(0)
            await self._until(number + 1 - AT_ONCE)
        await self._until(count)

    async def talk(self, rate: float, seconds: float) -> int:
        """How many deliveries there were to be. Returns when all are made, or PATIENCE is over."""
        before, start = self.heard, time.monotonic()
        messages = int(rate * seconds)
        for number in range(messages):
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            client = self._clients[number % len(self._clients)]
            client.guest.say(self._link.room, f"{number} ".ljust(80, "x"), time.monotonic())
            client.wake()
        wanted = messages * len(self._clients)
        end = time.monotonic() + PATIENCE
        while self.heard < before + wanted and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return wanted

    async def close(self) -> None:
        for client in self._clients:
            await client.close()

    async def _until(self, count: int) -> None:
        end = time.monotonic() + PATIENCE
        while self.joined < count:
            if time.monotonic() > end:
                raise SystemExit(f"{self.joined} of {count} joined within {PATIENCE:g} s")
            await asyncio.sleep(0.002)


async def push(members: int, rate: float, seconds: float, rounds: int) -> str:
    """Microseconds of the server's CPU for one delivery, with and without."""
    with server() as (link, pid), server("--insecure") as (other, other_pid):
        crowds = [
            (Crowd(link, insecure=False), pid, list[float]()),
            (Crowd(other, insecure=True), other_pid, list[float]()),
        ]
        for crowd, _, _ in crowds:
            await crowd.join(members)
            await crowd.talk(rate, WARM)
        slow = 0.0
        for number in range(rounds):
            for crowd, process, found in crowds if number % 2 == 0 else crowds[::-1]:
                gc.collect()
                before, start = spent(process), time.monotonic()
                deliveries = await crowd.talk(rate, seconds)
                found.append((spent(process) - before) / deliveries * 1e6)
                slow = max(slow, time.monotonic() - start - seconds)
        lost = sum(crowd.lost for crowd, _, _ in crowds)
        for crowd, _, _ in crowds:
            await crowd.close()
    sealed, open_ = (median(found) for _, _, found in crowds)
    late = f"; the crowd was up to {slow:.1f} s late: too slow a machine" if slow > 1 else ""
    return (
        f"{members} members, {rate:g} messages/s, {rounds} rounds of {seconds:g} s: "
        f"{sealed:.2f} us of the server's CPU for a delivery, sealed and signed; "
        f"{open_:.2f} us with --insecure; ratio {sealed / open_:.2f} (at most 1.25); "
        f"{lost} sessions lost{late}\n"
        f"  each round, sealed: {_row(crowds[0][2])}; --insecure: {_row(crowds[1][2])}"
    )


def _row(found: list[float]) -> str:
    return " ".join(f"{each:.2f}" for each in found)


async def idle(sessions: int) -> str:
    """KiB of the server's memory for a session that says nothing."""
    with server() as (link, pid):
        first = Crowd(link, insecure=False)
        await first.join(AT_ONCE, ROOM)
        await asyncio.sleep(HANDSHAKES_OVER)
        empty, before, start = memory(pid), spent(pid), time.monotonic()
        crowd = Crowd(link, insecure=False)
        await crowd.join(sessions, ROOM)
        took, cpu = time.monotonic() - start, spent(pid) - before
        high = memory(pid)
        await asyncio.sleep(HANDSHAKES_OVER)
        full = memory(pid)
        lost = crowd.lost
        for each in (first, crowd):
            await each.close()
    return (
        f"{sessions:,} idle sealed sessions: {(full - empty) * 1024 / sessions:.2f} KiB each "
        f"(at most 4; {empty:.0f} MiB before, {high:.0f} after the last join, {full:.0f} "
        f"{HANDSHAKES_OVER:g} s later); joined in {took:.0f} s, {cpu / sessions * 1000:.2f} ms of "
        f"the server's CPU each; {lost} sessions lost"
    )


async def measure(options: argparse.Namespace) -> None:
    if options.rounds:
        print(
            await push(options.members, options.rate, options.seconds, options.rounds), flush=True
        )
    if options.sessions:
        print(await idle(options.sessions), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sealed")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=6, help="0: not this part")
    parser.add_argument("--sessions", type=int, default=10_000, help="0: not this part")
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    run_loop(measure(options))


if __name__ == "__main__":
    main()
