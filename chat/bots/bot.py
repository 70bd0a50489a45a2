"""A member that is a program: what it does, and what it may ask of whatever carries it.

class Greeter(chat.Bot):
    async def on_arrive(self, room, name):
        await self.say(room, f"welcome, {name}")

The same class runs over sockets and in the simulator, in virtual time: it has no clock, no socket
and no randomness of its own, but those of its host.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import ParamSpec, Protocol, TypeVar

from chat.core.types import Entry, Kind

P = ParamSpec("P")
T = TypeVar("T")


class BotError(Exception):
    """What a bot wanted is not to be had; one line that says why."""


class Host(Protocol):
    """Carries one bot: gives it a guest, time and randomness."""

    random: Random
    options: Mapping[str, str]

    @property
    def name(self) -> str: ...

    @property
    def rooms(self) -> list[str]: ...

    def now(self) -> float: ...

    def members(self, room: str) -> list[str]: ...

    async def join(self, room: str) -> str: ...

    def leave(self, room: str) -> None: ...

    async def say(self, room: str, text: str, kind: Kind, refers: int) -> None: ...

    def every(
        self, seconds: float, method: Callable[[], Awaitable[None]]
    ) -> asyncio.Task[None]: ...

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...

    def quit(self) -> None: ...


class Bot:
    """Subclass it, and write the handlers that are wanted. In each room one handler runs at a time,
    in the order of the room's entries; rooms and timers do not wait for each other. What a handler
    raises is told in one line, and the bot goes on; only an error in `on_start` ends it."""

    hears_itself = False
    """Whether `on_entry` is called with the bot's own entries, too."""

    # What it does

    async def on_start(self) -> None:
        """First of all, before it is in any room: read files, join more rooms, set timers."""

    async def on_join(self, room: str) -> None:
        """It is in a room now."""

    async def on_entry(self, room: str, entry: Entry) -> None:
        """Somebody else said something, as one text however long it is; or did something: see
        `entry.kind`."""

    async def on_call(self, room: str, entry: Entry, text: str) -> None:
        """It was addressed, by `name: text`, `@name text` or `!name text` in a room, or by anything
        said in a direct one. `text` is without the name. Called after `on_entry`, never for an
        answer, and only so often for each author and room; see `calls`."""

    async def on_arrive(self, room: str, name: str) -> None:
        """Somebody has come. In rooms of up to 64 members."""

    async def on_depart(self, room: str, name: str) -> None:
        """Somebody has gone. In rooms of up to 64 members."""

    async def on_stop(self) -> None:
        """Last of all, for a moment: what is said here is still sent."""

    # What it knows

    @property
    def name(self) -> str:
        """As the server has it, which is another one than asked for where that was taken."""
        return self._host.name

    @property
    def rooms(self) -> list[str]:
        """Where it is; a direct room's name begins with @."""
        return self._host.rooms

    @property
    def options(self) -> Mapping[str, str]:
        """What `--option KEY=VALUE` gave."""
        return self._host.options

    @property
    def random(self) -> Random:
        """Its own, from the run's seed and its name."""
        return self._host.random

    def now(self) -> float:
        """Seconds, of a clock that never goes back."""
        return self._host.now()

    def members(self, room: str) -> list[str]:
        """The names of who is in a room it is in, as far as they are followed: always up to 64."""
        return self._host.members(room)

    # What it can do

    async def join(self, room: str) -> str:
        """Returns when it is in, with the room's name in its normal form. Raises BotError."""
        return await self._host.join(room)

    def leave(self, room: str) -> None:
        self._host.leave(room)

    async def say(
        self, room: str, text: str, *, kind: Kind = Kind.MESSAGE, refers: int = 0
    ) -> None:
        """Returns when it is in the log and will not be lost. Raises BotError if it never will be
        there."""
        await self._host.say(room, text, kind, refers)

    async def reply(self, entry: Entry, text: str) -> None:
        """Says it where the entry was said, and marks it as an answer: no bot is called by it."""
        await self.say(entry.room, text, refers=entry.seq)

    async def sleep(self, seconds: float) -> None:
        """The room's next handler waits, too: for something regular use `every`."""
        await asyncio.sleep(seconds)

    def every(self, seconds: float, method: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Calls it so often, until the bot ends or what is returned is cancelled."""
        return self._host.every(seconds, method)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What blocks, without stopping everything else. In the simulator it takes no time."""
        return await self._host.in_thread(function, *args, **kwargs)

    def quit(self) -> None:
        """Ends it, soon."""
        self._host.quit()

    # For its host

    _carrier: Host | None = None

    def carried_by(self, host: Host) -> None:
        self._carrier = host

    @property
    def _host(self) -> Host:
        if self._carrier is None:
            raise BotError("a bot can do nothing before on_start: not in __init__")
        return self._carrier

    def __init_subclass__(cls) -> None:
        for name in HANDLERS & vars(cls).keys():
            if not inspect.iscoroutinefunction(getattr(cls, name)):
                raise TypeError(f"{cls.__name__}.{name} must be an async def")


HANDLERS = frozenset(name for name in vars(Bot) if name.startswith("on_"))
