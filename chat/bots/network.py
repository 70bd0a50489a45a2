"""What the bots of a process share on their way to the server, and the socket of each."""

import asyncio
import socket
from collections.abc import Sequence

from chat.core.link import Link
from chat.core.types import Path
from chat.net import kernel
from chat.net.address import Address
from chat.net.connection import BUFFER
from chat.net.impair import CLEAR, Impairment, Tally
from chat.secure.trust import Trust

from .pushes import Pushes
from .reactor import Failed, Reactor, Readable

BURST = 8
"""Large pushes in a row, all of one size: those of a burst are, but for the last one, and hardly
any others."""


class Network:
    """Of one process."""

    def __init__(
        self,
        link: Link,
        addresses: Sequence[Address],
        impairment: Impairment = CLEAR,
        impair_seed: int | str = 0,
        *,
        insecure: bool = False,
        repair: bool = True,
        secret: str = "",
    ) -> None:
        """Needs a running loop. `secret` opens the link's room."""
        self.link = link
        self.addresses = tuple(addresses)
        self.impairment = impairment
        self.impair_seed = impair_seed
        self.insecure = insecure
        self.repair = repair
        self.secret = secret
        self.loop = asyncio.get_running_loop()
        self.reactor = Reactor(self.loop)
        self.pushes = Pushes()
        self.trust = Trust()
        self.tally = Tally()
        """Of the impaired network, of those who have left."""
        self.drops: int | None = 0
        """Of the kernel, for want of room; None: it does not say."""


class Port:
    """One bot's socket, to one of the server's addresses after the other."""

    def __init__(self, network: Network, received: Readable, failed: Failed) -> None:
        self._network = network
        self._received = received
        self._failed = failed
        self._sock: socket.socket | None = None
        self._gathers = False
        self._row = 0
        """Large pushes of one size, each right after the other."""
        self._size = 0
        """Of the last one."""
        self._index = -1

    def bind(self) -> None:
        """A new one, to the next address."""
        self.close()
        addresses = self._network.addresses
        self._index = (self._index + 1) % len(addresses)
        address = addresses[self._index]
        sock = socket.socket(address.family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            kernel.enlarge(sock, BUFFER)
            kernel.never_fragment(sock, address.family)
            sock.connect(address.sockaddr)
        except OSError as error:
            sock.close()
            self._failed(error)
            return
        self._sock = sock
        self._gathers = False
        self._row = 0
        self._network.reactor.add(sock, self._received, self._failed)

    def heard(self, size: int) -> None:
        """A large push came. Where so many of one size come, they come in bursts, and from then on
        one is read at once, until this is bound anew."""
        if self._gathers or self._sock is None:
            return
        self._row = self._row + 1 if size == self._size else 1
        self._size = size
        if self._row == BURST:
            self._gathers = True
            self._network.reactor.gather(self._sock)

    def send(self, path: Path, datagram: bytes) -> None:
        if self._sock is not None:
            try:
                self._sock.send(datagram)
            except BlockingIOError:
                pass  # As a full queue anywhere on the way: it is repaired.
            except OSError as error:
                self._failed(error)

    def close(self) -> None:
        if self._sock is not None:
            drops = kernel.receive_drops(self._sock)
            known = self._network.drops
            self._network.drops = None if drops is None or known is None else known + drops
            self._network.reactor.remove(self._sock)
            self._sock.close()
            self._sock = None
