"""Ctrl-C, SIGTERM and a terminal that is closed, from the beginning of a run until its reports are written."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))

_IGNORABLE = SIGNALS[2:]
"""`nohup` has it ignored from the start, and that is meant."""


class Interrupts:
    """Caught from now on, before there is an event loop and after it: its own handlers go with it,
    and what has been measured is still to be written then."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._act: Callable[[], None] = lambda: None
        self._early = 0
        """How many came before there was somebody to tell."""
        self._terminals = [output for output in (1, 2) if os.isatty(output)]
        for number in SIGNALS:
            if number not in _IGNORABLE or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._came)

    def tell(self, act: Callable[[], None]) -> None:
        """`act` is called in the running loop for each that comes, and for each that has come."""
        self._loop, self._act = asyncio.get_running_loop(), act
        for _ in range(self._early):
            act()

    def ignore(self) -> None:
        """All is done: the process ends by itself, with its own exit code."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if number in _IGNORABLE:
            self._leave_terminals()
        if self._loop is None:
            self._early += 1
            return
        with suppress(RuntimeError):  # The loop has been closed: the run is over.
            self._loop.call_soon_threadsafe(self._act)

    def _leave_terminals(self) -> None:
        """To write to one that is closed would be an error, and the end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for output in self._terminals:
            os.dup2(nowhere, output)
        os.close(nowhere)
