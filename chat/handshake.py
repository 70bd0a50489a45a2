"""The client's handshakes: shaken again for as long as the guest asks for one, and then judged.

Whether the server is the right one is decided here, once for each handshake: a pin, what is
remembered, or a first visit.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable

from chat.core.guest import Guest
from chat.core.link import Link
from chat.core.types import Path
from chat.net.timer import Timer
from chat.secure.credentials import pin_of
from chat.secure.dtls_client import ClientHandshake
from chat.secure.trust import ChangedKeyError, Trust

DTLS = range(20, 26)
"""First bytes of what belongs here (RFC 6347 §4.1)."""


class Handshaker:
    """One at a time, over the client's socket."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        guest: Guest,
        link: Link,
        trust: Trust,
        *,
        send: Callable[[Path, bytes], None],
        turn: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        """`turn` is called when the guest has something to do, `say` with a line for the user."""
        self.pin = ""
        """The server's, once it has proven to own that key and is trusted."""
        self._guest = guest
        self._link = link
        self._trust = trust
        self._server = Path(0, link.host, link.port)
        self._send = send
        self._turn = turn
        self._say = say
        self._timer = Timer(loop, self._timeout)
        self._shaking: ClientHandshake | None = None
        self._heard = False

    @property
    def hint(self) -> str:
        """Why it may not get on, proven by nothing."""
        return self._shaking.hint if self._shaking is not None else ""

    def begin(self) -> None:
        """A new one, whatever became of the one before."""
        self._shaking = ClientHandshake(time.monotonic(), jitter=random.random)
        self._heard = False
        self._go_on()

    def receive(self, datagram: bytes) -> None:
        shaking, now = self._shaking, time.monotonic()
        if shaking is None:
            return
        unfinished = shaking.secrets is None
        shaking.receive(datagram, now)
        if not self._heard and shaking.answered:
            self._heard = True
            self._guest.shaking(now)
        if unfinished and shaking.secrets is not None:
            self._judge(shaking, now)
        self._go_on()

    def close(self) -> None:
        self._shaking = None
        self._timer.set(None)

    def _judge(self, shaking: ClientHandshake, now: float) -> None:
        """Whether the server that has proven its key is the one that is wanted."""
        assert shaking.secrets is not None
        pin = pin_of(shaking.public)
        try:
            verdict = self._trust.check(self._link, pin)
        except ChangedKeyError as error:
            self._guest.distrusted(str(error), now)
            self.close()
        else:
            self.pin = pin
            for line in verdict.lines:
                self._say(line)
            server = hashlib.sha256(shaking.public).digest()
            self._guest.admitted(shaking.secrets.id, shaking.secrets.secret, server, now)
        self._turn()

    def _timeout(self, now: float) -> None:
        if self._shaking is not None:
            self._shaking.timeout(now)
            self._go_on()

    def _go_on(self) -> None:
        if self._shaking is not None:
            for datagram in self._shaking.datagrams():
                self._send(self._server, datagram)
            self._timer.set(self._shaking.deadline())
