"""Who may say something in a room just now: the muted may not, and in slow mode not everybody may
at once.

What may not be said is withheld, not refused: an author's drafts are counted without a gap, and a
count that was refused once could come out as another text later. It stays with its author, who is
told how long, and asks again.
"""

from math import ceil

from . import asks, durations, limits, wire
from .authority import Authority
from .member import Member
from .policy import Ruling
from .registry import Registry
from .roles import Role
from .room import Room
from .types import Kind


class _Spoke:
    __slots__ = ("at", "parts", "what")

    def __init__(self) -> None:
        self.at = -1e9
        self.parts = 0
        """Of one message that may still follow."""
        self.what = (0, 0)
        """That message's kind, and what it refers to."""


class Speech:
    """Of one house."""

    def __init__(self, registry: Registry, authority: Authority) -> None:
        self._registry = registry
        self._authority = authority
        self._spoke: dict[tuple[bytes, str], _Spoke] = {}
        """By party and room, and by instance and room, of rooms in slow mode; who spoke last is
        the last. A key has several instances, and an instance may show several keys."""

    def objection(self, member: Member, room: Room, now: float) -> str | None:
        """Why it may not say anything now, if it may not."""
        if room.parties is not None:
            return None
        if (mute := self._mute(member, room, now)) is not None:
            return f"you are muted in {room.name}{self._authority.words(mute, now)}"
        if wait := self._wait(member, room, now):
            slow = durations.words(self._registry.policy(room.name).slow)
            return f"slow mode, one message in {slow}: {durations.words(ceil(wait))} more"
        return None

    def is_bound(self, room: Room) -> bool:
        """Whether anybody's drafts may be withheld there: in most rooms nobody's are."""
        policy = self._registry.policy(room.name)
        return bool(policy.slow or policy.mutes)

    def withholds(self, member: Member, room: Room, draft: wire.Draft, now: float) -> bool:
        """Whether this draft, a new one, is not to be taken now. Drafts out of order are not kept
        in slow mode: each has to be judged when its turn is."""
        if self._mute(member, room, now) is not None:
            return True
        if not self._registry.policy(room.name).slow:
            return False
        if draft.n != room.next_n(member):
            return True
        return not self._continues(member, room, draft) and self._wait(member, room, now) > 0

    def said(self, member: Member, room: Room, draft: wire.Draft, now: float) -> None:
        """This draft of it was taken."""
        if not self._registry.policy(room.name).slow:
            return
        its, what = self._of(member.instance, room), (draft.kind, draft.refers)
        parts = its.parts if its.what == what else 0
        if not parts and draft.kind != Kind.DELETE:
            its.at = self._of(member.party, room).at = now
        its.what, its.parts = what, (parts or limits.PARTS) - 1 if draft.more else 0

    def standing(self, member: Member, room: Room, now: float) -> asks.Standing:
        """What it is there, and may do."""
        authority = self._authority
        role = authority.role(member, room.name, now)
        mute = self._mute(member, room, now)
        left = 0 if mute is None else authority.left(mute, now)
        return asks.Standing(
            room=room.tag,
            role=role,
            muted=asks.FOR_GOOD if left is None else left,
            slow=self._registry.policy(room.name).slow if role < Role.MODERATOR else 0,
            wait=ceil(self._wait(member, room, now) * 1000),
            reason=mute.why if mute is not None else "",
        )

    def _mute(self, member: Member, room: Room, now: float) -> Ruling | None:
        mute = self._authority.mute(member, room.name, now)
        muted = mute and self._authority.role(member, room.name, now) is Role.MUTED
        return mute if muted else None

    def _continues(self, member: Member, room: Room, draft: wire.Draft) -> bool:
        """The next part of a message that was begun."""
        spoke = self._spoke.get((member.instance, room.name))
        return spoke is not None and spoke.parts > 0 and spoke.what == (draft.kind, draft.refers)

    def _of(self, who: bytes, room: Room) -> _Spoke:
        """A party, or an instance."""
        spoke = self._spoke.pop((who, room.name), None) or _Spoke()
        self._spoke[who, room.name] = spoke
        if len(self._spoke) > limits.SLOWED:
            del self._spoke[next(iter(self._spoke))]
        return spoke

    def _wait(self, member: Member, room: Room, now: float) -> float:
        """Seconds until it may say something again."""
        slow = self._registry.policy(room.name).slow
        if not slow or self._authority.role(member, room.name, now) >= Role.MODERATOR:
            return 0.0
        both = (self._spoke.get((who, room.name)) for who in (member.party, member.instance))
        return max([0.0, *(spoke.at + slow - now for spoke in both if spoke is not None)])
