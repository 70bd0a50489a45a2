"""A guest's part in one room: what it reads, what it says, who it sees, what it reports."""

from collections.abc import Iterator, Sequence

from . import asks, events, limits, wire
from .amend import flaw
from .delivery import Tally, tally
from .history import History, Older
from .inbox import Broken, Expired, Inbox, News
from .keyring import Keyring
from .outbox import Draft, Outbox
from .polling import Polling
from .presence import Change, Roster
from .protect import KEY_SIZE
from .readpush import ReadPush
from .recovery import RoundTrip
from .reporter import Reporter
from .speaker import Speaker
from .text import excess
from .timers import earliest
from .types import Entry, Kind, Point, Range
from .typists import Typing

Event = (
    News
    | Older
    | events.CaughtUp
    | events.Entered
    | events.Logged
    | events.Presence
    | events.Pushing
    | events.Receipts
    | events.Standing
    | events.Typing
)

_FIRST_HEAD = limits.HEADS[0]

_HEAD_SLACK = 0.1
"""Seconds that a head may be late without being missed."""


def objection(text: str, kind: int = Kind.MESSAGE, refers: int = 0) -> str | None:
    """Why a text cannot be said, wherever that is, if it cannot."""
    if (reason := flaw(kind, refers, text)) is not None:
        return reason
    if not text.strip() and kind != Kind.DELETE:
        return "there is nothing in it to say"
    try:
        return excess(text, kind)
    except UnicodeEncodeError:
        return "this is not text: it has characters that UTF-8 does not"


class Membership:
    """One room. `joined` as long as the session knows that the server has us in it."""

    def __init__(
        self, name: str, rtt: RoundTrip, *, backlog: int = limits.JOIN_BACKLOG, first: int = 0
    ) -> None:
        self.name = name
        self.tag = 0
        self.joined = False
        self.disowned = False
        """The log has less of our instance than it once acknowledged."""
        self.topic = ""
        self.peer = ""
        self.ordinal = 0
        self.inbox = Inbox(name, backlog=backlog, first=first)
        self.history = History(self.inbox)
        self.speaker = Speaker(name, rtt)
        self.roster = Roster()
        self.opener: Keyring | None = None
        self.fetched_at = 0.0
        self._rtt = rtt
        self._head_due: float | None = None
        """When the next head is to be here; None: only keepalives bring one."""
        self._again = False
        self._caught_up = False
        self._gap_at: float | None = None
        self._topic_at = 0
        """The entry that the topic was read in, if it was."""
        self._missed = False
        """A topic may be among what expired before it was read."""
        self._acked = 0
        """What was acknowledged when the last join was asked for."""
        self.receipts: events.Receipts | None = None
        """The latest of this session."""
        self._late = False
        """What was due has not come, and nothing else of this room since."""
        self._reporter = Reporter(rtt)
        self.polling = Polling(rtt)
        self._change = 0
        """The newest change of whether we are pushed to."""
        self._typing = Typing()

    @property
    def outbox(self) -> Outbox:
        return self.speaker.outbox

    @property
    def verified(self) -> bool:
        """Our name is known here to be our key's."""
        row = self.roster.members.get(self.ordinal)
        return row is not None and row.verified

    @property
    def outdated(self) -> bool:
        """There is something that only joining again can tell."""
        return self.inbox.diverged or self._missed

    @property
    def awaits(self) -> bool:
        """The server owes something: an acknowledgement, a head that was due, an answer."""
        return self.joined and (self.outbox.in_flight or self._late)

    def tally(self, seq: int, time: int | None = None) -> Tally | None:
        """Who has an entry of ours; None where it is not known. `time`: the entry's."""
        if self.receipts is None or self.roster.foreign:
            return None
        return tally(seq, self.receipts, self.roster.members, self.ordinal, time)

    def offer(self) -> tuple[Point, ...]:
        """For a join: what of our past may be on the log's chain. What we have at this moment is
        what the answer is compared with."""
        self._acked = self.outbox.acked
        return self.inbox.offer()

    def parted(self) -> list[events.Typing]:
        """The session is gone; the place in the log, and what was said, stay."""
        self.joined, self.tag = False, 0
        self.opener = None
        self._head_due = self.receipts = None
        self.speaker.part()
        self.polling.stop()
        self._change = 0
        self.history.cancel()
        self._typing.begin()
        return self._typists()

    def put_out(self) -> None:
        """The place in the log stays, and what was said has failed."""
        self.parted()
        self.speaker = Speaker(self.name, self._rtt)

    def enter(
        self, joined: asks.Joined, now: float, push_key: bytes = b"", by: int = 0
    ) -> list[Event]:
        """The server's answer to a join; `disowned` says the rest. `push_key`: what the server
        signs pushes with, if it does; `by`: the number of the session's datagram that has it."""
        self.joined = True
        self.tag, self.ordinal = joined.tag, joined.ordinal
        self.peer = joined.peer or self.peer
        self._reporter.begin(joined.interval, joined.ordinal, now)
        if len(joined.key) == KEY_SIZE:
            self.opener = Keyring(joined.epoch, joined.key, joined.counter, push_key)
        self._expect_head(now + _FIRST_HEAD)
        self.receipts = None
        self.history.cancel()
        self.roster.reset()
        self.outbox.window = joined.window
        self.speaker.voice.entered(now, by)
        again, self._again = self._again, True
        head = Point(joined.head, joined.digest)
        found = self.inbox.joined(joined.floor, head, joined.origin, joined.matched)
        self._unrefer(found)
        if (self._missed or not self.inbox.resumed) and self._topic_at <= joined.head:
            self.topic = joined.topic
        self._missed = False
        self._typing.begin()
        news: list[Event] = [events.Entered(self.name, self.topic, self.peer, again), *found]
        news += self._typists()
        self._gap_at = None if self.inbox.complete else 0.0
        self._caught_up = False
        news += self._catching_up()
        if joined.last_n < self._acked:
            self.disowned = True
            return news
        return news + self._logged(self.speaker.enter(joined.last_n, now))

    def frame(self, frame: wire.Frame, now: float, instance: bytes, first: int = 0) -> list[Event]:
        """A frame about this room; `first` is the sequence number in a push's header."""
        match frame:
            case wire.Entries(bodies):
                self._expect_head(now + _FIRST_HEAD)
                self._reporter.pushed(now)
                return self._read(self.inbox.pushed(first, bodies), now, instance)
            case wire.Direct(first=number, bodies=bodies):
                self._expect_head(now + _FIRST_HEAD)
                return self._read(self.inbox.pushed(number, bodies), now, instance)
            case wire.Head():
                self._expect_head(now + frame.due / 1000 if frame.due else None)
                self._reporter.announced(frame.interval, now)
                self._reporter.pushed(now, beat=frame.due >= limits.BEAT * 1000)
                self.inbox.saw_head(frame.seq, frame.digest)
                return self._read([], now, instance)
            case wire.Ack(n=n):
                return self._logged(self.speaker.answered(n, now))
            case wire.Window(size=size):
                self.outbox.window = size
            case wire.RoomKey() if self.opener is not None:
                self.opener.add(frame)
            case wire.Presence():
                self.roster.saw(frame)
            case wire.Pushing():
                return self._pushing(frame, now)
            case wire.Typists():
                self._typing.saw(frame, now)
                return [*self._typists()]
            case wire.Receipts(head=head, marks=marks):
                self.receipts = events.Receipts(self.name, head, dict(marks))
                self._reporter.told(self.receipts.marks.get(self.ordinal, 0), now)
                return [self.receipts]
        return []

    def repeats(self, push: ReadPush, instance: bytes) -> bool:
        """Whether this push may be taken as another member in this process, at the same place, has
        read it: the same bytes come to all. If not, it has to be read in full."""
        return (
            self.opener is not None
            and instance not in push.authors
            and self._caught_up
            and self._typing.quiet
            and self.inbox.is_at(push.header.first - 1, push.before)
            and self.opener.repeats(push.header, push.source)
        )

    def repeat(self, pushes: Sequence[ReadPush], now: float) -> None:
        """Takes as read one that it may, and those that followed it, each right upon the one
        before, with nothing else in between and nothing of ours in them; the last came `now`."""
        if self.opener is not None:
            self.opener.repeat(pushes[0].header.counter, len(pushes))
        self._expect_head(now + _FIRST_HEAD)
        self._reporter.pushed(now)
        self.inbox.goes_on([digest for push in pushes for digest in push.digests])

    def page(self, page: wire.Page, history: bool, now: float, instance: bytes) -> list[Event]:
        if history:
            older = self.history.page(page.floor, page.first, page.previous, page.bodies)
            return [older] if older is not None else []
        self._late = False
        self.inbox.saw_head(page.head, page.head_digest)
        news = self.inbox.page(page.floor, page.first, page.previous, page.bodies)
        return self._read(news, now, instance)

    def members(self, answer: asks.Members) -> list[Event]:
        renewing = self.roster.renewing
        change: Change = self.roster.answered(answer)
        if change == Change() and self.roster.renewing is renewing:
            return []
        self._follow_peer()
        return [events.Presence(self.name, self.inbox.shown, change.renamed), *self._typists()]

    def _follow_peer(self) -> None:
        """In a direct room, who is there besides us is the other one, whatever its name is now;
        each of us may be there at several endpoints."""
        here = self.roster.members
        if self.peer and self.ordinal in here:
            others = {row.name for row in here.values()} - {here[self.ordinal].name}
            if len(others) == 1:
                (self.peer,) = others

    def say(self, now: float) -> Iterator[wire.Draft]:
        """What may be said now, or has to be said again."""
        highest = self.speaker.highest
        for n, draft in self.speaker.say(now):
            text = draft.text.encode()
            yield wire.Draft(self.tag, n, draft.kind, draft.more, draft.refers, text)
        if self.speaker.highest > highest:
            self.polling.hurry(now)

    def stands(self, word: asks.Standing, now: float, by: int = 0) -> list[Event]:
        """The server's word of what we may do here; `by` as in `enter`."""
        self.speaker.voice.saw(word, now, by)
        self.speaker.withheld(now)
        return [*self._standing(now)]

    def fetch_due(self) -> float | None:
        """When to fetch what is missing: what seems lost may be late. None: nothing is."""
        if not self.joined:
            return None
        if self._gap_at is None:
            return self.polling.due
        return self._gap_at + self._rtt.reordering

    def wanted(self, now: float) -> tuple[Range, ...]:
        """What to fetch at this moment."""
        due = self.fetch_due()
        if due is None or due > now:
            return ()
        return self.inbox.missing(beyond=self.polling.on)

    def overdue(self, now: float) -> bool:
        """Whether something that was to come has not come in time."""
        missed = self.speaker.overdue(now)
        if self._head_due is not None and self._head_due + _HEAD_SLACK <= now:
            self._head_due = None
            self._late = missed = True
        if self.polling.overdue(now):
            self._late = missed = True
        return missed

    def deadline(self, *, pushed: bool = False) -> float | None:
        """When `overdue`, `forget` or `report` is to be asked next. `pushed`: where pushes that it
        `repeats` go on to come, so that no head is due."""
        head = None if self._head_due is None or pushed else self._head_due + _HEAD_SLACK
        new = None if pushed else self.inbox.seq
        report = self._reporter.deadline(new, self.opener) if self.joined else None
        read = earliest(head, report, self.polling.missed_at, self._typing.deadline)
        return earliest(read, self.speaker.deadline, self.speaker.voice.deadline)

    def types(self, now: float) -> None:
        """The user types, which is told in rooms of up to 64."""
        small = self.roster.count <= limits.MEMBERS_SMALL
        if self.joined and small and self.speaker.voice.muted(now) is None:
            self._typing.types(self.outbox.next_n, now)

    def typing(self) -> wire.Typing | None:
        """What is to be said of it, if something is."""
        n = self._typing.take(self.outbox.next_n)
        return wire.Typing(self.tag, n) if n else None

    def forget(self, now: float) -> list[Event]:
        """Who was typing and has not gone on, and what we are, unless we were told."""
        self._typing.forget(now)
        return [*self._typists(), *self._standing(now)]

    def _typists(self) -> list[events.Typing]:
        names = self._typing.news(self.ordinal, self.roster.members)
        return [] if names is None else [events.Typing(self.name, names)]

    def report(self, now: float) -> wire.Report | None:
        """The receiver report that is due, if there is something to report."""
        if not self.joined:
            return None
        return self._reporter.report(self.tag, self.inbox.seq, self.opener, now)

    def renew(self) -> None:
        """We are somebody new: what is pending is numbered from 1."""
        self.disowned = False
        self.speaker.renew()

    def _expect_head(self, due: float | None) -> None:
        """None: only keepalives bring one, as they do for who is not pushed to."""
        self._late = False
        self._head_due = None if self.polling.on else due

    def _pushing(self, frame: wire.Pushing, now: float) -> list[Event]:
        on = bool(frame.on)
        newer, self._change = frame.change > self._change, max(frame.change, self._change)
        if not newer or on is not self.polling.on:
            return []
        if on:
            self.polling.stop()
            if self.opener is not None:
                self.opener.returned()
        else:
            self.polling.start(now)
            self._head_due = None
        return [events.Pushing(self.name, on, frame.again / 10)]

    def _read(self, news: list[News], now: float, instance: bytes) -> list[Event]:
        if self.inbox.complete:
            self._gap_at = None
        elif self._gap_at is None:
            self._gap_at = now
        self._unrefer(news)
        told: list[Event] = []
        for item in news:
            if isinstance(item, Entry):
                if item.instance == instance:
                    told += self._confirmed(item.n, now)
                self._typing.said(item.name, self.roster.members)
                if item.kind == Kind.TOPIC:
                    self.topic, self._topic_at = item.text, item.seq
            elif isinstance(item, Expired):
                self._missed = True
            told.append(item)
        return told + self._catching_up() + [*self._typists()]

    def _unrefer(self, news: list[News]) -> None:
        for item in news:
            if isinstance(item, Broken):
                self.outbox.gone(item.seq)

    def _catching_up(self) -> list[Event]:
        if self._caught_up or not self.inbox.complete:
            return []
        self._caught_up = True
        return [events.CaughtUp(self.name)]

    def _confirmed(self, n: int, now: float) -> list[Event]:
        return self._logged(self.speaker.logged(self.outbox.ack(n), now))

    def _logged(self, drafts: list[tuple[int, Draft]]) -> list[Event]:
        return [events.Logged(self.name, draft.ticket, n) for n, draft in drafts]

    def _standing(self, now: float) -> list[events.Standing]:
        news = self.speaker.voice.news(now)
        return [news] if news is not None else []
