"""What the operator says to everybody: a notice, to so many at once.

The network loses notices. So sealed members are sent each of them three times, and their clients
show it once; plain text, which would show it three times, is told once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Container
from typing import TYPE_CHECKING, NamedTuple

from . import limits
from .types import Form

if TYPE_CHECKING:
    from .member import Member


class _Round(NamedTuple):
    """Everybody is told once."""

    at: float
    """Not before that."""
    text: str
    members: deque[Member]
    """Those who are left."""


class Announcer:
    """One announcement at a time. `timeout` is to be called when `set_timer` said."""

    def __init__(self, here: Container[Member], set_timer: Callable[[float], None]) -> None:
        """`here`: who has not gone meanwhile."""
        self._here = here
        self._set_timer = set_timer
        self._rounds: list[_Round] = []

    @property
    def busy(self) -> bool:
        """The one before is still being told."""
        return bool(self._rounds)

    def say(self, text: str, members: Collection[Member], now: float) -> None:
        sealed = [member for member in members if member.form is Form.SEALED]
        rounds = (members, *[sealed] * (limits.ANNOUNCED - 1))
        for number, who in enumerate(rounds):
            self._rounds.append(_Round(now + number * limits.ANNOUNCED_AGAIN, text, deque(who)))
        self.timeout(now)

    def timeout(self, now: float) -> None:
        left = limits.ANNOUNCED_AT_ONCE
        for at, text, members in self._rounds:
            while at <= now and members and left:
                if (member := members.popleft()) in self._here:
                    member.notice(text)
                    left -= 1
        self._rounds = [each for each in self._rounds if each.members]
        if self._rounds:
            due = min(each.at for each in self._rounds)
            self._set_timer(max(due, now + limits.ANNOUNCED_PAUSE))
