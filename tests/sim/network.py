"""A network that loses, doubles, delays, reorders and damages datagrams, and falls apart."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from chat.core.types import Path

from .clock import Clock

SERVER = Path(0, "10.0.0.1", 9999)


@dataclass(frozen=True)
class Faults:
    """What may happen to one datagram."""

    loss: float = 0.0
    duplication: float = 0.0
    corruption: float = 0.0
    delay: float = 0.02
    """Seconds that nearly all take."""
    stray: float = 0.0
    """The share that takes up to `stray_delay` instead, and is overtaken by others."""
    stray_delay: float = 3.0


class Network:
    """Endpoints are paths; a path that nobody has attached is a closed port."""

    def __init__(self, clock: Clock, random: Random, faults: Faults) -> None:
        self.faults = faults
        self.cut: set[Path] = set()
        """Endpoints that nothing reaches and nothing leaves."""
        self.injected: Counter[str] = Counter()
        self.captured: list[tuple[bytes, Path]] = []
        """What an adversary on the way has kept of datagrams to the server."""
        self._clock = clock
        self._random = random
        self.send: Callable[[bytes, Path, Path], None] = self.carry
        """What the ends call; a test may put something of its own in front of `carry`."""
        self.admit: Callable[[Path], tuple[bytes, bytes, bytes] | None] = lambda _: None
        """The server's end of a handshake: its id, the secret, and what the server proves."""
        self._ends: dict[Path, Callable[[bytes, Path], None]] = {}

    def attach(self, path: Path, receive: Callable[[bytes, Path], None]) -> None:
        self._ends[path] = receive

    def detach(self, path: Path) -> None:
        self._ends.pop(path, None)

    def carry(self, datagram: bytes, source: Path, target: Path) -> None:
        random, faults = self._random, self.faults
        self.injected["resume"] += datagram[:1] == b"\x80"
        if target == SERVER and random.random() < 0.05:
            self.captured.append((datagram, source))
            del self.captured[:-200]
        if source in self.cut or target in self.cut:
            self.injected["partition"] += 1
            return
        if random.random() < faults.loss:
            self.injected["loss"] += 1
            return
        copies = 1
        if random.random() < faults.duplication:
            self.injected["duplication"] += 1
            copies = 2
        for _ in range(copies):
            carried = datagram
            if random.random() < faults.corruption:
                self.injected["corruption"] += 1
                carried = self._damage(datagram)
            delay = faults.delay * (0.5 + random.random())
            if random.random() < faults.stray:
                self.injected["reordering"] += 1
                delay = random.random() * faults.stray_delay
            self._clock.after(delay, partial(self._arrive, carried, source, target))

    def shake(self, source: Path) -> tuple[bytes, bytes, bytes] | None:
        """A handshake, if none of its datagrams is lost."""
        if source in self.cut:
            return None
        if self._random.random() > (1 - self.faults.loss) ** 4:
            self.injected["handshake lost"] += 1
            return None
        return self.admit(source)

    def inject(self, datagram: bytes, source: Path) -> None:
        """An adversary's datagram to the server, with whatever source it likes."""
        self._clock.after(0.001, lambda: self._arrive(datagram, source, SERVER))

    def _arrive(self, datagram: bytes, source: Path, target: Path) -> None:
        receive = self._ends.get(target)
        if receive is not None and source not in self.cut and target not in self.cut:
            receive(datagram, source)

    def _damage(self, datagram: bytes) -> bytes:
        damaged = bytearray(datagram)
        if self._random.random() < 0.2:
            return bytes(damaged[: self._random.randrange(len(damaged) + 1)])
        for _ in range(self._random.randint(1, 3)):
            damaged[self._random.randrange(len(damaged))] ^= 1 << self._random.randrange(8)
        return bytes(damaged)
