"""The door: a datagram's first byte says whose it is (RFC 7983).

DTLS records are for the handshakes, everything else is for the hub. Text that comes inside of DTLS
is for the hub, too: on a path of its own, whose answers go back inside of DTLS.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Sequence

from chat.core.buckets import Bucket
from chat.core.hub import Hub
from chat.core.limits import HELLOS, HELLOS_BURST
from chat.core.types import SECURED, Path
from chat.net.fanout import Pushing
from chat.net.sockaddr import split
from chat.secure.credentials import Credentials
from chat.secure.dtls_server import Handshakes
from chat.secure.exporter import Secrets

_DTLS = range(20, 26)
"""First bytes of DTLS 1.2 records (RFC 6347 §4.1); no text begins with one."""

_NO_SECURITY = bytes.fromhex("15fefd 0000 000000000000 0002 02 47")
"""A fatal alert, insufficient_security (RFC 5246 §7.2.2), smaller than any ClientHello: the client
learns that there is nobody to shake hands with, and not whether that is true."""

_HELLO_LEAST = 25
"""Headers of a record and of a handshake message (RFC 6347 §4.2.2)."""


def server_id(credentials: Credentials) -> bytes:
    """What handshakes prove, in 32 bytes."""
    return hashlib.sha256(credentials.public).digest()


class Door:
    """Between a server's sockets and its hub."""

    def __init__(
        self,
        hub: Hub,
        credentials: Credentials | None,
        *,
        send: Callable[[Path, bytes], None],
        push: Pushing,
    ) -> None:
        """`credentials` None: sessions' keys are published, and nobody shakes hands."""
        self.dropped: Counter[str] = Counter()
        self._now, self._wall = 0.0, 0
        """When that came which is being looked at."""
        self._hub = hub
        self._send = send
        self._push = push
        self._hellos = {here: Bucket(HELLOS, HELLOS_BURST) for here in (True, False)}
        """Apart for this machine."""
        self._handshakes = (
            Handshakes(
                credentials,
                random=secrets.token_bytes,
                send=send,
                admitted=self._admitted,
                text=self._text,
                closed=self._closed,
                may_begin=hub.may_begin,
            )
            if credentials is not None
            else None
        )

    # In

    def receive(self, datagram: bytes, path: Path, now: float, wall: int) -> None:
        """Never raises for what a peer sent."""
        self._now, self._wall = now, wall
        if not datagram or datagram[0] not in _DTLS:
            self._hub.receive(datagram, path, now, wall)
        elif _is_hello(datagram) and not self._hellos[path.loopback].take(now):
            self.dropped["too many hellos"] += 1
        elif self._handshakes is not None:
            self._handshakes.receive(datagram, path, now)
        elif _is_hello(datagram):
            self._hub.answer(_NO_SECURITY, datagram, path, now)

    def refuses(self, path: Path, now: float) -> None:
        """The endpoint's machine says that nobody listens there."""
        self._hub.refuses(path, now)
        self._hub.refuses(_inside(path), now)

    def deadline(self) -> float | None:
        return self._handshakes.deadline() if self._handshakes is not None else None

    def timeout(self, now: float) -> None:
        if self._handshakes is not None:
            self._handshakes.timeout(now)

    # Out

    def send(self, path: Path, datagram: bytes) -> None:
        if path.socket < SECURED:
            self._send(path, datagram)
        elif self._handshakes is not None:
            self._handshakes.write(_outside(path), datagram)

    def push(self, number: int, names: bytearray, datagrams: Sequence[bytes]) -> None:
        """The same to many; inside of DTLS it is sealed for each of them."""
        if number < SECURED:
            self._push(number, names, datagrams)
        else:
            for path in split(number, names):
                for datagram in datagrams:
                    self.send(path, datagram)

    def close(self, path: Path) -> None:
        """Nothing more is needed of a handshake, or of text inside of one."""
        if self._handshakes is None:
            return
        if path.socket < SECURED:
            self._handshakes.finished(path)
        else:
            self._handshakes.close(_outside(path))

    # Between

    def _admitted(self, path: Path, agreed: Secrets) -> None:
        self._hub.admitted(path, agreed.id, agreed.secret, self._now)

    def _text(self, path: Path, text: bytes) -> None:
        self._hub.receive(text, _inside(path), self._now, self._wall)

    def _closed(self, path: Path) -> None:
        self._hub.closed(_inside(path), self._now)


def _is_hello(datagram: bytes) -> bool:
    """A ClientHello, which anybody can send."""
    return datagram[0] == 0x16 and len(datagram) >= _HELLO_LEAST and datagram[13] == 1


def _inside(path: Path) -> Path:
    return path._replace(socket=path.socket + SECURED)


def _outside(path: Path) -> Path:
    return path._replace(socket=path.socket - SECURED)
