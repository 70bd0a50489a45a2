"""The only DatagramProtocol: between a socket, whoever reads it, and the one it is read for."""

import asyncio
import errno
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chat.core.types import Path

Received = Callable[[bytes, Path], None]

BACKLOG = 256 << 10
"""Bytes that wait for room in a socket's send buffer: a fifth of a second at 10 Mbit/s. What comes
beyond is dropped, as a router would; clients repair."""


@dataclass(slots=True)
class Traffic:
    """What went through, in datagrams."""

    wakeups: int = 0
    """Times that the loop called."""
    received: int = 0
    sent: int = 0
    queued: int = 0
    """Those that had to wait for room in the send buffer."""
    dropped: int = 0
    """Those for which there was no room in the queue either, or no socket."""
    errors: Counter[str] = field(default_factory=Counter)
    """Such as "send EMSGSIZE", "icmp ECONNREFUSED": none of them ends anything."""

    def count(self, what: str, number: int | None) -> None:
        self.errors[f"{what} {errno.errorcode.get(number or 0, number)}"] += 1


class Endpoint(asyncio.DatagramProtocol):
    """Hands what a socket receives to `received`, as bytes and a Path, and what went wrong to
    `failed`. `path_of` makes a Path of the address that whoever reads the socket gives."""

    def __init__(
        self,
        path_of: Callable[[Any], Path],
        received: Received,
        failed: Callable[[OSError], None],
    ) -> None:
        self._path_of = path_of
        self._received = received
        self._failed = failed
        self._muted = False
        self.full = False
        """The transport's own queue is: what is sent now had better be dropped."""

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self._muted:
            self._received(data, self._path_of(addr))

    def error_received(self, exc: Exception) -> None:
        if not self._muted and isinstance(exc, OSError):
            self._failed(exc)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False

    def mute(self) -> None:
        """Ignore from now on what is still on its way through the loop."""
        self._muted = True
