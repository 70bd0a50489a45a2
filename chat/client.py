"""The client's shell: one guest with a socket, a timer and a loop around it."""

import asyncio
import secrets
import time
from collections.abc import Callable

from msgspec.structs import replace

from chat.core import events
from chat.core.asks import Why
from chat.core.connection import Rebind
from chat.core.guest import Guest
from chat.core.link import Link
from chat.core.names import BadNameError
from chat.core.protect import PUBLISHED_SECRET
from chat.core.signatures import NameKey
from chat.core.text import clean
from chat.core.types import Handshake, Path, Send, Tell
from chat.handshake import DTLS, Handshaker
from chat.net.address import resolve
from chat.net.connection import Connection
from chat.net.connection import connect as open_socket
from chat.net.impair import CLEAR, Impairment
from chat.net.impaired import Impaired
from chat.net.timer import Timer
from chat.secure.namekeys import NameKeyError, NameKeys
from chat.secure.trust import Trust

LATE = 2.0
"""Seconds without a session after which it is worth a word."""


def explained(reason: str, why: int) -> str:
    """Why something was refused, in one line, and what to do on a command line."""
    hint = "; --password-file FILE gives it" if why == Why.PASSWORD else ""
    return clean(reason) + hint


def elsewhere(event: object, room: str) -> bool:
    """It is about another room: whoever likes says something to us alone, and so has us in one."""
    about = event.request if isinstance(event, events.Refusal) else event
    return getattr(about, "room", room) != room


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
        insecure: bool = False,
        keys: NameKeys | None = None,
        trust: Trust | None = None,
    ) -> None:
        """Needs a running loop. `insecure`: keys from the published secret, which a server has to
        want, too. `keys`: where those that names belong to are; None: ours belong to none.
        `trust`: which server is whose; None: what this user's programs remember."""
        self.link = link
        self._loop = asyncio.get_running_loop()
        self._on_event = on_event
        self.guest = Guest(
            Path(0, link.host, link.port),
            name,
            secret=PUBLISHED_SECRET if insecure else None,
            random=secrets.token_bytes,
            now=time.monotonic(),
            key_of=self._key_of,
        )
        self._keys = keys
        self.network = Impaired(self._loop, impairment, impair_seed)
        self._send = self.network.sending(self._transmit)
        self._receive = self.network.receiving(self._received)
        self._handshaker = Handshaker(
            self._loop,
            self.guest,
            link,
            trust or Trust(),
            send=self._send,
            turn=self._soon,
            say=self._say,
        )
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
        self._handshaker.close()
        await asyncio.sleep(0)
        self.network.close()
        if self._socket is not None:
            self._socket.close()

    @property
    def local(self) -> Path | None:
        """Our own endpoint, as this machine sees it."""
        return self._socket.local if self._socket is not None else None

    @property
    def pin(self) -> str:
        """The server's, as links have it; empty where it has proven none."""
        return self._handshaker.pin

    def when_late(self, say: Callable[[str], None]) -> None:
        """Has one line said, if there is no session soon."""

        def late() -> None:
            if not (self._closed or self.guest.connected):
                say(f"{self._handshaker.hint or self._trouble}; trying again")

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
        if datagram and datagram[0] in DTLS:
            self._handshaker.receive(datagram)
        else:
            self.guest.receive(datagram, path, time.monotonic())
        self._soon()

    def _say(self, line: str) -> None:
        self._on_event(events.Notice(line))

    def _key_of(self, name: str) -> NameKey | None:
        """Without one, a name is ours as long as nobody else has it."""
        if self._keys is None:
            return None
        try:
            return self._keys.key(name)
        except BadNameError:  # What the server calls us is no name here.
            return None
        except NameKeyError as error:
            self._keys = None
            self._say(str(error))
            return None

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
                case Handshake():
                    self._handshaker.begin()
                case Tell(events.Connected() as event):
                    self._handshaker.close()
                    self._on_event(event)
                case Tell(events.Unreachable() as event) if self._handshaker.hint:
                    self._on_event(replace(event, reason=self._handshaker.hint))
                case Tell(event):
                    self._on_event(event)
        self._timer.set(self.guest.deadline())

    def _timeout(self, now: float) -> None:
        self.guest.timeout(now)
        self._turn()
