"""What holds in the rooms: roles, bans, mutes, invites and settings, as the registry's rulings say.

A ruling is an act of moderation as the registry keeps it: who did what to whom, why, and until
when. Most change one fact of one room, and the newest one of a fact counts; a kick is only told.
Times are those of the log (`logtime`); whom it is about is said by `subjects`.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from .roles import Act, Role
from .subjects import key_of

ROLES = {"member": Role.MEMBER, "moderator": Role.MODERATOR, "owner": Role.OWNER}
"""Those that are given, as rulings and people write them."""


class Ruling(Struct, frozen=True, omit_defaults=True):
    """The text of a registry's entry of Kind.ACT, in JSON. What a later version adds is ignored;
    an act that it adds is skipped."""

    act: str
    """One of roles.Act, or of those below."""
    room: str
    """Empty: the whole server."""
    by: str
    """Who did it; the operator has no name."""
    key: str = ""
    """Of that one, in hexadecimal."""
    whom: str = ""
    subjects: tuple[str, ...] = ()
    until: Annotated[int, Meta(ge=0, lt=1 << 62)] = 0
    """Milliseconds of the log's time; 0: for good. What ends only because its time has come says
    which time that is, so that it does not end what was said anew meanwhile."""
    value: str = ""
    why: str = ""
    asked: str = ""
    """The request that it answers, where a client made one (`motions.request_of`): who asks again,
    because the server died before it answered, is not to have it done twice."""


ENTER = "enter"
"""An invite was used; what is left of it is the value."""

DROP = "drop"
"""The room was forgotten, with all that held in it."""

_ENDS = {
    Act.UNBAN: Act.BAN,
    Act.UNMUTE: Act.MUTE,
    Act.DEOP: Act.OP,
    Act.UNLOCK: Act.LOCK,
    Act.UNHIDE: Act.HIDE,
    Act.UNINVITE: Act.INVITE,
}
"""What each act takes back."""

_ONES = frozenset((Act.LOCK, Act.HIDE, Act.SLOW, Act.LIMIT, Act.PASSWORD))
"""Of which a room has one."""

_MANY = frozenset((Act.BAN, Act.MUTE, Act.OP, Act.INVITE))
"""Of which it has one for each first subject."""

_TOLD = frozenset((Act.KICK, Act.DELETE))


def decode(text: str) -> Ruling | None:
    """None for what this version does not understand."""
    try:
        ruling = msgspec.json.decode(text, type=Ruling)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if ruling.act in _TOLD or ruling.act == DROP:
        return ruling
    sort = sort_of(ruling)
    if sort in _MANY and not ruling.subjects:
        return None
    if sort is Act.OP and (_holder(ruling) is None or (ruling.value and ruling.value not in ROLES)):
        return None
    if sort in (Act.SLOW, Act.LIMIT) and not _is_number(ruling.value):
        return None
    if sort is Act.INVITE and not _is_number(ruling.value):
        return None
    return ruling if sort is not None else None


def encode(ruling: Ruling) -> str:
    return msgspec.json.encode(ruling).decode()


def sort_of(ruling: Ruling) -> Act | None:
    """Of which act it changes what holds; None: of none."""
    if ruling.act == ENTER:
        return Act.INVITE
    try:
        act = Act(ruling.act)
    except ValueError:
        return None
    act = _ENDS.get(act, act)
    return act if act in _ONES or act in _MANY else None


def fact_of(ruling: Ruling) -> str | None:
    """The name of the fact that it is about, if it is about one."""
    sort = sort_of(ruling)
    if sort is None:
        return None
    about = ruling.subjects[0] if sort in _MANY else ""
    return f"{ruling.room} {sort} {about}"


def ends(ruling: Ruling) -> bool:
    """Whether nothing of its fact is left."""
    if ruling.act in _ENDS:
        return True
    sort = sort_of(ruling)
    if sort in (Act.SLOW, Act.LIMIT, Act.INVITE):
        return int(ruling.value or "0") == 0
    return sort is Act.PASSWORD and not ruling.value


class Policy:
    """Of one room; or of the whole server, which has bans only."""

    __slots__ = (
        "bans",
        "held",
        "hidden",
        "invites",
        "limit",
        "locked",
        "mutes",
        "roles",
        "slow",
        "verifier",
    )

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        """Each fact, and until when it holds; 0: for good."""
        self.roles: dict[bytes, Role] = {}
        """By key (32 bytes)."""
        self.bans: dict[str, Ruling] = {}
        """By first subject; the mutes, too."""
        self.mutes: dict[str, Ruling] = {}
        self.invites: dict[str, Ruling] = {}
        """By the SHA-256 of the invite, in hexadecimal."""
        self.verifier = ""
        """Of the password; empty: there is none."""
        self.locked = False
        self.hidden = False
        self.slow = 0
        """Seconds between two messages of one member."""
        self.limit = 0
        """Members; 0: as many as come."""

    @property
    def owners(self) -> int:
        return sum(role is Role.OWNER for role in self.roles.values())

    def temporary(self) -> Iterator[Ruling]:
        """What ends by itself."""
        every = chain(self.bans.values(), self.mutes.values(), self.invites.values())
        return (ruling for ruling in every if ruling.until)

    def kept(self, act: Act) -> int:
        """How many there are of a sort that a room has many of."""
        kept = {Act.BAN: self.bans, Act.MUTE: self.mutes, Act.INVITE: self.invites}
        return len(self.roles if act is Act.OP else kept[act])

    def apply(self, ruling: Ruling) -> None:
        """The newest one of its fact."""
        over, fact = ends(ruling), fact_of(ruling) or ""
        self.held.pop(fact, None)
        if not over:
            self.held[fact] = ruling.until
        match sort_of(ruling):
            case Act.OP:
                key = _holder(ruling)
                assert key is not None
                self.roles.pop(key, None)
                if not over:
                    self.roles[key] = ROLES[ruling.value or "moderator"]
            case Act.BAN:
                _put(self.bans, ruling, over)
            case Act.MUTE:
                _put(self.mutes, ruling, over)
            case Act.INVITE:
                _put(self.invites, ruling, over)
            case Act.PASSWORD:
                self.verifier = ruling.value
            case Act.LOCK:
                self.locked = not over
            case Act.HIDE:
                self.hidden = not over
            case Act.SLOW:
                self.slow = int(ruling.value or "0")
            case Act.LIMIT:
                self.limit = int(ruling.value or "0")


NOTHING = Policy()
"""Of a room of which nothing was ever said. Never changed."""


def _put(kept: dict[str, Ruling], ruling: Ruling, over: bool) -> None:
    kept.pop(ruling.subjects[0], None)
    if not over:
        kept[ruling.subjects[0]] = ruling


def _holder(ruling: Ruling) -> bytes | None:
    """The key whose role it is about, if it is about one."""
    return key_of(ruling.subjects[0]) if ruling.subjects else None


def _is_number(text: str) -> bool:
    return text == "" or (text.isascii() and text.isdigit() and len(text) < 10)
