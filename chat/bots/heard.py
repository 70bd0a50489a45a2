"""A bot of a crowd: who it is at the moment, and what it and the others have heard."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from chat.client import explained
from chat.core import events
from chat.core.memberships import NotSaidError
from chat.core.text import clean
from chat.core.types import Entry

from .histogram import Histogram
from .measure import Counts
from .member import Hearer, Member
from .network import Network
from .receiver import Place, Receiver
from .stamp import Stamp, read_stamp

KNOWN = 4096
"""Entries of which it is remembered what they say."""

LEAVING = 5.0
"""Seconds for which who wants to go waits for its acknowledgements."""


class _Known(NamedTuple):
    text: str
    stamp: Stamp | None
    """None: somebody else said it."""
    twice: bool
    """The message is in the log at another place, too."""


class Ledger:
    """What all bots of a process hear and count."""

    def __init__(self, run: str) -> None:
        self.counts = Counts()
        self.joins = Histogram()
        self.latencies = Histogram()
        """Since they were taken last."""
        self.start = 0.0
        self.reason = ""
        """Why somebody could not join, as it was said last."""
        self.removed = ""
        """Why somebody was put out of its room."""
        self._run = run
        self._known: OrderedDict[tuple[str, int], _Known] = OrderedDict()
        self._entry: Entry | None = None
        self._latest = _Known("", None, False)
        self._places: dict[int, int] = {}
        """Of each message, the entry that it is."""

    def known(self, entry: Entry) -> _Known:
        """What the first who had this entry made of it."""
        if entry is self._entry:  # As it is for all who take the same push as read.
            return self._latest
        key = entry.room, entry.seq
        known = self._known.get(key)
        if known is None:
            stamp = read_stamp(entry.text, self._run)
            place = self._places.setdefault(stamp.number, entry.seq) if stamp else entry.seq
            known = self._known[key] = _Known(entry.text, stamp, place != entry.seq)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        self._entry, self._latest = entry, known
        return known

    def taken(self) -> tuple[list[tuple[int, int]], float]:
        """The latencies since this was asked last."""
        taken, self.latencies = self.latencies, Histogram()
        return list(taken.counts.items()), taken.most


class Bot(Hearer):
    """One of them, over all the members that it is, one after the other."""

    def __init__(self, number: int, room: str, network: Network, ledger: Ledger) -> None:
        self.room_name = room
        self.joined = False
        self.refused = False
        """It will not join: the room will not have it."""
        self._number = number
        self._lives = 0
        self._network = network
        self._ledger = ledger
        self._tickets: set[int] = set()
        """Not acknowledged yet."""
        self._leaving: bool | None = None
        """Wants to go, and whether silently; None: it does not."""
        self._receiver: Receiver | None = None
        self._repaired = 0
        self._opened_at = 0.0
        self._member = self._new()

    @property
    def head(self) -> int:
        """The newest entry it has heard of."""
        return self._member.head if self._receiver is not None else 0

    @property
    def waits(self) -> bool:
        """For an acknowledgement."""
        return bool(self._tickets)

    @property
    def repaired(self) -> int:
        return self._repaired + self._member.room.inbox.repaired

    def lost(self, head: int) -> int:
        """Of a log that reaches up to there."""
        return self._receiver.lost(head) if self._receiver is not None else 0

    def count(self, counts: Counts, head: int = 0) -> None:
        """Adds what is its own. What is behind `head` is lost; what is not may still come."""
        counts.members += self.joined
        counts.repaired += self.repaired
        counts.lost += self.lost(head)

    def open(self) -> None:
        self._opened_at = time.monotonic()
        self._member.open()

    def close(self) -> None:
        self._member.close()

    def say(self, text: str) -> None:
        try:
            self._tickets.add(self._member.say(text))
        except NotSaidError:
            self._ledger.counts.refused += 1
        else:
            self._ledger.counts.sent += 1

    def come_again(self, *, silent: bool) -> None:
        """As a new member, when what it has said is in the log."""
        if self._leaving is None:
            self._leaving = silent
            self._network.loop.call_later(LEAVING, self._leave, self._lives)
            self._leave_if_free()

    def _new(self) -> Member:
        self._lives += 1
        seed = f"{self._network.impair_seed}/{self._number}/{self._lives}"
        return Member(self._network, f"bot{self._number + 1}", self.room_name, self, seed)

    def _leave_if_free(self) -> None:
        if self._leaving is not None and self.joined and not self._tickets:
            self._network.loop.call_soon(self._leave, self._lives)

    def _leave(self, life: int) -> None:
        """Ends this life, if it is not over yet."""
        if self._leaving is None or self._member.closed or life != self._lives:
            return
        silent, self._leaving = self._leaving, None
        self._tickets.clear()
        self._repaired += self._member.room.inbox.repaired
        self._ledger.counts.lost += self.lost(0)
        self._member.close(silent=silent)
        self._receiver, self.joined = None, False
        self._member = self._new()
        self.open()

    # What its member tells

    def heard(self, entries: Sequence[Entry], at: float) -> None:
        receiver, ledger = self._receiver, self._ledger
        if receiver is None:
            return
        counts, resumed = ledger.counts, self._network.reactor.resumed
        for entry in entries:
            place = receiver.take(entry.seq)
            known = ledger.known(entry)
            if known.text != entry.text:
                counts.lost += 1
                continue
            if place is Place.TWICE or known.twice:
                counts.duplicates += 1
                continue
            if place is Place.LATE:
                counts.reordered += 1
            counts.delivered += 1
            if known.stamp is not None and ledger.start + known.stamp.at >= resumed:
                ledger.latencies.add(at - ledger.start - known.stamp.at)

    def again(self, count: int) -> None:
        self._ledger.counts.duplicates += count

    def happened(self, event: object, at: float) -> None:
        match event:
            case events.Logged(ticket=ticket):
                if ticket in self._tickets:
                    self._tickets.discard(ticket)
                    self._ledger.counts.acked += 1
                    self._leave_if_free()
            case events.Failed(ticket=ticket):
                self._tickets.discard(ticket)
            case events.Entered(again=again):
                self._entered(at, again=again)
            case events.Unreachable(reason=reason):
                self._ledger.reason = clean(self._member.hint or reason)
            case events.Refusal():
                self._ledger.reason = explained(event.reason, event.why)
                self.refused = True
            case events.Removed(_, reason):
                self._ledger.removed = clean(reason)
            case events.Rejected(reason, final):
                self._ledger.reason = clean(reason)
                self.refused |= final

    def _entered(self, at: float, *, again: bool) -> None:
        if not again:
            self._receiver = Receiver(self._member.room.inbox.first - 1)
            self.joined = True
            self._ledger.joins.add(at - self._opened_at)
            self._leave_if_free()
