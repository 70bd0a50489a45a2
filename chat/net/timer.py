"""The one timer that a pure core needs: when it next wants to be called."""

import asyncio
import time
from collections.abc import Callable

_TICK = 0.001
"""Seconds: uvloop's timers are no finer."""


class Timer:
    """Calls `act(now)` once `deadline` is there; both are of the monotonic clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop, act: Callable[[float], None]) -> None:
        self._loop = loop
        self._act = act
        self._handle: asyncio.TimerHandle | None = None
        self._deadline: float | None = None

    @property
    def deadline(self) -> float | None:
        """None: it is not set."""
        return self._deadline

    def set(self, deadline: float | None) -> None:
        """None: never."""
        if deadline == self._deadline:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._deadline, self._handle = deadline, None
        if deadline is not None:
            delay = max(deadline - time.monotonic(), _TICK)
            self._handle = self._loop.call_later(delay, self._fired)

    def _fired(self) -> None:
        self._deadline = self._handle = None
        self._act(time.monotonic())
