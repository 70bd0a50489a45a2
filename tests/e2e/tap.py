"""A forwarder that remembers: what each client sent can be sent again, from the same socket or from
another one."""

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

Address = tuple[str, int]

KEPT = 100_000
"""Datagrams; further ones are forwarded and forgotten."""

_LARGEST = 65_535


class Heard(NamedTuple):
    """One datagram of a client's."""

    client: Address
    datagram: bytes


class Tap:
    """Between any clients and one server, each client with a socket of its own. Loses nothing by
    itself, and tells nobody that nobody listens there."""

    def __init__(self, target: Address) -> None:
        self.heard: list[Heard] = []
        self.firsts: Counter[int] = Counter()
        """Clients' datagrams by first byte."""
        self._target = target
        self._front = _bound()
        self._backs: dict[Address, socket.socket] = {}

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._front, self._outward)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sock in (self._front, *self._backs.values()):
            self._loop.remove_reader(sock)
            sock.close()

    @property
    def link(self) -> str:
        """Leads to the server through this."""
        return f"chat://127.0.0.1:{self._front.getsockname()[1]}"

    @property
    def clients(self) -> list[Address]:
        return list(self._backs)

    def seen_as(self, client: Address) -> str:
        """A client's endpoint as the server sees it."""
        host, port = self._backs[client].getsockname()
        return f"{host}:{port}"

    def repeat(self, heard: Heard) -> None:
        """Once more, from where it came."""
        with suppress(OSError):
            self._backs[heard.client].send(heard.datagram)

    def _outward(self) -> None:
        with suppress(BlockingIOError):
            while True:
                datagram, client = self._front.recvfrom(_LARGEST)
                self.firsts[datagram[0] if datagram else -1] += 1
                if len(self.heard) < KEPT:
                    self.heard.append(Heard(client, datagram))
                with suppress(OSError):
                    self._back(client).send(datagram)

    def _back(self, client: Address) -> socket.socket:
        sock = self._backs.get(client)
        if sock is None:
            sock = self._backs[client] = _bound()
            sock.connect(self._target)
            self._loop.add_reader(sock, self._inward, sock, client)
        return sock

    def _inward(self, sock: socket.socket, client: Address) -> None:
        with suppress(BlockingIOError):
            while True:
                try:
                    datagram = sock.recv(_LARGEST)
                except ConnectionRefusedError:
                    continue
                self._front.sendto(datagram, client)


def _bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    return sock
