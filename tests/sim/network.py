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


HEADERS = 28
"""Bytes of IPv4 and UDP."""


class Link:
    """A link that some share on their way from the server, with a queue that drops its tail."""

    def __init__(self, clock: Clock, *, rate: float, queue: int) -> None:
        """`rate` in bytes a second, `queue` in bytes."""
        self.carried = self.dropped = 0
        """Bytes."""
        self._clock = clock
        self._rate = rate
        self._size = queue
        self._free_at = 0.0

    @property
    def queue(self) -> float:
        """Bytes that wait."""
        return max(0.0, self._free_at - self._clock.now) * self._rate

    def take(self, datagram: bytes) -> float | None:
        """Seconds until it is through; None: the queue is full."""
        size = len(datagram) + HEADERS
        if self.queue + size > self._size:
            self.dropped += size
            return None
        self.carried += size
        self._free_at = max(self._free_at, self._clock.now) + size / self._rate
        return self._free_at - self._clock.now


class Network:
    """Endpoints are paths; a path that nobody has attached is a closed port."""

    def __init__(self, clock: Clock, random: Random, faults: Faults) -> None:
        self.faults = faults
        self.cut: set[Path] = set()
        """Endpoints that nothing reaches and nothing leaves."""
        self.loss: dict[str, float] = {}
        """By host, the share that is lost on the way to it, besides the faults of all."""
        self.links: dict[str, Link] = {}
        """By host, the one that everything from the server goes through."""
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
        if target.host in self.loss and random.random() < self.loss[target.host]:
            self.injected["loss"] += 1
            return
        queued = 0.0
        if target.host in self.links:
            through = self.links[target.host].take(datagram)
            if through is None:
                self.injected["overflow"] += 1
                return
            queued = through
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
            self._clock.after(queued + delay, partial(self._arrive, carried, source, target))

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
