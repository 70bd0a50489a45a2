"""One turn of the loop: the effects so far, and who has something left to pack.

Inputs only queue; at the turn's end each dirty room, then each dirty member, packs and seals what
it has, so that whatever happened in one turn shares datagrams.
"""

from typing import Protocol

from .types import Effect


class Flushable(Protocol):
    def flush(self) -> None:
        """Emits what waits."""


class Turn:
    """Shared by everything in one core."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []
        self._rooms: dict[Flushable, None] = {}
        self._members: dict[Flushable, None] = {}

    def emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def room(self, room: Flushable) -> None:
        """This room has something to say."""
        self._rooms[room] = None

    def member(self, member: Flushable) -> None:
        """This member is to be told something."""
        self._members[member] = None

    def drain(self) -> list[Effect]:
        """All effects, in order; nothing is left behind."""
        while self._rooms or self._members:
            rooms, self._rooms = self._rooms, {}
            for room in rooms:
                room.flush()
            if not rooms:
                members, self._members = self._members, {}
                for member in members:
                    member.flush()
        effects, self._effects = self._effects, []
        return effects
