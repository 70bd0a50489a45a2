"""The committer: when a batch is begun, where it is done, and what is in it."""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from chat.core.types import Append, Draft, Follow, Open, Point, Record, Request, Snapshot
from chat.log.api import DamagedLogError, LogError
from chat.log.memory import MemoryLog
from chat.server import commit
from chat.server.commit import Batch, Committer
from tests.net.waiting import until

AUTHOR = b"author.."


class Slow(MemoryLog):
    """A log that says on which thread it was used, and takes as long as it is told."""

    def __init__(self) -> None:
        super().__init__(random=bytes, wall=lambda: 0)
        self.threads: list[bool] = []
        """Of each append, whether it was on the loop's thread."""
        self.seconds = 0.0
        self.trouble: LogError | None = None
        self.closed = 0
        self.tidied: list[bool] = []
        self.dirty = False
        self._using = threading.Lock()
        self._loop_thread = threading.get_ident()

    def append(self, appends: Sequence[tuple[str, Sequence[Draft]]]) -> list[dict[bytes, int]]:
        assert self._using.acquire(blocking=False), "two at once"
        try:
            self.threads.append(threading.get_ident() == self._loop_thread)
            time.sleep(self.seconds)
            if self.trouble is not None:
                raise self.trouble
            return super().append(appends)
        finally:
            self._using.release()

    @property
    def untidy(self) -> bool:
        return self.dirty

    def tidy(self) -> None:
        assert self._using.acquire(blocking=False), "two at once"
        self.tidied.append(threading.get_ident() == self._loop_thread)
        self.dirty = False
        time.sleep(self.seconds)
        self._using.release()

    def close(self) -> None:
        self.closed += 1


class Host:
    """What is submitted, and what comes of it."""

    def __init__(self, log: MemoryLog | None = None) -> None:
        self.log = log or Slow()
        self.batches: list[Batch] = []
        self.gathered = 0
        self.late = 0
        """Entries that somebody says when they are gathered."""
        self.committer = Committer(self.log, self.batches.append, self._gather)
        self._n = 0
        self.committer.submit([Follow("r", 0)])
        self.batches.clear()

    def say(self, count: int = 1) -> None:
        drafts = tuple(Draft(AUTHOR, self._n + each, b"x") for each in range(1, count + 1))
        self._n += count
        self.committer.submit([Append("r", drafts)])

    def _gather(self) -> None:
        self.gathered += 1
        assert not self.committer.ticking, "what is said now is not to wait once more"
        late, self.late = self.late, 0
        if late:
            self.say(late)

    @property
    def said(self) -> list[int]:
        """The number of entries in each batch that had some."""
        return [len(records) for batch in self.batches for _, records in batch.news]

    async def settle(self) -> None:
        await until(lambda: sum(self.said) == self._n, lambda: self.said)

    async def rest(self) -> None:
        """Until the next batch may begin at once."""
        await until(lambda: self.committer._next_at <= time.monotonic())

    async def close(self) -> None:
        self.committer.close()
        await asyncio.wait_for(self.committer.ended, 10)


async def test_the_first_after_a_quiet_moment_is_done_at_once() -> None:
    host = Host()
    await host.rest()
    host.say()
    assert host.said == [1]
    await host.close()


async def test_a_busy_log_is_asked_once_a_tick() -> None:
    host = Host()
    await host.rest()
    host.committer._next_at = time.monotonic() + 0.02
    for _ in range(10):
        host.say()
    assert not host.batches
    began = time.monotonic()
    await host.settle()
    assert host.said == [10]
    assert time.monotonic() - began >= 0.015
    assert host.gathered == 1
    await host.close()


async def test_what_is_gathered_when_it_is_time_is_in_the_batch() -> None:
    host = Host()
    await host.rest()
    host.committer._next_at = time.monotonic() + 0.01
    host.say(2)
    assert host.committer.ticking
    host.late = 3
    await until(lambda: sum(host.said) == 5, lambda: host.said)
    assert host.said == [5]
    assert not host.committer.ticking
    await host.close()


@pytest.mark.parametrize(
    ("took", "wait"), [(0.00001, 0.00016), (0.0002, 0.0032), (0.001, 0.004), (0.004, 0.001)]
)
async def test_the_tick_is_as_long_as_a_batch_is_dear(
    monkeypatch: pytest.MonkeyPatch, took: float, wait: float
) -> None:
    clock = [100.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return clock[0]

    host = Host()
    host.committer._next_at = 0.0
    monkeypatch.setattr(commit, "time", Clock)
    monkeypatch.setattr(host.committer, "_deliver", lambda _: clock.append(clock.pop() + took))
    host.say()
    assert host.committer._next_at == pytest.approx(100 + wait)
    monkeypatch.undo()
    await host.close()


async def test_a_slow_disk_is_waited_for_on_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Slow()
    host = Host(log)
    await host.rest()
    log.seconds = 2 * commit.SLOW
    host.say()
    assert log.threads == [True], "one slow batch proves nothing"
    log.seconds = 10 * commit.SLOW
    await host.rest()
    host.say()
    await host.rest()
    host.say()
    await host.settle()
    assert log.threads == [True, True, False]
    log.seconds = 0
    await host.rest()
    host.say()
    await host.settle()
    assert log.threads[-1] is False, "not yet"
    host.committer._trusted_at = time.monotonic()
    await host.rest()
    host.say()
    assert log.threads[-1] is True
    await host.close()


async def test_what_waits_for_a_disk_never_holds_up_the_loop() -> None:
    log = Slow()
    log.waits = True
    host = Host(log)
    await until(lambda: bool(host.batches))
    await host.rest()
    host.say(2)
    assert not log.threads
    host.say(3)
    await host.settle()
    assert not any(log.threads)
    assert host.said == [2, 3], "what comes meanwhile is the next batch"
    await host.close()


async def test_answers_to_what_was_asked_within_a_delivery_come_later() -> None:
    """A delivery that asks for more is not interrupted by the answer."""
    log = Slow()
    order: list[str] = []

    def deliver(batch: Batch) -> None:
        order.append("begin")
        if len(order) == 1:
            committer.submit([Open("ticket", "r", AUTHOR, (Point(0, b""),))])
        order.append("end")

    committer = Committer(log, deliver, lambda: None)
    requests: list[Request] = [Follow("r", 0)]
    committer.submit(requests)
    await until(lambda: len(order) == 4)
    assert order == ["begin", "end", "begin", "end"]
    committer.close()
    await asyncio.wait_for(committer.ended, 10)


async def test_a_refusal_is_an_answer() -> None:
    log = Slow()
    host = Host(log)
    log.trouble = LogError("the disk is full")
    await host.rest()
    host.say()
    (batch,) = host.batches
    assert batch.trouble == "the disk is full"
    assert batch.results == [("r", "the disk is full")]
    await host.close()


@pytest.mark.parametrize("waits", [True, False])
async def test_a_damaged_log_is_the_end(waits: bool) -> None:
    log = Slow()
    log.waits = waits
    host = Host(log)
    log.trouble = DamagedLogError("is damaged")
    host.say()
    with pytest.raises(DamagedLogError, match="is damaged"):
        await asyncio.wait_for(asyncio.shield(host.committer.ended), 10)
    assert log.closed == 1
    host.say()
    assert not host.said


@pytest.mark.parametrize("waits", [True, False])
async def test_what_was_submitted_is_stored_before_it_is_closed(waits: bool) -> None:
    log = Slow()
    log.waits = waits
    host = Host(log)
    host.committer._next_at = time.monotonic() + 60
    for _ in range(5):
        host.say()
    await host.close()
    assert sum(host.said) == 5
    assert log.closed == 1


async def test_a_long_backlog_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.log.memory.CHUNK", 10)
    monkeypatch.setattr("chat.server.commit.CHUNK", 10)
    host = Host()
    await host.rest()
    host.say(35)
    await host.settle()
    assert host.said == [10, 10, 10, 5]
    await host.close()


async def test_it_is_tidied_when_nobody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "LULL", 0.01)
    log = Slow()
    host = Host(log)
    log.dirty = True
    for _ in range(20):
        host.say()
        await asyncio.sleep(0.001)
    await until(lambda: bool(log.tidied))
    assert log.tidied == [False], "on the thread"
    await until(lambda: host.committer._lull is None)
    await host.close()


@pytest.mark.parametrize("waits", [True, False])
async def test_a_log_that_is_never_quiet_is_tidied_too(
    monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    monkeypatch.setattr(commit, "LULL", 0.01)
    log = Slow()
    log.waits = waits
    host = Host(log)
    log.dirty = True
    deadline = time.monotonic() + 10
    while not log.tidied:
        host.say()
        await asyncio.sleep(0)
        assert time.monotonic() < deadline
    await host.settle()
    await host.close()


async def test_a_slow_disk_is_not_tidied_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "LULL", 0.001)
    log = Slow()
    host = Host(log)
    log.dirty, log.seconds = True, 0.02
    host.say()
    await until(lambda: bool(log.tidied) and not host.committer._busy)
    again = host.committer._lull
    assert again is not None
    assert again.when() - asyncio.get_running_loop().time() > 0.8 * 0.02 / commit.SHARE
    await host.close()


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("broken", ["perform", "deliver"])
async def test_a_mistake_of_ours_is_the_end_and_not_a_standstill(
    monkeypatch: pytest.MonkeyPatch, waits: bool, broken: str
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, it: failures.append(it))
    log = Slow()
    host = Host(log)
    await host.rest()
    log.waits = waits
    if broken == "perform":
        monkeypatch.setattr(log, "append", fail)
    else:
        monkeypatch.setattr(host.committer, "_deliver", fail)
    with suppress(ZeroDivisionError):
        host.say()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(asyncio.shield(host.committer.ended), 10)
    assert log.closed == 1


def test_records_are_as_the_log_gives_them() -> None:
    log = MemoryLog(random=bytes, wall=lambda: 0)
    log.follow("r", 0)
    batch = commit.perform(log, [Append("r", (Draft(AUTHOR, 1, b"x"),)), Open(1, "r", AUTHOR, ())])
    ((room, (record,)),) = batch.news
    assert (room, record.seq, record.body) == ("r", 1, b"x")
    assert isinstance(record, Record)
    ((_, answer),) = batch.answers
    assert isinstance(answer, Snapshot)
    assert answer.head.seq == 1, "appends come first"
