"""The library's clients, with all that each of them was told."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from chat.client import Client
from chat.core import events
from chat.core.link import Link, parse_link
from chat.core.types import Entry, Kind
from chat.secure.namekeys import NameKeys
from chat.secure.trust import Trust

from ..net.waiting import until

TROUBLE = (events.Disconnected, events.Rejected, events.Refusal, events.Failed)


class Person:
    """One member of the link's room, as soon as it is in."""

    def __init__(
        self,
        link: str | Link,
        name: str,
        *,
        secret: str = "",
        insecure: bool = False,
        keys: NameKeys | None = None,
        trust: Trust | None = None,
    ) -> None:
        self.entered = 0
        self.connected: list[events.Connected] = []
        self.entries: list[Entry] = []
        self.logged = 0
        """Entries of its own that are in the log."""
        self.done: list[events.Done] = []
        """Of what it asked for as a moderator."""
        self.trouble: list[object] = []
        self.reasons: Counter[str] = Counter()
        """Why there was no session, by how often that was said."""
        self.notices: list[str] = []
        self.hears: Callable[[Entry], None] = self.entries.append
        where = parse_link(link) if isinstance(link, str) else link
        self.room = where.room
        self.client = Client(
            where, name, self._told, insecure=insecure, keys=keys, trust=trust, impair_seed=name
        )
        self.client.guest.join(self.room, time.monotonic(), secret=secret, backlog=0)

    @property
    def name(self) -> str:
        """The name that it was given."""
        return self.client.guest.name

    @property
    def texts(self) -> list[str]:
        """What was said since it came, as far as it heard."""
        return [entry.text for entry in self.entries]

    @property
    def roster(self) -> list[tuple[str, str]]:
        """Names and endpoints of who is here."""
        room = self.client.guest.rooms.get(self.room)
        members = room.roster.members.values() if room is not None else ()
        return sorted((member.name, member.endpoint) for member in members)

    @property
    def pending(self) -> int:
        """Entries of its own that are not known to be in the log."""
        return len(self.client.guest.rooms[self.room].outbox)

    @property
    def state(self) -> str:
        return (
            f"{self.client.guest.name}: entered {self.entered}, {len(self.entries)} entries, "
            f"{self.logged} of its own logged, {self.trouble[-3:]}, {dict(self.reasons)}, "
            f"dropped {dict(self.client.guest.dropped)}"
        )

    def say(self, text: str, kind: Kind = Kind.MESSAGE) -> None:
        self.client.guest.say(self.room, text, time.monotonic(), kind=kind)
        self.client.wake()

    @property
    def refusals(self) -> list[events.Refusal]:
        return [event for event in self.trouble if isinstance(event, events.Refusal)]

    def join(self, room: str, secret: str = "") -> None:
        self.client.guest.join(room, time.monotonic(), secret=secret, backlog=0)
        self.client.wake()

    def act(
        self, act: str, whom: str = "", *, seconds: int = 0, number: int = 0, text: str = ""
    ) -> None:
        """In its room."""
        self.client.guest.act(
            self.room,
            act,
            whom=whom,
            seconds=seconds,
            number=number,
            text=text,
            now=time.monotonic(),
        )
        self.client.wake()

    def _told(self, event: object) -> None:
        match event:
            case Entry():
                self.hears(event)
            case events.Logged():
                self.logged += 1
            case events.Connected():
                self.connected.append(event)
            case events.Entered():
                self.entered += 1
            case events.Done():
                self.done.append(event)
            case events.Unreachable(reason=reason):
                self.reasons[reason] += 1
            case events.Notice(text):
                self.notices.append(text)
        if isinstance(event, TROUBLE):
            self.trouble.append(event)


@asynccontextmanager
async def present(
    *people: Person, seconds: float = 20, until_entered: Callable[[], bool] | None = None
) -> AsyncIterator[None]:
    """They are in the room until the block ends. `until_entered`: another way to see whether all
    of them are."""
    entered = until_entered or (lambda: all(person.entered for person in people))
    try:
        for number, person in enumerate(people):
            await person.client.open()
            if number % 20 == 19:
                await asyncio.sleep(0.01)
        await until(
            entered,
            lambda: [person.state for person in people if not person.entered],
            seconds,
        )
        yield
    finally:
        for person in people:
            await person.client.close()


def seen(people: tuple[Person, ...] | list[Person]) -> Callable[[], list[str]]:
    """What a wait for them is to show when it is in vain."""
    return lambda: [person.state for person in people][:10]
