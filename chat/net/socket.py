"""The only DatagramProtocol, and the server's sockets around it.

The server owns its sockets and reads them itself: many datagrams for each turn of the loop, then
one call of `turn`, in which the server drains its core once. (A client leaves its one socket to
the loop, which is portable: see `connection`.)
"""

import asyncio
import errno
import selectors
import socket
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chat.core.types import Path

from . import kernel
from .address import path_of, sockaddr_of
from .kernel import Sockaddr

Received = Callable[[bytes, Path], None]

BATCH = 64
"""Datagrams that are read, in all, before the server has its turn."""

BACKLOG = 256 << 10
"""Bytes that wait for room in a socket's send buffer: a fifth of a second at 10 Mbit/s. What comes
beyond is dropped, as a router would; clients repair."""

_LARGEST = 65_535
"""A UDP datagram's length has 16 bits: in this much room none is cut off."""

_HEADERS = 48
"""Of IPv6 and UDP: what waits takes its room even when it is empty."""


@dataclass(slots=True)
class Traffic:
    """What went through, in datagrams."""

    wakeups: int = 0
    """Times that the loop called."""
    received: int = 0
    sent: int = 0
    queued: int = 0
    """Those that had to wait for room in the send buffer."""
    dropped: int = 0
    """Those for which there was no room in the queue either, or no socket."""
    errors: Counter[str] = field(default_factory=Counter)
    """Such as "send EMSGSIZE", "icmp ECONNREFUSED": none of them ends anything."""

    def count(self, what: str, number: int | None) -> None:
        self.errors[f"{what} {errno.errorcode.get(number or 0, number)}"] += 1


class Endpoint(asyncio.DatagramProtocol):
    """Hands what a socket receives to `received`, as bytes and a Path, and what went wrong to
    `failed`. `number` is the socket's in each Path."""

    def __init__(self, number: int, received: Received, failed: Callable[[OSError], None]) -> None:
        self._number = number
        self._received = received
        self._failed = failed
        self._muted = False
        self.full = False
        """The transport's own queue is: what is sent now had better be dropped."""

    def datagram_received(self, data: bytes, addr: Sockaddr) -> None:
        if not self._muted:
            self._received(data, path_of(self._number, addr))

    def error_received(self, exc: Exception) -> None:
        if not self._muted and isinstance(exc, OSError):
            self._failed(exc)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False

    def mute(self) -> None:
        """Ignore from now on what is still on its way through the loop."""
        self._muted = True


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
        self._selector = selectors.DefaultSelector()
        self._ports = [
            _Port(number, sock, self._selector, self.traffic, received, refused)
            for number, sock in enumerate(sockets)
        ]
        loop.add_reader(self._selector.fileno(), self._wake)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where each socket listens."""
        return tuple(path_of(port.number, port.sock.getsockname()) for port in self._ports)

    def send(self, path: Path, datagram: bytes) -> None:
        self._ports[path.socket].send(datagram, sockaddr_of(path))

    def push(self, number: int, addresses: Sequence[Sockaddr], datagram: bytes) -> None:
        """The same datagram to many, from one socket."""
        send = self._ports[number].send
        for address in addresses:
            send(datagram, address)

    def receive_drops(self) -> int | None:
        """Datagrams that the kernel dropped for want of room; None where it does not say."""
        drops = [kernel.receive_drops(port.sock) for port in self._ports]
        known = [drop for drop in drops if drop is not None]
        return sum(known) if known else None

    def close(self) -> None:
        """What still waits to be sent is dropped."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._selector.fileno())
            self._selector.close()
            for port in self._ports:
                port.sock.close()

    def _wake(self) -> None:
        self.traffic.wakeups += 1
        ready = self._selector.select(0)
        share = BATCH // max(1, len(ready))
        reading = False
        try:
            for key, events in ready:
                if events & selectors.EVENT_WRITE:
                    key.data.flush()
                if events & selectors.EVENT_READ:
                    reading = True
                    key.data.read(share)
        finally:  # Also when a callback failed: what came before it is to be answered.
            if reading:
                self._turn()


class _Port:
    """One of them."""

    def __init__(
        self,
        number: int,
        sock: socket.socket,
        selector: selectors.BaseSelector,
        traffic: Traffic,
        received: Received,
        refused: Callable[[Path], None],
    ) -> None:
        self.number = number
        self.sock = sock
        self._selector = selector
        self._traffic = traffic
        self._refused = refused
        self._endpoint = Endpoint(number, received, self._failed)
        self._buffer = bytearray(_LARGEST)
        self._view = memoryview(self._buffer)
        self._backlog: deque[tuple[bytes, Sockaddr]] = deque()
        self._backlog_bytes = 0
        self._troubled = False
        """A call failed in a way that may have left something in the error queue."""
        selector.register(sock, selectors.EVENT_READ, self)

    def read(self, limit: int) -> None:
        """Up to `limit` datagrams, and as many errors."""
        receive, hand_over = self.sock.recvfrom_into, self._endpoint.datagram_received
        buffer, view, traffic = self._buffer, self._view, self._traffic
        received = failed = 0
        while received + failed < limit:
            try:
                size, address = receive(buffer)
            except BlockingIOError:
                break
            except OSError as error:
                failed += 1
                self._troubled = True
                self._endpoint.error_received(error)
            else:
                received += 1
                traffic.received += 1
                hand_over(bytes(view[:size]), address)
        if self._troubled or not received:
            self._read_errors(limit)

    def send(self, datagram: bytes, address: Sockaddr) -> None:
        if self._backlog or not self._transmit(datagram, address):
            self._queue(datagram, address)

    def flush(self) -> None:
        """There is room in the send buffer."""
        while self._backlog:
            datagram, address = self._backlog[0]
            if not self._transmit(datagram, address):
                return
            self._backlog.popleft()
            self._backlog_bytes -= len(datagram) + _HEADERS
        self._selector.modify(self.sock, selectors.EVENT_READ, self)

    def _queue(self, datagram: bytes, address: Sockaddr) -> None:
        size = len(datagram) + _HEADERS
        if self._backlog_bytes + size > BACKLOG:
            self._traffic.dropped += 1
            return
        if not self._backlog:
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._selector.modify(self.sock, both, self)
        self._backlog.append((datagram, address))
        self._backlog_bytes += size
        self._traffic.queued += 1

    def _transmit(self, datagram: bytes, address: Sockaddr) -> bool:
        """False: the send buffer is full. What fails is counted and forgotten."""
        try:
            self.sock.sendto(datagram, address)
        except BlockingIOError:
            return False
        except OSError as error:
            return self._transmit_again(error, datagram, address)
        self._traffic.sent += 1
        return True

    def _transmit_again(self, error: OSError, datagram: bytes, address: Sockaddr) -> bool:
        """An ICMP error that came for *another* endpoint fails the next call on the socket, once:
        only a second failure is about this datagram. Except ENOBUFS, which with IP_RECVERR says
        that a queue of this machine is full: more of the same would not help."""
        self._troubled = True
        if error.errno != errno.ENOBUFS:
            try:
                self.sock.sendto(datagram, address)
            except BlockingIOError:
                return False
            except OSError as second:
                error = second
            else:
                self._traffic.sent += 1
                return True
        self._traffic.count("send", error.errno)
        return True

    def _read_errors(self, limit: int) -> None:
        """Empties the error queue, which would wake us for ever."""
        for _ in range(limit):
            complaint = kernel.complaint(self.sock)
            if complaint is None:
                self._troubled = False
                break
            self._traffic.count("icmp", complaint.errno)
            if complaint.errno == errno.ECONNREFUSED:
                self._refused(path_of(self.number, complaint.address))

    def _failed(self, error: OSError) -> None:
        self._traffic.count("receive", error.errno)
