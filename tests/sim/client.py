"""A guest with a screen, in virtual time; its endpoint may change under it."""

from collections.abc import Callable
from random import Random

from chat.core import events
from chat.core.connection import Rebind
from chat.core.guest import Guest
from chat.core.history import Older
from chat.core.inbox import Broken, Expired
from chat.core.signatures import Signer
from chat.core.types import Entry, Handshake, Kind, Path, Send, Tell

from .clock import Clock
from .network import SERVER, Network
from .server import Violation


class Said:
    """One text of this client's, and what became of it."""

    def __init__(self, text: str, tickets: list[int]) -> None:
        self.text = text
        self.tickets = tickets
        self.logged: set[int] = set()
        self.failed = False


class Client:
    def __init__(
        self,
        clock: Clock,
        network: Network,
        random: Random,
        number: int,
        rooms: list[str],
        *,
        on_logged: Callable[["Client", events.Logged], None] = lambda client, event: None,
        on_event: Callable[[object], None] = lambda event: None,
        name: str = "",
    ) -> None:
        """`on_event` is called with all that the guest tells."""
        self.number = number
        self.screens: dict[str, list[Entry]] = {}
        self.said: dict[str, list[Said]] = {}
        self.breaks: list[Broken] = []
        self.expired: list[Expired] = []
        self.told: list[object] = []
        self.heard: Callable[[Entry], None] = lambda entry: None
        """Called with each entry that is shown."""
        self.path = Path(0, f"10.0.1.{number}", 40_000)
        self._clock = clock
        self._network = network
        self._on_logged = on_logged
        self._on_event = on_event
        self._timer_at = 0.0
        self._stopped = False
        self._moves = 0
        self._shakes = 0
        self._random = random
        self.key = key = Signer(random.randbytes(32)) if number % 2 else None
        """Every other one's name belongs to a key."""
        network.attach(self.path, self._received)
        self.guest = Guest(
            SERVER,
            name or f"guest{number}",
            secret=None,
            random=random.randbytes,
            now=clock.now,
            key_of=lambda _: key,
        )
        for room in rooms:
            self.guest.join(room, clock.now)
        self.guest.connect(clock.now)
        self.drain()

    def say(self, room: str, text: str, kind: Kind = Kind.MESSAGE, refers: int = 0) -> None:
        tickets = self.guest.say(room, text, self._clock.now, kind=kind, refers=refers)
        self.said.setdefault(room, []).append(Said(text, tickets))
        self.drain()

    def move(self, known: bool, host: str = "") -> None:
        """A new endpoint: by itself (Wi-Fi), which the shell knows, or on the way (a NAT)."""
        self._rebind(host)
        if known:
            self.guest.moved(self._clock.now)
            self.drain()

    def stop(self) -> None:
        """As by a signal: it neither reads nor does anything."""
        self._stopped = True
        self._network.detach(self.path)

    def go_on(self) -> None:
        self._stopped = False
        self._network.attach(self.path, self._received)
        self.guest.timeout(self._clock.now)
        self.drain()

    def drain(self) -> None:
        for effect in self.guest.drain():
            match effect:
                case Send(path, datagram):
                    if len(datagram) > 1200:
                        raise Violation(f"a datagram of {len(datagram)} bytes")
                    self._network.send(datagram, self.path, path)
                case Rebind():
                    self._rebind()
                case Handshake():
                    self._shakes += 1
                    self._shake(self._shakes)
                case Tell(event):
                    self._event(event)
        deadline = self.guest.deadline()
        if deadline is not None and not self._clock.now < self._timer_at <= deadline:
            self._timer_at = at = max(deadline, self._clock.now)
            self._clock.after(at - self._clock.now, lambda: self._timeout(at))

    def _shake(self, attempt: int) -> None:
        """The shell's part: it takes four datagrams, and goes on until there is a new attempt."""

        def ended() -> None:
            if attempt != self._shakes:
                return
            agreed = self._network.shake(self.path)
            if agreed is None:
                self._shake(attempt)
            else:
                self.guest.admitted(*agreed, self._clock.now)
                self.drain()

        self._clock.after(self._network.faults.delay * (3 + 2 * self._random.random()), ended)

    def _rebind(self, host: str = "") -> None:
        cut = self.path in self._network.cut
        self._network.detach(self.path)
        self._network.cut.discard(self.path)
        self._moves += 1
        self.path = Path(0, host or self.path.host, 40_000 + self._moves)
        self._network.attach(self.path, self._received)
        if cut:
            self._network.cut.add(self.path)

    def _received(self, datagram: bytes, source: Path) -> None:
        self.guest.receive(datagram, source, self._clock.now)
        self.drain()

    def _timeout(self, at: float) -> None:
        if at != self._timer_at or self._stopped:
            return  # Another one was set since.
        self._timer_at = 0.0
        deadline = self.guest.deadline()
        if deadline is not None and deadline <= self._clock.now:
            self.guest.timeout(self._clock.now)
        self.drain()

    def _event(self, event: object) -> None:
        self._on_event(event)
        match event:
            case Entry(room=room):
                screen = self.screens.setdefault(room, [])
                jumped = any((it.room, it.last) == (room, event.seq - 1) for it in self.expired)
                if screen and event.seq != screen[-1].seq + 1 and not jumped:
                    raise Violation(f"{room}: {event.seq} shown after {screen[-1].seq}")
                screen.append(event)
                self.heard(event)
            case Older(room=room, entries=entries):
                screen = self.screens.setdefault(room, [])
                if entries and screen and entries[-1].seq != screen[0].seq - 1:
                    raise Violation(f"{room}: {entries[-1].seq} shown before {screen[0].seq}")
                screen[:0] = entries
            case Broken(room, seq):
                self.breaks.append(event)
                screen = self.screens.setdefault(room, [])
                while screen and screen[-1].seq >= seq:
                    screen.pop()
            case Expired():
                self.expired.append(event)
            case events.Logged(room, ticket, _):
                self._on_logged(self, event)
                for said in self.said.get(room, ()):
                    if ticket in said.tickets:
                        if ticket in said.logged:
                            raise Violation(f"{said.text} was acknowledged twice")
                        said.logged.add(ticket)
            case events.Failed(room, ticket, _):
                for said in self.said.get(room, ()):
                    said.failed |= ticket in said.tickets
            case events.Pushing(on=False):
                self._network.injected["not pushed to"] += 1
                self.told.append(event)
            case events.Exited(room):
                self.screens.pop(room, None)
            case _:
                self.told.append(event)
                del self.told[:-50]
