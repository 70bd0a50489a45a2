"""Who has which role where at this moment, who is banned, and who is muted."""

from collections.abc import Iterable

from . import durations
from .member import Member
from .policy import Policy, Ruling
from .registry import Registry
from .roles import Role
from .signatures import key_id
from .subjects import meant_by

SERVER = ""
"""In place of a room: all of them."""


class Authority:
    """Reads the registry, and knows the operator's keys."""

    def __init__(self, registry: Registry) -> None:
        self.admins: frozenset[bytes] = frozenset()
        """Keys (32 bytes) that the operator listed."""
        self._registry = registry

    def role(self, member: Member, room: str, now: float) -> Role:
        """What it may do counts by this: nobody is above being muted but who may not be."""
        held = self.role_of_key(member.public, room)
        return Role.MUTED if held < Role.ADMIN and self.mute(member, room, now) else held

    def role_of_key(self, key: bytes, room: str) -> Role:
        """Whether it is muted does not matter."""
        if not key:
            return Role.MEMBER
        if key in self.admins:
            return Role.ADMIN
        return self._registry.policy(room).roles.get(key, Role.MEMBER)

    def role_of_key_id(self, key: bytes, room: str) -> Role:
        """As that, by the 8 bytes that an entry has of a key."""
        holders = (*self._registry.policy(room).roles, *self.admins)
        found = [self.role_of_key(each, room) for each in holders if key and key_id(each) == key]
        return max(found, default=Role.MEMBER)

    def is_listed(self, member: Member, room: str) -> bool:
        """It was invited once, or has a role: its key opens the room."""
        key = member.public
        return bool(key) and (key in self.admins or key in self._registry.policy(room).roles)

    def is_last_owner(self, key: bytes, room: str) -> bool:
        policy = self._registry.policy(room)
        return policy.roles.get(key) is Role.OWNER and policy.owners == 1

    def ban(self, member: Member, room: str, now: float) -> Ruling | None:
        """That which keeps it out: out of the room, or out of the whole server."""
        for where in (SERVER, room):
            bans = self._registry.policy(where).bans
            if bans and (ruling := self._about(bans.values(), member, now)) is not None:
                return ruling
        return None

    def mute(self, member: Member, room: str, now: float) -> Ruling | None:
        mutes = self._registry.policy(room).mutes
        return self._about(mutes.values(), member, now) if mutes else None

    def means(self, ruling: Ruling, member: Member) -> bool:
        """It is done to this member, too. Who has a role there is not meant where its neighbours
        are."""
        meant = meant_by(ruling.subjects)
        return meant.names(member) or (
            meant.covers(member) and not self.is_listed(member, ruling.room)
        )

    def left(self, ruling: Ruling, now: float) -> int | None:
        """Seconds that it still holds, rounded up; None: for good."""
        if not ruling.until:
            return None
        return max(0, -((self._registry.time.read(now) - ruling.until) // 1000))

    def words(self, ruling: Ruling, now: float) -> str:
        """How long it still holds, and why: ` for 12m more: spam`."""
        left = self.left(ruling, now)
        lasts = "" if left is None else f" for {durations.words(left)} more"
        return f"{lasts}: {ruling.why}" if ruling.why else lasts

    def holds(self, ruling: Ruling, now: float) -> bool:
        return not ruling.until or self._registry.time.read(now) < ruling.until

    def over(self, policy: Policy, now: float) -> list[Ruling]:
        """That of which the time has come."""
        return [ruling for ruling in policy.temporary() if not self.holds(ruling, now)]

    def _about(self, rulings: Iterable[Ruling], member: Member, now: float) -> Ruling | None:
        """The first one that holds and is about this member."""
        found = (ruling for ruling in rulings if self.means(ruling, member))
        return next((ruling for ruling in found if self.holds(ruling, now)), None)
