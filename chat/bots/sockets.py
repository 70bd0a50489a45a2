"""The sockets of a crowd, all of them behind one wake-up of the loop.

A push makes a thousand sockets ready at once. They are found by one call, and the moment of it is
the time at which all of that counts as received: what is read last has not waited for its reader.
"""

import asyncio
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable

SLICE = 64
"""Sockets that are read, before others than they have a turn: what is to be sent, above all."""

LARGEST = 2048
"""Bytes; no datagram of ours is as large."""

Readable = Callable[[bytes, float], None]
Failed = Callable[[OSError], None]


class Sockets:
    """`received(datagram, now)` is called for each datagram of a socket that was added, and
    `failed(error)` for each error that it has."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._selector = selectors.DefaultSelector()
        self._ready: deque[selectors.SelectorKey] = deque()
        self._at = 0.0
        self._reading = False
        loop.add_reader(self._selector.fileno(), self._wake)

    def add(self, sock: socket.socket, received: Readable, failed: Failed) -> None:
        self._selector.register(sock, selectors.EVENT_READ, (sock.recv, received, failed))

    def remove(self, sock: socket.socket) -> None:
        """Before it is closed."""
        self._selector.unregister(sock)

    def close(self) -> None:
        self._loop.remove_reader(self._selector.fileno())
        self._selector.close()
        self._ready.clear()

    def _wake(self) -> None:
        if not self._reading:
            self._ready.extend(key for key, _ in self._selector.select(0))
            self._at = time.monotonic()
            self._read()

    def _read(self) -> None:
        ready, now = self._ready, self._at
        for _ in range(min(SLICE, len(ready))):
            receive, received, failed = ready.popleft().data
            try:
                datagram = receive(LARGEST)
            except BlockingIOError:
                continue
            except OSError as error:
                failed(error)
                continue
            received(datagram, now)
        self._reading = bool(ready)
        if ready:
            self._loop.call_soon(self._read)
