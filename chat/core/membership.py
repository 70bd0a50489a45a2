"""A guest's part in one room: what it reads, what it says, who it sees, what it reports."""

from . import asks, events, limits, wire
from .channel import PushOpener
from .history import History, Older
from .inbox import Inbox, News
from .outbox import Draft, Outbox
from .presence import Change, Roster
from .types import Entry, Kind, Point

Event = News | Older | events.Entered | events.Logged | events.Presence | events.Receipts

_FIRST_HEAD = limits.HEADS[0]


class Membership:
    """One room. `joined` as long as the session knows that the server has us in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tag = 0
        self.joined = False
        self.disowned = False
        """The log has less of our instance than it once acknowledged."""
        self.topic = ""
        self.peer = ""
        self.ordinal = 0
        self.inbox = Inbox(name)
        self.history = History(self.inbox)
        self.outbox = Outbox()
        self.roster = Roster()
        self.opener: PushOpener | None = None
        self.head_due: float | None = None
        """When the next head is to be here; None: only keepalives bring one."""
        self.fetched_at = 0.0
        self._again = False
        self._listed = False
        self._gap_at: float | None = None
        self._interval = limits.REPORT_INTERVAL
        self._reported = (-1, -1)
        self._report_at = 0.0

    def points(self) -> tuple[tuple[int, bytes], ...]:
        """For a join, what of our past may be on the log's chain."""
        return self.inbox.points()

    def parted(self) -> None:
        """The session is gone; the place in the log, and what was said, stay."""
        self.joined = False
        self.tag = 0
        self.opener = None
        self.head_due = None
        self.history.cancel()

    def enter(self, joined: asks.Joined, now: float) -> list[Event]:
        """The server's answer to a join; `disowned` says the rest."""
        self.joined = True
        self.tag, self.ordinal = joined.tag, joined.ordinal
        self.topic, self.peer = joined.topic, joined.peer or self.peer
        self._interval = joined.interval / 10
        self._report_at = now + self._interval
        self._reported = (-1, -1)
        if joined.key:
            self.opener = PushOpener(joined.epoch, joined.key, joined.counter)
        self.head_due = now + _FIRST_HEAD
        self.history.cancel()
        self.roster.reset()
        self.outbox.window = joined.window
        again, self._again = self._again, True
        news: list[Event] = [events.Entered(self.name, self.topic, self.peer, again)]
        head = Point(joined.head, joined.digest)
        news += self.inbox.joined(joined.floor, head, joined.origin, joined.matched)
        self._gap_at = None if self.inbox.complete else 0.0
        if joined.last_n < self.outbox.acked:
            self.disowned = True
            return news
        return news + self._logged(self.outbox.begin(joined.last_n))

    def frame(self, frame: wire.Frame, now: float, instance: bytes, first: int = 0) -> list[Event]:
        """A frame about this room; `first` is the sequence number in a push's header."""
        match frame:
            case wire.Entries(bodies):
                self.head_due = now + _FIRST_HEAD
                return self._read(self.inbox.pushed(first, bodies), now, instance)
            case wire.Direct(first=number, bodies=bodies):
                self.head_due = now + _FIRST_HEAD
                return self._read(self.inbox.pushed(number, bodies), now, instance)
            case wire.Head():
                self.head_due = now + frame.due / 1000 if frame.due else None
                self._interval = max(frame.interval / 10, limits.REPORT_INTERVAL)
                self.inbox.saw_head(frame.seq, frame.digest)
                return self._read([], now, instance)
            case wire.Ack(n=n):
                return self._logged(self.outbox.ack(n))
            case wire.Window(size=size):
                self.outbox.window = size
            case wire.Presence():
                self.roster.saw(frame)
            case wire.Receipts(marks=marks):
                return [events.Receipts(self.name, dict(marks))]
        return []

    def page(self, page: wire.Page, history: bool, now: float, instance: bytes) -> list[Event]:
        if history:
            older = self.history.page(page.floor, page.first, page.previous, page.bodies)
            return [older] if older is not None else []
        self.inbox.saw_head(page.head, page.head_digest)
        news = self.inbox.page(page.floor, page.first, page.previous, page.bodies)
        return self._read(news, now, instance)

    def members(self, answer: asks.Members) -> list[Event]:
        change: Change = self.roster.answered(answer)
        if change == Change():
            return []
        first, self._listed = not self._listed, True
        return [
            events.Presence(
                self.name, self.inbox.shown, first, change.came, change.went, change.renamed
            )
        ]

    def repair_due(self, reordering: float) -> float | None:
        """When to fetch what is missing: what seems lost may be late. None: nothing is."""
        return None if self._gap_at is None or not self.joined else self._gap_at + reordering

    def report(self, now: float, rtt: float) -> wire.Report | None:
        """The receiver report that is due, if there is something to report."""
        if self.report_deadline() is None or now < self._report_at:
            return None
        received = self.opener.received if self.opener else 0
        highest = self.opener.highest if self.opener else 0
        self._reported = (self.inbox.seq, received)
        self._report_at = now + self._interval
        return wire.Report(self.tag, self.inbox.seq, received, highest, min(int(rtt * 1000), 65535))

    def report_deadline(self) -> float | None:
        received = self.opener.received if self.opener else 0
        if not self.joined or self._reported == (self.inbox.seq, received):
            return None
        return self._report_at

    def renew(self) -> None:
        """We are somebody new: what is pending is numbered from 1."""
        self.disowned = False
        self.outbox.renumber()

    def _read(self, news: list[News], now: float, instance: bytes) -> list[Event]:
        if self.inbox.complete:
            self._gap_at = None
        elif self._gap_at is None:
            self._gap_at = now
        told: list[Event] = []
        for item in news:
            if isinstance(item, Entry):
                if item.instance == instance:
                    told += self._logged(self.outbox.ack(item.n))
                if item.kind == Kind.TOPIC:
                    self.topic = item.text
            told.append(item)
        return told

    def _logged(self, drafts: list[tuple[int, Draft]]) -> list[Event]:
        return [events.Logged(self.name, draft.ticket, n) for n, draft in drafts]
