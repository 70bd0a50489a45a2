"""What an acknowledgement meant, seen from the kernel's side."""

import re
import signal
import sys
from pathlib import Path

import pytest

from ..needs import needs
from .programs import CHAT, done, running

_CALLS = ("recvfrom", "recvmmsg", "sendto", "sendmmsg", "fdatasync", "fsync")
_CALL = re.compile(rf"({'|'.join(_CALLS)})\(\d+")
_DATA = re.compile(r'(?:iov_base=|\(\d+, )"((?:\\x..)*)"')
_PUSH_COUNT = 18
"""Where a push's header says how many entries are inside."""


def calls(trace: Path) -> list[str]:
    """The calls that matter, in the order in which they were made."""
    seen = []
    for line in trace.read_text().splitlines():
        match = _CALL.search(line)
        if match is None or " = -1 " in line:
            continue
        name = match[1]
        datagrams = [bytes.fromhex(data.replace("\\x", "")) for data in _DATA.findall(line)]
        if name in ("fdatasync", "fsync"):
            seen.append("sync")
        elif name.startswith("recv") and any(data[:1] == b"\x84" for data in datagrams):
            seen.append("heard")
        elif name.startswith("send") and any(map(_is_push, datagrams)):
            seen.append("pushed")
    return seen


def _is_push(datagram: bytes) -> bool:
    """One with entries."""
    return datagram[:1] == b"\x85" and datagram[_PUSH_COUNT] > 0


async def traced(folder: Path, durability: str) -> list[str]:
    """A server's calls while one message is said."""
    trace = folder / "trace"
    watched = f"trace={','.join(_CALLS)}"
    async with running(
        *("strace", "-f", "-xx", "-s", "64", "-e", watched, "-o", str(trace)),
        *(*CHAT, "serve", "--bind", "127.0.0.1:0", "--store", str(folder / "store")),
        *("--durability", durability),
    ) as server:
        link = (await server.line("link ")).removeprefix("link ")
        assert (await done("send", link, "hello")).code == 0
        server.signal(signal.SIGTERM)
        await server.ended()
    return calls(trace)


@needs("strace")
@pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")
async def test_with_power_durability_the_disk_comes_before_the_acknowledgement(
    tmp_path: Path,
) -> None:
    seen = await traced(tmp_path, "power")
    pushed = seen.index("pushed")
    heard = pushed - 1 - seen[:pushed][::-1].index("heard")
    assert "sync" in seen[heard:pushed], seen


@needs("strace")
@pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")
async def test_with_process_durability_nobody_waits_for_the_disk(tmp_path: Path) -> None:
    seen = await traced(tmp_path, "process")
    pushed = seen.index("pushed")
    heard = pushed - 1 - seen[:pushed][::-1].index("heard")
    assert "sync" not in seen[heard:pushed], seen
