"""A program on a terminal of its own that nobody sees: its frames as they come, and its keys."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Self

COLUMNS, ROWS = 80, 24
PROMPT = "> "
PATIENCE = 20.0
"""Seconds that a wait takes at most."""

_END = b"\x1b[?2026l"
"""What each frame ends with."""

_LAST_ROW = f"\x1b[{ROWS};1H".encode()
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


class Frame(NamedTuple):
    at: float
    """Monotonic seconds when all of it was there."""
    text: str
    """Of the rows that were written."""
    typed: str | None
    """The line that one types on; None: it was not written, and is what it was."""


class PseudoTerminal:
    """Runs `command` until the block ends. A thread reads what it writes, at once."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.frames: list[Frame] = []
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
            start_new_session=True,
        )
        os.close(slave)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        # Of a process that is gone, reading ends by itself.
        self._thread.join(PATIENCE)
        os.close(self._master)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """What it ended with, if it has ended."""
        return self._process.poll()

    def type(self, text: str) -> float:
        """Returns when."""
        now = time.monotonic()
        os.write(self._master, text.encode())
        return now

    def wait(self, condition: Callable[[Frame], bool], what: str, after: float = 0.0) -> Frame:
        """The first frame of which this is true, and that came after `after`."""
        deadline, looked = time.monotonic() + PATIENCE, 0
        with self._changed:
            while True:
                for frame in self.frames[looked:]:
                    if frame.at > after and condition(frame):
                        return frame
                looked = len(self.frames)
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    last = self.frames[-1].text if self.frames else "nothing"
                    raise AssertionError(f"waited {PATIENCE} s in vain for {what}; drawn: {last}")

    def _read(self) -> None:
        data = b""
        while True:
            try:
                data += os.read(self._master, 1 << 16)
            except OSError:
                return
            now = time.monotonic()
            *frames, data = data.split(_END)
            if frames:
                with self._changed:
                    self.frames += (_parsed(frame, now) for frame in frames)
                    self._changed.notify_all()


def _parsed(frame: bytes, now: float) -> Frame:
    _, found, row = frame.rpartition(_LAST_ROW)
    typed = _plain(row).removeprefix(PROMPT) if found else None
    return Frame(now, _plain(frame), typed)


def _plain(data: bytes) -> str:
    return _SEQUENCE.sub("", data.decode(errors="replace"))
