"""Whom an act of moderation is done to: by name, or by address."""

from msgspec import Struct

from . import limits
from .authority import SERVER, Authority
from .entry import read_endpoint
from .gone import Gone, person
from .member import Member
from .people import People
from .refusal import RefusedError
from .registry import Registry
from .roles import Act, Role
from .room import Room
from .subjects import is_address, subject_of_address, subject_of_key, subjects_of
from .text import clean

_BY_ADDRESS = frozenset((Act.BAN, Act.MUTE, Act.UNMUTE))


class Target(Struct, frozen=True):
    name: str
    """Or address."""
    key: bytes
    """32 bytes, or empty."""
    subjects: tuple[str, ...]
    """See `policy`."""
    role: Role
    """Whether it is muted does not matter."""


class Targets:
    """Of one house."""

    def __init__(
        self,
        registry: Registry,
        people: People,
        authority: Authority,
        rooms: dict[str, Room],
        gone: Gone,
    ) -> None:
        self._registry = registry
        self._people = people
        self._authority = authority
        self._rooms = rooms
        self._gone = gone

    def find(self, act: Act, whom: str, room: str, now: float) -> Target:
        """Raises RefusedError where it is nobody."""
        if not whom:
            raise RefusedError("say who is meant")
        subject = subject_of_address(whom) or self._endpoint(room, whom)
        if act in _BY_ADDRESS and subject is not None:
            if not _narrow(subject):
                raise RefusedError(f"{whom} is too wide: that is a part of the world")
            return Target(whom, b"", (subject,), Role.MEMBER)
        found = [person(it) for it in self._people.all_named(whom) if self._is_in(it, room)]
        if not found and act is not Act.KICK:
            gone = self._gone.find(whom, room, now)
            found = [gone] if gone is not None else []
        key = found[0].key if found else self._registry.key_of(whom)
        if not found and (act is Act.KICK or not (key or act is Act.UNMUTE)):
            raise RefusedError(f"there is no {clean(whom)} here; look at who is")
        subjects = [subject_of_key(key)] if key else []
        for each in found:
            subjects += [it for it in each.subjects if it not in subjects]
        if act is Act.KICK or (act is not Act.BAN and key):
            # A neighbour who is muted for somebody else could not even say so.
            subjects = [it for it in subjects if not is_address(it)]
        name = found[0].name if found else whom
        role = self._authority.role_of_key(key, room)
        return Target(name, key, tuple(subjects[: limits.SUBJECTS]), role)

    def _is_in(self, member: Member, room: str) -> bool:
        return room == SERVER or (room in self._rooms and member in self._rooms[room])

    def _endpoint(self, room: str, label: str) -> str | None:
        """The address of whose endpoint is shown as this, masked or not."""
        endpoint = read_endpoint(label)
        members = self._rooms[room].members if endpoint and room in self._rooms else ()
        for member in members:
            if member.endpoint == endpoint:
                return next((it for it in subjects_of(member) if is_address(it)), None)
        return None


def _narrow(subject: str) -> bool:
    """Not more than the network of one provider."""
    return int(subject.rpartition("/")[2]) >= (24 if subject.count(":") > 1 else 8)
