"""What one bot has of a room's log, by sequence number: what is missing, late or there twice."""

from enum import Enum


class Place(Enum):
    """Of an entry, among those that came before it."""

    NEXT = "next"
    """Behind all of them."""
    LATE = "late"
    """One with a higher number came before."""
    TWICE = "twice"


class Receiver:
    """From the entry after `start` on: what is before it, the bot was not there for."""

    __slots__ = ("missing", "received", "start", "top")

    def __init__(self, start: int) -> None:
        self.start = start
        self.top = start
        """The highest number that came."""
        self.received = 0
        self.missing: set[int] = set()
        """Numbers below it that did not."""

    def take(self, seq: int) -> Place:
        """An entry has come."""
        if seq == self.top + 1:
            self.top = seq
        elif seq > self.top:
            self.missing.update(range(self.top + 1, seq))
            self.top = seq
        elif seq in self.missing:
            self.missing.discard(seq)
            self.received += 1
            return Place.LATE
        else:
            return Place.TWICE
        self.received += 1
        return Place.NEXT

    def lost(self, head: int) -> int:
        """Of a log that reaches up to `head`."""
        return len(self.missing) + max(0, head - self.top)
