"""The moderators' pen: a ruling for the registry's log, and a line about it in the room's."""

from collections.abc import Callable

from msgspec import Struct

from . import limits
from .member import Member
from .motions import Asker, Motion
from .policy import DROP, Policy, Ruling
from .refusal import RefusedError
from .registry import Registry
from .roles import Act
from .room import Room
from .signatures import key_id
from .subjects import subject_of_key
from .targets import Target
from .text import clean
from .types import Kind

_NOT_STORED = "not done: the server cannot store it at the moment"


class _Waiting(Struct, frozen=True):
    """A ruling that is on its way to the log, and whom to tell what when it is there."""

    asker: Asker
    ruling: Ruling
    answer: str


class Pen:
    """Of one house. Nothing is done that is not in the log."""

    def __init__(
        self, registry: Registry, rooms: dict[str, Room], *, ruled: Callable[[], None]
    ) -> None:
        """`ruled` is called when the registry has something to write."""
        self._registry = registry
        self._rooms = rooms
        self._ruled = ruled
        self._waiting: dict[int, _Waiting] = {}
        """By the n of the ruling."""

    def found(self, room: str, member: Member, now: float) -> None:
        """It owns the room."""
        ruling = Ruling(
            act=Act.OP,
            room=room,
            by=member.name,
            key=member.public.hex(),
            whom=member.name,
            subjects=(subject_of_key(member.public),),
            value="owner",
            why="made the room",
        )
        self._registry.rule(ruling, now)
        self._ruled()

    def drop(self, room: str, now: float) -> None:
        """The room is forgotten."""
        self._registry.rule(Ruling(act=DROP, room=room, by="", why="nothing is left of it"), now)
        self._ruled()

    def logged(self, n: int) -> None:
        """Our ruling of this n is in the log."""
        waiting = self._waiting.pop(n, None)
        if waiting is not None:
            waiting.asker.done(waiting.answer)

    def refused(self, after: int) -> None:
        """Nothing after this n that waits will be in the log."""
        for n in [n for n in self._waiting if n > after]:
            self._waiting.pop(n).asker.refused(_NOT_STORED)

    def changes_roles(self, room: str) -> bool:
        """A role there is about to be another one."""
        acts = (Act.OP, Act.DEOP)
        rulings = (waiting.ruling for waiting in self._waiting.values())
        return any(ruling.room == room and ruling.act in acts for ruling in rulings)

    def rule(
        self,
        motion: Motion,
        said: str,
        now: float,
        wall: int,
        *,
        target: Target | None = None,
        value: str = "",
        until: int = 0,
        answer: str = "",
    ) -> None:
        actor = motion.actor
        ruling = Ruling(
            act=motion.act,
            room=motion.room,
            by=actor.name,
            key=actor.key.hex(),
            whom=target.name if target is not None else "",
            subjects=target.subjects if target is not None else (),
            until=until,
            value=value,
            why="" if motion.act in (Act.PASSWORD, Act.OP) else cut(clean(motion.ask.text)),
            asked=motion.asked,
        )
        n = self._registry.rule(ruling, now)
        if not n:
            raise RefusedError(_NOT_STORED)
        if said or motion.act is Act.DELETE:
            self._waiting[n] = _Waiting(actor.asker, ruling, answer)
        self._ruled()
        if said:
            self.say(motion, Kind.MODERATION, said, wall)

    def delete(self, motion: Motion, author: Target, number: int, now: float, wall: int) -> None:
        """A message of this author; it is what the room's log says that takes it back."""
        if not self.say(motion, Kind.DELETE, clean(motion.ask.text), wall, refers=number):
            raise RefusedError(
                "not done: nobody is there to be told, or the server is busy; join it and try again"
            )
        self.rule(motion, "", now, wall, target=author, value=str(number))

    def say(self, motion: Motion, kind: Kind, text: str, wall: int, refers: int = 0) -> bool:
        """In the room, if somebody is there. Whether it goes to the log."""
        room = self._rooms.get(motion.room)
        if room is None or not room.following:
            return False
        key = key_id(motion.actor.key) if motion.actor.key else b""
        return room.note(kind, motion.actor.name, key, cut(text), refers, wall)

    def check_room_for(self, act: Act, policy: Policy, target: Target) -> None:
        kept = {Act.BAN: policy.bans, Act.MUTE: policy.mutes, Act.INVITE: policy.invites}
        if act in kept and target.subjects[0] in kept[act]:
            return
        if act is Act.OP and target.key in policy.roles:
            return
        if policy.kept(act) >= limits.RULINGS_EACH or self._registry.rulings >= limits.RULINGS:
            what = {Act.OP: "roles", Act.INVITE: "invites"}.get(act, f"{act}s")
            raise RefusedError(f"there are as many {what} as there may be; take some back first")


def cut(text: str) -> str:
    """What there is room for of a reason."""
    return text.encode()[: limits.RULING_WORDS].decode(errors="ignore")


def listed(rows: list[str], most: int) -> str:
    """Lines, as many as there is room for."""
    kept: list[str] = []
    for row in rows:
        most -= len(row.encode()) + 1
        if most < 0:
            return "\n".join([*kept, f"and {len(rows) - len(kept)} more"])
        kept.append(row)
    return "\n".join(kept)
