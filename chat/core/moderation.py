"""Acts of moderation, from who asks for one to the ruling that the registry's log gets.

Nothing holds before it has come out of the log; what follows from it then is in `consequences`.
What is done in a room is also said there, in the very turn in which the ruling goes to the log, so
that both are committed together.
"""

from collections.abc import Iterable

from . import asks, durations, limits
from .authority import SERVER, Authority
from .doorkey import BadSecretError, check_secret
from .entry import decode_entry
from .invites import Invites
from .layout import MalformedError
from .member import Member
from .motions import OPERATOR, Actor, Asker, Motion, Operator, request_of
from .names import LOBBY, BadNameError, check_room, is_public, same_name
from .pen import Pen, listed
from .policy import ROLES, Policy, Ruling
from .refusal import RefusedError
from .registry import Registry
from .roles import Act, Role, objection
from .room import Room
from .signatures import key_id
from .subjects import subject_of_address, subject_of_key
from .targets import Target, Targets
from .text import clean
from .turn import Turn
from .types import Extract, Fetch, Harden, Kind, Range


class Moderation:
    """Of one house. Rooms are the house's."""

    def __init__(
        self,
        registry: Registry,
        authority: Authority,
        targets: Targets,
        invites: Invites,
        pen: Pen,
        rooms: dict[str, Room],
        turn: Turn,
        *,
        secure: bool,
    ) -> None:
        """`secure`: sessions' keys are not published, so that there can be secrets."""
        self._registry = registry
        self._authority = authority
        self._targets = targets
        self._invites = invites
        self._pen = pen
        self._rooms = rooms
        self._turn = turn
        self._secure = secure

    def asked(self, member: Member, asker: Asker, ask: asks.Act, now: float, wall: int) -> None:
        """By somebody in the room. Raises RefusedError; the answer follows otherwise."""
        act, room = _understood(ask)
        if room not in self._rooms or member not in self._rooms[room]:
            raise RefusedError(f"you are not in {clean(ask.room)}; join it first")
        # An invite is made anew: nobody knows the one before.
        asked = request_of(member.instance, ask.r) if act is not Act.INVITE else ""
        if self._registry.has_done(asked):
            asker.done("")
            return
        role = self._authority.role(member, room, now)
        actor = Actor(member.name, member.public, role, asker)
        self._do(Motion(actor, act, room, ask, asked), now, wall)

    def operate(self, ticket: object, ask: asks.Act, now: float, wall: int) -> None:
        """By the operator; `ask.room` empty: in the whole server. The answer is Operated."""
        actor = Actor(OPERATOR, b"", Role.OPERATOR, Operator(ticket, self._turn))
        try:
            if not self._registry.ready:
                raise RefusedError("the server is starting; try again in a moment")
            act, room = _understood(ask)
            if room == SERVER and act not in (Act.BAN, Act.UNBAN, Act.BANS):
                raise RefusedError("name the room that it is about")
            if room == LOBBY:
                self._registry.make_room(room, OPERATOR, wall)
            elif room != SERVER and room not in self._registry.rooms and room not in self._rooms:
                raise RefusedError(f"there is no room {room}")
            self._do(Motion(actor, act, room, ask), now, wall)
        except RefusedError as error:
            actor.asker.refused(str(error))

    def fetched(self, motion: Motion, extract: Extract, now: float, wall: int) -> None:
        """The message that is to be deleted."""
        try:
            self._delete(motion, extract, now, wall)
        except RefusedError as error:
            motion.actor.asker.refused(str(error))

    def hardened(self, motion: Motion, verifier: str, now: float, wall: int) -> None:
        """A password can be set; empty: it cannot."""
        if not verifier:
            motion.actor.asker.refused(
                "no password was set: try again in a moment; if that does not help, the server's "
                "journal says why"
            )
            return
        try:
            self._pen.rule(motion, "set a password", now, wall, value=verifier)
        except RefusedError as error:
            motion.actor.asker.refused(str(error))

    def _do(self, motion: Motion, now: float, wall: int) -> None:
        act, ask = motion.act, motion.ask
        policy = self._registry.policy(motion.room)
        if act in (Act.KICK, Act.BAN, Act.MUTE, Act.UNMUTE, Act.OP, Act.DEOP):
            self._upon(
                motion, self._targets.find(act, ask.whom, motion.room, now), policy, now, wall
            )
            return
        if (reason := objection(act, motion.actor.role)) is not None:
            raise RefusedError(reason)
        match act:
            case Act.UNBAN:
                self._unban(motion, policy, now, wall)
            case Act.BANS:
                motion.actor.asker.done(self._bans(motion, policy, now))
            case Act.INVITES:
                motion.actor.asker.done(self._invites.rows(motion, policy, now))
            case Act.INVITE | Act.PASSWORD if not self._secure:
                raise RefusedError("this server is --insecure: a secret would be everybody's")
            case Act.INVITE:
                self._invites.make(motion, policy, now, wall)
            case Act.UNINVITE:
                self._invites.revoke(motion, policy, now, wall)
            case Act.DELETE:
                if not ask.number:
                    raise RefusedError("say which message is to be deleted")
                wanted = (Range(ask.number, ask.number),)
                self._turn.emit(Fetch(motion, motion.room, wanted, 1))
            case Act.SLOW:
                slow = min(ask.seconds, limits.SLOW_MOST)
                said = f"set slow mode: one message in {durations.words(slow)}"
                self._pen.rule(
                    motion, said if slow else "ended slow mode", now, wall, value=str(slow)
                )
            case Act.LIMIT:
                most = min(ask.number, limits.SESSIONS)
                said = f"limited the room to {most}" if most else "let in as many as come"
                self._pen.rule(motion, said, now, wall, value=str(most))
            case Act.LOCK | Act.UNLOCK:
                self._switch(motion, policy.locked, "locked", now, wall)
            case Act.HIDE | Act.UNHIDE:
                self._switch(motion, policy.hidden, "hidden", now, wall)
            case Act.PASSWORD:
                self._password(motion, policy, now, wall)

    def _upon(self, motion: Motion, target: Target, policy: Policy, now: float, wall: int) -> None:
        """What is done to somebody."""
        act, actor, ask = motion.act, motion.actor, motion.ask
        reason = objection(
            act,
            actor.role,
            target.role,
            oneself=bool(target.key) and target.key == actor.key,
            last_owner=act is Act.DEOP and self._authority.is_last_owner(target.key, motion.room),
        )
        if reason is not None:
            raise RefusedError(reason)
        if act in (Act.OP, Act.DEOP):
            self._role(motion, target, policy, now, wall)
            return
        if act is Act.UNMUTE:
            self._take_back(motion, policy.mutes.values(), target, "unmuted", now, wall)
            return
        if act is not Act.KICK:
            self._pen.check_room_for(act, policy, target)
        done = {Act.KICK: "kicked", Act.BAN: "banned", Act.MUTE: "muted"}[act]
        lasts = (
            f" for {durations.words(ask.seconds)}" if ask.seconds and act is not Act.KICK else ""
        )
        because = f": {clean(ask.text)}" if ask.text else ""
        until = 0
        if act is not Act.KICK and ask.seconds:
            until = self._registry.time.read(now) + min(ask.seconds, durations.MOST) * 1000
        said = f"{done} {target.name}{lasts}{because}"
        self._pen.rule(motion, said, now, wall, target=target, until=until)

    def _role(self, motion: Motion, target: Target, policy: Policy, now: float, wall: int) -> None:
        if not target.key:
            raise RefusedError(f"{target.name} has no key: only who has one can have a role")
        held = policy.roles.get(target.key)
        subjects = (subject_of_key(target.key),)
        found = Target(target.name, target.key, subjects, target.role)
        if held is Role.OWNER and self._pen.changes_roles(motion.room):
            raise RefusedError("not done: another role is being changed; try again")
        if motion.act is Act.DEOP:
            if held is None:
                raise RefusedError(f"{target.name} has no role in {motion.room}")
            self._pen.rule(motion, f"took the role of {target.name}", now, wall, target=found)
            return
        value = motion.ask.text.strip().lower() or "moderator"
        if value not in ("moderator", "owner"):
            raise RefusedError("a role is moderator or owner")
        if held is ROLES[value]:
            raise RefusedError(f"{target.name} is one already")
        last = self._authority.is_last_owner(target.key, motion.room)
        if last and motion.actor.role < Role.OPERATOR:
            raise RefusedError("a room's last owner stays; make somebody else an owner first")
        self._pen.check_room_for(Act.OP, policy, found)
        said = f"made {target.name} {'an owner' if value == 'owner' else 'a moderator'}"
        self._pen.rule(motion, said, now, wall, target=found, value=value)

    def _unban(self, motion: Motion, policy: Policy, now: float, wall: int) -> None:
        whom = motion.ask.whom
        key = self._registry.key_of(whom)
        subject = subject_of_address(whom) or (subject_of_key(key) if key else "")
        target = Target(whom, key, (subject,) if subject else (), Role.MEMBER)
        self._take_back(motion, policy.bans.values(), target, "unbanned", now, wall)

    def _take_back(
        self,
        motion: Motion,
        held: Iterable[Ruling],
        target: Target,
        done: str,
        now: float,
        wall: int,
    ) -> None:
        same, wanted = same_name(target.name), set(target.subjects)
        found = [it for it in held if same_name(it.whom) == same or wanted & set(it.subjects)]
        if not found:
            what = "ban" if motion.act is Act.UNBAN else "mute"
            raise RefusedError(
                f"there is no {what} of {clean(target.name)} here; look at the list of bans"
            )
        for index, ruling in enumerate(found):
            about = Target(ruling.whom, b"", ruling.subjects, Role.MEMBER)
            said = f"{done} {ruling.whom}" if not index else ""
            self._pen.rule(motion, said, now, wall, target=about)

    def _switch(self, motion: Motion, held: bool, state: str, now: float, wall: int) -> None:
        wanted = motion.act in (Act.LOCK, Act.HIDE)
        if held is wanted:
            raise RefusedError(f"{motion.room} is {'' if wanted else 'not '}{state}")
        said = {
            Act.LOCK: "locked the room: only who is invited comes in",
            Act.UNLOCK: "unlocked the room",
            Act.HIDE: "took the room off the list",
            Act.UNHIDE: "put the room on the list",
        }[motion.act]
        self._pen.rule(motion, said, now, wall)

    def _password(self, motion: Motion, policy: Policy, now: float, wall: int) -> None:
        try:
            secret = check_secret(motion.ask.text)
        except BadSecretError as error:
            raise RefusedError(str(error)) from error
        if secret:
            self._turn.emit(Harden(motion, secret))
        elif not policy.verifier:
            raise RefusedError(f"{motion.room} has no password")
        else:
            self._pen.rule(motion, "took the password away", now, wall)

    def _delete(self, motion: Motion, extract: Extract, now: float, wall: int) -> None:
        ask, room = motion.ask, motion.room
        records = [record for run in extract.runs for record in run.records]
        try:
            entry = decode_entry(room, records[0].seq, records[0].body) if records else None
        except MalformedError:
            entry = None
        if entry is None or entry.kind not in (Kind.MESSAGE, Kind.ACTION):
            raise RefusedError(f"there is no message {ask.number} in {room}")
        role = self._authority.role_of_key_id(entry.key, room)
        own = bool(entry.key) and motion.actor.key != b"" and entry.key == key_id(motion.actor.key)
        if not own and (reason := objection(Act.DELETE, motion.actor.role, role)) is not None:
            raise RefusedError(reason)
        target = Target(entry.name, b"", (), role)
        self._pen.delete(motion, target, ask.number, now, wall)

    def _bans(self, motion: Motion, policy: Policy, now: float) -> str:
        rows = [self._row(it, "banned", now) for it in policy.bans.values()]
        rows += [self._row(it, "muted", now) for it in policy.mutes.values()]
        return listed(rows, motion.actor.asker.most) or "nobody is banned or muted"

    def _row(self, ruling: Ruling, state: str, now: float) -> str:
        return f"{ruling.whom} {state} by {ruling.by}{self._authority.words(ruling, now)}"


def _understood(ask: asks.Act) -> tuple[Act, str]:
    try:
        act = Act(ask.act)
    except ValueError:
        raise RefusedError("the server does not know how to do that: it may be older") from None
    if ask.room == SERVER:
        return act, SERVER
    try:
        room = check_room(ask.room) if is_public(ask.room) else ""
    except BadNameError as error:
        raise RefusedError(str(error)) from error
    if not room:
        raise RefusedError("a direct room has no moderators")
    return act, room
