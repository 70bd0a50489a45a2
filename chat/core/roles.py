"""Who may do what to whom in a room: the one table of moderation.

A role belongs to a key, in one room. Whoever has none is a member as long as nobody mutes it; the
operator's keys are admins in every room, and the operator itself, at the server's own machine, is
above all of them.
"""

from enum import IntEnum, StrEnum

from msgspec import Struct


class Role(IntEnum):
    """The higher one may act on the lower."""

    MUTED = 1
    MEMBER = 2
    MODERATOR = 3
    OWNER = 4
    ADMIN = 5
    OPERATOR = 6


class Act(StrEnum):
    """What is done."""

    KICK = "kick"
    BAN = "ban"
    UNBAN = "unban"
    MUTE = "mute"
    UNMUTE = "unmute"
    DELETE = "delete"
    """Somebody else's message."""
    SLOW = "slow"
    INVITE = "invite"
    UNINVITE = "uninvite"
    INVITES = "invites"
    """Are listed."""
    BANS = "bans"
    """Are listed."""
    LOCK = "lock"
    UNLOCK = "unlock"
    PASSWORD = "password"
    LIMIT = "limit"
    HIDE = "hide"
    UNHIDE = "unhide"
    OP = "op"
    """A role is given."""
    DEOP = "deop"
    """A role is taken."""


class Rule(Struct, frozen=True):
    """One row: from which role on, and whether it is done to somebody."""

    least: Role
    whom: bool = False
    """Somebody lower than oneself."""
    peers: bool = False
    """Or equal: owners among themselves, and oneself."""


RULES: dict[Act, Rule] = {
    Act.KICK: Rule(Role.MODERATOR, whom=True),
    Act.BAN: Rule(Role.MODERATOR, whom=True),
    Act.UNBAN: Rule(Role.MODERATOR),
    Act.MUTE: Rule(Role.MODERATOR, whom=True),
    Act.UNMUTE: Rule(Role.MODERATOR, whom=True),
    Act.DELETE: Rule(Role.MODERATOR, whom=True),
    Act.SLOW: Rule(Role.MODERATOR),
    Act.INVITE: Rule(Role.MODERATOR),
    Act.UNINVITE: Rule(Role.MODERATOR),
    Act.INVITES: Rule(Role.MODERATOR),
    Act.BANS: Rule(Role.MODERATOR),
    Act.LOCK: Rule(Role.MODERATOR),
    Act.UNLOCK: Rule(Role.MODERATOR),
    Act.PASSWORD: Rule(Role.OWNER),
    Act.LIMIT: Rule(Role.OWNER),
    Act.HIDE: Rule(Role.OWNER),
    Act.UNHIDE: Rule(Role.OWNER),
    Act.OP: Rule(Role.OWNER, whom=True, peers=True),
    Act.DEOP: Rule(Role.OWNER, whom=True, peers=True),
}


def objection(
    act: Act,
    who: Role,
    whom: Role = Role.MEMBER,
    *,
    oneself: bool = False,
    last_owner: bool = False,
) -> str | None:
    """Why `who` may not do this to `whom`, if it may not. `whom` is the role that it has, a muted
    one's included; `last_owner`: there is no other owner than the one it is done to."""
    rule = RULES[act]
    if act is Act.DEOP and oneself:
        if who < Role.MODERATOR:
            return "you have no role here to give up"
    elif who < rule.least:
        return f"only {_names(rule.least)} may do that here"
    elif rule.whom and not (whom < who or (rule.peers and whom == who)):
        return "you may not do that to somebody of that role"
    if act is Act.DEOP and last_owner and who < Role.OPERATOR:
        return "a room's last owner stays; make somebody else an owner first"
    return None


def _names(role: Role) -> str:
    return "its owners" if role is Role.OWNER else "its moderators and owners"
