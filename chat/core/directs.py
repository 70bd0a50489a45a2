"""Rooms of two: who shares one with whom, and who is to be reminded of it."""

from collections.abc import Iterator

from . import limits
from .member import Member
from .names import direct_parties, direct_room
from .people import People
from .refusal import RefusedError
from .registry import Registry
from .room import Room


class Directs:
    """Of one house."""

    def __init__(self, registry: Registry, people: People) -> None:
        self._registry = registry
        self._people = people

    def find(self, member: Member, name: str) -> tuple[str, str]:
        """The room that `member` shares with this name's owner, and the owner's name. Raises
        RefusedError."""
        peer = self._people.named(name)
        if peer is None:
            raise RefusedError(f"there is no {name} here; /who lists who is")
        if peer.party == member.party:
            raise RefusedError("that is you")
        return direct_room(member.party, peer.party), peer.name

    def invitations(self, member: Member) -> Iterator[tuple[str, str]]:
        """Direct rooms that the member is not in and has room for, with the other's name, the
        newest first."""
        names = self._registry.direct_rooms(member.party)[-limits.ROOMS_PER_MEMBER :]
        if not names:
            return
        joined = {room.name for room in member.rooms.values()}
        missing = [name for name in reversed(names) if name not in joined]
        for name in missing[: limits.ROOMS_PER_MEMBER - _count(member)]:
            yield name, self._peer(member, name)

    def remind(self, room: Room) -> None:
        """Whoever is a party of a direct room and not in it is told so, at each of its heads."""
        for party in room.parties or ():
            for member in self._people.party(party):
                if member not in room and _count(member) < limits.ROOMS_PER_MEMBER:
                    member.invited(0, room.name, self._peer(member, room.name))

    def _peer(self, member: Member, room: str) -> str:
        """The name of the other one in a direct room, or nothing if it is gone."""
        for party in direct_parties(room) or ():
            if party != member.party:
                return next((other.name for other in self._people.party(party)), "")
        return ""


def _count(member: Member) -> int:
    return sum(room.parties is not None for room in member.rooms.values())
