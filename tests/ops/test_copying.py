"""A copy is made beside everything else, says how far it is, and can be given up."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chat.log.sqlite_backup import BackupError
from chat.ops import copying
from chat.ops.copying import copy
from chat.ops.messages import Progress

FOLDER, FILE = Path("/store"), Path("/file")


class Copy:
    """In place of `back_up`: as long as it is let."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.begun = asyncio.Event()
        self.over = False
        self._loop = asyncio.get_running_loop()

    def __call__(self, folder: Path, file: Path, progress: Callable[[int, int], bool]) -> int:
        assert (folder, file) == (FOLDER, FILE)
        self._loop.call_soon_threadsafe(self.begun.set)
        try:
            for step in range(self.steps):
                if not progress(step, self.steps):
                    raise BackupError("given up")
                time.sleep(0.01)
            return 4096
        finally:
            self.over = True


async def test_it_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "EVERY", 0.1)
    monkeypatch.setattr(copying, "back_up", Copy(60))
    told: list[Progress] = []
    assert await copy(FOLDER, FILE, told.append) == 4096
    assert 2 <= len(told) <= 60
    assert told == sorted(told, key=lambda each: each.done)
    assert told[-1].total == 60


async def test_it_ends_before_who_gave_it_up_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    back_up = Copy(1_000_000)
    monkeypatch.setattr(copying, "back_up", back_up)
    job = asyncio.ensure_future(copy(FOLDER, FILE, lambda so_far: None))
    await back_up.begun.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert back_up.over


async def test_why_there_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is no folder: make it first"):
        await copy(tmp_path, tmp_path / "nowhere" / "file", lambda so_far: None)
