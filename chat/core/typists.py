"""Who is typing in a room: told at once, forgotten by itself, and repeated for nobody.

A client says so as long as its user types; the server says to rooms of up to 64 who all are. Where
one is not heard of any more, each end forgets it by its own clock. Nothing here is logged.
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf

from . import wire
from .asks import Member
from .limits import MEMBERS_SMALL, TYPING_AGAIN, TYPING_LIFE, TYPING_TICK


class Typists:
    """The server's side. `frame` is to be asked after everything else, and when the timer fires."""

    def __init__(self, tag: int, set_timer: Callable[[float], None]) -> None:
        """`set_timer`: `frame` is to be asked then, or earlier."""
        self._tag = tag
        self._set_timer = set_timer
        self._typing: dict[bytes, tuple[int, float]] = {}
        """By instance, its ordinal, and until when that counts."""
        self._renewed = False
        """Somebody of those that were told still types, or again."""
        self._told: tuple[int, ...] = ()
        self._told_at = -inf
        self._version = 0

    def heard(self, instance: bytes, ordinal: int, now: float) -> None:
        """It types."""
        self._renewed = self._renewed or ordinal in self._told
        self._typing[instance] = ordinal, now + TYPING_LIFE

    def drop(self, instance: bytes) -> None:
        """It has said something, or is gone."""
        self._typing.pop(instance, None)

    def frame(self, members: int, now: float) -> wire.Typists | None:
        """What a room of so many is to be told now, if it is: what has changed, and for who
        forgets by itself that it is still so."""
        if not (self._typing or self._told):
            return None
        for instance in [each for each, (_, until) in self._typing.items() if until <= now]:
            del self._typing[instance]
        if members > MEMBERS_SMALL:
            self._typing.clear()
            self._told = ()
        here = tuple(ordinal for ordinal, _ in self._typing.values())
        if self._typing:
            self._set_timer(min(until for _, until in self._typing.values()))
        if here == self._told and not (here and self._renewed):
            return None
        due = self._told_at + (TYPING_AGAIN if here == self._told else TYPING_TICK)
        if now < due:
            self._set_timer(due)
            return None
        self._told, self._told_at, self._renewed = here, now, False
        self._version += 1
        return wire.Typists(self._tag, self._version, here)


class Typing:
    """A member's side: that its own user types, and who else does."""

    def __init__(self) -> None:
        self._n = 0
        """Of the draft that is being typed; 0: there is nothing to say of it."""
        self._said_at = -inf
        self._version = 0
        self._until: dict[int, float] = {}
        """By ordinal, when it is to be forgotten."""
        self._told: tuple[str, ...] = ()

    def begin(self) -> None:
        """Another session: what came in the one before says nothing."""
        self._n = self._version = 0
        self._until.clear()

    # Our own

    def types(self, n: int, now: float) -> None:
        """The user types what is to be the draft `n`."""
        if now >= self._said_at + TYPING_AGAIN:
            self._n, self._said_at = n, now

    def take(self, n: int) -> int:
        """The draft to say this of, if it is still the next one, `n`; or 0."""
        typed, self._n = self._n, 0
        return typed if typed == n else 0

    # The others'

    def saw(self, frame: wire.Typists, now: float) -> None:
        """The newest one counts, whenever it comes."""
        if frame.version > self._version:
            self._version = frame.version
            self._until = dict.fromkeys(frame.ordinals[:MEMBERS_SMALL], now + TYPING_LIFE)

    def said(self, name: str, members: Mapping[int, Member]) -> None:
        """Who has this name has said something."""
        for ordinal in [each for each in self._until if _named(each, members) == name]:
            del self._until[ordinal]

    def forget(self, now: float) -> None:
        """Of whom nothing was heard for long enough."""
        for ordinal in [each for each, until in self._until.items() if until <= now]:
            del self._until[ordinal]

    @property
    def quiet(self) -> bool:
        """Nobody is."""
        return not self._until

    @property
    def deadline(self) -> float | None:
        """When there is somebody to forget."""
        return min(self._until.values(), default=None)

    def news(self, own: int, members: Mapping[int, Member]) -> tuple[str, ...] | None:
        """The names of all but the one with the ordinal `own`, where they are others than when
        this was asked last."""
        names = _names(self._until, own, members)
        if names == self._told:
            return None
        self._told = names
        return names


def _named(ordinal: int, members: Mapping[int, Member]) -> str:
    return members[ordinal].name if ordinal in members else ""


def _names(typing: Iterable[int], own: int, members: Mapping[int, Member]) -> tuple[str, ...]:
    """Each once; not ours, whoever of us it is."""
    names = dict.fromkeys(_named(ordinal, members) for ordinal in typing if ordinal != own)
    return tuple(name for name in names if name and name != _named(own, members))
