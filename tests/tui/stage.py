"""A class of nineteen and one's screen, in virtual time: a real hub, its log, a guest for each, and the
model of one of them. The same is done each time, so the same is seen."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random

from chat.core import events
from chat.core.link import Link
from chat.core.types import Kind, Path
from chat.log.memory import MemoryLog
from chat.tui.gate import PACE
from chat.tui.model import Model
from tests.sim.client import Client
from tests.sim.clock import Clock
from tests.sim.network import SERVER, Faults, Network
from tests.sim.server import WALL, Server

from .guests import Network as Own

ME = "ann"
ROOM = "lobby"
OTHERS = (
    *("alex", "bob", "carol", "dan", "eve", "femi", "grace", "hugo", "ines"),
    *("jonas", "kofi", "lena", "mei", "nora", "omar", "priya", "tariq", "yuki"),
)

HOP = 0.006
"""Seconds one way, at least."""

_MORE = (0.002, 0.0, 0.004, 0.001, 0.016, 0.002, 0.003, 0.001, 0.009, 0.0, 0.002)
"""Seconds more, in one second after the other, over and over. Nothing is drawn at random: one
datagram more or less changes nothing for the others."""

_GUSTS = 7
"""How often in a second a bad network is bad."""

PATIENCE = 60.0
"""Virtual seconds; a wait that is over before does not take as long."""

BURST = 30
"""Messages of a flood that are said at once."""


class Steady(Network):
    """Delivers everything, but for who is cut off."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, Random(1), Faults(delay=HOP))
        self.bad: dict[str, float] = {}
        """By host, the share of time in which it neither hears nor is heard."""
        self.far: dict[str, float] = {}
        """By host, seconds more, one way."""

    def carry(self, datagram: bytes, source: Path, target: Path) -> None:
        now = self._clock.now
        hosts = (source.host, target.host)
        bad = max(self.bad.get(host, 0.0) for host in hosts)
        far = sum(self.far.get(host, 0.0) for host in hosts)
        if {source, target} & self.cut or now * _GUSTS % 1 < bad:
            return
        delay = HOP + _MORE[int(now) % len(_MORE)] + far
        self._clock.after(delay, partial(self._arrive, datagram, source, target))


class Viewer(Client):
    """The one whose screen it is; also the model's way to the server."""

    def __init__(
        self, clock: Clock, network: Network, server: Server, size: tuple[int, int]
    ) -> None:
        self.size = size
        self.link = Link(SERVER.host, SERVER.port, ROOM)
        self.network = Own()
        self.local: Path | None = None
        self.pin = ""
        super().__init__(
            clock,
            network,
            Random(99),
            1,
            [ROOM],
            name=ME,
            on_event=lambda event: self.model.take(event),
        )
        self.model = Model(self, lambda: clock.now, lambda: server.wall)
        self._tick()

    def wake(self) -> None:
        self._clock.after(0, self.drain)

    def look(self) -> None:
        """The screen is drawn; what is missing on it is asked for."""
        self.model.view(*self.size)
        self.model.actions.want_older()

    def _tick(self) -> None:
        self.model.tick()
        self.look()
        self._clock.after(1.0, self._tick)


class Stage:
    """`size`: columns and rows of the screen."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.clock = Clock()
        self.network = Steady(self.clock)
        log = MemoryLog(random=Random(2).randbytes, wall=lambda: self.server.wall)
        self.server = Server(self.clock, self.network, Random(3), lambda: log)
        self.at(12, "19:30")
        self.server.start()
        self._people: dict[str, Client] = {}

    # Who is there

    def enter(self) -> None:
        """We come."""
        self.viewer = Viewer(self.clock, self.network, self.server, self.size)
        self._people[ME] = self.viewer
        self.run(2.5)

    def come(self, *names: str) -> None:
        for name in names:
            number = len(self._people) + 2
            self._people[name] = Client(
                self.clock, self.network, Random(100 + number), number, [ROOM], name=name
            )
        self.run(2.5)

    def join(self, name: str, room: str) -> None:
        self._people[name].guest.join(room, self.clock.now)
        self._people[name].drain()
        self.run(0.5)

    def cut(self, name: str) -> None:
        """Nothing reaches them, and nothing leaves them."""
        self.network.cut.add(self._people[name].path)

    def move_away(self, seconds: float) -> None:
        """From now on it takes us so much longer, one way."""
        self.network.far[self.viewer.path.host] = seconds

    def impair(self, spec: str) -> None:
        """Our own network, by command."""
        self.enter_line(f"/net {spec}")
        self.network.bad[self.viewer.path.host] = self.viewer.network.spec.loss

    def mend(self, name: str) -> None:
        self.network.cut.discard(self._people[name].path)

    # What time it is

    def at(self, day: int, time: str) -> None:
        """A day of November 2026; the 13th is a Friday."""
        hour, minute = map(int, time.split(":"))
        wanted = datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp() * 1000
        self.server.wall_offset = int(wanted - WALL - self.clock.now * 1000)

    def until(self, condition: Callable[[], bool]) -> None:
        """While it is being looked at. Raises AssertionError where that does not come soon."""
        end = self.clock.now + PATIENCE
        while not condition():
            self.run(PACE)
            self.viewer.look()
            assert self.clock.now < end, "this never happens on the stage"

    def run(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while self.clock.next <= until:
            self.clock.step()
        self.clock.now = until

    # What the others do

    def say(
        self, name: str, text: str, room: str = ROOM, kind: Kind = Kind.MESSAGE, refers: int = 0
    ) -> int:
        """Its seq, once it is in the log."""
        self._people[name].say(room, text, kind, refers)
        self.run(0.3)
        return self._people[name].guest.rooms[room].inbox.head

    def flood(self, texts: Sequence[str], *names: str) -> None:
        """Much at once, in turns."""
        for number, text in enumerate(texts):
            self._people[names[number % len(names)]].say(ROOM, text)
            if number % BURST == 0:
                self.run(0.1)
        self.run(0.5)

    def react(self, reaction: str, seq: int, *names: str) -> None:
        for name in names:
            self.say(name, reaction, kind=Kind.REACTION, refers=seq)

    def whisper(self, name: str, text: str) -> str:
        """To us only. Returns the room that this is said in."""
        person = self._people[name]
        person.guest.direct(ME, self.clock.now)
        person.drain()
        self.run(0.3)
        opened = [it for it in person.told if isinstance(it, events.DirectRoom)]
        self.say(name, text, opened[-1].room)
        return opened[-1].room

    def moderate(
        self,
        name: str,
        room: str,
        act: str,
        *,
        whom: str = "",
        seconds: int = 0,
        number: int = 0,
        text: str = "",
    ) -> None:
        person = self._people[name]
        person.guest.act(
            room, act, whom=whom, seconds=seconds, number=number, text=text, now=self.clock.now
        )
        person.drain()
        self.run(0.5)

    def typing(self, name: str, room: str = ROOM) -> None:
        self._people[name].guest.typing(room, self.clock.now)
        self._people[name].drain()
        self.run(0.3)

    # What we do

    @property
    def model(self) -> Model:
        return self.viewer.model

    def write(self, text: str) -> None:
        self.model.type(text)

    def press(self, *keys: str) -> None:
        """On a screen that was drawn, as keys are."""
        self.viewer.look()
        self.model.press(*keys)
        self.run(0.3)

    def enter_line(self, text: str) -> None:
        self.write(text)
        self.press("enter")
