"""Who is here: by instance, by name, and by the key that somebody has shown."""

from collections.abc import Iterable
from math import inf, nextafter

from .guard import Deed, Guard
from .member import Member
from .names import Names, check_name
from .registry import Registry
from .signatures import key_id
from .types import Entry, Kind


class People:
    """Everybody in the house, whatever the form; owns the names of the living."""

    def __init__(self, registry: Registry, guard: Guard) -> None:
        self.members: dict[bytes, Member] = {}
        """By instance, who came first is first."""
        self._newest = 0.0
        self._names = Names(registry)
        self._registry = registry
        self._guard = guard
        self._parties: dict[bytes, tuple[Member, ...]] = {}
        """Who is one party in direct rooms: all that have shown one key, or one without."""

    def __contains__(self, member: object) -> bool:
        return isinstance(member, Member) and self.members.get(member.instance) is member

    def name(self, member: Member, name: str, key: bytes, now: float, wall: int) -> None:
        """Gives it this name, or the first free one like it. The name is its key's from then on,
        which it has shown to hold, unless that is empty. Raises BadNameError."""
        wanted = check_name(name)
        given = self._names.claim(member, wanted, key)
        self._forget_party(member)
        member.name = given
        member.key = key_id(key) if key else b""
        member.public = key
        owner = self._registry.key_of(given)
        free = key and given == wanted and not owner
        if free and self._guard.allows(Deed.NAME, member.path, now):
            self._registry.register_name(given, key, given, wall)
        member.verified = bool(key) and owner == key
        self._parties[member.party] = (*self._parties.get(member.party, ()), member)

    def add(self, member: Member, now: float) -> None:
        member.since = self._newest = max(now, nextafter(self._newest, inf))
        self.members[member.instance] = member

    def remove(self, member: Member) -> bool:
        """Whether it was here."""
        self._names.release(member)
        self._forget_party(member)
        here = member in self
        if here:
            del self.members[member.instance]
        return here

    def named(self, name: str) -> Member | None:
        """The first who has this name."""
        owner = self._names.owner(name)
        return owner if isinstance(owner, Member) else None

    def all_named(self, name: str) -> list[Member]:
        """All who have this name: one key's."""
        return [owner for owner in self._names.owners(name) if isinstance(owner, Member)]

    def party(self, party: bytes) -> Iterable[Member]:
        """All who are one party in direct rooms."""
        return self._parties.get(party, ())

    def registered(self, entry: Entry) -> list[Member]:
        """Who is verified, now that the registry has this entry."""
        if entry.kind != Kind.NAME:
            return []
        name = entry.text.partition(" ")[2]
        key = self._registry.key_of(name)
        found = [
            member
            for member in self._names.owners(name)
            if isinstance(member, Member)
            and not member.verified
            and key
            and member.key == key_id(key)
        ]
        for member in found:
            member.verified = True
        return found

    def _forget_party(self, member: Member) -> None:
        others = tuple(each for each in self._parties.get(member.party, ()) if each is not member)
        if others:
            self._parties[member.party] = others
        else:
            self._parties.pop(member.party, None)
