"""Reading what others have said meanwhile: how far it has come."""

from typing import NamedTuple

from chat.core.membership import Membership

FEW = 20
"""Entries that are read before a person has looked."""

LATE = 0.5
"""Seconds for which even a few may be missing without a word."""


class Progress(NamedTuple):
    """Entries read, of those that there were to read."""

    done: int
    total: int


class CatchUp:
    """Of one room, each time that it is behind. It ends with the entry that was the newest when it
    was first worth a word: what is said meanwhile is another one, and does not move this bar back."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._begin = self._end = 0
        self._seen = False

    def look(self, room: Membership | None, now: float) -> Progress | None:
        """None: there is nothing to wait for. `now`: monotonic seconds."""
        if room is None or not room.joined or room.inbox.shown >= room.inbox.head:
            self._since = None
            return None
        shown, head = room.inbox.shown, room.inbox.head
        if self._since is None or shown >= self._end or shown < self._begin:
            self._since, self._begin, self._end, self._seen = now, shown, head, False
        if not self._seen and (head - shown > FEW or now - self._since > LATE):
            self._seen, self._end = True, head
        return Progress(shown - self._begin, self._end - self._begin) if self._seen else None
