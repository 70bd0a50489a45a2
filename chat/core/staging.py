"""Drafts between their author and the log: each author's in order, each once.

The log has the last word: it takes `n` only after `n - 1`, and what it has it says through
`logged`. What stands here only saves it trouble. Nothing is acknowledged from here.
"""

from enum import Enum
from typing import NamedTuple

from .limits import WINDOW
from .types import Draft


class Verdict(Enum):
    """What became of a draft."""

    TAKEN = "taken"
    LOGGED = "logged"
    """The log has it already."""
    STAGED = "staged"
    """Taken before, and still on its way."""
    AHEAD = "ahead"
    """Beyond a gap or the window, or too soon after a refusal: to be sent again."""


class Landing(NamedTuple):
    """What a flight's end means for authors."""

    refused: list[bytes]
    """They have to send again."""
    forgotten: list[bytes]
    """The log has less of them than it once said: they have to find out, by joining anew."""


class _Author:
    __slots__ = ("landed", "last", "present", "staged")

    def __init__(self, last: int) -> None:
        self.last = last
        """The newest n that came out of the log."""
        self.landed = last
        """The newest n that an append left in it."""
        self.staged = last
        """The newest n that was taken."""
        self.present = True


class Staging:
    """One room's. `last ≤ staged ≤ last + window` for each author."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._authors: dict[bytes, _Author] = {}
        self._drafts: list[Draft] = []
        self._flights = 0
        self._unsettled: dict[bytes, None] = {}
        """Whose drafts were taken since the last landing: nobody else has anything to land."""
        self._failed = False

    def __len__(self) -> int:
        return len(self._authors)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is on its way to the log."""
        return not self._flights and not self._drafts

    @property
    def waiting(self) -> int:
        """Drafts that are yet to go to the log."""
        return len(self._drafts)

    def enter(self, instance: bytes, last: int) -> None:
        """An author joins, with what the log has of it."""
        author = self._authors.get(instance)
        if author is None:
            self._authors[instance] = _Author(last)
        else:
            author.present = True
            self.logged(instance, last)

    def leave(self, instance: bytes, *, out: bool = False) -> None:
        """An author is gone. `out`: to its client, all that it said and did not see in the log has
        failed, and when it comes back it counts on from what the log has; so what has not gone
        there yet does not go any more."""
        author = self._authors.get(instance)
        if author is not None:
            author.present = False
            if out:
                self._withdraw(instance, author)
            self._forget(instance, author)

    def last(self, instance: bytes) -> int:
        return self._authors[instance].last

    def staged(self, instance: bytes) -> int:
        return self._authors[instance].staged

    def judge(self, instance: bytes, n: int) -> Verdict:
        """What `take` would say."""
        author = self._authors[instance]
        if n <= author.last:
            return Verdict.LOGGED
        if n <= author.staged:
            return Verdict.STAGED
        if n != author.staged + 1 or n > author.last + self._window or self._failed:
            return Verdict.AHEAD
        return Verdict.TAKEN

    def take(self, instance: bytes, n: int, body: bytes) -> Verdict:
        verdict = self.judge(instance, n)
        if verdict is Verdict.TAKEN:
            self.add(instance, n, body)
        return verdict

    def add(self, instance: bytes, n: int, body: bytes) -> None:
        """A draft of which `judge` has just said that it would be taken."""
        self._authors[instance].staged = n
        self._unsettled[instance] = None
        self._drafts.append(Draft(instance, n, body))

    def flush(self, most: int | None = None) -> tuple[Draft, ...]:
        """What goes to the log now, up to so many bytes: one flight, which `appended` ends."""
        count = len(self._drafts) if most is None else self._fitting(most)
        drafts, self._drafts = tuple(self._drafts[:count]), self._drafts[count:]
        self._flights += bool(drafts)
        return drafts

    def appended(self, result: dict[bytes, int] | str) -> "Landing":
        """The oldest flight ended: with each of its authors' last n in the log, or with a reason
        for which nothing of it is there. After a refusal nothing is taken until all flights have
        landed; then authors go on from what the log has."""
        forgotten = []
        self._flights -= 1
        if isinstance(result, str):
            self._failed = True
            self._drafts.clear()
        else:
            for instance, last in result.items():
                author = self._authors.get(instance)
                if author is not None and last < author.last:
                    forgotten.append(instance)
                elif author is not None:
                    author.landed = max(author.landed, last)
        return Landing([] if self._flights else self._land(), forgotten)

    def logged(self, instance: bytes, n: int) -> None:
        """The log said an entry of this author."""
        author = self._authors.get(instance)
        if author is not None and n > author.last:
            author.last = n
            author.landed = max(author.landed, n)
            author.staged = max(author.staged, n)
            if not author.present:
                self._forget(instance, author)

    def _fitting(self, most: int) -> int:
        """How many of those that wait have so many bytes."""
        for count, draft in enumerate(self._drafts):
            most -= len(draft.body)
            if most < 0:
                return count
        return len(self._drafts)

    def _land(self) -> list[bytes]:
        waiting = dict.fromkeys(draft.instance for draft in self._drafts)
        self._failed = False
        refused = []
        for instance in self._unsettled:
            author = self._authors.get(instance)
            if author is None:
                continue
            if instance not in waiting and author.staged > author.landed:
                author.staged = author.landed
                refused.append(instance)
            if not author.present:
                self._forget(instance, author)
        self._unsettled = waiting
        return refused

    def _withdraw(self, instance: bytes, author: _Author) -> None:
        """What waits of it is the newest that was taken of it."""
        numbers = [draft.n for draft in self._drafts if draft.instance == instance]
        if numbers:
            author.staged = max(author.last, numbers[0] - 1)
            self._drafts = [draft for draft in self._drafts if draft.instance != instance]

    def _forget(self, instance: bytes, author: _Author) -> None:
        """It has left: as soon as nothing of its own is on its way."""
        if author.staged == author.last:
            self._authors.pop(instance, None)
