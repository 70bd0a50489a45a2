"""`chat join --plain-output`: lines in, lines out, and no escape sequence ever."""

import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TextIO

from chat.client import Client
from chat.core import asks, events
from chat.stdin import read_lines

from .echo import Echo
from .effects import Quit, Remember
from .files import SettingsFile
from .health import Phase
from .model import Model
from .opening import open_client
from .settings import Settings
from .shelf import Shelf
from .spoken import Spoken

TICK = 1.0
"""Seconds between two looks at the clock."""

AHEAD = 256
"""Entries of ours on their way, beyond which no further line is taken."""

PATIENCE = 2.0
"""Seconds that a pipe's first line waits for the room, and its end for what commands answer."""

INTERRUPTED = 130


class PlainShell:
    """`connect(on_event)` makes the client, unopened, with that as the one who is told everything.
    `secret`: the first room's password; without it, the link's invite.

    Printing waits for whoever reads: what is missed meanwhile is in the log, and fetched."""

    def __init__(
        self,
        connect: Callable[[Callable[[object], None]], Client],
        *,
        secret: str = "",
        settings: SettingsFile | None = None,
        stdin: TextIO = sys.stdin,
        stdout: TextIO = sys.stdout,
    ) -> None:
        self._stdin = stdin
        self._stdout = stdout
        if isinstance(stdout, io.TextIOWrapper):
            stdout.reconfigure(errors="replace")  # What this terminal has no character for.
        self._typed = stdin.isatty()
        self._echo = Echo(stdin)
        self.client = connect(self._on_event)
        link = self.client.link
        self.client.guest.join(link.room, time.monotonic(), secret=secret or link.invite)
        values, complaints = settings.load() if settings is not None else (Settings(), [])
        self.model = Model(self.client, time.monotonic, lambda: int(time.time() * 1000), values)
        self.model.desk.interactive = self._echo.can_hide
        for complaint in complaints:
            self.model.desk.alert(complaint)
        self._shelf = Shelf(self.model, settings, drafts=False) if settings is not None else None
        self._spoken = Spoken(self.model, echo=not self._typed)
        self._ended = asyncio.get_running_loop().create_future()
        self._moved = asyncio.Event()
        """Something was told."""
        self._code = 0
        self._error: OSError | None = None
        """Nothing can be printed any more."""

    @property
    def pending(self) -> int:
        """Messages of ours that the log has not confirmed."""
        return self.model.desk.pending

    @property
    def unsent(self) -> list[str]:
        """Their texts, as they were typed, in order."""
        return self.model.desk.unsent

    async def run(self) -> None:
        """Until the user is done, or nothing more can come of it. Raises what went wrong within."""
        jobs = (open_client(self.client, self._on_event), self._tick(), self._read())
        tasks = [self._start(job) for job in jobs]
        with self._signals():
            try:
                await self._ended
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._echo.show(True)
        self._spoken.end()
        self._print()
        if self._shelf is not None:
            self._shelf.close()

    async def settle(self, seconds: float) -> int:
        """Waits until all that was said is in the log, so long at most. Returns how many messages
        are not."""
        if self.model.desk.health.phase is not Phase.REFUSED:
            await self._until(lambda: not self.pending, seconds)
            self._print()
        return self.pending

    def outcome(self) -> int:
        """The exit code, as far as it does not depend on what was said. Raises OSError where what
        there was to print could not be."""
        if self._error is not None:
            raise self._error
        return self._code

    # What happens

    def _on_event(self, event: object) -> None:
        self._spoken.take(event)
        if self._shelf is not None:
            self._shelf.take(event)
        self._moved.set()
        self._perform()
        if self.model.desk.health.phase is Phase.REFUSED:
            self._end(1)
        match event:
            case events.Refusal(request=asks.Join(room=room)) | events.Removed(room=room):
                # A pipe talks to the room that it was given; who sits there can go elsewhere.
                if room == self.client.link.room and not self._typed:
                    self._end(1)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._spoken.tick()
            if self._shelf is not None:
                self._shelf.tick()
            self._perform()

    async def _read(self) -> None:
        """A pipe has said all it will before there is an answer; whoever types sees what comes."""
        if not self._typed:
            await self._until(lambda: self._spoken.entered, PATIENCE)
        try:
            async for line in read_lines(self._stdin):
                await self._until(lambda: len(self.model.desk.unacknowledged) < AHEAD)
                self._spoken.enter(line)
                self._perform()
                if self._ended.done():
                    return
        except OSError:
            pass  # The terminal is gone, which is a way to quit.
        await self._until(lambda: not self._spoken.awaiting, PATIENCE)
        self._end(0)

    def _perform(self) -> None:
        for effect in self.model.drain():
            match effect:
                case Quit():
                    self._end(0)
                case Remember() if self._shelf is not None:
                    self._shelf.remember(effect)
        self._hide()
        self._print()

    def _hide(self) -> None:
        """What is typed, as long as it is a secret."""
        self._echo.show(self.model.secret is None or self._ended.done())

    def _print(self) -> None:
        lines = self._spoken.drain()
        if not lines or self._error is not None:
            return
        try:
            print(*lines, sep="\n", file=self._stdout, flush=True)
        except OSError as error:
            self._error = error
            self._end(1)

    async def _until(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        """Whatever changes it is told, or told of."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            pass

    # The end

    def _end(self, code: int) -> None:
        if not self._ended.done():
            self._code = code
            self._ended.set_result(None)

    def _start(self, job: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(job)
        task.add_done_callback(self._failed)
        return task

    def _failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self._ended.done():
            self._ended.set_exception(error)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C once is a way to leave; once more, and nothing is waited for."""
        if sys.platform == "win32":
            yield
            return
        loop = asyncio.get_running_loop()
        codes = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: 0, signal.SIGHUP: 0}
        for number, code in codes.items():
            loop.add_signal_handler(number, self._end, code)
        if self._typed and signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        try:
            yield
        finally:
            for number in (*codes, signal.SIGTSTP):
                loop.remove_signal_handler(number)

    def _suspend(self) -> None:
        """To the shell, which is to have the terminal as it was, until it goes on here."""
        loop = asyncio.get_running_loop()
        self._echo.show(True)
        loop.remove_signal_handler(signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGTSTP)
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        self._hide()
