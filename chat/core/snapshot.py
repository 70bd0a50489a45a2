"""What the operator sees of a server at one moment: a row for each session, and for each room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from .names import is_public
from .types import SECURED, Form, Path

if TYPE_CHECKING:
    from .member import Member
    from .registry import Registry
    from .room import Room


class SessionRow(Struct, frozen=True):
    """One session, or one endpoint of plain text."""

    endpoint: str
    protocol: str
    name: str
    verified: bool
    """The name is known to be its key's."""
    rooms: tuple[str, ...]
    """Without direct ones."""
    round_trip: int | None
    """Milliseconds, as it reported; plain text reports nothing."""
    recv_queue: int
    """Messages taken from it that are not in the log yet."""
    send_queue: int
    """Bytes that wait to be sent to it."""
    drops: int
    """What was not taken of it, or not answered."""
    age: int
    """Seconds."""
    since: float
    """When it came, by the server's own clock; no two came at the same moment."""


class RoomRow(Struct, frozen=True):
    """One room; direct ones are nobody else's concern."""

    name: str
    members: int
    entries: int | None
    """In its log, as far as is known; None: nobody is there."""
    locked: bool
    password: bool
    slow: int
    """Seconds between two messages of one member; 0: as it likes."""
    limit: int
    """Members; 0: as many as come."""
    hidden: bool
    topic: str


def sessions(
    members: Iterable[Member], after: float, queued: Mapping[Path, int], now: float
) -> Iterator[SessionRow]:
    """Those who came after that moment, who came first is first. `queued`: bytes that wait for
    room in a socket."""
    for member in members:
        if member.since <= after:
            continue
        rooms = member.rooms.values()
        yield SessionRow(
            endpoint=str(member.path),
            protocol=_protocol(member),
            name=member.name,
            verified=member.verified,
            rooms=tuple(room.name for room in rooms if room.parties is None),
            round_trip=member.round_trip,
            recv_queue=sum(room.waiting(member) for room in rooms) + member.unsaid,
            send_queue=queued.get(_outside(member.path), 0) + member.queued,
            drops=member.drops,
            age=int(now - member.since),
            since=member.since,
        )


def rooms(registry: Registry, opened: Mapping[str, Room], after: str) -> Iterator[RoomRow]:
    """By name, after that one; `opened`: those with somebody in them."""
    names = {name for name in (*registry.rooms, *opened) if is_public(name) and name > after}
    for name in sorted(names):
        policy, room = registry.policy(name), opened.get(name)
        yield RoomRow(
            name=name,
            members=len(room) if room is not None else 0,
            entries=room.heads.entries if room is not None else None,
            locked=policy.locked,
            password=bool(policy.verifier),
            slow=policy.slow,
            limit=policy.limit,
            hidden=policy.hidden,
            topic=registry.topic(name),
        )


def _protocol(member: Member) -> str:
    if member.form is Form.SEALED:
        return "sealed"
    return "text in DTLS" if member.path.secured else "text"


def _outside(path: Path) -> Path:
    return path._replace(socket=path.socket - SECURED) if path.secured else path
