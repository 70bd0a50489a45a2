"""The server's sockets, all of them behind one wake-up.

The server owns its sockets and reads them itself: many datagrams for each turn of the loop, then
one call of `turn`, in which the server drains its core once. (A client has one socket and one peer,
and what it has of transports is in `connection`.)
"""

import asyncio
import selectors
import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from chat.core.types import Path

from . import kernel
from .address import path_of
from .port import BATCH, Port
from .socket import Received, Traffic


class Ports:
    """The server's sockets, which it owns: `close` closes them. A Path's `socket` counts them.

    `received(datagram, path)` is called for each datagram, `refused(path)` for each ICMP message
    that nobody listens there (which anybody may forge), and `turn()` once after every wake-up for
    reading. No error ends anything: it is counted in `traffic`.

    The loop watches one selector instead of the sockets. That makes one wake-up of all that is
    ready, tells writable from readable without a second descriptor, and hides POLLERR, which an
    error queue causes and for which uvloop (libuv's uv_poll) would stop watching for good.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sockets: Sequence[socket.socket],
        *,
        received: Received,
        refused: Callable[[Path], None],
        turn: Callable[[], None],
    ) -> None:
        self.traffic = Traffic()
        self._loop = loop
        self._turn = turn
        self._closed = False
        self._resting = False
        self._taken = 0
        """Datagrams that the last wake-up brought."""
        self._selector = selectors.DefaultSelector()
        self._ports = [
            Port(number, sock, self._selector, self.traffic, received, refused)
            for number, sock in enumerate(sockets)
        ]
        loop.add_reader(self._selector.fileno(), self._wake)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where each socket listens."""
        return tuple(path_of(port.number, port.sock.getsockname()) for port in self._ports)

    def send(self, path: Path, datagram: bytes) -> None:
        self._ports[path.socket].send(datagram, path)

    def push(self, number: int, names: bytearray, datagrams: Sequence[bytes]) -> None:
        """The same datagrams to many, from one socket: their names (`sockaddr.packed`) side by
        side."""
        self._ports[number].push(names, datagrams)

    def queued(self) -> Mapping[Path, int]:
        """Bytes that wait for room in a send buffer, of those for whom some do."""
        waiting: Counter[Path] = Counter()
        for port in self._ports:
            for path, size in port.queued():
                waiting[path] += size
        return waiting

    def receive_drops(self) -> int | None:
        """Datagrams that the kernel dropped for want of room; None where it does not say."""
        drops = [kernel.receive_drops(port.sock) for port in self._ports]
        known = [drop for drop in drops if drop is not None]
        return sum(known) if known else None

    def rest(self) -> None:
        """Nothing is read until `catch_up`, which has to follow soon: on a busy server one wake-up
        for all that comes within a few milliseconds is cheaper than one for each. Not where so
        many come that a receive buffer would not hold them."""
        flooded = self._taken > BATCH // 2 or any(port.waiting for port in self._ports)
        if not (flooded or self._resting or self._closed):
            self._resting = True
            self._loop.remove_reader(self._selector.fileno())

    def catch_up(self) -> None:
        """Reads what has come."""
        if self._resting and not self._closed:
            self._resting = False
            self._loop.add_reader(self._selector.fileno(), self._wake)
            self._wake()

    def close(self) -> None:
        """What still waits to be sent is dropped."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._selector.fileno())
            self._selector.close()
            for port in self._ports:
                port.close()

    def _wake(self) -> None:
        self.traffic.wakeups += 1
        self._work(self._selector.select(0))

    def _work(self, ready: Sequence[tuple[selectors.SelectorKey, int]]) -> None:
        share = BATCH // max(1, len(ready))
        before = self.traffic.received
        reading = not ready
        try:
            for port in self._ports:
                port.hand_over()
            for key, events in ready:
                if events & selectors.EVENT_WRITE:
                    key.data.flush()
                if events & selectors.EVENT_READ:
                    reading = True
                    key.data.read(share)
        except Exception:  # A callback failed: what came after it is to be answered all the same.
            self._loop.call_soon(self._work, ())
            raise
        finally:
            self._taken = self.traffic.received - before
            if reading:
                self._turn()
