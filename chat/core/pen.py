"""The moderators' pen: a ruling for the registry's log, and a line about it in the room's."""

from collections.abc import Callable

from . import limits
from .member import Member
from .motions import Asker, Motion
from .policy import DROP, Policy, Ruling, subject_of_key
from .refusal import RefusedError
from .registry import Registry
from .roles import Act
from .room import Room
from .signatures import key_id
from .targets import Target
from .text import clean
from .types import Kind


class Pen:
    """Of one house. Nothing is done that is not in the log."""

    def __init__(
        self, registry: Registry, rooms: dict[str, Room], *, ruled: Callable[[], None]
    ) -> None:
        """`ruled` is called when the registry has something to write."""
        self._registry = registry
        self._rooms = rooms
        self._ruled = ruled
        self._waiting: dict[int, tuple[Asker, str]] = {}
        """By the n of the ruling: whom to tell when it is in the log, and what."""

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
        asker, text = self._waiting.pop(n, (None, ""))
        if asker is not None:
            asker.done(text)

    def refused(self) -> None:
        """Nothing that waits will be in the log."""
        waiting, self._waiting = self._waiting, {}
        for asker, _ in waiting.values():
            asker.refused("not done: the server cannot store it at the moment")

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
        )
        n = self._registry.rule(ruling, now)
        if not n:
            raise RefusedError("not done: the server cannot store it at the moment")
        if said or motion.act is Act.DELETE:
            self._waiting[n] = actor.asker, answer
        self._ruled()
        if said:
            self.say(motion, Kind.MODERATION, said, wall)

    def say(self, motion: Motion, kind: Kind, text: str, wall: int, refers: int = 0) -> None:
        """In the room, if somebody is there."""
        room = self._rooms.get(motion.room)
        if room is not None and room.following:
            key = key_id(motion.actor.key) if motion.actor.key else b""
            room.note(kind, motion.actor.name, key, cut(text), refers, wall)

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
