"""What is measured while a crowd talks, and what the server and this process spend on it."""

import ipaddress
import operator
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import astuple

LATE = 0.010
"""Seconds after its intended time from which on a send counts as late."""


class Latency(Struct, frozen=True):
    """Percentiles in milliseconds."""

    p50: float
    p90: float
    p99: float
    p99_9: float
    max: float


class Counts(Struct):
    """Of one worker, or of all, since the beginning of the run."""

    offered: int = 0
    sent: int = 0
    acked: int = 0
    refused: int = 0
    late_sends: int = 0
    delivered: int = 0
    lost: int = 0
    duplicates: int = 0
    reordered: int = 0
    repaired: int = 0
    members: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(operator.add, astuple(self), astuple(other)))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*map(operator.sub, astuple(self), astuple(other)))


def is_local(host: str) -> bool:
    """Whether this address is this machine's own."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_loopback:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((host, 0))
        except OSError:
            return False
    return True


def server_process(port: int) -> int | None:
    """The process id of who listens on this UDP port of this machine; None if that is unknown."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        if inodes.intersection(_open_files(process)):
            return int(process.name)
    return None


def _open_files(process: Path) -> Iterator[str]:
    """What is opened or closed meanwhile may be missing."""
    with suppress(OSError):  # It is gone, or somebody else's.
        for file in (process / "fd").iterdir():
            with suppress(OSError):
                yield os.readlink(file)


def cpu_seconds(process: int) -> float | None:
    """CPU time of all threads of a process, with what the kernel did for it; None if it is gone."""
    total = 0
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return None
    return total / 1e9


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "07":
                yield fields[9]
