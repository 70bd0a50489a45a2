"""What is measured while a crowd talks, and what the server and this process spend on it."""

import ipaddress
import os
import socket
from array import array
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

LATE = 0.010
"""Seconds after its intended time from which on a send counts as late."""


class Latency(Struct, frozen=True):
    """Percentiles in milliseconds."""

    p50: float
    p90: float
    p99: float
    p99_9: float
    max: float


class Counts:
    """Counts of one run. Latencies run from the intended send time, so that a server that stalls
    cannot hide what it kept waiting."""

    def __init__(self) -> None:
        self.sent = 0
        self.acked = 0
        self.delivered = 0
        self.duplicates = 0
        self.reordered = 0
        self.late_sends = 0
        self.refused = 0
        self._seconds = array("d")

    def heard(self, seconds: float) -> None:
        self.delivered += 1
        self._seconds.append(seconds)

    def latency(self) -> Latency | None:
        """None where nothing was heard."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)

        def percentile(share: float) -> float:
            return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 3)

        return Latency(*map(percentile, (0.5, 0.9, 0.99, 0.999, 1.0)))


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
        try:
            links = [os.readlink(each) for each in (process / "fd").iterdir()]
        except OSError:
            continue
        if inodes.intersection(links):
            return int(process.name)
    return None


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
