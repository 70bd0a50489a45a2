"""The client's shell: one guest with a socket, a timer and a loop around it."""

import asyncio
import secrets
import time
from collections.abc import Callable

from chat.core.connection import Rebind
from chat.core.guest import Guest
from chat.core.link import Link
from chat.core.protect import PUBLISHED_SECRET
from chat.core.types import Path, Send, Tell
from chat.net.address import resolve
from chat.net.connection import Connection
from chat.net.connection import connect as open_socket
from chat.net.impair import CLEAR, Impairment
from chat.net.impaired import Impaired
from chat.net.timer import Timer

LATE = 2.0
"""Seconds without a session after which it is worth a word."""


class Client:
    """A guest at one server. Everything it has to tell goes to `on_event`, in order."""

    def __init__(
        self,
        link: Link,
        name: str,
        on_event: Callable[[object], None],
        *,
        impairment: Impairment = CLEAR,
        impair_seed: int | str = 0,
    ) -> None:
        """Needs a running loop."""
        self.link = link
        self._loop = asyncio.get_running_loop()
        self._on_event = on_event
        self.guest = Guest(
            Path(0, link.host, link.port),
            name,
            secret=PUBLISHED_SECRET,
            random=secrets.token_bytes,
            now=time.monotonic(),
        )
        self.network = Impaired(self._loop, impairment, impair_seed)
        self._send = self.network.sending(self._transmit)
        self._receive = self.network.receiving(self._received)
        self._socket: Connection | None = None
        self._timer = Timer(self._loop, self._timeout)
        self._scheduled = False
        self._closed = False
        self._trouble = f"no answer from {link.host}, UDP port {link.port}"

    async def open(self) -> None:
        """Begins to connect; from now on it goes on by itself. Raises ResolveError."""
        addresses = await resolve(self.link.host, self.link.port)
        self._socket = await open_socket(
            self._loop, addresses, received=self._receive, failed=self._failed
        )
        self.guest.connect(time.monotonic())
        self._turn()

    async def close(self) -> None:
        """Says goodbye. What is not acknowledged yet is lost: wait for it before."""
        self.guest.close(time.monotonic())
        self._turn()
        self._closed = True
        self._timer.set(None)
        await asyncio.sleep(0)
        self.network.close()
        if self._socket is not None:
            self._socket.close()

    @property
    def local(self) -> Path | None:
        """Our own endpoint, as this machine sees it."""
        return self._socket.local if self._socket is not None else None

    def when_late(self, say: Callable[[str], None]) -> None:
        """Has one line said, if there is no session soon."""

        def late() -> None:
            if not (self._closed or self.guest.connected):
                say(f"{self._trouble}; trying again")

        self._loop.call_later(LATE, late)

    def wake(self) -> None:
        """The guest was asked for something: sends what comes of it, soon."""
        self._soon()

    def rebind(self) -> None:
        """Goes on from a new endpoint, as after a change of network."""
        if self._socket is not None:
            self._socket.rebind()
            self.guest.moved(time.monotonic())
            self._soon()

    def _received(self, datagram: bytes, path: Path) -> None:
        self.guest.receive(datagram, path, time.monotonic())
        self._soon()

    def _failed(self, error: OSError) -> None:
        if isinstance(error, ConnectionRefusedError):
            reason = f"nobody listens at {self.link.host}, UDP port {self.link.port}"
        else:
            reason = error.strerror or str(error)
        self._trouble = reason
        self.guest.unreachable(reason, time.monotonic())
        self._soon()

    def _transmit(self, path: Path, datagram: bytes) -> None:
        if self._socket is not None:
            self._socket.send(path, datagram)

    def _soon(self) -> None:
        """One turn for all that happens in this round of the loop."""
        if not self._scheduled and not self._closed:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._closed:
            return
        for effect in self.guest.drain():
            match effect:
                case Send(path, datagram):
                    self._send(path, datagram)
                case Rebind():
                    if self._socket is not None:
                        self._socket.rebind()
                case Tell(event):
                    self._on_event(event)
        self._timer.set(self.guest.deadline())

    def _timeout(self, now: float) -> None:
        self.guest.timeout(now)
        self._turn()
