"""Ed25519 signatures (RFC 8032): by a server's process on what it pushes, by a client on its name.

A shared room key proves only that some member sealed a push; the signature proves which server
did. A name's key signs what only this one session has, so that nobody can relay the proof.
"""

import hashlib
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .types import INSTANCE_SIZE

PUBLIC_SIZE = 32
SIGNATURE_SIZE = 64

_PUSH = b"chat-push-v1"
_NAME = b"chat-name-v1"


class NameKey(Protocol):
    """The key that a name belongs to, on its owner's side."""

    @property
    def public(self) -> bytes:
        """32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""


class Signer:
    """A private key in memory: a `NameKey`, and a server's for its pushes."""

    __slots__ = ("_private", "public")

    def __init__(self, private: bytes) -> None:
        """32 bytes."""
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def verified(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the key's holder signed this; False also for what is no key at all."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign_push(signer: Signer, key: bytes, datagram: bytes) -> bytes:
    """`key`: the room's, so that no signature is good for another room or epoch; `datagram`: the
    header and what is sealed."""
    return signer.sign(_PUSH + key + datagram)


@lru_cache(256)
def push_verified(public: bytes, key: bytes, datagram: bytes, signature: bytes) -> bool:
    """Members that share a process verify each push once: it is the same bytes for all of them."""
    return verified(public, signature, _PUSH + key + datagram)


def name_claim(binding: bytes, server: bytes, name: str) -> bytes:
    """What a name's key signs: `binding` is of this session alone, `server` of its server."""
    return _NAME + binding + server + name.encode()


def key_id(public: bytes) -> bytes:
    """8 bytes that stand for a name's key in entries and in direct rooms' names."""
    return hashlib.sha256(public).digest()[:INSTANCE_SIZE]
