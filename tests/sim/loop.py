"""An event loop in virtual time: where it would wait, the simulated world goes on instead."""

import asyncio
import math
import selectors

from .world import World


class _Jumps(selectors.SelectSelector):
    """Nothing real is ever ready: threads and processes take other times in each run."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        clock = self._world.clock
        until = math.inf if timeout is None else clock.now + timeout
        if timeout is not None and timeout <= 0:
            return []  # Something is to be called at this very moment.
        if clock.next <= until:
            self._world.step()
        elif until < math.inf:
            clock.now = until
        else:
            raise RuntimeError("nothing will ever happen any more")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs a world, and what awaits something in it. The same seed, the same order of things."""

    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__(_Jumps(world))

    def time(self) -> float:
        return self._world.clock.now
