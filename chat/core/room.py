"""A room on the server: its members, their drafts, and what all of them are told.

A room is a log with people around it. Drafts go to the log; what comes out of the log is told to
all members once; heads after it let everybody notice what they missed. The room repeats nothing.
"""

from collections.abc import Callable

from . import asks, limits, wire
from .broadcast import Broadcast
from .buckets import Allowance, Bucket
from .congestion import TIMERS, Congestion, interval
from .heads import Heads
from .member import Member
from .names import direct_parties
from .presence import Presence
from .roomkeys import RoomKeys
from .scribe import Scribe
from .seat import Seat
from .signatures import Signer
from .staging import Staging, Verdict
from .timers import Timers
from .turn import Turn
from .types import (
    INSTANCE_SIZE,
    Append,
    Form,
    Group,
    Kind,
    Path,
    Point,
    Record,
    Snapshot,
    Subscribe,
    Unsubscribe,
)
from .typists import Typists

RoomTimers = Timers[tuple[object, str]]


class Room:
    """Only a room subscribes endpoints to fan-outs and takes them out again."""

    def __init__(
        self,
        name: str,
        tag: int,
        turn: Turn,
        timers: RoomTimers,
        random: Callable[[int], bytes],
        signer: Signer | None,
        ahead: Allowance,
        on_topic: Callable[[str, str, str, int], None],
    ) -> None:
        """`signer` signs what is pushed. `on_topic(room, topic, author, wall)` is called in the very
        turn in which the topic's draft goes to the log, so that both are committed together."""
        self.name = name
        self.tag = tag
        self.parties = direct_parties(name)
        """The two instances of a direct room, or None."""
        self.presence = Presence()
        self.opening = 0
        """Joins that wait for the log."""
        self.pace = Bucket(limits.ROOM_DRAFTS, 2 * limits.ROOM_DRAFTS)
        self.following = False
        self.blank = False
        """There is nothing in its log."""
        self._seats: dict[Member, Seat] = {}
        direct = self.parties is not None
        self.heads = Heads(tag, direct, self._set_timer)
        self._staging = Staging()
        self.keys = RoomKeys(tag, random, signer, self._set_timer)
        self._congestion = Congestion(tag, direct, self.keys, self._set_earlier, self._switch)
        self._broadcast = Broadcast(name, turn, self.keys)
        self._turn = turn
        self._timers = timers
        self._typists = Typists(tag, lambda when: self._set_earlier("typists", when))
        self._ahead = ahead
        self._on_topic = on_topic
        self._scribe = Scribe(random(INSTANCE_SIZE))
        self._ordinals = 0
        self._news: list[Record] = []
        self._frames: dict[type, wire.Frame] = {}
        self._lines: list[str] = []
        self._pausing = False
        """The log refused something a moment ago."""
        self._presence_at = 0.0
        self._now = 0.0
        """When something last came in that a push may follow from."""

    def __len__(self) -> int:
        return len(self._seats)

    def __contains__(self, member: object) -> bool:
        return member in self._seats

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(self._seats)

    @property
    def empty(self) -> bool:
        """Nobody is here or about to be, and nothing of anybody is on its way."""
        return not self._seats and not self.opening and self._staging.idle

    # Members

    def start(self, snapshot: Snapshot) -> None:
        """The log was opened for the first one to join."""
        self.following = True
        self.blank = snapshot.head.seq < snapshot.floor
        self._staging.enter(self._scribe.pen, 0)
        self._scribe.start(self.name, snapshot)
        self.heads.start(snapshot)

    def enter(self, member: Member, snapshot: Snapshot, now: float, wall: int) -> None:
        """Makes `member` one of ours; it may be one already."""
        self._staging.enter(member.instance, snapshot.last_n)
        if member in self._seats:
            return
        if not self._seats:
            self._wake(now)
        self._ordinals += 1
        self._seats[member] = Seat(self._ordinals, wall, self._ahead)
        if member.form is Form.SEALED:
            self._congestion.enter(member, self._ordinals, snapshot.head.seq)
        member.rooms[self.tag] = self
        if self.parties is None:
            self._turn.emit(Subscribe(Group(self.name, member.form), member.path))
        self.changed(member, now)
        self._say_line(f"* {member.name} joined")

    def exit(self, member: Member, now: float, *, out: bool = False) -> int:
        """The ordinal that it had; 0: it was not here. `out`: it is put out, with what it said."""
        seat = self._seats.pop(member, None)
        if seat is None:
            return 0
        del member.rooms[self.tag]
        if self.parties is None and self._congestion.pushed_to(member):
            self._turn.emit(Unsubscribe(Group(self.name, member.form), member.path))
        self._congestion.exit(member, now)
        self._staging.leave(member.instance, out=out)
        seat.drop()
        self.presence.remove(seat.ordinal)
        self._typists.drop(member.instance)
        self._presence_changed(now)
        self._say_line(f"* {member.name} left")
        return seat.ordinal

    def moved(self, member: Member, before: Path, now: float) -> None:
        """Its endpoint is another one now."""
        if self.parties is None and self._congestion.pushed_to(member):
            self._turn.emit(Unsubscribe(Group(self.name, member.form), before))
            self._turn.emit(Subscribe(Group(self.name, member.form), member.path))
        self.changed(member, now)

    def changed(self, member: Member, now: float) -> None:
        """What others are to know of it has."""
        self.presence.put(self._seats[member].changed(member))
        self._presence_changed(now)

    def renamed(self, member: Member, before: str, now: float) -> None:
        self.changed(member, now)
        self._say_line(f"* {before} is {member.name} now")

    def joined(self, member: Member, request: int, snapshot: Snapshot, topic: str) -> asks.Joined:
        """What a sealed member needs to follow the room."""
        sealer, seat = self.keys.sealer, self._seats[member]
        self._congestion.joined(member)
        seat.granted = self._congestion.pace.window
        both = self._seats if self.parties else ()
        peers = [other.name for other in both if other.party != member.party]
        return asks.Joined(
            r=request,
            room=self.name,
            tag=self.tag,
            epoch=sealer.epoch,
            key=b"" if self.parties else sealer.key,
            counter=sealer.counter,
            floor=snapshot.floor,
            head=snapshot.head.seq,
            digest=snapshot.head.digest,
            origin=snapshot.origin,
            matched=snapshot.matched,
            last_n=snapshot.last_n,
            window=seat.granted,
            interval=self._interval,
            ordinal=seat.ordinal,
            topic=topic,
            peer=peers[0] if peers else "",
        )

    # The log lane

    def draft(self, member: Member, draft: wire.Draft, wall: int) -> Verdict:
        """Takes a draft in its author's order. Returns what became of it."""
        seat = self._seats[member]
        if seat.grant(self._congestion.pace) and member.form is Form.SEALED:
            member.told(self, [], [wire.Window(self.tag, seat.granted)])
        verdict = self._staging.judge(member.instance, draft.n)
        if verdict is Verdict.TAKEN:
            if self._pausing:
                return Verdict.AHEAD
            following: wire.Draft | None = draft
            while following is not None:
                self._stage(member, following, wall)
                following = seat.following(following.n)
        elif verdict is Verdict.AHEAD:
            seat.keep(draft, self._staging.last(member.instance))
        return verdict

    def _stage(self, member: Member, draft: wire.Draft, wall: int) -> None:
        if draft.kind == Kind.TOPIC and self.parties is None:
            self._on_topic(self.name, draft.text.decode(), member.name, wall)
        seat = self._seats[member]
        body = self._scribe.entry(seat.byline or seat.sign(member), draft, wall)
        self._staging.add(member.instance, draft.n, body)
        self._congestion.pace.said(member.instance, len(body))
        self._turn.room(self)

    def note(self, kind: Kind, author: str, key: bytes, text: str, refers: int, wall: int) -> bool:
        """What the server itself has to say; see Scribe. Whether it goes to the log."""
        n = self._staging.staged(self._scribe.pen) + 1
        body = self._scribe.note(n, kind, author, key, text, refers, wall)
        self._turn.room(self)
        return self._staging.take(self._scribe.pen, n, body) is Verdict.TAKEN

    def forget_early(self) -> None:
        """What came before its predecessor did has to come again, to be judged."""
        for seat in self._seats.values():
            seat.drop()

    def rekey(self, now: float) -> None:
        """Somebody is to read nothing more: another key, from the very next push on."""
        if self.parties is None and not self.empty:
            self.keys.replace(self._congestion, now)

    def last_n(self, member: Member) -> int:
        """This author's newest n in the log."""
        return self._staging.last(member.instance)

    def next_n(self, member: Member) -> int:
        """The n of this author's next draft, for those that do not count themselves."""
        return self._staging.staged(member.instance) + 1

    def waiting(self, member: Member) -> int:
        """Drafts of this author that the log has yet to confirm."""
        instance = member.instance
        return self._staging.staged(instance) - self._staging.last(instance)

    def appended(self, result: dict[bytes, int] | str, now: float) -> None:
        refused, forgotten = self._staging.appended(result)
        if isinstance(result, str):
            self._pausing = True
            self._timers.set((self, "pause"), now + limits.REFUSAL_PAUSE)
        if not refused and not forgotten:
            return
        for member in self._seats:
            if member.instance in forgotten:
                member.disowned()
            elif member.instance in refused:
                member.notice("the server cannot store what is said at the moment")

    def logged(self, records: tuple[Record, ...], now: float) -> None:
        """Entries of the log, in dense order; some may have been known when it was opened."""
        head = self.heads.point.seq
        records = tuple([record for record in records if record.seq > head])
        if not records:
            return
        for record in records:
            self._staging.logged(record.instance, record.n)
            self._typists.drop(record.instance)
        self._news += records
        self.blank = False
        self._now = now
        self._tell_typists()
        self.heads.moved(Point(records[-1].seq, records[-1].digest), now)
        self._turn.room(self)

    # The now lane

    def heard(self, member: Member, report: wire.Report, now: float) -> None:
        """A receiver report."""
        self._now = now
        self.presence.measured(self._seats[member].ordinal, report.rtt)
        self._congestion.report(member, report, self.heads.point.seq, now)

    def types(self, member: Member, n: int, now: float) -> None:
        """It types what is to be its draft `n`, if it has not said that yet."""
        self._now = now
        if len(self._congestion) > 1 and n > self._staging.staged(member.instance):
            self._typists.heard(member.instance, self._seats[member].ordinal, now)
            self._tell_typists()

    def apart(self, member: Member, upto: int = 0) -> list[wire.Frame]:
        """What goes with answers to a sealed member that is not pushed to, or asks as if it were
        not: for entries up to one that is not there yet."""
        return self._congestion.apart(member, upto > self.heads.point.seq, self._now)

    def digests(self) -> bytes:
        """For the answer to a keepalive."""
        return self.heads.digests(self._interval, self.presence)

    def timeout(self, name: str, now: float) -> None:
        self._now = now
        match name:
            case "key" | "next key":
                self.keys.timeout(name, self._congestion, now)
                self._turn.room(self)
            case "tick" | "pace":
                self._congestion.timeout(name, len(self._seats), now)
                self._turn.room(self)
            case "pause":
                self._pausing = False
            case "head":
                self.heads.timeout(self._interval, now)
                self._frame(self.heads.frame(self._interval), self.presence.digest(self.tag))
                self._frame(*self._receipts(again=not self.heads.beating))
            case "presence":
                self._presence_at = now + limits.PRESENCE_TICK
                self._frame(self.presence.digest(self.tag))
                if self.heads.outdated(self._interval):
                    self._frame(self.heads.frame(self._interval))
            case "typists":
                self._tell_typists()
            case "receipts":
                self._frame(*self._receipts())

    def closed(self) -> None:
        """Nobody needs this room any more."""
        for name in ("head", "presence", "pause", "key", "next key", "typists", *TIMERS):
            self._timers.cancel((self, name))

    def flush(self) -> None:
        if drafts := self._congestion.release(self._staging):
            self._turn.emit(Append(self.name, drafts))
        if self.keys.replacing or not (self._news or self._frames or self._lines):
            return
        records, self._news = self._news, []
        frames, self._frames = list(self._frames.values()), {}
        lines, self._lines = self._lines, []
        if self.parties is not None:
            for member in self._seats:
                member.told(self, records, frames)
            return
        if self._congestion.pushing:
            self._broadcast.entries(records, frames)
            self._congestion.pushed(self.heads.point.seq, len(self._seats), self._now)
        if len(self._seats) > len(self._congestion):
            self._broadcast.lines(lines, records)

    @property
    def _interval(self) -> int:
        """Tenths of a second between two reports of one member."""
        return interval(len(self._seats))

    def _receipts(self, *, again: bool = False) -> list[wire.Frame]:
        seq, members = self.heads.point.seq, len(self._seats)
        return self._congestion.receipts(seq, members, self._now, again=again)

    def _tell_typists(self) -> None:
        if (typists := self._typists.frame(len(self._seats), self._now)) is not None:
            self._frame(typists)

    def _wake(self, now: float) -> None:
        """There is somebody here."""
        self.heads.wake(now)
        if self.parties is None and not self._timers.armed((self, "key")):
            self.keys.begin(now)

    def _switch(self, member: Member, on: bool) -> None:
        """It leaves the push set, or returns."""
        group = Group(self.name, member.form)
        self._turn.emit((Subscribe if on else Unsubscribe)(group, member.path))
        frames = self._congestion.apart(member, True, self._now)
        if on:
            frames += self.heads.frame(self._interval), self.presence.digest(self.tag)
        member.told(self, [], frames)

    def _set_timer(self, name: str, when: float) -> None:
        self._timers.set((self, name), when)

    def _set_earlier(self, name: str, when: float) -> None:
        self._timers.set_earlier((self, name), when)

    def _frame(self, *frames: wire.Frame) -> None:
        """The newest of each type wins."""
        for frame in frames:
            self._frames[type(frame)] = frame
        self._turn.room(self)

    def _presence_changed(self, now: float) -> None:
        self._timers.set_earlier((self, "presence"), max(now, self._presence_at))

    def _say_line(self, line: str) -> None:
        """A coming or going, for plain-text members; large rooms would drown in them."""
        if self.parties is None and len(self._seats) <= limits.MEMBERS_SMALL:
            self._lines.append(line)
            self._turn.room(self)
