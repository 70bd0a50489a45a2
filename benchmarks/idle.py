"""What sessions that say nothing cost a server.

python -m benchmarks.idle --sessions 1000 --seconds 60

A room of so many members, on a server of its own, after the joins are over: keepalives, reports
and heads are all there is. Prints the server's CPU as a fraction of one core, its memory, and how
much more that is than a bare echo of as many datagrams costs in the same run: on a machine that is
shared or asleep between two datagrams, most of it is the waking up.
"""

import argparse
import asyncio
import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chat.bots.measure import cpu_seconds
from chat.client import Client
from chat.core import events
from chat.core.limits import BEAT
from chat.core.link import Link, parse_link
from chat.loop import run_loop

SETTLING = 60.0
"""Seconds after the last join: heads have come down to their beat, and all clients ping with it."""


@contextmanager
def server() -> Iterator[tuple[Link, int]]:
    """A `chat serve` on a free port, and its process id."""
    command = [sys.executable, "-m", "chat", "serve", "--bind", "127.0.0.1:0", "--store", "memory:"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        links = (line.split()[1] for line in process.stdout if line.startswith("link "))
        yield parse_link(next(links)), process.pid
    finally:
        process.terminate()
        process.communicate()


def spent(pid: int) -> float:
    """Seconds of CPU."""
    seconds = cpu_seconds(pid)
    if seconds is None:
        raise SystemExit("the server is gone, or this is not Linux: there is no /proc to read")
    return seconds


def memory(pid: int) -> float:
    """Resident, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextmanager
def echo() -> Iterator[tuple[int, int]]:
    """A bare echo server: its port, and its process id."""
    command = [sys.executable, "-m", "benchmarks.echo"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.communicate()


async def floor(sessions: int, seconds: float) -> float:
    """What the keepalives of so many sessions would cost an echo server, as a fraction of a core."""
    rate = sessions / BEAT
    with echo() as (port, pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.setblocking(False)
        before, start = spent(pid), time.monotonic()
        while time.monotonic() < start + seconds:
            sock.send(bytes(36))
            await asyncio.sleep(random.expovariate(rate))
            with suppress(BlockingIOError):
                sock.recv(100)
        return (spent(pid) - before) / (time.monotonic() - start)


async def crowd(link: Link, count: int) -> tuple[list[Client], list[object]]:
    """So many members, all joined, and the list of what goes wrong with them from now on."""
    joined, trouble = 0, list[object]()

    def told(event: object) -> None:
        nonlocal joined
        joined += isinstance(event, events.Entered)
        if isinstance(event, events.Disconnected | events.Rejected):
            trouble.append(event)

    clients = []
    for number in range(count):
        client = Client(link, f"idle{number}", told)
        client.guest.join(link.room, time.monotonic(), backlog=0)
        await client.open()
        clients.append(client)
        if number % 50 == 49:
            await asyncio.sleep(0.02)
    async with asyncio.timeout(60.0):
        while joined < count:
            await asyncio.sleep(0.1)
    return clients, trouble


async def measure(link: Link, pid: int, sessions: int, seconds: float) -> str:
    empty, before = memory(pid), spent(pid)
    clients, trouble = await crowd(link, sessions)
    join = (spent(pid) - before) / sessions
    await asyncio.sleep(SETTLING)
    before, start = spent(pid), time.monotonic()
    await asyncio.sleep(seconds)
    share = (spent(pid) - before) / (time.monotonic() - start)
    full = memory(pid)
    for client in clients:
        await client.close()
    each = (full - empty) * 1024 / sessions
    return (
        f"{sessions:,} idle sessions: {share:.2%} of a core; {full:.0f} MB, {each:.1f} KB each; "
        f"{join * 1000:.2f} ms of CPU a join; {len(trouble)} reconnected; "
        f"a bare echo of as many keepalives: {await floor(sessions, seconds):.2%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle")
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with server() as (link, pid):
        print(run_loop(measure(link, pid, options.sessions, options.seconds)))


if __name__ == "__main__":
    main()
