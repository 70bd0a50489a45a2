"""Tickets: what lets a client resume with no handshake, and a server keep nothing for it.

A ticket is sealed under a key that comes from the server's identity, so a restarted server, and
every other one of the same identity, opens it (RFC 5077 §4). Inside are a secret, which the client
knows, too, and when it was issued. Whoever copies a ticket off the network has not the secret.
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .limits import TICKET_LIFE
from .protect import RESUMPTION_SIZE, ticket_key

_NONCE = 12
_TAG = 16
_TIME = 8
TICKET_SIZE = _NONCE + RESUMPTION_SIZE + _TIME + _TAG

NO_TICKET = bytes(TICKET_SIZE)
"""In the place of one, where there is none."""


class Tickets:
    """A server's. `wall` is milliseconds since 1970."""

    def __init__(self, identity: bytes, random: Callable[[int], bytes]) -> None:
        self._key = AESGCM(ticket_key(identity))
        self._random = random

    def issue(self, secret: bytes, wall: int) -> bytes:
        nonce = self._random(_NONCE)
        return nonce + self._key.encrypt(nonce, secret + wall.to_bytes(_TIME, "big"), None)

    def secret(self, ticket: bytes, wall: int) -> bytes | None:
        """What the client holding this ticket knows; None where it is not ours, or too old."""
        try:
            plaintext = self._key.decrypt(ticket[:_NONCE], ticket[_NONCE:], None)
        except InvalidTag:
            return None
        issued = int.from_bytes(plaintext[RESUMPTION_SIZE:], "big")
        if abs(wall - issued) > TICKET_LIFE * 1000:
            return None
        return plaintext[:RESUMPTION_SIZE]
