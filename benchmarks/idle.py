"""What sessions that say nothing cost a server.

python -m benchmarks.idle --sessions 1000 --seconds 60

A room of so many members, on a server of its own, after the joins are over: keepalives, reports
and heads are all there is. Prints the server's CPU as a fraction of one core, and its memory.
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chat.bots.measure import cpu_seconds
from chat.client import Client
from chat.core import events
from chat.core.link import Link, parse_link
from chat.loop import run_loop

SETTLING = 60.0
"""Seconds after the last join: heads have gone quiet, and every client pings in its own rhythm."""


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
        f"{join * 1000:.2f} ms of CPU a join; {len(trouble)} reconnected"
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
