"""The hub's slow work: passwords are checked and hardened on threads of their own, two at once.

Each takes tens of milliseconds and much memory, on purpose. On the loop everybody would wait; more
than two at once would take the loop's processor away, and memory without bound.
"""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from chat.core.limits import CHECKS, CHECKS_AT_ONCE
from chat.core.types import Check, Harden
from chat.secure import passwords

log = logging.getLogger("chat.server")


class Checker:
    """Its answers come on the loop, never within `submit`."""

    def __init__(
        self,
        checked: Callable[[object, bool | None], None],
        hardened: Callable[[object, str], None],
    ) -> None:
        """Needs a running loop. Both are called with a ticket and the answer: None and nothing
        where too much waits already, or where it cannot be done here. The threads begin with the
        first thing to do."""
        self._loop = asyncio.get_running_loop()
        self._checked = checked
        self._hardened = hardened
        self._threads = ThreadPoolExecutor(
            CHECKS_AT_ONCE, thread_name_prefix="passwords", initializer=_stand_back
        )
        self._waiting: deque[Check | Harden] = deque()
        self._working: set[asyncio.Future[bool | str]] = set()
        self._closed = False

    def submit(self, effect: Check | Harden) -> None:
        if self._closed:
            return
        if len(self._waiting) >= CHECKS:
            self._loop.call_soon(self._answer, effect, None)
            return
        self._waiting.append(effect)
        self._go_on()

    def close(self) -> None:
        """Nothing is answered any more, and nobody waits for what is being done."""
        self._closed = True
        self._waiting.clear()
        for job in self._working:
            job.cancel()
        self._threads.shutdown(wait=False)

    def _go_on(self) -> None:
        while self._waiting and len(self._working) < CHECKS_AT_ONCE:
            effect = self._waiting.popleft()
            job = self._loop.run_in_executor(self._threads, _perform, effect)
            self._working.add(job)
            job.add_done_callback(partial(self._performed, effect))

    def _performed(self, effect: Check | Harden, job: asyncio.Future[bool | str]) -> None:
        self._working.discard(job)
        if self._closed:
            return
        self._go_on()
        error = job.exception()
        if error is None:
            self._answer(effect, job.result())
        else:
            log.error("a password was neither taken nor checked: %s", error)
            self._answer(effect, None)

    def _answer(self, effect: Check | Harden, answer: bool | str | None) -> None:
        match effect:
            case _ if self._closed:
                pass
            case Check(ticket):
                self._checked(ticket, None if answer is None else answer is True)
            case Harden(ticket):
                self._hardened(ticket, answer if isinstance(answer, str) else "")


def _stand_back() -> None:
    """The loop is to have a processor when it wakes: with both threads at work on two processors,
    one wake-up in a hundred came 6 ms late, and so 4 ms, of which 3 are there without them. Any
    nicer, and they would starve where the machine has other work. Only on Linux is this a thread's
    own; elsewhere it would be the process's."""
    if sys.platform == "linux":
        os.nice(5)


def _perform(effect: Check | Harden) -> bool | str:
    match effect:
        case Check(_, password, verifier):
            return passwords.matches(password, verifier)
        case Harden(_, password):
            return passwords.harden(password)
