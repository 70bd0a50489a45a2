"""What the commands of moderation ask the server for.

order(Call("ban", ("bob", "2h spam")))   # Order(Act.BAN, "bob", 7200, text="spam")
"""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from msgspec import Struct

from .asks import WORDS_MAX
from .commands import Call, Mistake, usage
from .durations import MOST, seconds
from .link import parse_endpoint
from .names import check_name
from .roles import Act

SLOW = 30
"""Seconds, where none are given."""

INVITE = 86_400
"""And of an invite."""

USES_MAX = 1_000_000
"""Of one invite; and the members that a limit may allow."""


class Order(Struct, frozen=True):
    """The fields of `asks.Act`, but for the room."""

    act: Act
    whom: str = ""
    seconds: int = 0
    number: int = 0
    """Of `delete`, the message: whoever knows which one is meant fills it in."""
    text: str = ""
    hidden: bool = False
    """The text is to be asked for, and not to be seen: it is a password."""


def order(call: Call) -> Order | Mistake | None:
    """None: it is no command of moderation."""
    make = _ORDERS.get(call.name)
    if make is None:
        return None
    try:
        made = make(*(arg.strip() for arg in call.args))
    except ValueError as error:
        return Mistake(f"{error}; {usage(call.name)}")
    size = len(made.text.encode(errors="replace"))
    if size > WORDS_MAX:
        return Mistake(f"{size} bytes are too long for a reason: at most {WORDS_MAX}")
    return made


def _kick(name: str, reason: str = "") -> Order:
    return Order(Act.KICK, _name(name), text=reason)


def _ban(whom: str = "", rest: str = "") -> Order:
    if not whom:
        return Order(Act.BANS)
    return Order(Act.BAN, _whom(whom), *_for_how_long(rest))


def _unban(whom: str) -> Order:
    return Order(Act.UNBAN, _whom(whom))


def _mute(name: str, rest: str = "") -> Order:
    return Order(Act.MUTE, _name(name), *_for_how_long(rest))


def _unmute(name: str) -> Order:
    return Order(Act.UNMUTE, _name(name))


def _op(name: str, role: str = "moderator") -> Order:
    if role.lower() not in ("moderator", "owner"):
        raise ValueError(f"{role} is no role")
    return Order(Act.OP, _name(name), text=role.lower())


def _deop(name: str) -> Order:
    return Order(Act.DEOP, _name(name))


def _password(word: str = "") -> Order:
    if word and word.lower() != "off":
        raise ValueError("a password is asked for, so that nobody sees it: /password alone")
    return Order(Act.PASSWORD, hidden=not word)


def _slow(word: str = "") -> Order:
    if not word:
        return Order(Act.SLOW, seconds=SLOW)
    if word.lower() in ("off", "0"):
        return Order(Act.SLOW)
    plain = word.isascii() and word.isdigit() and int(word[:12]) <= MOST
    return Order(Act.SLOW, seconds=int(word) if plain else _seconds(word))


def _limit(word: str) -> Order:
    return Order(Act.LIMIT, number=0 if word.lower() == "off" else _number(word))


def _invite(word: str = "1", rest: str = "") -> Order:
    if word.lower() == "list":
        return Order(Act.INVITES)
    if word.lower() == "revoke":
        return Order(Act.UNINVITE, _id(rest))
    return Order(Act.INVITE, seconds=_seconds(rest) if rest else INVITE, number=_number(word))


def _delete(reason: str = "") -> Order:
    return Order(Act.DELETE, text=reason)


_ORDERS: dict[str, Callable[..., Order]] = {
    "kick": _kick,
    "ban": _ban,
    "unban": _unban,
    "mute": _mute,
    "unmute": _unmute,
    "op": _op,
    "deop": _deop,
    "lock": lambda: Order(Act.LOCK),
    "unlock": lambda: Order(Act.UNLOCK),
    "password": _password,
    "slow": _slow,
    "limit": _limit,
    "hide": lambda: Order(Act.HIDE),
    "unhide": lambda: Order(Act.UNHIDE),
    "invite": _invite,
    "delete": _delete,
}
"""By command. Each takes the words of a call; they raise ValueError for what they cannot read."""


def _name(text: str) -> str:
    return check_name(text.removeprefix("@"))


def _whom(text: str) -> str:
    """A name, an address or prefix; of an endpoint, as /who shows it, the address."""
    if ":" not in text and "/" not in text:
        return _name(text)
    try:
        return str(ip_network(text, strict=False)) if "/" in text else str(ip_address(text))
    except ValueError:
        pass
    try:
        return str(ip_address(parse_endpoint(text)[0]))
    except ValueError:
        raise ValueError(f"{text} is no address: write 192.0.2.7 or 2001:db8::/64") from None


def _for_how_long(rest: str) -> tuple[int, int, str]:
    """Seconds, no number, and the reason. What begins with a digit is to be a duration: for good
    is not what somebody meant by `10 min`."""
    word, _, reason = rest.partition(" ")
    if word[:1].isdigit():
        return _seconds(word), 0, reason.strip()
    return 0, 0, rest


def _seconds(word: str) -> int:
    total = seconds(word)
    if total is None:
        raise ValueError(f"{word} is no duration: write 90s, 10m, 2h, 7d or 1w")
    return total


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and 0 < int(word[:12]) <= USES_MAX):
        raise ValueError(f"{word} is no number from 1 to {USES_MAX:,}")
    return int(word)


def _id(word: str) -> str:
    found = word.lower()
    if len(found) != 8 or not set(found) <= set("0123456789abcdef"):
        raise ValueError("which invite? /invite list has their ids")
    return found
