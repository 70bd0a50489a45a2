"""Somebody in a room, whatever the form: a sealed session or a plain-text endpoint."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from . import asks, wire
from .asks import Why
from .entry import pack_endpoint, show_endpoint
from .protect import masked_endpoint
from .types import Form, Path, Record, Snapshot

if TYPE_CHECKING:
    from .room import Room


class Labels:
    """How endpoints are shown to others: as they are, or masked."""

    def __init__(self, mask_key: bytes | None) -> None:
        self._mask_key = mask_key

    def pack(self, path: Path) -> bytes:
        packed = pack_endpoint(path)
        return packed if self._mask_key is None else masked_endpoint(self._mask_key, packed)


class Member(ABC):
    """One name at one endpoint."""

    __slots__ = (
        "drops",
        "endpoint",
        "expelled",
        "instance",
        "key",
        "name",
        "path",
        "public",
        "rooms",
        "since",
        "verified",
    )

    form: ClassVar[Form]

    def __init__(self, instance: bytes, name: str, path: Path, endpoint: bytes) -> None:
        self.instance = instance
        self.name = name
        self.path = path
        self.endpoint = endpoint
        """Packed, as entries carry it."""
        self.key = b""
        """The id of the key that it has shown, 8 bytes, or empty."""
        self.public = b""
        """That key, 32 bytes, or empty."""
        self.verified = False
        """The name is known to belong to that key."""
        self.rooms: dict[int, Room] = {}
        """By tag."""
        self.since = 0.0
        """When it came: no two came at the same moment."""
        self.expelled = False
        """The server will not have it any more: its idle timer ends it."""
        self.drops = 0
        """What was not taken of it, or not answered."""

    @property
    def shown_endpoint(self) -> str:
        return show_endpoint(self.endpoint)

    @property
    def round_trip(self) -> int | None:
        """Milliseconds, as it reported last; None: it has reported nothing."""
        return None

    @property
    def unsaid(self) -> int:
        """Messages taken from it that no room was told yet."""
        return 0

    @property
    def queued(self) -> int:
        """Bytes of an answer that waits for its turn."""
        return 0

    @property
    def party(self) -> bytes:
        """Who it is in direct rooms: the same at each of its endpoints, if it has a key."""
        return self.key or self.instance

    @abstractmethod
    def awaits(self, room: str, request: int) -> bool:
        """Whether this is still what it wants of the room."""

    @abstractmethod
    def joined(self, room: Room, request: int, snapshot: Snapshot) -> None:
        """The room has taken this member in."""

    @abstractmethod
    def told(self, room: Room, records: list[Record], frames: list[wire.Frame]) -> None:
        """New entries of a direct room, and what else it has to say."""

    @abstractmethod
    def rekeyed(self, key: wire.RoomKey) -> None:
        """A room will use another key."""

    @abstractmethod
    def invited(self, request: int, room: str, peer: str) -> None:
        """There is a direct room with `peer`."""

    @abstractmethod
    def refused(self, request: int, reason: str, why: Why = Why.OTHER) -> None:
        """What it asked for cannot be."""

    @abstractmethod
    def put_out(self, room: Room, ordinal: int, reason: str) -> None:
        """It was taken out of a room, in which it had this ordinal."""

    @abstractmethod
    def stands(self, room: Room, standing: asks.Standing) -> None:
        """What it is in a room, and may say."""

    @abstractmethod
    def unopened(self, room: str) -> None:
        """The log could not open the room that it wants to be in."""

    @abstractmethod
    def disowned(self) -> None:
        """The log has less of it than it once said: it has to join anew, and find out."""

    @abstractmethod
    def notice(self, text: str) -> None:
        """One line from the server."""

    @abstractmethod
    def flush(self) -> None:
        """Emits what was queued."""
