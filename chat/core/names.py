"""What people and rooms may be called, and who is called what right now."""

from collections.abc import Iterator
from functools import lru_cache
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple, Protocol

from .confusables import skeleton
from .spelling import BYTES_MAX, NAME_MAX, BadNameError, check_name, same_name
from .types import REGISTRY

__all__ = [
    "BYTES_MAX",
    "LOBBY",
    "NAME_MAX",
    "BadNameError",
    "Deed",
    "Deeds",
    "Names",
    "check_name",
    "check_room",
    "direct_parties",
    "direct_room",
    "is_public",
    "room_name",
    "same_name",
]

LOBBY = "lobby"

_TRIES = 256
"""Numbers that are tried for one name."""


@lru_cache(4096)
def check_room(text: str) -> str:
    """A room's name in its normal form: rooms are the same whatever their letters' case, and a
    leading # is a habit from elsewhere. Raises BadNameError."""
    return check_name(text.removeprefix("#").casefold(), "room's name")


def room_name(text: str) -> str:
    """Any room's name in its normal form, a direct room's too. Raises BadNameError."""
    return check_room(text) if is_public(text) else text


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


class Deed(NamedTuple):
    """A name, as it was registered, and the key that it belongs to (32 bytes)."""

    name: str
    key: bytes


class Deeds(Protocol):
    """Which names belong to whom for good: the registry."""

    def deed(self, name: str) -> Deed | None:
        """Of this name, however its letters' case."""

    def look_alike(self, name: str) -> Deed | None:
        """Of another name that looks like this one; all of those belong to one key."""


class _NoDeeds:
    """Nothing belongs to anybody."""

    def deed(self, name: str) -> Deed | None:
        return None

    def look_alike(self, name: str) -> Deed | None:
        return None


class _Held:
    """A name that somebody has."""

    __slots__ = ("key", "look", "name", "number", "owners", "same", "stem")

    def __init__(self, name: str, key: bytes, stem: str, number: int) -> None:
        self.name = name
        self.same = same_name(name)
        self.look = _shared(skeleton(name), self.same)
        self.key = key
        """Whose it is; empty for its only owner's."""
        self.stem = _shared(stem, self.same)
        """The common form of what was asked for."""
        self.number = number
        """What was added to it; 1 is nothing."""
        self.owners: tuple[object, ...] = ()
        """The first one first."""


class _Stem:
    """What was asked for by some of the living, who got it, or it and a number."""

    __slots__ = ("freed", "names", "next")

    def __init__(self) -> None:
        self.names = 0
        """That are held."""
        self.next = 2
        """Below it, what is not freed is taken, or was not to be had."""
        self.freed: list[int] | None = None
        """A heap, if there are any."""


class Names:
    """Names of the living: first come first served, unless they belong to a key for good.

    At any time a name (`same_name`) is held by one key, with as many owners as have that key, or
    by one owner without a key. No name looks like one that another holds; only a registered name
    is its key's whatever there is that looks like it.
    """

    def __init__(self, deeds: Deeds | None = None) -> None:
        self._deeds = deeds or _NoDeeds()
        self._names: dict[object, _Held] = {}
        """By owner."""
        self._owners: dict[str, _Held] = {}
        """By common form."""
        self._looks: dict[str, tuple[_Held, ...]] = {}
        """By skeleton."""
        self._shared: dict[tuple[bytes, str], _Held] = {}
        """By key and stem, if it is numbered: who has the key and asks for the same gets it too."""
        self._stems: dict[str, _Stem] = {}

    def owner(self, name: str) -> object | None:
        """The first of its owners."""
        return next(iter(self.owners(name)), None)

    def owners(self, name: str) -> tuple[object, ...]:
        """All who have this name, the first first."""
        held = self._owners.get(same_name(name))
        return held.owners if held is not None else ()

    def claim(self, owner: object, name: str, key: bytes = b"") -> str:
        """Gives `owner`, whose key this is (32 bytes, or none), a checked name, or the first free
        one like it: alice2, alice3, … Its previous name is free again. Raises BadNameError, and
        changes nothing, if it looks like somebody else's."""
        given, number = self._choose(owner, name, key)
        held = self._owners.get(same_name(given))
        if held is None:
            self.release(owner)
            held = self._hold(_Held(given, key, same_name(name), number))
        elif owner not in held.owners:
            self.release(owner)
        elif len(held.owners) == 1 and (held.name, held.key) != (given, key):
            self._unlist(held)
            held.name, held.key, held.look = given, key, skeleton(given)
            self._list(held)
        if owner not in held.owners:
            held.owners = (*held.owners, owner)
        self._names[owner] = held
        return held.name

    def release(self, owner: object) -> None:
        """Its name is free when its last owner is gone."""
        held = self._names.pop(owner, None)
        if held is None:
            return
        held.owners = tuple(each for each in held.owners if each is not owner)
        if held.owners:
            return
        del self._owners[held.same]
        self._unlist(held)
        stem = self._stems[held.stem]
        stem.names -= 1
        if not stem.names:
            del self._stems[held.stem]
        elif held.number > 1:
            stem.freed = stem.freed or []
            heappush(stem.freed, held.number)

    def _choose(self, owner: object, name: str, key: bytes) -> tuple[str, int]:
        """The name to have, and its number."""
        name = self._spelled(name, key)
        if not self._taken(name, owner, key):
            if like := self._like(name, owner, key):
                raise BadNameError(f"{name} looks like {like}")
            return name, 1
        for number in islice(self._numbers(owner, name, key), _TRIES):
            given = self._spelled(_numbered(name, number), key)
            if not self._taken(given, owner, key) and not self._like(given, owner, key):
                return given, number
        raise BadNameError(f"{name} is taken, and so are the names like it; take another")

    def _spelled(self, name: str, key: bytes) -> str:
        """The name as its owner registered it, if this is its key."""
        deed = self._deeds.deed(name) if key else None
        return deed.name if deed is not None and deed.key == key else name

    def _taken(self, name: str, owner: object, key: bytes) -> bool:
        deed = self._deeds.deed(name)
        if deed is not None and deed.key != key:
            return True
        held = self._owners.get(same_name(name))
        return held is not None and not _may_have(held, owner, key)

    def _like(self, name: str, owner: object, key: bytes) -> str:
        """Whose name it looks like, in words; nothing if it is nobody else's."""
        deed = self._deeds.deed(name)
        if deed is not None and deed.key == key:
            return ""
        same = same_name(name)
        for held in self._looks.get(skeleton(name), ()):
            if held.same != same and not _may_have(held, owner, key):
                return f"{held.name}, who is here"
        deed = self._deeds.look_alike(name)
        if deed is not None and deed.key != key:
            return f"{deed.name}, which belongs to somebody"
        return ""

    def _numbers(self, owner: object, name: str, key: bytes) -> Iterator[int]:
        """To try for a taken name, each a few times at most while somebody has it: a thousand who
        want the same one are not tried a million times."""
        wanted = same_name(name)
        for known in (self._names.get(owner), self._shared.get((key, wanted))):
            if known is not None and known.stem == wanted and known.number > 1:
                yield known.number
        stem = self._stems.get(wanted) or _Stem()
        while True:
            if stem.freed:
                yield heappop(stem.freed)
            else:
                stem.next += 1
                yield stem.next - 1

    def _hold(self, held: _Held) -> _Held:
        self._owners[held.same] = held
        self._stems.setdefault(held.stem, _Stem()).names += 1
        self._list(held)
        return held

    def _list(self, held: _Held) -> None:
        self._looks[held.look] = (*self._looks.get(held.look, ()), held)
        if held.key and held.number > 1:
            self._shared[held.key, held.stem] = held

    def _unlist(self, held: _Held) -> None:
        others = tuple(each for each in self._looks[held.look] if each is not held)
        if others:
            self._looks[held.look] = others
        else:
            del self._looks[held.look]
        if self._shared.get((held.key, held.stem)) is held:
            del self._shared[held.key, held.stem]


def _shared(text: str, other: str) -> str:
    """One string for what is mostly the same."""
    return other if text == other else text


def _may_have(held: _Held, owner: object, key: bytes) -> bool:
    """Whether it is the owner's own name, or its key's."""
    return (key != b"" and held.key == key) or (len(held.owners) == 1 and owner in held.owners)


def _numbered(name: str, number: int) -> str:
    """The name with a number, within its bounds."""
    suffix = str(number)
    stem = name[: NAME_MAX - len(suffix)]
    while len((stem + suffix).encode()) > BYTES_MAX:
        stem = stem[:-1]
    return stem + suffix
