"""Waiting for what is to happen, with a deadline instead of a hope."""

import asyncio
import time
from collections.abc import Callable


async def until(
    condition: Callable[[], bool], state: Callable[[], object] = lambda: "", seconds: float = 10
) -> None:
    """Returns as soon as the condition holds; fails with the state after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {state()}"
        await asyncio.sleep(0.001)


async def turns(count: int) -> None:
    """So many turns of the loop: whatever is ready is called each time."""
    for _ in range(count):
        await asyncio.sleep(0)
