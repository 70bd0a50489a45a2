"""One of the server's sockets: read many datagrams at once, and sent from to one or to many."""

import errno
import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from chat.core.types import Path

from . import kernel, mmsg
from .address import path_of, sockaddr_of
from .sockaddr import SIZES, packed, split, unpacked
from .socket import BACKLOG, Endpoint, Received, Traffic

BATCH = 64
"""Datagrams that are read, in all, before the server has its turn."""

BURST = 30
"""Datagrams that each member is sent at once: the usual receive buffer holds 92 large ones."""

_PATHS = 4096
"""Senders whose paths are remembered."""

_HEADERS = 48
"""Of IPv6 and UDP: what waits takes its room even when it is empty."""

_UNCUT = frozenset((errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.EOPNOTSUPP))
"""What comes of segments where something on the way out cannot cut them."""


class Port:
    """What `Ports` does with each of them."""

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
        self._endpoint = Endpoint(self._path, received, self._failed)
        self._paths: dict[bytes, Path] = {}
        self._name_size = SIZES[sock.family]
        self._receiver = (
            mmsg.Receiver(sock.fileno(), self._name_size, BATCH)
            if mmsg.AVAILABLE
            else _OneByOne(sock)
        )
        self._senders: dict[bool, mmsg.Sender] = {}
        self._cuts = mmsg.AVAILABLE and kernel.cuts(sock)
        """Whether the kernel makes several datagrams of one payload."""
        self._backlog: deque[tuple[bytes, Path]] = deque()
        self._backlog_bytes = 0
        self._closed = False
        self._unread: deque[tuple[bytes, bytes]] = deque()
        """Datagrams that were read and not handed over yet."""
        self._troubled = False
        """A call failed in a way that may have left something in the error queue."""
        selector.register(sock, selectors.EVENT_READ, self)

    def close(self) -> None:
        self._closed = True  # Its number may soon be another file's.
        self._endpoint.mute()
        self.sock.close()

    @property
    def waiting(self) -> bool:
        """Something waits for room in the send buffer."""
        return bool(self._backlog)

    def queued(self) -> Iterator[tuple[Path, int]]:
        """Each datagram that does, its bytes with headers."""
        return ((path, len(datagram) + _HEADERS) for datagram, path in self._backlog)

    # In

    def read(self, limit: int) -> None:
        """Up to `limit` datagrams, and as many errors. If handing one over raises, `hand_over`
        goes on behind it."""
        receiver, left, received = self._receiver, limit, 0
        while left > 0 and not self._closed:
            most = min(left, receiver.most)
            try:
                datagrams = receiver.receive(most)
            except BlockingIOError:
                break
            except OSError as error:
                left -= 1
                self._troubled = True
                self._endpoint.error_received(error)
                continue
            received += len(datagrams)
            self._traffic.received += len(datagrams)
            self._unread.extend(datagrams)
            self.hand_over()
            left -= len(datagrams)
            if len(datagrams) < most:
                break
        if self._troubled or not received:
            self._read_errors(limit)

    def hand_over(self) -> None:
        unread, received = self._unread, self._endpoint.datagram_received
        while unread:
            received(*unread.popleft())

    def _path(self, name: bytes) -> Path:
        path = self._paths.get(name)
        if path is None:
            if len(self._paths) >= _PATHS:
                self._paths.clear()
            path = self._paths[name] = unpacked(self.number, name)
        return path

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

    # Out to one

    def send(self, datagram: bytes, path: Path) -> None:
        if self._backlog or not self._transmit(datagram, path):
            self._queue(datagram, path)

    def flush(self) -> None:
        """There is room in the send buffer."""
        while self._backlog:
            datagram, path = self._backlog[0]
            if not self._transmit(datagram, path):
                return
            self._backlog.popleft()
            self._backlog_bytes -= len(datagram) + _HEADERS
        self._selector.modify(self.sock, selectors.EVENT_READ, self)

    def _queue(self, datagram: bytes, path: Path) -> None:
        size = len(datagram) + _HEADERS
        if self._backlog_bytes + size > BACKLOG:
            self._traffic.dropped += 1
            return
        if not self._backlog:
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._selector.modify(self.sock, both, self)
        self._backlog.append((datagram, path))
        self._backlog_bytes += size
        self._traffic.queued += 1

    def _transmit(self, datagram: bytes, path: Path) -> bool:
        """False: the send buffer is full. What fails is counted and forgotten."""
        try:
            self.sock.sendto(datagram, sockaddr_of(path))
        except BlockingIOError:
            return False
        except OSError as error:
            return self._transmit_again(error, datagram, path)
        self._traffic.sent += 1
        return True

    def _transmit_again(self, error: OSError, datagram: bytes, path: Path) -> bool:
        """An ICMP error that came for *another* endpoint fails the next call on the socket, once:
        only a second failure is about this datagram. Except ENOBUFS, which with IP_RECVERR says
        that a queue of this machine is full: more of the same would not help."""
        self._troubled = True
        if error.errno != errno.ENOBUFS:
            try:
                self.sock.sendto(datagram, sockaddr_of(path))
            except BlockingIOError:
                return False
            except OSError as second:
                error = second
            else:
                self._traffic.sent += 1
                return True
        self._traffic.count("send", error.errno)
        return True

    # Out to many

    def push(self, names: bytearray, datagrams: Sequence[bytes]) -> None:
        """The same to each of `names`, in one call for up to a thousand of them. Datagrams of one
        size, and a smaller one at the end, share a call, too, where the kernel can cut them."""
        for burst in _bursts(datagrams) if self._cuts else ([each] for each in datagrams):
            self._push(memoryview(names), burst)

    def _push(self, left: memoryview, burst: Sequence[bytes]) -> None:
        payload, sent = b"".join(burst), 0
        while left and not self._closed:
            try:
                if self._backlog or not mmsg.AVAILABLE or (len(burst) > 1 and not self._cuts):
                    self._send_each(left, burst)
                    return
                sent = self._sender(len(burst) > 1).send(left, payload, len(burst[0]))
                self._traffic.sent += sent * len(burst)
            except OSError as error:
                self._troubled = True
                self._cuts = self._cuts and (len(burst) == 1 or error.errno not in _UNCUT)
                sent = 1
                self._send_each(left[: self._name_size], burst)
            left = left[sent * self._name_size :]

    def _send_each(self, names: memoryview, burst: Sequence[bytes]) -> None:
        for path in split(self.number, names):
            for datagram in burst:
                self.send(datagram, path)

    def _sender(self, segments: bool) -> mmsg.Sender:
        """Made when it is first needed."""
        sender = self._senders.get(segments)
        if sender is None:
            fd = self.sock.fileno()
            sender = self._senders[segments] = mmsg.Sender(fd, self._name_size, segments=segments)
        return sender


class _OneByOne:
    """A receiver where there is no recvmmsg."""

    most = 1

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray(mmsg.LARGEST)

    def receive(self, most: int) -> list[tuple[bytes, bytes]]:
        size, address = self._sock.recvfrom_into(self._buffer)
        return [(bytes(self._buffer[:size]), packed(path_of(0, address)))]


def _bursts(datagrams: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Consecutive datagrams that one call can send to each member: all of the first one's size
    but the last, which may be smaller."""
    start = 0
    for index in range(1, len(datagrams) + 1):
        full = index - start == BURST
        if index == len(datagrams) or full or not _joins(datagrams, start, index):
            yield datagrams[start:index]
            start = index


def _joins(datagrams: Sequence[bytes], start: int, index: int) -> bool:
    size = len(datagrams[start])
    return len(datagrams[index - 1]) == size >= len(datagrams[index]) > 0
