"""Lines from a terminal, a pipe or a file, none of which may hold up an event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress

_AHEAD = 64
"""Lines that are read before they are wanted."""


async def read_lines(lines: Iterable[str]) -> AsyncIterator[str]:
    """Each line, without its end. Raises OSError.

    Read on a thread: what a loop watches is made non-blocking, and standard input would stay so for
    whoever shares it; files cannot be watched at all."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | OSError | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def read() -> None:
        with suppress(RuntimeError):  # Nobody waits for more: the loop is closed.
            for item in _with_end(lines):
                room.acquire()
                loop.call_soon_threadsafe(queue.put_nowait, item)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (item := await queue.get()) is not None:
        if isinstance(item, OSError):
            raise item
        room.release()
        yield item.rstrip("\r\n")


def _with_end(lines: Iterable[str]) -> Iterator[str | OSError | None]:
    try:
        yield from lines
    except OSError as error:
        yield error
    yield None
