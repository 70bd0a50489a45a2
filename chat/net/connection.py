"""The client's one socket, which may be replaced at any time.

Where the system can hand over several datagrams at once (Linux), a transport of ours reads it;
elsewhere the loop's own does, which is portable.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial

from chat.core.types import Path

from . import kernel
from .address import Address, path_of
from .gathering import GatheringTransport
from .socket import BACKLOG, Endpoint, Received, Traffic

BUFFER = 1 << 20
"""Bytes asked for in each direction."""

Failed = Callable[[OSError], None]


async def connect(
    loop: asyncio.AbstractEventLoop,
    addresses: Sequence[Address],
    *,
    received: Received,
    failed: Failed,
) -> "Connection":
    """A connection to the first of `addresses` that there is a route to.

    Never raises: that there is no route at all is told to `failed`, as everything that may pass.
    """
    connection = Connection(loop, addresses, received=received, failed=failed)
    await connection.opened()
    return connection


class Connection:
    """A UDP socket connected to a server, so that the system drops what others send to it.

    `received(datagram, path)` is called for each datagram, `failed(error)` for each ICMP message
    (which anybody may forge) and all else that goes wrong; nothing of that ends the connection.
    Nothing is heard any more of a socket that was replaced or closed.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        addresses: Sequence[Address],
        *,
        received: Received,
        failed: Failed,
    ) -> None:
        """Opens at once; needs a running loop. What is sent before it is open waits."""
        if not addresses:
            raise ValueError("a connection needs an address")
        self.traffic = Traffic()
        self._loop = loop
        self._addresses = tuple(addresses)
        self._index = 0
        self._tell_received = received
        self._tell_failed = failed
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = False
        self._opening: asyncio.Task[None] | None = None
        self._endpoint = self._open()

    @property
    def server(self) -> Path:
        """Where datagrams go."""
        return self._addresses[self._index].path

    @property
    def local(self) -> Path | None:
        """Where they come from, as this machine sees it; None while there is no socket."""
        if self._transport is None:
            return None
        return path_of(0, self._transport.get_extra_info("sockname"))

    def send(self, path: Path, datagram: bytes) -> None:
        """Whatever `path` says: the core's name for the server stays the same when `rebind` goes
        on to another of its addresses. Empty ones are dropped, as the loops' transports do."""
        if not datagram:
            self.traffic.dropped += 1
        elif self._transport is None:
            self._hold(datagram)
        elif self._transport.is_closing() or self._endpoint.full:
            self.traffic.dropped += 1
        else:
            self.traffic.sent += 1
            self._transport.sendto(datagram)

    def rebind(self) -> None:
        """A new socket, so a new port on this side, to the next of the addresses. What is sent
        from now on waits for it. Does nothing after `close`."""
        if not self._closed:
            self._leave()
            self._index = (self._index + 1) % len(self._addresses)
            self._endpoint = self._open()

    async def opened(self) -> None:
        """Returns when there is a socket, or none to be had."""
        while self._opening is not None:
            await asyncio.shield(self._opening)

    def close(self) -> None:
        self._closed = True
        self._leave()
        self._opening = None
        self._drop_held()

    def _open(self) -> Endpoint:
        endpoint = Endpoint(partial(path_of, 0), self._received, self._failed)
        self._opening = self._loop.create_task(self._find_route(endpoint))
        return endpoint

    async def _find_route(self, endpoint: Endpoint) -> None:
        """Creates the socket for `endpoint`, unless in the meantime it is not wanted any more."""
        error = OSError()
        for _ in self._addresses:
            if not self._is_current(endpoint):
                return
            try:
                transport = await self._reach(endpoint)
            except OSError as no_route:
                error = no_route
                if self._is_current(endpoint):
                    self._index = (self._index + 1) % len(self._addresses)
            else:
                if self._is_current(endpoint):
                    self._adopt(transport)
                else:
                    transport.close()
                return
        if self._is_current(endpoint):
            self._opening = None
            self._drop_held()
            self._failed(error)

    async def _reach(self, endpoint: Endpoint) -> asyncio.DatagramTransport:
        """Raises OSError where there is no route, before the loop would: uvloop (0.23) leaks a
        socket that cannot connect."""
        sock = _connected(self._addresses[self._index])
        if kernel.gather(sock):
            return GatheringTransport(self._loop, sock, endpoint)
        sock.close()
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: endpoint, remote_addr=self.server[1:]
        )
        return transport

    def _is_current(self, endpoint: Endpoint) -> bool:
        return endpoint is self._endpoint and not self._closed

    def _adopt(self, transport: asyncio.DatagramTransport) -> None:
        sock = transport.get_extra_info("socket")
        kernel.enlarge(sock, BUFFER)
        kernel.never_fragment(sock, self._addresses[self._index].family)
        self._transport = transport
        self._opening = None
        held, self._held, self._held_bytes = self._held, [], 0
        for datagram in held:
            self.send(self.server, datagram)

    def _leave(self) -> None:
        self._endpoint.mute()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _hold(self, datagram: bytes) -> None:
        if self._opening is None or self._held_bytes + len(datagram) > BACKLOG:
            self.traffic.dropped += 1
        else:
            self._held.append(datagram)
            self._held_bytes += len(datagram)

    def _drop_held(self) -> None:
        self.traffic.dropped += len(self._held)
        self._held.clear()
        self._held_bytes = 0

    def _received(self, datagram: bytes, path: Path) -> None:
        self.traffic.received += 1
        self._tell_received(datagram, path)

    def _failed(self, error: OSError) -> None:
        self.traffic.count("connection", error.errno)
        self._tell_failed(error)


def _connected(address: Address) -> socket.socket:
    """A socket that does not block, and has sent nothing."""
    sock = socket.socket(address.family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(address.sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock
