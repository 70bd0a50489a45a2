"""Scripted bots over real sockets, until they end, time is up or a signal comes."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

from chat.client import Client
from chat.core.link import Link
from chat.core.names import NAME_MAX
from chat.loop import run_loop
from chat.net.impair import Impairment
from chat.secure.namekeys import NameKeys

from .bot import Bot
from .runner import Runner
from .script import load

INTERRUPTED = 130


class Options(Struct, frozen=True):
    """Of the command line."""

    link: Link
    script: str
    bots: int = 1
    name: str = ""
    """Empty: the class's, in lower case."""
    duration: float | None = None
    """None: until they end, or a signal comes."""
    seed: int = 0
    impair: str = ""
    impair_seed: str = "0"
    insecure: bool = False
    password: str = ""
    """The room's."""
    options: Mapping[str, str] = {}
    """For the bots."""


def run(options: Options) -> int:
    """Returns the exit code. Raises ScriptError, ImpairmentError, BotError and ResolveError, each
    one line."""
    cls = load(options.script)
    impairment = Impairment.parse(options.impair)
    return run_loop(_run(options, cls, impairment))


class Live:
    """One bot, with a client of its own."""

    def __init__(self, bot: Bot, name: str, options: Options, impairment: Impairment) -> None:
        self._name = name
        self._room = options.link.room
        self._secret = options.password or options.link.invite
        self.runner = Runner(
            bot, self._tell, seed=f"{options.seed}/{name}", options=options.options
        )
        self._client = Client(
            options.link,
            name,
            self.runner.take,
            impairment=impairment,
            impair_seed=f"{options.impair_seed}/{name}",
            insecure=options.insecure,
            keys=NameKeys() if options.bots == 1 else None,
        )

    async def run(self) -> None:
        """Until it quits, or cannot go on. Raises BotError and ResolveError."""
        try:
            await self._client.open()
            self._client.when_late(self._tell)
            await self.runner.start(self._client.guest, self._client.wake, self._room, self._secret)
            given = self._client.guest.name
            self._tell(f"is in {self._room}{f' as {given}' if given != self._name else ''}")
            await self.runner.ended
        finally:
            await self.runner.stop()
            await self._client.close()

    def _tell(self, line: str) -> None:
        print(f"{self._name}: {line}", file=sys.stderr, flush=True)


async def _run(options: Options, cls: type[Bot], impairment: Impairment) -> int:
    name = (options.name or cls.__name__.lower())[: NAME_MAX - len(str(options.bots))]
    many = options.bots > 1
    lives = [
        Live(cls(), f"{name}{number}" if many else name, options, impairment)
        for number in range(1, options.bots + 1)
    ]
    stop = _stopped()
    running = [asyncio.ensure_future(live.run()) for live in lives]
    everybody = asyncio.gather(*running)
    try:
        await asyncio.wait(
            (stop, everybody), timeout=options.duration, return_when=asyncio.FIRST_COMPLETED
        )
        if everybody.done():
            everybody.result()
        return stop.result() if stop.done() else 0
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(everybody, *running, return_exceptions=True)


def _stopped() -> asyncio.Future[int]:
    """Done with the exit code when a signal comes."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[int] = loop.create_future()
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, INTERRUPTED)):
        with suppress(NotImplementedError):  # Windows, where only Ctrl-C comes, as an exception.
            loop.add_signal_handler(number, _stop, stop, code)
    return stop


def _stop(stop: asyncio.Future[int], code: int) -> None:
    if not stop.done():
        stop.set_result(code)
