"""Carries one bot: a guest's events in, its handlers one at a time in each room, what it says out.

It needs a running loop, whose time may be the simulator's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from chat.client import explained
from chat.core import asks, events
from chat.core.doorkey import BadSecretError
from chat.core.guest import Guest
from chat.core.inbox import Expired
from chat.core.memberships import NotSaidError
from chat.core.names import BadNameError, is_public, room_name
from chat.core.text import clean
from chat.core.types import Entry, Kind

from .bot import Bot, BotError
from .calls import Calls, Verdict, called
from .fault import Told, describe, folder_of
from .inroom import Handler, InRoom
from .process import SECONDS
from .threads import Threads

P = ParamSpec("P")
T = TypeVar("T")

STOP = 3.0
"""Seconds for `on_stop`, and again for what was said to be in the log."""

BLOCKED = SECONDS + 1
"""Seconds for what blocks to come to its end: a program that was run is killed by then."""

EXCUSE = "that is too much at once; try again in a few seconds"


class Runner:
    """The host of one bot. `take` is given all that its guest tells."""

    def __init__(
        self,
        bot: Bot,
        tell: Callable[[str], None],
        *,
        seed: int | str = 0,
        options: Mapping[str, str] = MappingProxyType({}),
        now: Callable[[], float] = time.monotonic,
        threads: bool = True,
    ) -> None:
        """`tell` is called with a line for whoever runs it. Without `threads` what blocks is done
        at once, as in the simulator, where nothing takes time."""
        self.options: Mapping[str, str] = MappingProxyType(dict(options))
        self.random = Random(seed)
        self.now = now
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the bot has quit; BotError where it cannot go on."""
        self._bot = bot
        self._folder = folder_of(type(bot))
        self._tell = tell
        self._threads = threads
        self._blocking = Threads()
        self._guest: Guest | None = None
        self._wake: Callable[[], None] = lambda: None
        self._rooms: dict[str, InRoom] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """A worker for each room, and the timers."""
        self._entering: dict[str, asyncio.Future[None]] = {}
        self._saying: dict[int, asyncio.Future[None]] = {}
        """By the ticket of the last entry."""
        self._calls = Calls()
        self._started = False
        bot.carried_by(self)

    # Its life

    async def start(
        self, guest: Guest, wake: Callable[[], None], room: str, secret: str = ""
    ) -> None:
        """Returns when it has started and is in the room, whose door `secret` opens. `wake` is
        called when the guest was asked for something. Raises BotError."""
        self._guest, self._wake = guest, wake
        try:
            await self._bot.on_start()
        except BotError:
            raise
        except Exception as error:
            raise BotError(describe(error, self._folder)) from error
        self._started = True
        await self._join(room, secret)

    async def stop(self) -> None:
        """Ends all that goes on, lets the bot say its last words, and waits a moment for them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._started:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP):
                    await self._do("on_stop", self._bot.on_stop)
        if self._saying:
            await asyncio.wait(list(self._saying.values()), timeout=STOP)
        self._give_up(BotError("the bot has ended"))
        await self._blocking.finish(BLOCKED)

    def quit(self) -> None:
        _done(self.ended)

    # What a bot asks for

    @property
    def guest(self) -> Guest:
        assert self._guest is not None
        return self._guest

    @property
    def name(self) -> str:
        return self.guest.name

    @property
    def rooms(self) -> list[str]:
        return list(self._rooms)

    def members(self, room: str) -> list[str]:
        membership = self.guest.rooms.get(room)
        rows = membership.roster.members.values() if membership is not None else ()
        return sorted({row.name for row in rows})

    async def join(self, room: str) -> str:
        return await self._join(room)

    async def _join(self, room: str, secret: str = "") -> str:
        try:
            name = room_name(room)
            membership = self.guest.join(name, self.now(), backlog=0, secret=secret)
        except (BadNameError, BadSecretError) as error:
            raise BotError(str(error)) from error
        if not membership.joined:
            entering = self._entering.setdefault(name, _future())
            self._wake()
            await asyncio.shield(entering)
        elif name not in self._rooms:  # Left a moment ago, which the server has not heard of.
            self._entered(name, behind=False)
        return name

    def leave(self, room: str) -> None:
        self.guest.leave(room, self.now())
        self._left(room)
        self._wake()

    async def say(self, room: str, text: str, kind: Kind, refers: int) -> None:
        try:
            tickets = self.guest.say(room, text, self.now(), kind=kind, refers=refers)
        except NotSaidError as error:
            raise BotError(str(error)) from error
        said = self._saying[tickets[-1]] = _future()
        self._wake()
        await asyncio.shield(said)

    def every(self, seconds: float, method: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        if not seconds > 0:
            raise ValueError(f"{seconds} is no time between two calls: use one above 0")
        return self._spawn(self._repeat(seconds, method))

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._threads:
            return await self._blocking.run(partial(function, *args, **kwargs))
        return function(*args, **kwargs)

    # What its guest tells

    def take(self, event: object) -> None:
        match event:
            case events.Entered(room, again=again) if room not in self._rooms:
                self._entered(room, behind=not (is_public(room) or again))
            case Entry() if event.room in self._rooms:
                self._hear(event.room, self._rooms[event.room].read(event))
            case events.CaughtUp(room) if room in self._rooms:
                self._hear(room, self._rooms[room].caught_up())
            case events.Presence(room) if room in self._rooms:
                self._compare(room, event)
            case events.Logged(_, ticket):
                _done(self._saying.pop(ticket, None))
            case events.Failed(_, ticket, reason):
                _done(self._saying.pop(ticket, None), BotError(clean(reason)))
            case events.Refusal(request=asks.Join(room=room)):
                self._refused(room, BotError(explained(event.reason, event.why)))
            case events.Removed(room, reason):
                self._refused(room, BotError(clean(reason)))
            case events.Disconnected(reason):
                self._tell(f"{clean(reason)}; connecting again")
            case events.Connected(again=True):
                self._tell("connected again")
            case events.Rejected(reason, final) if final or not self._rooms:
                self._end(BotError(clean(reason)))
            case events.Rejected(reason):
                self._tell(f"{clean(reason)}; trying again")
            case Expired(room, first, last):
                self._tell(f"{last - first + 1} entries of {room} have expired unread")
            case events.Notice(text):
                self._tell(clean(text))

    def _entered(self, name: str, *, behind: bool) -> None:
        room = self._rooms[name] = InRoom(name, self._is_own, self._tell, behind=behind)
        self._spawn(room.work())
        self._wait(name, "on_join", partial(self._bot.on_join, name))
        _done(self._entering.pop(name, None))

    def _hear(self, room: str, entries: Sequence[Entry]) -> None:
        for entry in entries:
            own = self._is_own(entry)
            if self._bot.hears_itself or not own:
                self._wait(room, "on_entry", partial(self._bot.on_entry, room, entry))
            if not own:
                self._call(entry)

    def _is_own(self, entry: Entry) -> bool:
        """By instance; or by a name that is its key's, from an earlier run."""
        mine = entry.key != b"" and entry.name == self.name
        return mine or entry.instance == self.guest.instance

    def _compare(self, room: str, event: events.Presence) -> None:
        renamed = {member.name for pair in event.renamed for member in pair}
        moves = self._rooms[room].sees(set(self.members(room)), renamed)
        for came in moves.came:
            if came != self.name:
                self._wait(room, "on_arrive", partial(self._bot.on_arrive, room, came))
        for went in moves.went:
            self._wait(room, "on_depart", partial(self._bot.on_depart, room, went))

    def _refused(self, name: str, error: BotError) -> None:
        """To be in a room: at first, after a reconnect, or because it was put out."""
        if name in self._entering:
            _done(self._entering.pop(name), error)
            return
        self._left(name)
        if self._rooms:
            self._tell(f"not in {name} any more: {error}")
        else:
            self._end(error)

    def _left(self, name: str) -> None:
        if (room := self._rooms.pop(name, None)) is not None:
            room.leave()

    # What goes on

    def _wait(self, room: str, what: str, handler: Handler) -> None:
        self._rooms[room].add(partial(self._do, f"{what} in {room}", handler))

    def _call(self, entry: Entry) -> None:
        text = called(entry, self.name)
        if text is None:
            return
        match self._calls.judge(entry, self.now()):
            case Verdict.ANSWER:
                handler = partial(self._bot.on_call, entry.room, entry, text)
                self._wait(entry.room, "on_call", handler)
            case Verdict.EXCUSE:
                handler = partial(self._bot.reply, entry, EXCUSE)
                self._wait(entry.room, "an excuse", handler)

    async def _repeat(self, seconds: float, method: Callable[[], Awaitable[None]]) -> None:
        due = self.now()
        while True:
            due = max(due + seconds, self.now())
            await asyncio.sleep(due - self.now())
            await self._do(getattr(method, "__name__", "a timer"), method)

    async def _do(self, what: str, handler: Handler) -> None:
        with Told(self._tell, what, self._folder):
            await handler()

    # Its end

    def _end(self, error: BotError) -> None:
        _done(self.ended, error)
        self._give_up(error)

    def _give_up(self, error: BotError) -> None:
        waiting = [*self._entering.values(), *self._saying.values()]
        self._entering.clear()
        self._saying.clear()
        for each in waiting:
            _done(each, error)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def _done(future: asyncio.Future[None] | None, error: BotError | None = None) -> None:
    if future is None or future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
        future.exception()  # Whoever waited for it may have gone.
