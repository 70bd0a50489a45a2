"""Ctrl-C and SIGTERM, from the beginning of a run until its reports are written."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Caught from now on, before there is an event loop and after it: its own handlers go with it,
    and what has been measured is still to be written then."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._act: Callable[[], None] = lambda: None
        self._early = 0
        """How many came before there was somebody to tell."""
        for number in SIGNALS:
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
        if self._loop is None:
            self._early += 1
            return
        with suppress(RuntimeError):  # The loop has been closed: the run is over.
            self._loop.call_soon_threadsafe(self._act)
