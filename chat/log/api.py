"""What a log promises, whatever keeps it.

A store holds the logs of all rooms. It is synchronous and belongs to one thread at a time: the
server runs it off the event loop, the simulator in its own virtual time.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from chat.core.types import REGISTRY, Draft, Extract, Point, Range, Record, Snapshot

CHUNK = 1000
"""Entries of a backlog in one answer of `news`: the rest comes with the next ones."""

STEP = 512
"""Entries more than it adds that one call takes from a room's old end, so that no call takes long
after a long silence; the next calls go on."""


DAY = 86_400_000
COUNTER_LIFE = 7 * DAY
"""Milliseconds that an unused counter is kept, at least. A ticket lives a day from when it was
given out, which may be long after its owner last said something: an append is a use, and an open,
which a store may note once a day."""


class Durability(Enum):
    """What an acknowledgement means."""

    PROCESS = "process"
    """Stored, whatever becomes of this process. A power cut may take the newest entries."""
    POWER = "power"
    """Stored, even if the power fails in the next moment."""


class Retention(NamedTuple):
    """What of a room is kept: both bounds hold, from the next append or open on. The registry is
    exempt."""

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
        return 0 if room == REGISTRY else now - int(self.days * DAY)


RETENTION = Retention()


class LogError(Exception):
    """The store cannot do what was asked, and nothing of it was done. One line that says why."""


class DamagedLogError(LogError):
    """What is stored is not what was written. It was left as it is."""


class Log(ABC):
    """The logs of all rooms. A room that was never written to is empty, with an origin."""

    waits = False
    """Whether an append waits for a disk or a network, so that nobody should wait for it."""

    @abstractmethod
    def append(self, appends: Sequence[tuple[str, Sequence[Draft]]]) -> list[dict[bytes, int]]:
        """Commits all of it, or nothing: a draft is taken exactly when its n follows its
        instance's newest in that room, anything else is passed over. When this returns, what was
        taken is as durable as the store promises. An instance's newest n is remembered for at
        least a day, a ticket's life, after it last appended or opened. Returns for each append the
        newest n of each instance in it. Raises LogError."""

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
        """From now on `news` has each committed entry of this room after `after`, once, unless it
        was trimmed before. To follow again is to begin again, after another `after`. Looks at
        nothing, so that it cannot fail."""

    @abstractmethod
    def unfollow(self, room: str) -> None:
        """`news` has nothing of this room any more."""

    @abstractmethod
    def news(self) -> list[tuple[str, tuple[Record, ...]]]:
        """Committed entries of the followed rooms since the last call, a room's dense and in
        order: retention leaves what was not said yet. A long backlog comes in parts: fewer than CHUNK
        in all mean that there is no more for now. Raises LogError, and what could not be said
        then is said later."""

    @abstractmethod
    def trim(self, room: str, before: int) -> None:
        """Forgets the entries before seq `before`, never the newest one's place in the chain.
        Raises LogError."""

    @property
    def untidy(self) -> bool:
        """Whether `tidy` should be called."""
        return False

    def tidy(self) -> None:
        """What has to be done at times and takes a while. Never raises: what fails is done another
        time."""

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
