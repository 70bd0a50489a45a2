"""The machine as a measuring instrument: cores, the network's namespace, CPU time, the compiler."""

import atexit
import ctypes
import fcntl
import importlib.metadata
import os
import platform
import resource
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NATIVE = Path(__file__).parent.parent / "native"

SERVER_CORE = 0
CROWD_CORE = 1

_NICE = -19
"""Of all that is measured, and of what measures: nothing else on this machine is to get between."""

_AUTOGROUP = Path("/proc/self/autogroup")

_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


class Unfit(Exception):
    """Something here cannot be measured; one line that says why, and what to do."""


def isolate() -> str:
    """Pins this process to the crowd's core, ahead of all others, allows it all the files it may
    have, and puts it into a network namespace of its own: no connection tracking, nobody else's
    traffic. Returns what came of that, in words. Raises Unfit for a machine of one core."""
    if len(os.sched_getaffinity(0)) < 2:
        raise Unfit("the server and its crowd need a core each, and there is only one here")
    os.sched_setaffinity(0, {CROWD_CORE})
    before = _AUTOGROUP.read_text() if _AUTOGROUP.exists() else ""
    prefer(os.getpid())
    atexit.register(prefer, os.getpid(), int(before.rpartition(" ")[2] or 0))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        tracked = Path("/proc/net/nf_conntrack").exists()
        return f"in the machine's own network namespace, conntrack {'on' if tracked else 'unknown'}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))
    return "in a network namespace of its own, no conntrack"


def prefer(process: int, nice: int = _NICE) -> None:
    """Lets a process go before all others, if we may. The nice value of a process counts only
    within its session, which has one of its own, where the scheduler groups by session."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process, nice)
    with suppress(OSError):
        Path(f"/proc/{process}/autogroup").write_text(str(nice))


def punctual(process: int) -> None:
    """Has a process run whenever it has something to do, if we may: what is to say when things are
    sent must not wait for who else is on this machine."""
    with suppress(OSError):
        os.sched_setscheduler(process, os.SCHED_FIFO, os.sched_param(1))


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started inside of it runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def program(name: str, directory: Path) -> Path:
    """Compiles one of ours. Raises Unfit."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Unfit("there is no C compiler: install one as cc (Debian: apt-get install gcc)")
    built = directory / name
    command = [compiler, "-O2", "-o", str(built), str(NATIVE / f"{name}.c")]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if run.returncode:
        raise Unfit(f"{name}.c does not compile: {run.stderr.strip().splitlines()[0]}")
    return built


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def facts() -> str:
    """What the figures depend on, in one line."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"{cpu}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}, uvloop {importlib.metadata.version('uvloop')}"
    )


def commit() -> str:
    """Of this tree, short; with a plus if it was changed since."""
    git = ["git", "-C", str(NATIVE), "describe", "--always", "--dirty=+", "--abbrev=9"]
    run = subprocess.run(git, check=False, capture_output=True, text=True)
    return run.stdout.strip() or "unknown"
