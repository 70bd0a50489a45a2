"""Who has just left: a moderator may still mean it by its name, which by then nobody has."""

from msgspec import Struct

from . import limits
from .member import Member
from .names import same_name
from .subjects import subjects_of


class Person(Struct, frozen=True):
    """What stays of a member when it has gone."""

    name: str
    key: bytes
    """32 bytes, or empty."""
    subjects: tuple[str, ...]
    """See `policy`."""


def person(member: Member) -> Person:
    return Person(member.name, member.public, subjects_of(member))


class Gone:
    """Of one house: who left which room, the last one of each name."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, str], tuple[Person, float]] = {}
        """With when it is forgotten; who left first is first."""

    def left(self, member: Member, room: str, now: float) -> None:
        key = room, same_name(member.name)
        self._left.pop(key, None)
        self._left[key] = person(member), now + limits.GONE_FOR
        if len(self._left) > limits.GONE:
            del self._left[next(iter(self._left))]

    def find(self, name: str, room: str, now: float) -> Person | None:
        found, until = self._left.get((room, same_name(name)), (None, now))
        return found if now < until else None
