"""A room as a program sees it: a way in, something to say things in and to iterate over."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from enum import Enum

from chat.client import Client, elsewhere
from chat.core import asks, events
from chat.core.asks import Why
from chat.core.delivery import Tally, tally
from chat.core.link import Link, parse_link
from chat.core.membership import Membership
from chat.core.memberships import NotSaidError
from chat.core.names import check_name
from chat.core.text import UNDO, clean
from chat.core.types import Entry, Kind
from chat.net.impair import CLEAR, Impairment
from chat.secure.namekeys import NameKeys

log = logging.getLogger("chat")

QUEUE = 10_000
"""Entries that wait for who iterates over a room; the oldest go first."""

UNDELIVERED = 10_000
"""Things said and logged whose delivery is watched; the oldest are given up, and told so."""

SETTLE = 3.0
"""Seconds that leaving a room waits for what was said to be in the log."""

_CLOSED = "the room was closed"
_GIVEN_UP = "too much was said after it: who has it is not watched any more"


class ConnectError(Exception):
    """There is no way into the room; one line that says why."""

    def __init__(self, reason: str, why: int = Why.OTHER) -> None:
        super().__init__(reason)
        self.why = why
        """One of Why, if the server said so."""


class FailedError(Exception):
    """What was said will not be in the log; one line that says why."""


class RefusedError(Exception):
    """What was asked for as a moderator was not done; one line that says why."""


class RemovedError(Exception):
    """We are not in the room any more, and do not come again by ourselves; one line that says
    why."""


class State(Enum):
    """What became of something said."""

    PENDING = "pending"
    LOGGED = "logged"
    """It is in the log: it will not be lost."""
    DELIVERED = "delivered"
    """Everybody who was there has it."""
    FAILED = "failed"


class Said:
    """Something said. Awaiting it returns when it is in the log, and raises FailedError if it
    never will be."""

    def __init__(self, text: str, closed: asyncio.Future[None]) -> None:
        self.text = text
        self.state = State.PENDING
        self.tally: Tally | None = None
        """Who has it, in rooms of up to 64 members, once it was read back."""
        self.entry: Entry | None = None
        """The last of the entries that carry it, once it was read back."""
        loop = asyncio.get_running_loop()
        self._logged: asyncio.Future[None] = loop.create_future()
        self._delivered: asyncio.Future[None] = loop.create_future()
        self._closed = closed
        """Done when nothing is learned of it any more."""
        self._reason = ""

    def __await__(self) -> Generator[object, None, "Said"]:
        yield from asyncio.shield(self._logged).__await__()
        if self.state is State.FAILED:
            raise FailedError(self._reason)
        return self

    async def delivered(self) -> None:
        """Returns when everybody who was there has it; in rooms of over 64 members, never. Raises
        FailedError, also where the room was closed before that was known, or where it is one of
        more than UNDELIVERED that wait for it."""
        await self
        await asyncio.wait((self._delivered, self._closed), return_when=asyncio.FIRST_COMPLETED)
        if self.state is not State.DELIVERED:
            raise FailedError(self._reason or _CLOSED)

    def _is(self, state: State, reason: str = "") -> None:
        self.state = state
        self._reason = reason
        if not self._logged.done():
            self._logged.set_result(None)
        if state is State.DELIVERED:
            self._delivered.set_result(None)

    def _give_up(self) -> None:
        """Whether it is delivered will not be known."""
        self._reason = _GIVEN_UP
        self._delivered.set_result(None)


class Room:
    """`async for entry in room`: its entries from the join on, each once, in order."""

    def __init__(self, client: Client, membership: Membership) -> None:
        self.client = client
        self.skipped = 0
        """Entries that nobody iterated over in time."""
        self._membership = membership
        self._entries: deque[Entry] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self._removed = ""
        """Why we are not in it any more."""
        self._acts: deque[asyncio.Future[str]] = deque()
        """What was asked for as a moderator; answered in that order."""
        self._left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending: dict[int, Said] = {}
        """By the ticket of the last entry."""
        self._logged: dict[int, Said] = {}
        """By that entry's n, until it is read back."""
        self._undelivered: deque[Said] = deque()
        self._receipts: events.Receipts | None = None

    @property
    def name(self) -> str:
        return self._membership.name

    @property
    def topic(self) -> str:
        return self._membership.topic

    @property
    def members(self) -> list[str]:
        """The names of who is here, as far as they are followed: always up to 64."""
        return [member.name for member in self._membership.roster.members.values()]

    def say(self, text: str, *, kind: Kind = Kind.MESSAGE, refers: int = 0) -> Said:
        """Says something; await the result to know that it is logged. Raises NotSaidError for what
        is too long, or too much at once, when we are muted, and when the room is closed."""
        self._check_open()
        tickets = self.client.guest.say(self.name, text, time.monotonic(), kind=kind, refers=refers)
        said = self._pending[tickets[-1]] = Said(text, self._left)
        self.client.wake()
        return said

    def edit(self, entry: Entry, text: str) -> Said:
        """Another text for `entry`; readers take it from that one's author only. Raises as `say`."""
        return self.say(text, kind=Kind.EDIT, refers=entry.seq)

    def delete(self, entry: Entry) -> Said:
        """Takes back `entry`, for readers who go by it; the log keeps it. Raises as `say`."""
        return self.say("", kind=Kind.DELETE, refers=entry.seq)

    def react(self, entry: Entry, reaction: str, *, undo: bool = False) -> Said:
        """One emoji or short word; `undo` takes it back. Raises as `say`."""
        return self.say(UNDO + reaction if undo else reaction, kind=Kind.REACTION, refers=entry.seq)

    async def act(
        self, act: str, whom: str = "", *, seconds: int = 0, number: int = 0, text: str = ""
    ) -> str:
        """Moderates the room: `await room.act(chat.Act.BAN, "bob", seconds=3600, text="spam")`; the
        fields are those of `chat.core.asks.Act`. Returns when it is in the log, with what there is
        to say: an invite, or a list. Raises RefusedError, and NotSaidError for what cannot be
        asked."""
        self._check_open()
        self.client.guest.act(
            self.name,
            act,
            whom=whom,
            seconds=seconds,
            number=number,
            text=text,
            now=time.monotonic(),
        )
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._acts.append(answer)
        self.client.wake()
        return await answer

    def __aiter__(self) -> AsyncIterator[Entry]:
        return self

    async def __anext__(self) -> Entry:
        while not self._entries:
            if self._removed:
                raise RemovedError(self._removed)
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._entries.popleft()

    def take(self, event: object) -> None:
        """An event of this room, from its client."""
        match event:
            case Entry():
                self._entries.append(event)
                if len(self._entries) > QUEUE:
                    self._entries.popleft()
                    self.skipped += 1
                self._arrived.set()
                if event.instance == self.client.guest.instance and event.n in self._logged:
                    said = self._logged.pop(event.n)
                    said.entry = event
                    self._undelivered.append(said)
                    if len(self._undelivered) > UNDELIVERED:
                        self._undelivered.popleft()._give_up()
                    self._count([said])
            case events.Logged(_, ticket, n):
                # Drafts are logged in the order in which they were said: the last one says it all.
                if ticket in self._pending:
                    said = self._logged[n] = self._pending.pop(ticket)
                    said._is(State.LOGGED)
            case events.Failed(_, ticket, reason):
                if ticket in self._pending:
                    self._pending.pop(ticket)._is(State.FAILED, reason)
            case events.Receipts():
                self._receipts = event
                self._count(list(self._undelivered))
            case events.Done(text=text):
                self._answer(clean(text, lines=True))
            case events.Refusal(reason, asks.Act()):
                self._answer(RefusedError(clean(reason)))
            case events.Removed(_, reason) | events.Rejected(reason, True):
                self._end(clean(reason))
            case events.Refusal(reason, asks.Join()):
                self._end(clean(reason))

    def close(self) -> None:
        """Nothing more is said, and the iteration ends when it has come to the end of what is
        there."""
        self._closed = True
        self._arrived.set()

    async def _settle(self, seconds: float) -> None:
        """Waits until all that was said is in the log, so long at most."""
        waiting = [said._logged for said in self._pending.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)

    def _check_open(self) -> None:
        if self._removed:
            raise NotSaidError(f"you are not in {self.name} any more: {self._removed}")
        if self._closed:
            raise NotSaidError(f"{_CLOSED}; say it before the block ends")

    def _answer(self, answer: str | RefusedError) -> None:
        waiting = self._acts.popleft() if self._acts else None
        if waiting is None or waiting.done():
            return
        if isinstance(answer, str):
            waiting.set_result(answer)
        else:
            waiting.set_exception(answer)

    def _end(self, reason: str) -> None:
        """The server will not have us here."""
        self._removed = self._removed or reason
        self.close()
        if not self._left.done():
            self._left.set_result(None)
        while self._acts:
            self._answer(RefusedError(reason))

    def _leave(self) -> None:
        """Nothing is heard any more: what is pending has failed."""
        self.close()
        while self._acts:
            self._answer(RefusedError(_CLOSED))
        while self._pending:
            self._pending.popitem()[1]._is(State.FAILED, _CLOSED)
        if not self._left.done():
            self._left.set_result(None)

    def _count(self, waiting: list[Said]) -> None:
        """Who has these by now, the oldest first."""
        if self._receipts is None:
            return
        members, ordinal = self._membership.roster.members, self._membership.ordinal
        for said in waiting:
            assert said.entry is not None
            said.tally = tally(said.entry.seq, self._receipts, members, ordinal)
            if said.tally is not None and said.tally.complete:
                self._undelivered.remove(said)
                said._is(State.DELIVERED)


@asynccontextmanager
async def connect(
    link: str | Link,
    *,
    name: str = "guest",
    backlog: int = 0,
    timeout: float | None = None,
    impairment: Impairment = CLEAR,
    impair_seed: int | str = 0,
    insecure: bool = False,
    keys: NameKeys | None = None,
    password: str = "",
    make: bool = True,
) -> AsyncIterator[Room]:
    """A room until the block ends; it reconnects by itself. `backlog` of the entries before now
    come first, `timeout` seconds are the most that joining may take. Leaving waits a moment for
    what was said to be in the log; what is not there by then has failed. `insecure`: as the server
    was started. `keys`: `NameKeys()` for the user's own, so that the name is this user's alone.
    `password`: the room's; an invite stands in the link. `make`: the room, if it is not there.

    Raises BadLinkError, BadNameError, BadSecretError, ResolveError, and ConnectError where there is
    no way in. Who is put out of the room later gets RemovedError from the iteration.
    """
    where = parse_link(link) if isinstance(link, str) else link
    room: Room | None = None
    entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    last = ""

    def on_event(event: object) -> None:
        nonlocal last
        if elsewhere(event, where.room):
            return
        match event:
            case events.Unreachable(reason=reason):
                last = reason
            case events.Notice(text):
                log.warning("%s", clean(text))
            case events.Refusal(reason, _, why) if not entered.done():
                entered.set_exception(ConnectError(clean(reason), why))
            case events.Rejected(reason) | events.Removed(_, reason) if not entered.done():
                entered.set_exception(ConnectError(clean(reason)))
            case events.Entered() if not entered.done():
                entered.set_result(None)
        if room is not None:
            room.take(event)

    client = Client(
        where,
        check_name(name),
        on_event,
        impairment=impairment,
        impair_seed=impair_seed,
        insecure=insecure,
        keys=keys,
    )
    membership = client.guest.join(
        where.room,
        time.monotonic(),
        backlog=backlog,
        secret=password or where.invite,
        make=make,
    )
    room = Room(client, membership)
    try:
        await client.open()
        try:
            await asyncio.wait_for(asyncio.shield(entered), timeout)
        except TimeoutError as error:
            why = f" ({last})" if last else ""
            raise ConnectError(
                f"no answer from {where.host}, UDP port {where.port}, within {timeout:g} s{why}"
            ) from error
        yield room
    finally:
        entered.cancel()
        room.close()
        try:
            await room._settle(SETTLE)
        finally:
            await client.close()
            room._leave()
