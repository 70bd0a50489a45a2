"""Who may come into a room: what is banned, locked, full, or behind a password or an invite.

What has to be waited for, a password's check or the log's word that an invite was used, is a
`Knock`; the house takes in whoever may come in. That there is no such room, that a password is
wrong and that an invite is no good are one answer, the same bytes.
"""

from collections.abc import Callable

from msgspec import Struct

from . import limits
from .asks import Why
from .authority import SERVER, Authority
from .guesses import Guesses
from .invites import invite_id
from .known import Known
from .member import Member
from .names import LOBBY
from .policy import ENTER, Ruling
from .refusal import RefusedError
from .registry import Registry
from .roles import Act, Role
from .room import Room
from .subjects import subject_of_key
from .turn import Turn
from .types import Check, Point

NO_ENTRY = "no such room, or its password or this invite is not right; ask who is there"

_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + 43 * "A"
"""A verifier that no password has: what is not there takes as long as what is wrong."""


class Knock:
    """Somebody at a room's door. A ticket."""

    __slots__ = ("member", "path", "points", "request", "room", "secret", "verifier")

    def __init__(
        self, member: Member, room: str, request: int, points: tuple[Point, ...], secret: str
    ) -> None:
        self.member = member
        self.room = room
        self.request = request
        self.points = points
        self.secret = secret
        self.path = member.path
        """From where it tried."""
        self.verifier = ""
        """What the secret is compared with."""


class _Spent(Struct, frozen=True):
    """An invite that is on its way to be used."""

    knock: Knock
    digest: str


class Entrance:
    """Of one house."""

    def __init__(
        self,
        registry: Registry,
        authority: Authority,
        guesses: Guesses,
        known: Known,
        rooms: dict[str, Room],
        turn: Turn,
        *,
        ruled: Callable[[], None],
    ) -> None:
        self.closed = ""
        """Why nobody new is taken, or nothing."""
        self._registry = registry
        self._authority = authority
        self._guesses = guesses
        self._known = known
        self._rooms = rooms
        self._turn = turn
        self._ruled = ruled
        self._knocking: dict[tuple[Member, str], Knock] = {}
        self._wrong: dict[tuple[bytes, str], int] = {}
        """By instance and room, the newest request that was wrong: what the network repeats of it
        is no further guess."""
        self._spent: dict[int, _Spent] = {}
        """By the n of the ruling that says so."""

    def check_server(self, member: Member, now: float) -> None:
        """Raises RefusedError for who may not come to this server at all."""
        if self.closed:
            raise RefusedError(self.closed, Why.CLOSED)
        self.check_ban(member, SERVER, now)

    def admits(self, knock: Knock, now: float) -> bool:
        """Whether it comes in at once, who is not banned; otherwise it is to be waited for. Raises
        RefusedError."""
        room, member = knock.room, knock.member
        waiting = self._knocking.get((member, room))
        if waiting is not None and waiting.secret == knock.secret:
            waiting.request, waiting.points = knock.request, knock.points
            return False
        policy = self._registry.policy(room)
        known = room in self._registry.rooms or room == LOBBY
        is_open = not (policy.locked or policy.verifier) and (known or not knock.secret)
        if is_open or self._authority.is_listed(member, room):
            self._check_full(member, room, now)
            return True
        if knock.secret:
            return self._tries(knock, now)
        self._check_unlocked(room)
        raise RefusedError(f"{room} has a password", Why.PASSWORD)

    def check_ban(self, member: Member, room: str, now: float) -> None:
        """Raises RefusedError for who is banned."""
        ban = self._authority.ban(member, room, now)
        if ban is not None:
            where = ban.room or "this server"
            words = self._authority.words(ban, now)
            raise RefusedError(f"you are banned from {where}{words}", Why.CLOSED)

    def check_enters(self, member: Member, room: str, now: float) -> None:
        """At the very moment at which it would be in, which its door opened for before. Raises
        RefusedError."""
        self.check_ban(member, room, now)
        self._check_full(member, room, now)

    def check_looks(self, member: Member, room: str, now: float) -> None:
        """Raises RefusedError for who may not see from outside who is there: it could not simply
        come in."""
        self.check_ban(member, room, now)
        policy = self._registry.policy(room)
        if policy.locked or policy.verifier:
            raise RefusedError(f"you are not in {room}")

    def checked(self, knock: Knock, ok: bool | None, now: float) -> bool:
        """Whether it comes in now. Raises RefusedError. `ok` None: it will knock again."""
        self._ends(knock)
        self._guesses.end(knock.path, knock.room, ok, now)
        if ok is None:
            return False
        policy = self._registry.policy(knock.room)
        if not ok or policy.verifier != knock.verifier:
            self._remember_wrong(knock)
            raise RefusedError(NO_ENTRY, Why.ENTRY)
        self._known.remember(knock.room, knock.verifier, knock.secret, knock.member.party)
        self.check_ban(knock.member, knock.room, now)
        self._check_unlocked(knock.room)
        self._check_full(knock.member, knock.room, now)
        return True

    def logged(self, n: int) -> Knock | None:
        """Our ruling of this n is in the log. Who comes in for that, if somebody does."""
        spent = self._spent.pop(n, None)
        if spent is None:
            return None
        self._ends(spent.knock)
        return spent.knock

    def refused(self, after: int) -> None:
        """Nothing after this n that waits will be in the log: who knocked will knock again."""
        for n in [n for n in self._spent if n > after]:
            self._ends(self._spent.pop(n).knock)

    def _ends(self, knock: Knock) -> None:
        if self._knocking.get((knock.member, knock.room)) is knock:
            del self._knocking[knock.member, knock.room]

    def _tries(self, knock: Knock, now: float) -> bool:
        room, member = knock.room, knock.member
        if self._redeems(knock, now):
            return False
        policy, party = self._registry.policy(room), member.party
        vouches = self._known.vouches(room, policy.verifier, knock.secret, party)
        if vouches:
            self._check_unlocked(room)
            self._check_full(member, room, now)
            return True
        if self._wrong.get((member.instance, room)) == knock.request:
            raise RefusedError(NO_ENTRY, Why.ENTRY)
        allowed = self._guesses.begin(member.path, room, now)
        if allowed is None:
            return False  # There are too many at once: it will be asked again.
        if not allowed:
            raise RefusedError("too many wrong passwords from your network; wait a minute")
        if self._known.has(room, policy.verifier, knock.secret):
            self._guesses.end(member.path, room, True, now)
            self._known.remember(room, policy.verifier, knock.secret, party)
            self._check_unlocked(room)
            self._check_full(member, room, now)
            return True
        knock.verifier = policy.verifier or _NOBODYS
        knock.path = member.path
        self._knocking[member, room] = knock
        self._turn.emit(Check(knock, knock.secret, knock.verifier))
        return False

    def _remember_wrong(self, knock: Knock) -> None:
        key = (knock.member.instance, knock.room)
        self._wrong.pop(key, None)
        self._wrong[key] = knock.request
        if len(self._wrong) > limits.MEMBERS_KNOWN:
            del self._wrong[next(iter(self._wrong))]

    def _redeems(self, knock: Knock, now: float) -> bool:
        """Whether what it shows is an invite: then it comes in when the log says that it is used."""
        digest = invite_id(knock.secret)
        invite = self._registry.policy(knock.room).invites.get(digest)
        if invite is None or not self._authority.holds(invite, now):
            return False
        using = sum(
            spent.digest == digest and spent.knock.room == knock.room
            for spent in self._spent.values()
        )
        left = int(invite.value) - using - 1
        if left < 0:
            return False
        self._check_full(knock.member, knock.room, now)
        self._write(knock, invite, left, now)
        return True

    def _write(self, knock: Knock, invite: Ruling, left: int, now: float) -> None:
        member = knock.member
        used = Ruling(
            act=ENTER,
            room=knock.room,
            by=member.name,
            key=member.public.hex(),
            whom=invite.whom,
            subjects=invite.subjects,
            until=invite.until,
            value=str(left),
        )
        n = self._registry.rule(used, now)
        if not n:
            return  # It will knock again.
        if member.public and self._registry.policy(knock.room).kept(Act.OP) < limits.RULINGS_EACH:
            listed = Ruling(
                act=Act.OP,
                room=knock.room,
                by=invite.by,
                key=invite.key,
                whom=member.name,
                subjects=(subject_of_key(member.public),),
                value="member",
                why=f"invite {invite.whom}",
            )
            n = self._registry.rule(listed, now) or n
        self._spent[n] = _Spent(knock, invite.subjects[0])
        self._knocking[member, knock.room] = knock
        self._ruled()

    def _check_unlocked(self, room: str) -> None:
        """Of who knows the password, too, or asks without one."""
        if self._registry.policy(room).locked:
            raise RefusedError(
                f"{room} is locked: only who is invited comes in; ask who is there for an invite",
                Why.CLOSED,
            )

    def _check_full(self, member: Member, room: str, now: float) -> None:
        limit = self._registry.policy(room).limit
        if not limit or room not in self._rooms or len(self._rooms[room]) < limit:
            return
        if self._authority.role(member, room, now) < Role.MODERATOR:
            raise RefusedError(
                f"{room} is full: {limit} may be there; try again when somebody has left",
                Why.CLOSED,
            )
