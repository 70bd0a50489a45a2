"""Runs a program for somebody who is not to be trusted with a shell.

`popen("date " + words)` hands the words to a shell, which reads them: `; rm -r ~` is a second
command to it. An argv is read by nobody: each word arrives as it is, as one argument.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

SECONDS = 5.0
OUTPUT = 4096
"""Bytes."""

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""All of it: no keys, no proxies, nothing of whoever started us."""

POSSIBLE = hasattr(os, "waitid")
"""Not on Windows, and on macOS with Python 3.13 or newer."""

_POLL = 0.02
"""Seconds between two looks whether it has ended."""


class RunError(Exception):
    """It did not start; one line that says why."""


class Result(NamedTuple):
    """What came of it."""

    output: str
    """What it wrote to stdout and stderr, as far as it was read."""
    code: int | None
    """None: it was killed."""
    why: str = ""
    """And that is why."""


def run(argv: Sequence[str], *, seconds: float = SECONDS, most: int = OUTPUT) -> Result:
    """Until it has ended, or wrote over `most` bytes, or took `seconds`. It has nothing to read,
    and leads a process group of its own, of which nothing is left afterwards. Raises RunError."""
    try:
        process = subprocess.Popen(
            [word.encode() for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # Not there; too long; a NUL, which ends words in C.
        raise RunError(f"{argv[0]} cannot be run: {_reason(error)}") from error
    assert process.stdout is not None
    deadline, why = time.monotonic() + seconds, ""
    with process.stdout as pipe:
        try:
            output = _read(process.pid, pipe.fileno(), deadline, most)
            if len(output) > most:
                why = f"it wrote over {most} bytes"
            elif not _exits(process.pid, deadline):
                why = f"it took longer than {seconds:g} s"
        finally:
            with suppress(ProcessLookupError, PermissionError):  # macOS, where all are gone.
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
    return Result(output[:most].decode(errors="replace"), None if why else code, why)


def _read(process: int, pipe: int, deadline: float, most: int) -> bytes:
    """Until the end, or a little more than `most` bytes. Who was left behind by the process and
    holds the pipe open is not waited for."""
    output = b""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while len(output) <= most and time.monotonic() < deadline:
        if poll.poll(_POLL * 1000):
            data = os.read(pipe, most + 1 - len(output))
            if not data:
                break
            output += data
        elif _has_exited(process):
            break
    return output


def _exits(process: int, deadline: float) -> bool:
    """Waits for it, so long at most."""
    while not _has_exited(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def _has_exited(process: int) -> bool:
    """It stays a zombie: as long as nobody has waited for it, its id and its group's are nobody
    else's, and the group can be killed."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
