"""A real guest and a real hub in one process, without sockets: what the desk is tested with."""

from collections.abc import Callable
from random import Random

from chat.core import asks, events
from chat.core.guest import Guest
from chat.core.limits import JOIN_BACKLOG
from chat.core.link import PIN_SIZE, Link
from chat.core.membership import Membership
from chat.core.protect import PUBLISHED_SECRET
from chat.core.types import Path
from chat.net.impair import CLEAR, Impairment, Tally
from chat.tui.effects import Quit
from chat.tui.keys import Binding
from chat.tui.lines import Look
from chat.tui.model import Model
from chat.tui.roombuffer import RoomBuffer

from .entries import NOON, ROOM

SERVER = Path(0, "192.0.2.9", 9999)


class Network:
    """As much of `Impaired` as the desk sees."""

    def __init__(self) -> None:
        self.spec = CLEAR
        self.outward = Tally()
        self.inward = Tally(seen=3, lost=1)

    def change(self, spec: Impairment) -> None:
        self.spec = spec


class Asking(Guest):
    """Remembers what it was to ask as a moderator, and with which secrets; what it may say in a room
    is what the test says."""

    def __init__(
        self, server: Path, name: str, *, secret: bytes, random: Callable[[int], bytes], now: float
    ) -> None:
        super().__init__(server, name, secret=secret, random=random, now=now)
        self.acts: list[asks.Act] = []
        self.secrets: list[tuple[str, str]] = []
        self.standings: dict[str, events.Standing] = {}

    def join(
        self,
        room: str,
        now: float,
        *,
        secret: str = "",
        backlog: int = JOIN_BACKLOG,
        first: int = 0,
        make: bool = True,
    ) -> Membership:
        self.secrets.append((room, secret))
        return super().join(room, now, secret=secret, backlog=backlog, first=first, make=make)

    def act(
        self,
        room: str,
        act: str,
        *,
        whom: str = "",
        seconds: int = 0,
        number: int = 0,
        text: str = "",
        now: float,
    ) -> None:
        self.acts.append(asks.Act(0, room, act, whom, seconds, number, text))
        super().act(room, act, whom=whom, seconds=seconds, number=number, text=text, now=now)

    def standing(self, room: str) -> events.Standing | None:
        return self.standings.get(room)


class Line:
    """A client whose datagrams go nowhere; what the guest tells is told by the test."""

    def __init__(self, name: str, room: str, invite: str = "") -> None:
        self.link = Link(SERVER.host, SERVER.port, room, invite=invite)
        self.network = Network()
        self.local: Path | None = None
        self.pin = "p" * PIN_SIZE
        self.asking = Asking(
            SERVER, name, secret=PUBLISHED_SECRET, random=Random(1).randbytes, now=0.0
        )
        self.guest: Guest = self.asking
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


class Scene:
    """A desk with all that moves it, and a clock that the test sets."""

    def __init__(self, name: str = "ann", room: str = ROOM, invite: str = "") -> None:
        self.now = 0.0
        self.line = Line(name, room, invite)
        self.guest = self.line.asking
        self.guest.join(room, 0.0, secret=invite)
        self.model = Model(self.line, lambda: self.now, lambda: NOON)
        self.model.bindings.append(Binding("F8", (("f8",),), lambda model: None, "of the demo's"))
        self.desk, self.actions, self.news = self.model.desk, self.model.actions, self.model.news

    @property
    def ended(self) -> bool:
        return Quit() in self.desk.effects

    def tell(self, *told: object) -> None:
        for event in told:
            self.model.take(event)

    def enter(self, text: str) -> bool:
        """Whether the line was done with."""
        self.model.editor.set("")
        self.model.type(text)
        self.model.press("enter")
        return not self.model.editor.text

    @property
    def hint(self) -> str:
        return self.desk.hint[1]

    def buffer(self, room: str) -> RoomBuffer:
        found = self.desk.buffers.get(room)
        assert found is not None
        return found

    def seen(self, buffer: RoomBuffer | None = None) -> list[str]:
        """All lines of the room on the screen, with their marks where they have one."""
        timeline = (buffer or self.desk.current).timeline
        lines = [timeline[index] for index in range(1, len(timeline))]
        return [f"{line.mark.value} {line.text}".strip() for line in lines]

    def looks(self) -> list[Look]:
        timeline = self.desk.current.timeline
        return [timeline[index].look for index in range(1, len(timeline))]

    def said(self) -> list[str]:
        """What the guest has to send, from all rooms."""
        return [draft.text for room in self.guest.rooms.values() for draft in room.outbox.pending]
