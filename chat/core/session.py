"""A sealed member: its channel, its path, and which of its requests is the newest."""

from __future__ import annotations

from collections.abc import Callable

from . import asks, limits, wire
from .asks import Why
from .buckets import Bucket
from .limits import WORK
from .member import Member
from .opening import Admission
from .path import Validation
from .protect import reset_token
from .room import Room
from .turn import Turn
from .types import Form, Path, Range, Record, Send, Snapshot

_SUBJECTS = 64
"""Rooms whose newest request is remembered: twice what one member may be in."""


class Dealings:
    """What most sessions have nothing of: that they were put out of rooms, what they may do in
    rooms where that is not what all may, and what they asked for as moderators."""

    __slots__ = ("answers", "outside", "refusals", "since", "standings")

    def __init__(self) -> None:
        self.outside: dict[str, asks.Removed] = {}
        """By room, until it says that it knows."""
        self.standings: dict[str, None] = {}
        """Rooms in which it was told."""
        self.answers: dict[int, asks.Done | asks.Refused | None] = {}
        """By request, the newest ones."""
        self.refusals: dict[int, asks.Refused] = {}
        """Of joins, by request, the newest ones."""
        self.since: dict[str, int] = {}
        """Rooms that it came into again, and in which of its channel's datagrams it asked to."""


class Session(Member):
    """One instance. It stays the same one when its client opens a new channel, so that nobody
    sees a client that reconnects leave and come."""

    __slots__ = (
        "_asked",
        "_identity",
        "_topic_of",
        "_turn",
        "attempt",
        "binding",
        "channel",
        "dealings",
        "queued",
        "reading",
        "resumption",
        "round_trip",
        "seen",
        "validation",
        "work",
    )

    form = Form.SEALED
    round_trip: int | None
    queued: int

    def __init__(
        self,
        instance: bytes,
        path: Path,
        endpoint: bytes,
        admission: Admission,
        attempt: int,
        turn: Turn,
        topic_of: Callable[[str], str],
        identity: bytes,
    ) -> None:
        """`identity` is the server's secret that survives its restarts."""
        super().__init__(instance, "", path, endpoint)
        self.dealings: Dealings | None = None
        self.begin(admission, attempt)
        self.validation: Validation | None = None
        """Of another path, if there is one."""
        self.seen = 0.0
        self.work = Bucket(*WORK)
        self.round_trip = None
        self.queued = 0
        self._turn = turn
        self._topic_of = topic_of
        self._identity = identity
        self._asked: dict[str, int] = {}

    def begin(self, admission: Admission, attempt: int) -> None:
        """A new channel, and what goes with it."""
        self.channel = admission.channel
        self.reading = 0
        """The channel's datagram that is being read."""
        if self.dealings is not None:
            self.dealings.since.clear()
        self.binding = admission.binding
        self.resumption = admission.resumption
        self.attempt = attempt

    @property
    def reset_token(self) -> bytes:
        """What tells its client, and nobody else could, to open a new channel (RFC 9000 §10.3)."""
        return reset_token(self._identity, self.channel.sid)

    def may(self, now: float, cost: float = 1.0) -> bool:
        """Whether it may ask for so much more of the server."""
        enough = self.work.take(now, cost)
        self.drops += not enough
        return enough

    def reported(self, report: wire.Report, now: float) -> None:
        self.round_trip = report.rtt
        if (room := self.rooms.get(report.room)) is not None:
            room.heard(self, report, now)

    def queue(self, frame: wire.Frame) -> None:
        self.channel.queue(frame)
        self._turn.member(self)

    def queue_digests(self, room: Room) -> None:
        self.channel.queue_encoded(room.digests())
        self._turn.member(self)
        for frame in room.apart(self):
            self.queue(frame)

    def queue_apart(self, room: Room, ranges: tuple[Range, ...]) -> None:
        """What goes with the answer to a fetch of these."""
        if frames := room.apart(self, max((each.last for each in ranges), default=0)):
            self.channel.queue_encoded(room.digests())
            for frame in frames:
                self.queue(frame)

    def reply(self, response: asks.Response) -> None:
        self.queue(wire.Reply(asks.encode(response)))

    def newest(self, subject: str, request: int) -> bool:
        """Whether no newer request of this subject was taken; the network may have kept it long."""
        if request < self._asked.get(subject, 0):
            return False
        self._asked.pop(subject, None)
        self._asked[subject] = request
        if len(self._asked) > _SUBJECTS:
            del self._asked[next(iter(self._asked))]
        return True

    def awaits(self, room: str, request: int) -> bool:
        return self._asked.get(room) == request

    def joined(self, room: Room, request: int, snapshot: Snapshot) -> None:
        self.reply(room.joined(self, request, snapshot, self._topic_of(room.name)))
        if (key := room.keys.upcoming) is not None:
            self.queue(key)
        self.queue_digests(room)

    def refused(self, request: int, reason: str, why: Why = Why.OTHER) -> None:
        refusal = asks.Refused(request, reason, why)
        if request and request in self._asked.values():
            given = self._dealings().refusals
            given[request] = refusal
            if len(given) > _SUBJECTS:
                del given[next(iter(given))]
        self.reply(refusal)

    def was_refused(self, request: int) -> bool:
        """This join, which the network has kept or doubled: whoever asked may know by now, and does
        not want to be there any more. The answer is the same."""
        refusal = self.dealings.refusals.get(request) if self.dealings is not None else None
        if refusal is not None:
            self.reply(refusal)
        return refusal is not None

    def put_out(self, room: Room, ordinal: int, reason: str) -> None:
        if room.name in self._asked:
            self._asked[room.name] += 1  # A join that the log is asked for is not to bring it back.
        removed = asks.Removed(room.name, reason, (room.tag, ordinal))
        self._dealings().outside[room.name] = removed
        self.reply(removed)

    def stands(self, room: Room, standing: asks.Standing) -> None:
        told = self._dealings().standings
        told[room.name] = None
        self.reply(standing)

    def is_out(self, room: str, known: asks.Stay) -> bool:
        """It was put out of there and does not know it: its wish to be there is an old one. It is
        told again."""
        removed = self.dealings.outside.get(room) if self.dealings is not None else None
        if removed is None or known == removed.stay:
            return False
        self.reply(removed)
        return True

    def comes(self, room: str) -> None:
        """It knows that it is outside there, or wants to be inside again."""
        if self.dealings is None:
            return
        self.dealings.outside.pop(room, None)
        self.dealings.standings.pop(room, None)
        if all(each.name != room for each in self.rooms.values()):
            self.dealings.since.pop(room, None)
            self.dealings.since[room] = self.reading
            if len(self.dealings.since) > _SUBJECTS:
                del self.dealings.since[next(iter(self.dealings.since))]

    def is_late(self, room: Room) -> bool:
        """What is being read was sent before it came into that room again: what it said when it was
        put out has failed, and its numbers are for other texts now."""
        return self.dealings is not None and self.reading < self.dealings.since.get(room.name, 0)

    def remind(self) -> None:
        """That it was put out of rooms, as long as it has not said that it knows."""
        for removed in self.dealings.outside.values() if self.dealings is not None else ():
            self.reply(removed)

    def knows(self, request: int) -> bool:
        """Whether this request of a moderator came before; its answer is repeated then."""
        given = self._dealings().answers
        if request not in given:
            given[request] = None
            if len(given) > limits.ACTS_KEPT:
                del given[next(iter(given))]
            return False
        if (response := given[request]) is not None:
            self.reply(response)
        return True

    def answer(self, response: asks.Done | asks.Refused) -> None:
        given = self._dealings().answers
        if response.r in given:
            given[response.r] = response
        self.reply(response)

    def _dealings(self) -> Dealings:
        self.dealings = self.dealings or Dealings()
        return self.dealings

    def left(self, request: int, room: str) -> None:
        self.reply(asks.Left(request, room))

    def told(self, room: Room, records: list[Record], frames: list[wire.Frame]) -> None:
        for record in records:
            self.queue(wire.Direct(room.tag, record.seq, (record.body,)))
        for frame in frames:
            self.queue(frame)

    def rekeyed(self, key: wire.RoomKey) -> None:
        self.queue(key)

    def invited(self, request: int, room: str, peer: str) -> None:
        self.reply(asks.Invited(request, room, peer))

    def unopened(self, room: str) -> None:
        self.notice(f"{room} cannot be opened at the moment: the server's store has trouble")

    def disowned(self) -> None:
        self._turn.emit(Send(self.path, wire.encode_header(wire.Reset(self.reset_token))))

    def notice(self, text: str) -> None:
        self.reply(asks.Notice(text))

    def flush(self) -> None:
        for datagram in self.channel.datagrams():
            self._turn.emit(Send(self.path, datagram))


class Moderator:
    """A session that waits for what becomes of its request."""

    most = 900

    def __init__(self, session: Session, request: int) -> None:
        self._session = session
        self._request = request

    def done(self, text: str) -> None:
        self._session.answer(asks.Done(self._request, text))

    def refused(self, reason: str, why: Why = Why.OTHER) -> None:
        self._session.answer(asks.Refused(self._request, reason, why))
