"""What people and rooms may be called, and who is called what right now."""

import unicodedata

from .types import REGISTRY

NAME_MAX = 32
"""Characters; in UTF-8 at most as many bytes twice over, so that an entry's length byte holds it."""

BYTES_MAX = 64
LOBBY = "lobby"

_MARKS = frozenset("-_.'+")


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
    if not name[0].isalnum():
        raise BadNameError(f"a {what} begins with a letter or a digit")
    if len(name) > NAME_MAX or len(name.encode()) > BYTES_MAX:
        raise BadNameError(f"a {what} has at most {NAME_MAX} characters and {BYTES_MAX} bytes")
    return name


def check_room(text: str) -> str:
    """A room's name in its normal form: rooms are the same whatever their letters' case, and a
    leading # is a habit from elsewhere. Raises BadNameError."""
    return check_name(text.removeprefix("#").casefold(), "room's name")


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


class Names:
    """Names of the living: unique, first come first served."""

    def __init__(self) -> None:
        self._owners: dict[str, object] = {}
        self._names: dict[object, str] = {}

    def owner(self, name: str) -> object | None:
        return self._owners.get(same_name(name))

    def claim(self, owner: object, name: str) -> str:
        """Gives `owner` this name, or the first free one like it: alice2, alice3, … Its previous
        name is free again."""
        given, number = name, 1
        while self._owners.get(same_name(given), owner) is not owner:
            number += 1
            suffix = str(number)
            stem = name[: NAME_MAX - len(suffix)]
            while len((stem + suffix).encode()) > BYTES_MAX:
                stem = stem[:-1]
            given = stem + suffix
        self.release(owner)
        self._owners[same_name(given)] = owner
        self._names[owner] = given
        return given

    def release(self, owner: object) -> None:
        name = self._names.pop(owner, None)
        if name is not None:
            del self._owners[same_name(name)]
