"""What the terminal client knows while it runs. Others read it and act on it; see `news` for what
changes it from outside, and `actions` for what the user does."""

from collections.abc import Callable
from itertools import chain
from typing import Protocol

from msgspec.structs import replace

from chat.core.guest import Guest
from chat.core.link import Link
from chat.core.text import clean
from chat.core.types import Path
from chat.net.impair import CLEAR, Impairment, Tally

from .buffers import Buffers
from .effects import Effect
from .health import Health, LossMeter
from .lines import Look
from .reader import Reader
from .roombuffer import RoomBuffer
from .settings import Settings


class Network(Protocol):
    """What we do to our own datagrams."""

    @property
    def spec(self) -> Impairment: ...

    @property
    def outward(self) -> Tally: ...

    @property
    def inward(self) -> Tally: ...

    def change(self, spec: Impairment) -> None: ...


class Uplink(Protocol):
    """The way to the server, as much of `Client` as the terminal client sees."""

    link: Link
    guest: Guest

    @property
    def network(self) -> Network: ...

    @property
    def local(self) -> Path | None: ...

    @property
    def pin(self) -> str:
        """The server's, as links have it."""
        ...

    def wake(self) -> None:
        """There is something to send."""
        ...


class Desk:
    """`now()` gives monotonic seconds, `wall()` milliseconds since 1970."""

    def __init__(
        self,
        uplink: Uplink,
        room: str,
        now: Callable[[], float],
        wall: Callable[[], int],
        settings: Settings,
    ) -> None:
        self.uplink = uplink
        self.settings = settings
        self.now = now
        self.wall = wall
        self._ids: frozenset[bytes] = frozenset()
        """By which the log knows us, or did."""
        self.buffers = Buffers(room, self._reader(settings))
        self.health = Health(now())
        self.loss = LossMeter()
        self.rooms: tuple[str, ...] = ()
        """Public rooms' names, as they were last listed."""
        self.listed = False
        self.effects: list[Effect] = []
        """What the program is to do next."""
        self.hint = ("", "")
        """A style and a line above the input, until the next key."""
        self._held: Callable[[], str] | None = None
        """What it tells, as long as that changes by itself."""
        self.interactive = True
        """Somebody sits there who can be asked for what nobody is to see."""
        self.holds_back = True
        """What may not be said yet stays on the line that it was typed on."""
        self.unacknowledged: dict[int, tuple[int, str]] = {}
        """By ticket, what was said and is not in the log: the first ticket of the same text, and
        the text."""
        self.rooms_for: RoomBuffer | None = None
        """Whose list of rooms is awaited."""
        self.acting = 0
        """Acts of moderation that the server has not answered."""
        self.members_for: dict[RoomBuffer, tuple[RoomBuffer, float]] = {}
        """Where the members of which room are to be listed, at the latest when."""
        self.impaired_at = now()
        """When what is wrong with our own network began."""
        self.typing: dict[str, tuple[str, ...]] = {}
        """By room, who is; clean names."""
        self.focused: bool | None = None
        """The user looks at this terminal; None: it does not say."""
        self.letters: dict[str, list[str]] = {}
        """What waits to be said to one person only, by the name in its common form."""

    def change(self, settings: Settings) -> None:
        """From now on these hold."""
        self.settings = settings
        self.buffers.configure(self._reader(settings))

    def know_ourselves(self) -> None:
        """Our name, or what marks our entries, may be another one."""
        me = self.uplink.guest.me
        self._ids |= {each for each in (me.instance, me.key_id) if each}
        self.buffers.configure(self._reader(self.settings))

    def _reader(self, settings: Settings) -> Reader:
        return Reader(
            name=clean(self.uplink.guest.name),
            ids=self._ids,
            words=settings.highlight,
            ignored=settings.ignore,
            joins=settings.joins,
            smart_minutes=settings.smart_minutes,
            kept=settings.scrollback,
            clock=settings.time,
        )

    @property
    def current(self) -> RoomBuffer:
        return self.buffers.current

    def refuse(self, reason: str) -> None:
        """What the user wanted cannot be."""
        self._say("class:alert", reason)

    def tell(self, text: str) -> None:
        """A word for the moment."""
        self._say("class:hint", text)

    def hush(self) -> None:
        """The moment is over."""
        self._say("", "")

    def wait(self, held: Callable[[], str]) -> None:
        """What the user typed may not be said yet: `held` tells why, and nothing once it may."""
        self.hush()
        self._held = held
        self.count_down()

    def count_down(self) -> None:
        """About once a second."""
        if self._held is not None:
            self.hint = ("class:hint", self._held() or "Enter says it now")

    def _say(self, style: str, text: str) -> None:
        self.hint, self._held = (style, text), None

    def notice(self, text: str, buffer: RoomBuffer | None = None) -> None:
        (buffer or self.current).note(Look.NOTICE, text, self.wall())

    def alert(self, text: str, buffer: RoomBuffer | None = None) -> None:
        (buffer or self.current).note(Look.ALERT, text, self.wall())

    @property
    def known_rooms(self) -> list[str]:
        """Ours first."""
        ours = [buffer.room for buffer in self.buffers if not buffer.direct]
        return list(dict.fromkeys((*ours, *self.rooms)))

    def known_names(self) -> list[str]:
        """For the room on the screen: who is here, the latest to speak first, then who was."""
        buffer = self.current
        membership = self.uplink.guest.rooms.get(buffer.room)
        members = membership.roster.members if membership is not None else {}
        here = dict.fromkeys(buffer.members.names(members))
        spoke = buffer.speakers()
        order = [name for name in spoke if name in here] + [*here, *spoke]
        return [name for name in dict.fromkeys(order) if name != self.uplink.guest.name]

    @property
    def unsent(self) -> list[str]:
        """Texts that the log has not confirmed, in the order in which they were said; those last
        whose reader is still looked for."""
        said = [text for _, text in dict.fromkeys(self.unacknowledged.values())]
        return [*said, *chain.from_iterable(self.letters.values())]

    @property
    def pending(self) -> int:
        return len(self.unsent)

    @property
    def impaired(self) -> bool:
        """Something is wrong with our own network at this moment: a blackout has its times."""
        spec, since = self.uplink.network.spec, self.now() - self.impaired_at
        dark = any(window.start <= since < window.end for window in spec.blackouts)
        return dark or replace(spec, blackouts=()) != CLEAR
