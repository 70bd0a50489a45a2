"""Pushes that the bots of a process have read: the same bytes for all of a room, so those who stand
at the same place of the log take as read what one of them has.

What a bot takes so, it notes, and its guest is told of many at once: touching all that a guest is
made of, for a thousand guests in turn, takes longer than what is done there.
"""

from collections import OrderedDict

from chat.core.membership import Membership
from chat.core.readpush import ReadPush, read_push
from chat.core.types import Entry

KEPT = 256
"""Pushes that are remembered as read, and that one bot takes so before its guest is told."""


class Pushes:
    """What was read lately, by any of them."""

    def __init__(self) -> None:
        self._read: OrderedDict[bytes, ReadPush] = OrderedDict()
        self.get = self._read.get

    def add(self, datagram: bytes, room: Membership, entries: tuple[Entry, ...]) -> None:
        """One that was read in full just now."""
        if room.opener is None:
            return
        push = read_push(datagram, room.opener, room.inbox, entries)
        if push is not None:
            self._read[datagram] = push
            if len(self._read) > KEPT:
                self._read.popitem(last=False)


class Taken:
    """What one bot takes as read in its room, and its guest does not know yet: each right upon the
    one before. Nothing else may be done with the guest until it is told."""

    def __init__(self, room: Membership) -> None:
        self.at = 0.0
        """When the newest one came."""
        self._room = room
        self._pushes: list[ReadPush] = []

    def __bool__(self) -> bool:
        return bool(self._pushes)

    def take(self, push: ReadPush, instance: bytes, now: float) -> bool:
        """False: it is for who has this instance to read in full."""
        pushes = self._pushes
        if pushes and len(pushes) < KEPT and push.follows(pushes[-1]):
            if instance in push.authors:
                return False
        else:
            self.tell()
            if not self._room.repeats(push, instance):
                return False
        pushes.append(push)
        self.at = now
        return True

    def tell(self) -> None:
        """The guest."""
        if self._pushes:
            self._room.repeat(self._pushes, self.at)
            self._pushes.clear()
