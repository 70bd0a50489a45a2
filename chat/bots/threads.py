"""What blocks, on threads that keep no program from ending.

Those of asyncio's executor are waited for when the loop is closed and once more at the exit, however
long they take, and no signal ends that.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """Of one bot."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[Any]] = set()

    async def run(self, function: Callable[[], T]) -> T:
        """What it returns, or raises."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def ended(result: Callable[[], None]) -> None:
            with suppress(RuntimeError):  # Nobody waits for it: the loop is closed.
                loop.call_soon_threadsafe(result)

        def work() -> None:
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                ended(partial(done.set_exception, error))
            else:
                ended(partial(done.set_result, result))

        threading.Thread(target=copy_context().run, args=(work,), daemon=True).start()
        self._running.add(done)
        done.add_done_callback(self._ended)
        return await asyncio.shield(done)

    async def finish(self, seconds: float) -> None:
        """Waits for those that run, so long at most."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    def _ended(self, done: "asyncio.Future[Any]") -> None:
        self._running.discard(done)
        done.exception()  # Whoever waited for it may have gone.
