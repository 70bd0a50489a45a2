"""Who was shown what: counted from what each member's client told, and from nothing else."""

from collections import Counter
from typing import NamedTuple

from chat.core import events
from chat.core.inbox import Broken
from chat.core.types import Entry
from chat.net.impair import Tally


class Verdict(NamedTuple):
    """Of one room."""

    messages: int
    members: int
    shown: int
    """Message by member, each counted once."""
    twice: int
    network: Tally

    @property
    def lost(self) -> int:
        return self.messages * self.members - self.shown

    @property
    def good(self) -> bool:
        return not self.lost and not self.twice

    def __str__(self) -> str:
        return (
            f"{self.messages:,} messages x {self.members} members: {self.shown:,} shown, "
            f"{self.lost:,} lost, {self.twice:,} twice; the network dropped "
            f"{self.network.dropped:,} of {self.network.seen:,} datagrams"
        )


class Ledger:
    """What one member was shown of the room, by sequence number."""

    def __init__(self, room: str) -> None:
        self.left = False
        """It left the room, so there is nothing to expect any more."""
        self._room = room
        self._shown: Counter[int] = Counter()

    def take(self, event: object) -> None:
        match event:
            case Entry(room=self._room, seq=seq):
                self._shown[seq] += 1
            case Broken(self._room, seq):
                for gone in [each for each in self._shown if each >= seq]:
                    del self._shown[gone]
            case events.Exited(self._room):
                self.left = True

    @property
    def newest(self) -> int:
        return max(self._shown, default=0)

    def shown(self, up_to: int) -> int:
        return sum(seq <= up_to for seq in self._shown)

    @property
    def twice(self) -> int:
        return sum(count - 1 for count in self._shown.values())
