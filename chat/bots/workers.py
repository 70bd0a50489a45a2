"""Who carries a crowd: this process, or several others, which are told the same."""

import asyncio
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Protocol

from chat.loop import run_loop
from chat.net.address import ResolveError

from .crowd import Crowd
from .interrupts import SIGNALS
from .messages import (
    Failed,
    Message,
    Order,
    Outcome,
    Stop,
    Task,
    decode_message,
    decode_order,
    encode,
)

ENDING = 5.0
"""Seconds for which a process is waited for that has said all it had to say."""


class CrowdError(Exception):
    """The run cannot be made; one line that says why."""


class Worker(Protocol):
    """One that was given its task."""

    def begin(self, say: Callable[[Message], None]) -> None:
        """In the loop; `say` is called with all that it says."""

    def tell(self, order: Order) -> None: ...

    async def end(self) -> None: ...


class Here(Worker):
    """In this process."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._running: asyncio.Future[None] | None = None

    def begin(self, say: Callable[[Message], None]) -> None:
        self._running = asyncio.ensure_future(_crowd(self._task, say, self._orders))

    def tell(self, order: Order) -> None:
        self._orders.put_nowait(order)

    async def end(self) -> None:
        self.tell(Stop(hurry=True))
        if self._running is not None:
            await self._running


class Elsewhere(Worker):
    """In a process of its own, which no signal ends: this one decides what they mean."""

    def __init__(self, task: Task) -> None:
        """Before there is a loop. Raises OSError."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_process, args=(theirs,), daemon=True)
        with closing(theirs), _undisturbed():
            self._process.start()
        self._done = False
        """Nothing more is expected of it."""
        self.tell(task)

    def begin(self, say: Callable[[Message], None]) -> None:
        self._say = say
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._read)

    def tell(self, order: Order) -> None:
        try:
            self._pipe.send_bytes(encode(order))
        except OSError:
            pass  # It has gone, which is told when its end of the pipe is read.

    async def end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pipe.fileno())
        self.tell(Stop(hurry=True))
        await asyncio.to_thread(self._process.join, ENDING)
        self._process.kill()
        self._pipe.close()

    def dismiss(self) -> None:
        """Before there is a loop: it ends by itself."""
        self._pipe.close()

    def _read(self) -> None:
        try:
            while self._pipe.poll():
                message = decode_message(self._pipe.recv_bytes())
                self._done |= isinstance(message, Outcome | Failed)
                self._say(message)
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            if not self._done:
                self._say(Failed("a worker has ended by itself; start again, with fewer bots"))


def hire(tasks: list[Task]) -> list[Worker]:
    """One for each: this process, where one is enough. Raises CrowdError."""
    if len(tasks) == 1:
        return [Here(tasks[0])]
    hired: list[Elsewhere] = []
    try:
        for task in tasks:
            hired.append(Elsewhere(task))
    except OSError as error:
        for each in hired:  # Else this process would wait for them in the end.
            each.dismiss()
        raise CrowdError(
            f"only {len(hired)} of {len(tasks)} workers could be started: "
            f"{error.strerror or error}; use fewer --workers"
        ) from error
    return [*hired]


async def _crowd(
    task: Task, say: Callable[[Message], None], orders: "asyncio.Queue[Order]"
) -> None:
    try:
        await Crowd(task, say, orders).run()
    except (ResolveError, OSError) as error:
        say(Failed(str(error)))
    except Exception as error:
        say(Failed(f"a worker has failed: {error!r}"))
        raise


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A process that is started inherits that signals have to wait; this one has them afterwards."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # It would let them through where it is started meanwhile.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _process(pipe: Connection) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    run_loop(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    """Until its part is done, and it is told to end; or whoever started it is gone."""
    task = decode_order(pipe.recv_bytes())
    assert isinstance(task, Task)
    orders: asyncio.Queue[Order] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    gone = loop.create_future()

    def read() -> None:
        try:
            while pipe.poll():
                orders.put_nowait(decode_order(pipe.recv_bytes()))
        except (EOFError, OSError):
            loop.remove_reader(pipe.fileno())
            orders.put_nowait(Stop(hurry=True))
            gone.set_result(None)

    def say(message: Message) -> None:
        try:
            pipe.send_bytes(encode(message))
        except OSError:
            pass  # Nobody is there to hear it, which ends this process.

    loop.add_reader(pipe.fileno(), read)
    await _crowd(task, say, orders)
    if not gone.done():
        loop.remove_reader(pipe.fileno())
