"""Clients and a server on a bad network, in virtual time."""

from collections.abc import Callable
from random import Random

from chat.core.types import Path
from chat.net.impair import CLEAR, Impairer, Impairment
from chat.secure.dtls_client import ClientHandshake

from ..sim.clock import Clock
from .host import Host

SEALED = b"\x80 the first sealed datagram"
SEALED_AGAIN = 0.25


class Client:
    """One attempt, and, when its handshake is complete, sealed datagrams until one is heard."""

    def __init__(self, network: "Network", path: Path, spec: Impairment) -> None:
        self.network = network
        self.path = path
        self.done_at = 0.0
        self.heard = False
        """Its first sealed datagram was."""
        self.sent = 0
        clock = network.clock
        self.outward = Impairer(spec, f"{network.seed}/{path}/outward", clock.now)
        self.inward = Impairer(spec, f"{network.seed}/{path}/inward", clock.now)
        self.handshake = ClientHandshake(clock.now, jitter=network.random.random)
        self._armed = -1.0
        self.drain()

    def receive(self, datagram: bytes) -> None:
        self.handshake.receive(datagram, self.network.clock.now)
        self.drain()

    def drain(self) -> None:
        for datagram in self.handshake.datagrams():
            self.sent += 1
            self.network.to_server(self, datagram)
        if self.handshake.secrets is not None and not self.done_at:
            self.done_at = self.network.clock.now
            self._seal()
        self._arm()

    def _seal(self) -> None:
        if not self.heard:
            self.network.to_server(self, SEALED)
            self.network.clock.after(SEALED_AGAIN, self._seal)

    def _arm(self) -> None:
        deadline = self.handshake.deadline()
        if deadline is not None and deadline != self._armed:
            self._armed = deadline
            self.network.clock.after(deadline - self.network.clock.now, self._wake)

    def _wake(self) -> None:
        self._armed = -1.0
        self.handshake.timeout(self.network.clock.now)
        self.drain()


class Network:
    def __init__(self, spec: str = "", seed: int = 0) -> None:
        self.seed = seed
        self.spec = Impairment.parse(spec)
        self.random = Random(seed)
        self.clock = Clock()
        self.host = Host(seed)
        self.clients: dict[Path, Client] = {}

    def join(self, path: Path, *, clear: bool = False) -> Client:
        """A client at this endpoint; the one that was there is gone."""
        client = Client(self, path, CLEAR if clear else self.spec)
        self.clients[path] = client
        return client

    def to_server(self, client: Client, datagram: bytes) -> None:
        for delay, copy in client.outward.judge(datagram, self.clock.now):
            self.clock.after(delay, self._reaching_server(client, copy))

    def run(self, condition: Callable[[], bool], until: float) -> None:
        """Until it holds; fails at that time. Timeouts of the server come with what happens."""
        while not condition():
            assert self.clock.step()
            self.host.server.timeout(self.clock.now)
            assert self.clock.now < until, self.host.server.dropped

    def wait(self, until: float) -> None:
        """Whatever happens until then."""
        self.clock.after(until - self.clock.now, lambda: None)
        while self.clock.next <= until:
            self.clock.step()
            self.host.server.timeout(self.clock.now)

    def _reaching_server(self, client: Client, datagram: bytes) -> Callable[[], None]:
        def arrive() -> None:
            if datagram == SEALED:
                client.heard = True
                self.host.server.finished(client.path)
            else:
                self.host.server.receive(datagram, client.path, self.clock.now)
            self._flush()

        return arrive

    def _flush(self) -> None:
        out, self.host.out = self.host.out, []
        for path, datagram in out:
            client = self.clients.get(path)
            if client is not None:
                for delay, copy in client.inward.judge(datagram, self.clock.now):
                    self.clock.after(delay, self._reaching_client(path, copy))

    def _reaching_client(self, path: Path, datagram: bytes) -> Callable[[], None]:
        def arrive() -> None:
            self.clients[path].receive(datagram)

        return arrive
