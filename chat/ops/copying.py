"""A backup of a running server's log, made in a thread, so that nobody waits for it."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from chat.log.sqlite_backup import back_up

from .messages import Progress

EVERY = 0.5
"""Seconds between two words about how far it is: who asked hears that the server is there."""


async def copy(folder: Path, file: Path, tell: Callable[[Progress], None]) -> int:
    """Copies the log in `folder` to `file`; returns its size in bytes. Where this is cancelled
    there is no copy, and nothing of it. Raises BackupError."""
    stop, so_far = threading.Event(), Progress(0, 1)

    def progress(done: int, total: int) -> bool:
        nonlocal so_far
        so_far = Progress(done, total)
        return not stop.is_set()

    job = asyncio.get_running_loop().run_in_executor(None, back_up, folder, file, progress)
    try:
        while not (await asyncio.wait((job,), timeout=EVERY))[0]:
            tell(so_far)
        return job.result()
    finally:
        stop.set()
        await asyncio.wait((job,))
