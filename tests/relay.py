"""A bad network that can be put between any client and any server: a relay that impairs.

Each client gets a socket of its own towards the target, as behind a NAT, so that the server sees
distinct endpoints; and, as behind a NAT, that socket may be exchanged for another at any time.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from chat.core.types import Path
from chat.net.address import Address, listen, resolve
from chat.net.connection import Connection
from chat.net.impair import CLEAR, Impairment, Tally
from chat.net.impaired import Impaired, Sending
from chat.net.ports import Ports

CLIENTS = 256
"""At once; datagrams of any further one are dropped."""

_HEADERS = 28

IDLE = 120.0
"""Seconds of silence from a client after which it is forgotten (RFC 4787 §4.3)."""


class _Client:
    """One client, its socket towards the target, and its own share of the bad network."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        path: Path,
        target: list[Address],
        network: Impaired,
        reply: Sending,
        failed: Callable[[OSError], None],
    ) -> None:
        self.network = network
        self.heard = loop.time()
        self.connection = Connection(
            loop,
            target,
            received=network.receiving(lambda datagram, _: reply(path, datagram)),
            failed=failed,
        )
        self.send = network.sending(self.connection.send)

    def close(self) -> None:
        self.network.close()
        self.connection.close()


class Link:
    """What all clients share on their way from the target: so many bytes a second, IP and UDP
    headers among them, and a queue that drops its tail."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rate: float, queue: int) -> None:
        self.carried = self.dropped = 0
        """Bytes."""
        self._loop = loop
        self._rate = rate
        self._queue = queue
        self._free_at = 0.0

    @property
    def queue(self) -> float:
        """Seconds that what comes now has to wait."""
        return max(0.0, self._free_at - self._loop.time())

    def send(self, send: Sending, path: Path, datagram: bytes) -> None:
        size = len(datagram) + _HEADERS
        if self.queue * self._rate + size > self._queue:
            self.dropped += size
            return
        self.carried += size
        self._free_at = self._loop.time() + self.queue + size / self._rate
        self._loop.call_at(self._free_at, send, path, datagram)


class Relay:
    """Forwards what comes to `port` to the target, and the answers back; use it as an asynchronous
    context manager, which raises BindError and ResolveError when entered.

    Clients fare independently, each under a seed made from `seed` and its number in order of
    appearance: one client's fate depends on nothing but the seed and its own datagrams.
    """

    def __init__(
        self,
        target: tuple[str, int],
        spec: Impairment = CLEAR,
        seed: int | str = 0,
        *,
        bind: str = "127.0.0.1:0",
        clients: int = CLIENTS,
        idle: float = IDLE,
    ) -> None:
        self.refused = 0
        """Datagrams of clients for which there was no place."""
        self.failed = 0
        """Errors of the sockets towards the target, such as ICMP's that nobody listens."""
        self.link: Link | None = None
        self.tap: Callable[[bytes], None] = lambda datagram: None
        """Called with what comes from the target."""
        self._target = target
        self._spec = spec
        self._seed = seed
        self._bind = bind
        self._limit = clients
        self._idle = idle
        self._clients: dict[Path, _Client] = {}
        self._count = 0
        self._dark_until = 0.0
        self._outward = Tally()
        self._inward = Tally()
        self._ports: Ports | None = None
        self._sweep_timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self._addresses = (await resolve(*self._target))[:1]
        self._ports = Ports(
            self._loop,
            listen([self._bind]),
            received=self._received,
            refused=lambda path: None,
            turn=lambda: None,
        )
        self._sweep()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        for path in list(self._clients):
            self._forget(path)
        if self._ports is not None:
            self._ports.close()

    @property
    def port(self) -> int:
        """Where clients find it."""
        assert self._ports is not None
        return self._ports.paths[0].port

    @property
    def clients(self) -> tuple[Path, ...]:
        """As the relay sees them, in order of appearance."""
        return tuple(self._clients)

    def seen_as(self, client: Path) -> Path | None:
        """A client's endpoint as the target sees it; None while there is no socket."""
        return self._clients[client].connection.local

    @property
    def outward(self) -> Tally:
        """Of all clients so far, towards the target."""
        return sum((each.network.outward for each in self._clients.values()), self._outward)

    @property
    def inward(self) -> Tally:
        """Of all clients so far, from the target."""
        return sum((each.network.inward for each in self._clients.values()), self._inward)

    def change(self, spec: Impairment) -> None:
        """For all clients, those to come too; blackouts count from now."""
        self._spec = spec
        self._start = self._loop.time()
        for client in self._clients.values():
            client.network.change(spec)

    def blackout(self, seconds: float, client: Path | None = None) -> None:
        """Nothing passes for so long: of one client, or of all, those to come too."""
        if client is None:
            self._dark_until = self._loop.time() + seconds
        for each in self._chosen(client):
            each.network.blackout(seconds)

    def rebind(self, client: Path | None = None) -> None:
        """Moves one client, or all, to new endpoints, as a NAT that has forgotten them; what the
        target still sends to the old ones is lost."""
        for each in self._chosen(client):
            each.connection.rebind()

    def _chosen(self, client: Path | None) -> list[_Client]:
        return list(self._clients.values()) if client is None else [self._clients[client]]

    def _received(self, datagram: bytes, path: Path) -> None:
        client = self._clients.get(path)
        if client is None:
            if len(self._clients) >= self._limit:
                self.refused += 1
                return
            client = self._clients[path] = self._new_client(path)
        client.heard = self._loop.time()
        client.send(path, datagram)

    def _new_client(self, path: Path) -> _Client:
        assert self._ports is not None
        self._count += 1
        network = Impaired(self._loop, self._spec, f"{self._seed}/{self._count}", start=self._start)
        network.blackout(max(0.0, self._dark_until - self._loop.time()))
        return _Client(self._loop, path, self._addresses, network, self._answer, self._failed)

    def narrow(self, rate: float, queue: int) -> Link:
        """From now on all share a link of so many bytes a second and of queue."""
        self.link = Link(self._loop, rate, queue)
        return self.link

    def _answer(self, path: Path, datagram: bytes) -> None:
        assert self._ports is not None
        self.tap(datagram)
        if self.link is None:
            self._ports.send(path, datagram)
        else:
            self.link.send(self._ports.send, path, datagram)

    def _failed(self, error: OSError) -> None:
        self.failed += 1

    def _forget(self, path: Path) -> None:
        client = self._clients.pop(path)
        client.close()
        self._outward += client.network.outward
        self._inward += client.network.inward

    def _sweep(self) -> None:
        now = self._loop.time()
        for path, client in list(self._clients.items()):
            if client.heard + self._idle <= now:
                self._forget(path)
        self._sweep_timer = self._loop.call_later(self._idle / 4, self._sweep)
