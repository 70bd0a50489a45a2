"""Passwords off the loop: `chat.server.checker`."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator

import pytest

from chat.core import limits
from chat.core.types import Check, Harden
from chat.secure import passwords
from chat.server.checker import Checker

from ..net.waiting import turns, until


class Work:
    """Instead of Argon2: what is done, on which threads, until each is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[str] = []
        self.threads: set[int] = set()
        self.let_go = threading.Semaphore(0)
        self.error: Exception | None = None
        monkeypatch.setattr(passwords, "matches", lambda password, _: self._do(password) == "right")
        monkeypatch.setattr(passwords, "harden", lambda password: f"hard {self._do(password)}")

    def _do(self, password: str) -> str:
        self.begun.append(password)
        self.threads.add(threading.get_ident())
        assert self.let_go.acquire(timeout=10)
        if self.error is not None:
            raise self.error
        return password


class Desk:
    """A checker, and what it answered."""

    def __init__(self) -> None:
        self.answers: deque[tuple[object, bool | str | None]] = deque()
        self.here = threading.get_ident()
        self.checker = Checker(self._answered, self._answered)

    def check(self, *tickets: object, password: str = "right") -> None:
        for ticket in tickets:
            self.checker.submit(Check(ticket, password, "verifier"))

    def _answered(self, ticket: object, answer: bool | str | None) -> None:
        assert threading.get_ident() == self.here
        self.answers.append((ticket, answer))

    async def answered(self, count: int) -> list[tuple[object, bool | str | None]]:
        await until(lambda: len(self.answers) >= count, lambda: self.answers)
        return [self.answers.popleft() for _ in range(count)]


def at_work() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("passwords")]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    desk.checker.close()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    return Work(monkeypatch)


async def test_a_password_is_hardened_and_then_checked(desk: Desk) -> None:
    desk.checker.submit(Harden("set", "open sesame"))
    ((ticket, verifier),) = await desk.answered(1)
    assert ticket == "set"
    assert isinstance(verifier, str)
    desk.checker.submit(Check(1, "open sesame", verifier))
    desk.checker.submit(Check(2, "open barley", verifier))
    desk.checker.submit(Check(3, "open sesame", "damaged"))
    assert sorted(await desk.answered(3), key=str) == [(1, True), (2, False), (3, False)]


async def test_two_at_once_and_the_others_after_them(desk: Desk, work: Work) -> None:
    desk.check(*range(5))
    await until(lambda: len(work.begun) == limits.CHECKS_AT_ONCE == 2)
    answered = set[object]()
    for done in range(1, 6):
        work.let_go.release()
        ((ticket, ok),) = await desk.answered(1)
        answered.add(ticket)
        assert ok
        assert len(work.begun) <= done + 2
    assert answered == set(range(5))
    assert len(work.threads) == 2
    assert desk.here not in work.threads


async def test_what_is_too_much_is_answered_at_once_and_not_done(desk: Desk, work: Work) -> None:
    most = limits.CHECKS_AT_ONCE + limits.CHECKS
    desk.check(*range(most + 1))
    desk.checker.submit(Harden("one more", "x"))
    assert not desk.answers, "not within submit: the hub is in the middle of a turn"
    assert await desk.answered(2) == [(most, None), ("one more", "")]
    work.let_go.release(most)
    await desk.answered(most)
    assert len(work.begun) == most


async def test_the_loop_goes_on_meanwhile(desk: Desk) -> None:
    """Argon2 itself lets other threads run: cryptography before 50 does not."""
    verifier = passwords.harden("x")
    for ticket in range(10):
        desk.checker.submit(Check(ticket, "x", verifier))
    ticks, last = list[float](), time.monotonic()
    while len(desk.answers) < 10:
        await asyncio.sleep(0.001)
        now = time.monotonic()
        ticks.append(now - last)
        last = now
    assert sorted(ticks)[len(ticks) // 2] < 0.02, ticks
    assert len(ticks) > 2 * 10


async def test_closing_waits_for_nothing_and_nothing_is_answered_after_it(
    desk: Desk, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    desk.check(*range(20))
    await until(lambda: len(work.begun) == 2)
    start = time.monotonic()
    desk.checker.close()
    desk.check("after")
    assert time.monotonic() - start < 1.0
    work.let_go.release(20)
    await until(lambda: not at_work(), at_work)
    await turns(5)
    assert not desk.answers
    assert len(work.begun) == 2
    assert not caplog.records


def test_a_loop_that_ends_meanwhile_is_no_error(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    async def brief() -> None:
        desk = Desk()
        desk.check(1)
        await until(lambda: len(work.begun) == 1)
        desk.checker.close()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(brief())
    loop.close()
    work.let_go.release()
    deadline = time.monotonic() + 10
    while at_work():
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert not caplog.records


async def test_what_cannot_be_done_here_is_said_to_the_operator(
    desk: Desk, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.error = passwords.UnsupportedError("install something")
    work.let_go.release(2)
    with caplog.at_level(logging.ERROR, "chat.server"):
        desk.check(1)
        desk.checker.submit(Harden(2, "x"))
        assert sorted(await desk.answered(2), key=str) == [(1, None), (2, "")]
    assert [record.getMessage() for record in caplog.records] == [
        "a password was neither taken nor checked: install something"
    ] * 2
