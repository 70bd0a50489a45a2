"""What a log promises, whatever keeps it.

A store holds the logs of all rooms. It is synchronous and belongs to one thread at a time: the
server runs it off the event loop, the simulator in its own virtual time.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chat.core.types import REGISTRY, Draft, Extract, Point, Range, Record, Snapshot


class Retention(NamedTuple):
    """What of a room is kept: both bounds hold. The registry is exempt."""

    entries: int = 100_000
    days: float = 30.0

    def excess(self, room: str, count: int) -> int:
        """How many of a room's `count` entries may go. Never one by one: a sixty-fourth at a
        time, so that what a message costs does not depend on how full its room is."""
        if room == REGISTRY or count <= self.entries + self.entries // 64:
            return 0
        return count - self.entries

    def oldest(self, room: str, now: int) -> int:
        """Entries that were stored before this wall-clock millisecond may go."""
        return 0 if room == REGISTRY else now - int(self.days * 86_400_000)


RETENTION = Retention()


class LogError(Exception):
    """The store cannot do what was asked, and nothing of it was done. One line that says why."""


class DamagedLogError(LogError):
    """What is stored is not what was written. It was left as it is."""


class Log(ABC):
    """The logs of all rooms. A room that was never written to is empty, with an origin."""

    @abstractmethod
    def append(self, appends: Sequence[tuple[str, Sequence[Draft]]]) -> list[dict[bytes, int]]:
        """Commits all of it, or nothing: a draft is taken exactly when its n follows its
        instance's newest in that room, anything else is passed over. When this returns, what was
        taken is as durable as the store promises. Returns for each append the newest n of each
        instance in it. Raises LogError."""

    @abstractmethod
    def open(self, room: str, instance: bytes, points: Iterable[Point]) -> Snapshot:
        """One consistent look. `points` come newest first; the newest one that is on the chain is
        the one that matched. Raises LogError."""

    @abstractmethod
    def fetch(self, room: str, ranges: Sequence[Range], budget: int) -> Extract:
        """The entries of `ranges` in the order asked for, until their bodies exceed `budget`
        bytes; one at least, where there is one. Raises LogError."""

    @abstractmethod
    def follow(self, room: str, after: int) -> None:
        """From now on `news` has each committed entry of this room after `after`, once."""

    @abstractmethod
    def unfollow(self, room: str) -> None:
        """`news` has nothing of this room any more."""

    @abstractmethod
    def news(self) -> list[tuple[str, tuple[Record, ...]]]:
        """Committed entries of the followed rooms since the last call, dense and in order. Raises
        LogError."""

    @abstractmethod
    def trim(self, room: str, before: int) -> None:
        """Forgets the entries before seq `before`, never the newest one's place in the chain.
        Raises LogError."""

    @abstractmethod
    def close(self) -> None:
        """Everything that was appended is stored."""


def within(records: Iterable[Record], taken: int, budget: int) -> Iterator[Record]:
    """The records that a fetch has room for, after `taken` bytes of bodies; its first one always."""
    for record in records:
        if taken and taken + len(record.body) > budget:
            return
        taken += len(record.body)
        yield record
