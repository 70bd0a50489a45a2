"""What blocks, beside a loop."""

import asyncio
import contextvars
import threading
import time
from functools import partial

import pytest

from chat.bots.threads import Threads

WHO = contextvars.ContextVar("WHO", default="nobody")


async def test_it_returns_and_raises_what_the_function_does() -> None:
    threads = Threads()
    WHO.set("ann")
    assert await threads.run(WHO.get) == "ann"
    assert await threads.run(threading.get_ident) != threading.get_ident()
    with pytest.raises(ValueError, match="invalid literal"):
        await threads.run(partial(int, "x"))


async def test_who_does_not_wait_any_more_leaves_it_to_its_end() -> None:
    threads, ended = Threads(), threading.Event()
    waiting = asyncio.ensure_future(threads.run(partial(ended.wait, 10)))
    await asyncio.sleep(0)
    waiting.cancel()
    before = time.monotonic()
    await threads.finish(0.05)
    assert time.monotonic() - before < 5
    ended.set()
    await threads.finish(10)
    assert time.monotonic() - before < 5
