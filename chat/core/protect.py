"""Keys, seals and proofs: every use of cryptography in the core, as pure functions.

A session's keys come from a secret that both ends hold: that of a DTLS handshake, that of a ticket,
or under `--insecure` the published one below, in the manner of QUIC's first packets (RFC 9001
§5.2), so that the datagrams are the same ones and only nobody is kept out. Both ends' randomness goes into each key, and the id that the server draws
for a session into that session's, so that no nonce is ever used twice under one key.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .types import INSTANCE_SIZE, Path

PUBLISHED_SECRET = hashlib.sha256(b"chat over UDP, protocol 1: everybody knows this").digest()

KEY_SIZE = 16
RESUMPTION_SIZE = 32
COUNTER_MAX = 1 << 23
"""Datagrams under one key; then the session opens anew (far below AES-GCM's bound, RFC 9001 §6.6)."""


class SessionKeys(NamedTuple):
    """One key a direction, and the secret that the next session may begin with."""

    to_server: bytes
    to_client: bytes
    resumption: bytes


def _derive(secret: bytes, salt: bytes, label: bytes, size: int) -> bytes:
    return HKDF(hashes.SHA256(), size, salt, label).derive(secret)


def first_key(secret: bytes, random: bytes, cookie: bytes) -> bytes:
    """The key of one datagram, FIRST."""
    return _derive(secret, random + cookie, b"chat first", KEY_SIZE)


def session_keys(secret: bytes, random: bytes, cookie: bytes, sid: bytes) -> SessionKeys:
    size = 2 * KEY_SIZE + RESUMPTION_SIZE
    all_of_it = _derive(secret, random + cookie, b"chat session" + sid, size)
    return SessionKeys(
        all_of_it[:KEY_SIZE], all_of_it[KEY_SIZE : 2 * KEY_SIZE], all_of_it[2 * KEY_SIZE :]
    )


def binding(secret: bytes, random: bytes, cookie: bytes) -> bytes:
    """32 bytes that only the two ends of this opening have: what a name's key signs (RFC 5056)."""
    return _derive(secret, random + cookie, b"chat name", 32)


def ticket_key(identity: bytes) -> bytes:
    return _derive(identity, b"", b"chat ticket", KEY_SIZE)


def _mac(key: bytes, label: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, label + b"".join(parts), "sha256")[:16]


def cookie(key: bytes, bucket: int, path: Path, random: bytes) -> bytes:
    """Proves that a client hears what is sent to its path, for this time bucket (RFC 6347 §4.2.1)."""
    return _mac(
        key, b"chat cookie", bucket.to_bytes(8, "big", signed=True), random, repr(path).encode()
    )


def answer_mac(secret: bytes, version: int, random: bytes, cookie: bytes) -> bytes:
    return _mac(secret, b"chat answer", bytes((version,)), random, cookie)


def reset_token(identity: bytes, sid: bytes) -> bytes:
    return _mac(identity, b"chat reset", sid)


def text_code(key: bytes, bucket: int, path: Path) -> str:
    """A cookie for people: 30 bits as six letters and digits that are hard to confuse."""
    bits = int.from_bytes(
        _mac(key, b"chat code", bucket.to_bytes(8, "big", signed=True), repr(path).encode())
    )
    return "".join("23456789abcdefghijkmnpqrstuvwxyz"[bits >> 5 * i & 31] for i in range(6))


def masked_endpoint(key: bytes, packed: bytes) -> bytes:
    """Four bytes that tell endpoints apart without saying them, as long as `key` lives."""
    return _mac(key, b"chat mask", packed)[:4]


def password_mac(key: bytes, room: str, verifier: str, password: str) -> bytes:
    """Tells whether a password is the one that was right for this verifier, as long as `key`
    lives."""
    parts = [part.encode() for part in (room, verifier, password)]
    sizes = b"".join(len(part).to_bytes(4, "big") for part in parts)
    return _mac(key, b"chat password", sizes, *parts)


def instance_of(secret: bytes) -> bytes:
    """The public id of an author who can show `secret`."""
    return hashlib.sha256(secret).digest()[:INSTANCE_SIZE]


def same(one: bytes | str, other: bytes | str) -> bool:
    """Equality that takes as long for nearly right as for wrong."""
    left = one.encode() if isinstance(one, str) else one
    right = other.encode() if isinstance(other, str) else other
    return hmac.compare_digest(left, right)


@lru_cache(256)
def _cipher(key: bytes) -> AESGCM:
    """2.5 KB, and longer to make than to use: of the keys used last, so that ten thousand idle
    sessions stay small."""
    return AESGCM(key)


def seal(key: bytes, counter: int, header: bytes, plaintext: bytes) -> bytes:
    """AES-128-GCM with the counter as nonce; the header is authenticated (RFC 5116)."""
    return _cipher(key).encrypt(counter.to_bytes(12, "big"), plaintext, header)


def unseal(key: bytes, counter: int, header: bytes, sealed: bytes) -> bytes | None:
    """The plaintext, or None where header and sealed bytes are not what the key's holder sent."""
    try:
        return _cipher(key).decrypt(counter.to_bytes(12, "big"), sealed, header)
    except InvalidTag:
        return None


class ReplayWindow:
    """Which counters were taken: the newest, and a bitmap of those before it (RFC 6479)."""

    SIZE = 1024
    """Reordering deeper than this on one path is not seen; WireGuard keeps 8,000, DTLS 64."""

    _ALL = (1 << SIZE) - 1

    __slots__ = ("_bits", "top")

    def __init__(self) -> None:
        self.top = -1
        self._bits = 0

    def fresh(self, counter: int) -> bool:
        """Whether `counter` may be opened: not taken yet, and not too old to know."""
        behind = self.top - counter
        return behind < 0 or (behind < self.SIZE and not self._bits >> behind & 1)

    def take(self, counter: int) -> None:
        """Only after the seal held: what is forged must not move the window."""
        ahead = counter - self.top
        if ahead > 0:
            kept = self._bits << ahead if ahead < self.SIZE else 0
            self._bits = (kept | 1) & self._ALL
            self.top = counter
        else:
            self._bits |= 1 << -ahead
