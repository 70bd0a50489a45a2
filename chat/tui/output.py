"""The way to the terminal, which never makes the program wait.

A terminal that nobody reads (a paused pane, a lost connection) blocks whoever writes to it. So the
descriptor is one of our own, non-blocking: standard output's would be shared with whatever else has
it. What the terminal does not take waits here; as long as something does, nothing more is drawn.
"""

import asyncio
import os
import select
import sys
import time
from collections.abc import Callable

from prompt_toolkit.data_structures import Size
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

DRAIN = 0.5
"""Seconds that the terminal is waited for when the screen is given back."""


class TerminalOutput(Vt100_Output):
    """`descriptor` is non-blocking and is ours, until `close`."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(
            sys.stdout,
            self._measure,
            term=os.environ.get("TERM"),
            default_color_depth=ColorDepth.from_env(),
            enable_cpr=False,
        )
        self.lost = False
        """The terminal is gone: what is written goes nowhere."""
        self._descriptor = descriptor
        self._waiting = bytearray()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._drained: Callable[[], None] = lambda: None
        self._watching = False

    @property
    def behind(self) -> bool:
        """Something waits for the terminal to take it."""
        return bool(self._waiting)

    def attach(self, loop: asyncio.AbstractEventLoop, drained: Callable[[], None]) -> None:
        """From now on what is flushed goes out, at once or by itself; before, it is dropped.
        `drained` is called when all has gone."""
        self._loop, self._drained = loop, drained

    def flush(self) -> None:
        if self._loop is None:
            self._buffer = []
        elif self._buffer:
            self._waiting += "".join(self._buffer).encode(errors="replace")
            self._buffer = []
        self._write()

    def drain(self, seconds: float = DRAIN) -> None:
        """Waits for the terminal to take everything, but not for ever."""
        self.flush()
        deadline = time.monotonic() + seconds
        while self._waiting and (left := deadline - time.monotonic()) > 0:
            select.select([], [self._descriptor], [], left)
            self._write()

    def close(self) -> None:
        if self._descriptor >= 0:
            self._watch(False)
            os.close(self._descriptor)
            self._descriptor = -1
            self._waiting.clear()

    def fileno(self) -> int:
        return self._descriptor

    def encoding(self) -> str:
        return "utf-8"

    def _measure(self) -> Size:
        try:
            size = os.get_terminal_size(self._descriptor)
        except OSError:
            return Size(rows=24, columns=80)
        return Size(rows=size.lines or 24, columns=size.columns or 80)

    def _write(self) -> None:
        behind = bool(self._waiting)
        while self._waiting and self._descriptor >= 0:
            try:
                written = os.write(self._descriptor, self._waiting)
            except BlockingIOError:
                break
            except InterruptedError:
                continue
            except OSError:
                self.lost = True
                written = len(self._waiting)
            del self._waiting[:written]
        self._watch(bool(self._waiting))
        if behind and not self._waiting and self._loop is not None:
            self._drained()

    def _watch(self, wanted: bool) -> None:
        if self._loop is None or wanted == self._watching:
            return
        self._watching = wanted
        if wanted:
            self._loop.add_writer(self._descriptor, self._write)
        else:
            self._loop.remove_writer(self._descriptor)
