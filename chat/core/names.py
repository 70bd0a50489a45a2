"""What people and rooms may be called, and who is called what right now."""

import unicodedata
from collections import Counter
from typing import NamedTuple

from .types import REGISTRY

NAME_MAX = 32
"""Characters; in UTF-8 at most as many bytes twice over, so that an entry's length byte holds it."""

BYTES_MAX = 64
LOBBY = "lobby"

_MARKS = frozenset("-_.'+")
_BLANK = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters to Unicode, and nothing to the eye."""

_STACK = 4
"""Combining marks on one letter of a name."""


class BadNameError(ValueError):
    """One line that says what a name must be like."""


def check_name(text: str, what: str = "name") -> str:
    """The name in its normal form (NFC). Raises BadNameError."""
    name = unicodedata.normalize("NFC", text)
    if not name:
        raise BadNameError(f"a {what} needs at least one letter or digit")
    for char in name:
        if not (char.isalnum() or unicodedata.combining(char) or char in _MARKS):
            raise BadNameError(f"a {what} has letters, digits and - _ . ' + in it, not {char!a}")
    stacked = 0
    for char in name:
        stacked = stacked + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if char in _BLANK or stacked > _STACK:
            raise BadNameError(f"a {what} is made of letters that one can see")
    if not name[0].isalnum():
        raise BadNameError(f"a {what} begins with a letter or a digit")
    if len(name) > NAME_MAX or len(name.encode()) > BYTES_MAX:
        raise BadNameError(f"a {what} has at most {NAME_MAX} characters and {BYTES_MAX} bytes")
    return name


def check_room(text: str) -> str:
    """A room's name in its normal form: rooms are the same whatever their letters' case, and a
    leading # is a habit from elsewhere. Raises BadNameError."""
    return check_name(text.removeprefix("#").casefold(), "room's name")


def room_name(text: str) -> str:
    """Any room's name in its normal form, a direct room's too. Raises BadNameError."""
    return check_room(text) if is_public(text) else text


def same_name(name: str) -> str:
    """What two names have in common that people would take for one (NFKC, casefold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def direct_room(one: bytes, other: bytes) -> str:
    """The name of the room of two: the sorted pair of their instances."""
    return "@" + ".".join(sorted((one.hex(), other.hex())))


def direct_parties(room: str) -> tuple[bytes, bytes] | None:
    """The two instances of a direct room's name; None for any other name."""
    if not room.startswith("@"):
        return None
    try:
        one, other = map(bytes.fromhex, room[1:].split("."))
    except ValueError:
        return None
    return (one, other) if direct_room(one, other) == room else None


def is_public(room: str) -> bool:
    """Whether people may ask for a room by this name."""
    return room != REGISTRY and not room.startswith("@")


class _Given(NamedTuple):
    """A name that somebody has."""

    name: str
    wanted: str
    """The common form of what was asked for."""
    number: int
    """What was added to it; 1 is nothing."""


class Names:
    """Names of the living: unique, first come first served."""

    def __init__(self) -> None:
        self._owners: dict[str, object] = {}
        self._names: dict[object, _Given] = {}
        self._free: dict[str, int] = {}
        """Of a wanted name, below which number all are taken; only as long as one of them is."""
        self._wanting: Counter[str] = Counter()
        """How many have a name of that stem."""

    def owner(self, name: str) -> object | None:
        return self._owners.get(same_name(name))

    def claim(self, owner: object, name: str) -> str:
        """Gives `owner` this name, or the first free one like it: alice2, alice3, … Its previous
        name is free again."""
        self.release(owner)
        wanted = same_name(name)
        number, given = 1, name
        while same_name(given) in self._owners:
            number = max(number + 1, self._free.get(wanted, 2))
            given = _numbered(name, number)
        self._owners[same_name(given)] = owner
        self._names[owner] = _Given(given, wanted, number)
        self._wanting[wanted] += 1
        if number > 1:
            self._free[wanted] = number + 1
        return given

    def release(self, owner: object) -> None:
        given = self._names.pop(owner, None)
        if given is None:
            return
        del self._owners[same_name(given.name)]
        self._wanting[given.wanted] -= 1
        if not self._wanting[given.wanted]:
            del self._wanting[given.wanted]
            self._free.pop(given.wanted, None)
        elif given.number > 1:
            self._free[given.wanted] = min(self._free.get(given.wanted, 2), given.number)


def _numbered(name: str, number: int) -> str:
    """The name with a number, within its bounds."""
    suffix = str(number)
    stem = name[: NAME_MAX - len(suffix)]
    while len((stem + suffix).encode()) > BYTES_MAX:
        stem = stem[:-1]
    return stem + suffix
