"""When the screen is drawn again: at once for a key, not too often for traffic."""

import asyncio
from collections.abc import Callable

PACE = 1 / 15
"""Seconds between two redraws for what others say. Nobody reads faster."""


class Gate:
    """`draw()` asks for one redraw; whoever draws says so with `drawn`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, draw: Callable[[], None]) -> None:
        self._loop = loop
        self._draw = draw
        self._drawn_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def traffic(self) -> None:
        """Something changed: it is shown soon."""
        if self._timer is None:
            when = max(self._drawn_at + PACE, self._loop.time())
            self._timer = self._loop.call_at(when, self._fire)

    def drawn(self) -> None:
        """The screen shows all that there is."""
        self._drawn_at = self._loop.time()
        self.close()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        self._draw()
