"""What may be sent to an endpoint that has yet to prove that it hears us, and how it proves it."""

from . import protect
from .types import Path

FACTOR = 3
"""Bytes out for each byte in, before a path is validated (RFC 9000 §8.1)."""


def overhead(path: Path) -> int:
    """IP and UDP headers in bytes."""
    return 48 if ":" in path.host else 28


def allowance(path: Path, received: int) -> int:
    """Bytes of payload that may answer a datagram of `received` bytes, headers counted."""
    return FACTOR * (received + overhead(path)) - overhead(path)


class Validation:
    """Of the path that a session may be moving to (RFC 9000 §8.2): one at a time, the newest."""

    __slots__ = ("_path", "_token")

    def __init__(self) -> None:
        self._path: Path | None = None
        self._token = b""

    def challenge(self, path: Path, token: bytes) -> bytes:
        """The token that goes to `path` and nowhere else: `token`, unless one is on its way there
        already, which the answer may well be to."""
        if path != self._path:
            self._path = path
            self._token = token
        return self._token

    def proven(self, path: Path, token: bytes) -> bool:
        """Whether this answer proves that the session is at `path` now. Once."""
        if path != self._path or not protect.same(token, self._token):
            return False
        self._path = None
        return True
