"""The log of what must outlive the rooms, as whoever folds it sees it: facts, each stood for by the
newest entry that counts.

The server appends in its own name and believes only what comes back from the log, its own entries
or another node's.

The log is kept about as long as there are facts: with each entry that makes another one obsolete,
the two oldest that still count are written again, and what is before the oldest is trimmed. Such a
copy, and a copy's copy, says of which entry it is one, and counts as that: what does not count any
more may well be kept for longer than what does, and all nodes must agree, whenever they began.
"""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from .entry import encode_entry
from .limits import REGISTRY_DRAFTS, REGISTRY_SPARE, REGISTRY_TRIM
from .staging import Staging, Verdict
from .types import REGISTRY, Append, Entry, Kind, Trim

_COPIES = 2


class Fact(NamedTuple):
    """What an entry is about."""

    kind: Kind
    name: str
    """What it is of that kind."""


def origin(entry: Entry) -> int:
    """The seq of what it is a copy of, or its own."""
    return entry.refers or entry.seq


class Ledger:
    """The facts, and the server's own pen."""

    def __init__(self, instance: bytes) -> None:
        """`instance`: random, new for each process."""
        self.facts: dict[Fact, Entry] = {}
        """The entry that counts of each, the oldest first."""
        self.seq = 0
        """The newest entry that was read."""
        self._instance = instance
        self._floor = 1
        self._staging = Staging(window=REGISTRY_DRAFTS)
        self._staging.enter(instance, 0)
        self._ended: dict[Fact, int] = {}
        """What is no fact any more, and the entry that ended it: a copy may still be on its way."""
        self._late: dict[int, int] = {}
        """Of entries that ended something, the newest one that came too late for it."""
        self._asked: set[Fact] = set()
        self._copied: set[Fact] = set()
        """Whose entry is being written again."""

    def opened(self, floor: int) -> None:
        self._floor = floor

    def counts(self, fact: Fact, entry: Entry) -> bool:
        """Whether it is newer than what is known of this fact, or a copy of that."""
        known = self.facts.get(fact)
        if known is not None:
            return origin(entry) >= origin(known)
        end = self._ended.get(fact, 0)
        if origin(entry) < end:
            self._late[end] = entry.seq
        return origin(entry) >= end

    def goes_on(self, fact: Fact, entry: Entry) -> bool:
        """Whether it has not ended: this entry only says how much of it is left."""
        end = self._ended.get(fact)
        if end is not None:
            self._late[end] = entry.seq
        return end is None

    def believe(self, fact: Fact, entry: Entry) -> None:
        """From now on this entry stands for it."""
        self.facts.pop(fact, None)
        self._ended.pop(fact, None)
        self.facts[fact] = entry

    def end(self, fact: Fact, entry: Entry) -> None:
        """It is no fact any more, because of this entry."""
        self.facts.pop(fact, None)
        self._ended[fact] = origin(entry)

    def forget(self, fact: Fact) -> None:
        """It does not count, and never did."""
        self.facts.pop(fact, None)

    def sort(self) -> None:
        """After facts were believed that are older than others."""
        self.facts = dict(sorted(self.facts.items(), key=lambda it: it[1].seq))

    def returned(self, fact: Fact, entry: Entry) -> None:
        """What may have been written here need not be waited for."""
        self._asked.discard(fact)
        if entry.refers:
            self._copied.discard(fact)

    def is_ours(self, entry: Entry) -> bool:
        return entry.instance == self._instance

    def logged(self, entry: Entry) -> None:
        self.seq = entry.seq
        self._staging.logged(entry.instance, entry.n)

    def appended(self, result: dict[bytes, int] | str) -> int | None:
        """If something of ours was refused, the last n before it: nothing after that will come."""
        if not self._staging.appended(result).refused:
            return None
        self._asked.clear()
        self._copied.clear()
        return self._staging.staged(self._instance)

    def ask(self, fact: Fact, author: str, text: str, time: int) -> bool:
        """Writes it, unless that waits for the log already."""
        if fact in self._asked:
            return False
        if not self.write(fact.kind, author, text, time):
            return False
        self._asked.add(fact)
        return True

    def write(self, kind: int, author: str, text: str, time: int, copy_of: int = 0) -> int:
        """The n that the entry will have; 0: the log refuses at the moment."""
        n = self._staging.staged(self._instance) + 1
        body = encode_entry(
            kind=kind,
            instance=self._instance,
            n=n,
            time=time,
            name=author,
            text=text,
            refers=copy_of,
        )
        taken = self._staging.take(self._instance, n, body) is Verdict.TAKEN
        return n if taken else 0

    def copy_oldest(self, over: Callable[[Fact], bool]) -> None:
        """`over`: whether a fact has run out, so that it need not be kept."""
        if self.seq - self._floor < 2 * len(self.facts) + REGISTRY_SPARE:
            return
        found = (fact for fact in self.facts if fact not in self._copied)
        for fact in list(islice(found, _COPIES)):
            if over(fact):
                self.forget(fact)
                continue
            entry = self.facts[fact]
            if self.write(entry.kind, entry.name, entry.text, entry.time, origin(entry)):
                self._copied.add(fact)

    def flush(self, *, trims: bool) -> list[Append | Trim]:
        drafts = self._staging.flush()
        effects: list[Append | Trim] = [Append(REGISTRY, drafts)] if drafts else []
        oldest = next(iter(self.facts.values())).seq if self.facts else self._floor
        if trims and oldest >= self._floor + REGISTRY_TRIM and not self._parts(oldest):
            self._floor = oldest
            self._ended = {fact: seq for fact, seq in self._ended.items() if seq >= oldest}
            self._late = {end: seq for end, seq in self._late.items() if end >= oldest}
            effects.append(Trim(REGISTRY, oldest))
        return effects

    def _parts(self, before: int) -> bool:
        """Whether a log that begins there has, or will have, what came too late for something
        without that which it came too late for: whoever reads it then would believe it."""
        late = (end < before <= seq for end, seq in self._late.items())
        return any(late) or any(self._ended.get(fact, before) < before for fact in self._copied)
