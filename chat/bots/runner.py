"""Carries one bot: a guest's events in, its handlers one at a time in each room, what it says out.

It needs a running loop, whose time may be the simulator's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from random import Random
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from chat.client import explained
from chat.core import asks, events
from chat.core.assembly import Assembler
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

P = ParamSpec("P")
T = TypeVar("T")

WAITING = 1000
"""What may wait for a bot in one room; the oldest goes first."""

STOP = 3.0
"""Seconds for `on_stop`, and again for what was said to be in the log."""

EXCUSE = "that is too much at once; try again in a few seconds"

Handler = Callable[[], Awaitable[None]]


class _Room:
    """One that the bot is in."""

    def __init__(self, *, behind: bool) -> None:
        self.waiting: asyncio.Queue[Handler | None] = asyncio.Queue(WAITING)
        """None: it has left, and there is nothing more to do."""
        self.assembler = Assembler()
        self.names: set[str] | None = None
        """Who is there, once that is known."""
        self.skipping = False
        self.behind: list[Entry] | None = [] if behind else None
        """What was said there before it came, until it has all of that."""


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
        self._guest: Guest | None = None
        self._wake: Callable[[], None] = lambda: None
        self._rooms: dict[str, _Room] = {}
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
            return await asyncio.to_thread(function, *args, **kwargs)
        return function(*args, **kwargs)

    # What its guest tells

    def take(self, event: object) -> None:
        match event:
            case events.Entered(room, again=again) if room not in self._rooms:
                self._entered(room, behind=not (is_public(room) or again))
            case Entry() if event.room in self._rooms:
                self._read(self._rooms[event.room], event)
            case events.CaughtUp(room) if room in self._rooms:
                self._caught_up(self._rooms[room])
            case events.Presence(room) if room in self._rooms:
                self._compare(room, self._rooms[room], event)
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
        room = self._rooms[name] = _Room(behind=behind)
        self._spawn(self._work(room))
        self._wait(name, room, "on_join", partial(self._bot.on_join, name))
        _done(self._entering.pop(name, None))

    def _read(self, room: _Room, entry: Entry) -> None:
        whole = room.assembler.add(entry)
        if whole is None:
            return
        if room.behind is None:
            self._heard(room, whole)
        elif self._is_own(whole):
            room.behind.clear()  # What it had said there came after it was heard.
        else:
            room.behind.append(whole)

    def _caught_up(self, room: _Room) -> None:
        behind, room.behind = room.behind, None
        for entry in behind or ():
            self._heard(room, entry)

    def _heard(self, room: _Room, entry: Entry) -> None:
        if self._bot.hears_itself or not self._is_own(entry):
            self._wait(entry.room, room, "on_entry", partial(self._bot.on_entry, entry.room, entry))
        if not self._is_own(entry):
            self._call(room, entry)

    def _is_own(self, entry: Entry) -> bool:
        """By instance; or by a name that is its key's, from an earlier run."""
        mine = entry.key != b"" and entry.name == self.name
        return mine or entry.instance == self.guest.instance

    def _compare(self, name: str, room: _Room, event: events.Presence) -> None:
        before, room.names = room.names, set(self.members(name))
        if before is None:
            return
        renamed = {member.name for pair in event.renamed for member in pair}
        for came in sorted(room.names - before - renamed - {self.name}):
            self._wait(name, room, "on_arrive", partial(self._bot.on_arrive, name, came))
        for went in sorted(before - room.names - renamed):
            self._wait(name, room, "on_depart", partial(self._bot.on_depart, name, went))

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
        room = self._rooms.pop(name, None)
        if room is not None:
            while not room.waiting.empty():
                room.waiting.get_nowait()
            room.waiting.put_nowait(None)

    # What goes on

    def _wait(self, name: str, room: _Room, what: str, handler: Handler) -> None:
        if room.waiting.full():
            room.waiting.get_nowait()
            if not room.skipping:
                self._tell(f"over {WAITING} things wait for it in {name}: the oldest are skipped")
            room.skipping = True
        room.waiting.put_nowait(partial(self._do, f"{what} in {name}", handler))

    async def _work(self, room: _Room) -> None:
        while (handler := await room.waiting.get()) is not None:
            room.skipping &= not room.waiting.empty()
            await handler()

    def _call(self, room: _Room, entry: Entry) -> None:
        text = called(entry, self.name)
        if text is None:
            return
        match self._calls.judge(entry, self.now()):
            case Verdict.ANSWER:
                handler = partial(self._bot.on_call, entry.room, entry, text)
                self._wait(entry.room, room, "on_call", handler)
            case Verdict.EXCUSE:
                handler = partial(self._bot.reply, entry, EXCUSE)
                self._wait(entry.room, room, "an excuse", handler)

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
