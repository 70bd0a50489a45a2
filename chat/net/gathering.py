"""A client's socket that is handed bursts as a whole (UDP_GRO), as a transport of asyncio's.

The transports of the loops receive without control messages, and so without the one that says where
to cut. Like the server's sockets (`ports`), this one is in a selector, and the loop watches that:
it hides POLLERR, an ICMP message, for which uvloop would stop watching the socket.
"""

import asyncio
import selectors
import socket
from collections import deque
from typing import Any

from . import kernel

BATCH = 64
"""Datagrams after which others have their turn: one read may bring as many."""

HIGH, LOW = 64 << 10, 16 << 10
"""Bytes that wait for room in the send buffer when the protocol is told to pause, and to go on: as
in asyncio."""


class GatheringTransport(asyncio.DatagramTransport):
    """Reads `sock`, which is connected, does not block, and gathers (`kernel.gather`). It owns it:
    the socket is closed as soon as the transport is, and nothing waits to be sent."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: asyncio.DatagramProtocol,
    ) -> None:
        self._peer = sock.getpeername()
        super().__init__({"socket": sock, "sockname": sock.getsockname(), "peername": self._peer})
        self._loop = loop
        self._sock = sock
        self._protocol = protocol
        self._unread: deque[bytes] = deque()
        """Datagrams that were read and not handed over yet."""
        self._backlog: deque[bytes] = deque()
        """Those that wait for room in the send buffer."""
        self._backlog_bytes = 0
        self._paused = False
        self._closing = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ)
        protocol.connection_made(self)
        loop.add_reader(self._selector.fileno(), self._wake)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Nothing is received any more; what waits to be sent still is."""
        if not self._closing:
            self._closing = True
            if self._backlog:
                self._selector.modify(self._sock, selectors.EVENT_WRITE)
            else:
                self._end()

    def abort(self) -> None:
        """What waits to be sent is dropped."""
        self._closing = True
        self._backlog.clear()
        self._end()

    def sendto(self, data: Any, addr: Any = None) -> None:
        """To the peer. Empty ones are dropped, and all when it is closed."""
        if addr not in (None, self._peer):
            raise ValueError(f"the socket is connected to {self._peer}, it cannot send to {addr}")
        if self._closing or not data:
            return
        if self._backlog or not self._transmit(data):
            self._queue(bytes(data))

    def _wake(self) -> None:
        self._read()
        if self._backlog:
            self._flush()

    def _read(self) -> None:
        left = BATCH
        while left > 0 and not self._closing:
            try:
                datagrams = kernel.receive(self._sock)
            except BlockingIOError:
                return
            except OSError as error:
                left -= 1
                self._protocol.error_received(error)
                continue
            left -= len(datagrams)
            self._unread.extend(datagrams)
            self._hand_over()

    def _hand_over(self) -> None:
        """If handing one over raises, goes on behind it in the next turn."""
        unread = self._unread
        try:
            while unread and not self._closing:
                self._protocol.datagram_received(unread.popleft(), self._peer)
        finally:
            if unread and not self._closing:
                self._loop.call_soon(self._hand_over)

    def _transmit(self, data: bytes) -> bool:
        """False: the send buffer is full. What fails is told, and dropped."""
        try:
            self._sock.send(data)
        except BlockingIOError:
            return False
        except OSError as error:
            self._protocol.error_received(error)
        return True

    def _queue(self, data: bytes) -> None:
        if not self._backlog:
            self._selector.modify(self._sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        self._backlog.append(data)
        self._backlog_bytes += len(data)
        if self._backlog_bytes > HIGH and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def _flush(self) -> None:
        """There may be room in the send buffer."""
        while self._backlog:
            if not self._transmit(self._backlog[0]):
                break
            if self._backlog:  # To be told of a failure may have ended it.
                self._backlog_bytes -= len(self._backlog.popleft())
        if self._paused and self._backlog_bytes <= LOW:
            self._paused = False
            self._protocol.resume_writing()
        if self._backlog:
            return
        if self._closing:
            self._end()
        else:
            self._selector.modify(self._sock, selectors.EVENT_READ)

    def _end(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._selector.fileno())
            self._selector.close()
            self._sock.close()
            self._loop.call_soon(self._protocol.connection_lost, None)
