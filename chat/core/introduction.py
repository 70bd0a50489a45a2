"""What a client opens its sessions with: who it is, and the secrets that it has of its server."""

from collections.abc import Callable

from . import asks, protect, wire
from .opening import Opening
from .signatures import NameKey, key_id, name_claim
from .text import clean
from .tickets import NO_TICKET, TICKET_SIZE


class Introduction:
    """One instance at a time, which others know this client by, over all its sessions."""

    def __init__(
        self,
        published: bytes | None,
        random: Callable[[int], bytes],
        key_of: Callable[[str], NameKey | None],
    ) -> None:
        """`published`: the secret that everybody knows; None: handshakes are needed. `key_of`
        gives the key that a name is to belong to."""
        self.name = ""
        self.instance = b""
        self._published = published
        self._random = random
        self._key_of = key_of
        self._server = b""
        """What the server proved by its handshake."""
        self._ticket = NO_TICKET
        self._resumption = b""
        self._binding = b""
        self._secret = b""
        self._attempt = 0
        self.renew()

    def called(self, name: str) -> None:
        """By the server, which may call us what it likes: harmless, and never nothing."""
        self.name = clean(name).strip() or self.name

    def renew(self) -> None:
        """Somebody new."""
        self._secret = self._random(16)
        self._attempt = 0
        self.instance = protect.instance_of(self._secret)

    def opening(self, greeting: Callable[[], list[asks.Request]]) -> Opening | None:
        """A new attempt; None: it takes a handshake, see `shaken`. `greeting`: what goes with
        HELLO."""
        if self._ticket != NO_TICKET:
            return self._open(self._resumption, greeting, ticket=self._ticket)
        if self._published is not None:
            return self._open(self._published, greeting)
        return None

    def shaken(
        self,
        handshake: bytes,
        secret: bytes,
        server: bytes,
        greeting: Callable[[], list[asks.Request]],
    ) -> Opening:
        """A handshake has ended, and `server` is what the server proved in it."""
        self._server = server
        return self._open(secret, greeting, handshake=handshake)

    def begun(self, resumption: bytes) -> None:
        """A session stands: what its ticket will stand for."""
        self._resumption = resumption
        self._ticket = NO_TICKET

    def keep(self, ticket: bytes) -> None:
        """For the next opening; one that can be none leaves us without. Empty: that which we have
        is the newest."""
        if ticket:
            self._ticket = ticket if len(ticket) == TICKET_SIZE else NO_TICKET

    def forget(self) -> None:
        """The ticket is good for nothing."""
        self._ticket = NO_TICKET

    @property
    def key_id(self) -> bytes:
        """Of the key that our name is to belong to; empty where there is none."""
        key = self._key_of(self.name) if self._published is None else None
        return key_id(key.public) if key is not None else b""

    def claim(self, name: str) -> tuple[bytes, bytes]:
        """The name's key and its proof for the newest opening; empty where there is none."""
        key = self._key_of(name) if self._published is None else None
        if key is None:
            return b"", b""
        return key.public, key.sign(name_claim(self._binding, self._server, name))

    def _open(
        self,
        secret: bytes,
        greeting: Callable[[], list[asks.Request]],
        *,
        ticket: bytes = NO_TICKET,
        handshake: bytes = b"",
    ) -> Opening:
        self._attempt += 1
        attempt = self._attempt

        def plaintext(binding: bytes) -> bytes:
            self._binding = binding
            hello = asks.Hello(attempt, self.name, self._secret, *self.claim(self.name))
            requests = [hello, *greeting()]
            return b"".join(wire.encode_frame(wire.Ask(asks.encode(each))) for each in requests)

        return Opening(secret, self._random(16), plaintext, ticket=ticket, handshake=handshake)
