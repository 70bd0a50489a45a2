"""The client: the same contract as the hub's, from the other end.

In any number of rooms at one server, over one connection. It asks again until it is answered and
repairs what it misses; the server never repeats anything by itself. What the user is to know comes
out as `Tell`.
"""

from collections import Counter
from collections.abc import Callable

from . import asks, events, wire
from .asking import Asking
from .connection import Connection, Rebind
from .fetcher import Fetcher
from .layout import MalformedError
from .limits import PASTE_BYTES
from .membership import Event, Membership
from .outbox import Draft
from .recovery import RoundTrip
from .text import pieces
from .types import Effect, Kind, Path, Tell

_HEAD_SLACK = 0.1
"""Seconds that a head may be late without being missed."""


class NotSaidError(ValueError):
    """A text that cannot be sent, and what to do instead."""


class Guest:
    """`server` is the path of everything sent; `random(n)` gives n bytes. What the user does takes
    effect with the next drain."""

    def __init__(
        self, server: Path, name: str, *, secret: bytes, random: Callable[[int], bytes], now: float
    ) -> None:
        self.rooms: dict[str, Membership] = {}
        """By name; joined again after each reconnect until left."""
        self._leaving: dict[str, Membership] = {}
        """Left by the user, and kept until what was said there is in the log."""
        self._now = now
        self._effects: list[Effect | Rebind] = []
        self._connection = Connection(
            server, self, self._effects.append, secret=secret, random=random
        )
        self._connection.name = name
        self._asking = Asking(self.rtt)
        self._fetcher = Fetcher(self.rtt)
        self._tags: dict[int, Membership] = {}
        self._outbox_at: dict[Membership, float] = {}
        self._listed: list[asks.RoomRow] = []
        self._tickets = 0
        self._renewing = False

    @property
    def name(self) -> str:
        return self._connection.name

    @property
    def instance(self) -> bytes:
        """What marks our own entries."""
        return self._connection.instance

    @property
    def rtt(self) -> RoundTrip:
        return self._connection.rtt

    @property
    def dropped(self) -> Counter[str]:
        """Datagrams that were not taken, by reason."""
        return self._connection.dropped

    @property
    def connected(self) -> bool:
        return self._connection.live

    @property
    def heard_at(self) -> float | None:
        """When the server was last heard; None without a session."""
        return self._connection.heard_at

    # What a user may do

    def connect(self, now: float) -> None:
        self._now = now
        self._connection.open(now)

    def join(self, room: str, now: float) -> Membership:
        """A room by its name in normal form."""
        self._now = now
        if room not in self.rooms:
            leaving = self._leaving.pop(room, None)
            self.rooms[room] = leaving or Membership(room)
            if leaving is None and self._connection.live:
                self._ask_join(self.rooms[room])
        return self.rooms[room]

    def leave(self, room: str, now: float) -> None:
        """At once for the user; for the server when it has what was said there."""
        self._now = now
        membership = self.rooms.pop(room, None)
        if membership is not None:
            self._leaving[room] = membership
            self._tell(events.Exited(room))

    def say(
        self, room: str, text: str, now: float, *, kind: Kind = Kind.MESSAGE, refers: int = 0
    ) -> list[int]:
        """The tickets of the entries that carry the text, in order. Raises NotSaidError."""
        self._now = now
        membership = self.rooms.get(room)
        if membership is None:
            raise NotSaidError(f"you are not in {room}; /join it first")
        size = len(text.encode())
        if size > PASTE_BYTES:
            raise NotSaidError(f"{size} bytes are too much for a chat: at most {PASTE_BYTES}")
        if membership.outbox.full:
            raise NotSaidError("too much is waiting to be sent; try again when some of it is")
        tickets = []
        parts = pieces(text)
        for index, part in enumerate(parts):
            self._tickets += 1
            tickets.append(self._tickets)
            more = index < len(parts) - 1
            membership.outbox.add(Draft(self._tickets, kind, part, refers, more))
        return tickets

    def nick(self, name: str, now: float) -> None:
        """`Renamed` follows, or `Refusal`."""
        self._now = now
        self._asking.forget(asks.Nick)
        self._asking.ask(lambda r: asks.Nick(r, name))

    def who(self, room: str, now: float) -> None:
        """Keeps the members of this room up to date, however large it is."""
        self._now = now
        self.rooms[room].roster.wanted = True

    def list_rooms(self, now: float) -> None:
        """`Listing` follows."""
        self._now = now
        self._listed = []
        self._asking.forget(asks.Rooms)
        self._asking.ask(lambda r: asks.Rooms(r, ""))

    def direct(self, name: str, now: float) -> None:
        """Into the room shared with this name's owner alone; `Entered` follows, or `Refusal`."""
        self._now = now
        self._asking.ask(lambda r: asks.Direct(r, name))

    def older(self, room: str, count: int, now: float) -> None:
        """Up to `count` entries before the first one known; `Older` follows."""
        self._now = now
        answer = self.rooms[room].history.ask(count)
        if answer is not None:
            self._tell(answer)

    def close(self, now: float) -> None:
        """Says goodbye; nothing is sent or awaited after it."""
        self._now = now
        self._connection.close(now)

    # In

    def receive(self, datagram: bytes, path: Path, now: float) -> None:
        """Never raises for what a peer sent: that is counted in `dropped`."""
        self._now = now
        try:
            match wire.decode_header(datagram):
                case wire.Session() as header:
                    for frame in self._connection.receive(header, datagram, now):
                        self._frame(frame)
                case wire.Push() as header:
                    self._push(header, datagram)
                case wire.Answer() as header:
                    self._connection.answer(header, now)
                case wire.Retry() as header:
                    self._connection.retry(header, now)
                case wire.Reset() as header:
                    self._connection.reset(header, now)
                case _:
                    self.dropped["not for clients"] += 1
        except MalformedError:
            self.dropped["malformed"] += 1

    def unreachable(self, reason: str, now: float) -> None:
        """The network said that nobody is there."""
        self._now = now
        self._connection.unreachable(reason, now)

    def moved(self, now: float) -> None:
        """The shell sends from a new endpoint from now on."""
        self._now = now
        self._connection.probe(now)

    def timeout(self, now: float) -> None:
        self._now = now
        for room, due in list(self._outbox_at.items()):
            if due <= now:
                room.outbox.timed_out()
                del self._outbox_at[room]
                self._connection.suspect(now)
        for room in self._tags.values():
            if room.head_due is not None and room.head_due + _HEAD_SLACK <= now:
                room.head_due = None
                self._connection.suspect(now)
        self._connection.timeout(now)

    # Out

    def deadline(self) -> float | None:
        times = [self._connection.deadline()]
        if self._connection.live:
            times += [self._asking.deadline(), self._fetcher.deadline, *self._outbox_at.values()]
            for room in self._tags.values():
                times.append(room.report_deadline())
                if room.head_due is not None:
                    times.append(room.head_due + _HEAD_SLACK)
        return min((time for time in times if time is not None), default=None)

    def drain(self) -> list[Effect | Rebind]:
        self._leave_rooms()
        if self._connection.live:
            self._send_drafts()
            self._send_requests()
            self._fetcher.poll(self._tags.values(), self._now, self._connection.queue)
            for room in self._tags.values():
                report = room.report(self._now, self.rtt.smoothed)
                if report is not None:
                    self._connection.queue(report)
            self._connection.flush(self._now)
        effects = self._effects[:]
        self._effects.clear()
        return effects

    # The connection's user

    def greeting(self) -> list[asks.Request]:
        self._asking.forget(asks.Join)
        return [self._ask_join(room) for room in self._memberships[:1]]

    def began(self) -> None:
        self._fetcher.reset()
        self._asking.restart()
        for room in self._memberships:
            if not self._asks_join(room):
                self._ask_join(room)

    def ended(self) -> None:
        self._asking.forget(asks.Who)
        self._tags.clear()
        self._outbox_at.clear()
        self._fetcher.reset()
        for room in self._memberships:
            room.parted()

    # Frames

    def _push(self, header: wire.Push, datagram: bytes) -> None:
        room = self._tags.get(header.room)
        if room is None or room.opener is None:
            self.dropped["push of an unknown room"] += 1
        elif header.epoch != room.opener.epoch:
            if not self._asks_join(room):
                self._ask_join(room)
        elif (frames := room.opener.open(header, datagram)) is None:
            self.dropped["not opened"] += 1
        else:
            self._connection.heard(self._now)
            for frame in frames:
                self._news(room, room.frame(frame, self._now, self.instance, header.first))

    def _frame(self, frame: wire.Frame) -> None:
        match frame:
            case wire.Reply(body):
                self._response(asks.decode_response(body))
            case wire.Pong():
                self._connection.pong(frame, self._now)
            case wire.PathChallenge(token):
                self._connection.queue(wire.PathResponse(token))
            case wire.Page():
                answer = self._fetcher.page(frame, self._now)
                if answer is not None:
                    room, history = answer
                    self._news(room, room.page(frame, history, self._now, self.instance))
            case (
                wire.Direct(room=tag)
                | wire.Head(room=tag)
                | wire.Ack(room=tag)
                | wire.Window(room=tag)
                | wire.Presence(room=tag)
                | wire.Receipts(room=tag)
            ):
                if tag in self._tags:
                    room = self._tags[tag]
                    self._news(room, room.frame(frame, self._now, self.instance))
            case _:
                self.dropped["not for clients"] += 1

    @property
    def _memberships(self) -> list[Membership]:
        return [*self.rooms.values(), *self._leaving.values()]

    def _news(self, room: Membership, news: list[Event]) -> None:
        silent = room.name in self._leaving
        for event in news:
            if not silent or isinstance(event, events.Logged):
                self._tell(event)
        if not room.outbox.in_flight:
            self._outbox_at.pop(room, None)
        elif any(isinstance(event, events.Logged) for event in news):
            self._outbox_at[room] = self._now + self.rtt.timeout()
        if room.inbox.diverged and not self._asks_join(room):
            self._ask_join(room)

    def _response(self, response: asks.Response) -> None:
        match response:
            case asks.Welcome():
                self._connection.welcome(response)
            case asks.Notice(text):
                self._tell(events.Notice(text))
            case asks.Invited(0, name, peer):
                self._invited(name, peer)
            case _:
                request = self._asking.answered(response.r, self._now)
                if request is not None:
                    self._answered(request, response)

    def _answered(self, request: asks.Request, response: asks.Response) -> None:
        match request, response:
            case asks.Join(room=name), asks.Joined():
                room = self.rooms.get(name) or self._leaving.get(name)
                if room is not None:
                    self._entered(room, response)
            case asks.Join(room=name), asks.Refused(reason=reason):
                self._drop(name, reason)
                self._tell(events.Refusal(reason))
            case asks.Leave(), asks.Left():
                pass
            case asks.Nick(), asks.Named(name=name, asked=asked):
                self._connection.name = name
                self._tell(events.Renamed(name, asked))
            case asks.Who(room=tag), asks.Members():
                if tag in self._tags:
                    self._news(self._tags[tag], self._tags[tag].members(response))
            case asks.Rooms(), asks.RoomList(rooms=rooms, more=more):
                self._listed += rooms
                if more and rooms:
                    self._asking.ask(lambda r: asks.Rooms(r, rooms[-1].name))
                else:
                    self._tell(events.Listing(tuple(self._listed)))
            case asks.Direct(), asks.Invited(room=name, peer=peer):
                self._invited(name, peer)
            case asks.Who(), asks.Refused():
                self.dropped["asked about a room left"] += 1
            case _, asks.Refused(reason=reason):
                self._tell(events.Refusal(reason))

    def _entered(self, room: Membership, joined: asks.Joined) -> None:
        self._tags.pop(room.tag, None)
        self._tags[joined.tag] = room
        self._news(room, room.enter(joined, self._now))
        self._renewing |= room.disowned
        if self._renewing and all(each.joined for each in self._memberships):
            self._renew()

    def _renew(self) -> None:
        """The log has lost entries of ours that it had acknowledged, so its count of them is not
        ours any more: what is pending is said under a new instance. By now each room has told
        which of the old one's it has."""
        self._renewing = False
        for room in self._memberships:
            room.renew()
        self._connection.renew("the log went back", self._now)

    def _invited(self, name: str, peer: str) -> None:
        self.join(name, self._now).peer = peer

    def _drop(self, name: str, reason: str) -> None:
        """Not in this room any more; what was said there and not acknowledged has failed."""
        membership = self.rooms.pop(name, None) or self._leaving.pop(name, None)
        if membership is None:
            return
        self._forget(membership)
        for draft in membership.outbox.pending:
            self._tell(events.Failed(name, draft.ticket, reason))

    def _forget(self, room: Membership) -> None:
        self._tags.pop(room.tag, None)
        self._outbox_at.pop(room, None)

    # Filling datagrams

    def _leave_rooms(self) -> None:
        for name, room in list(self._leaving.items()):
            if not len(room.outbox):
                del self._leaving[name]
                self._forget(room)
                self._ask_leave(name)

    def _send_drafts(self) -> None:
        if self._renewing:
            return
        for tag, room in self._tags.items():
            for n, draft in room.outbox.to_send():
                text = draft.text.encode()
                self._connection.queue(
                    wire.Draft(tag, n, draft.kind, draft.more, draft.refers, text)
                )
                if room not in self._outbox_at:
                    self._outbox_at[room] = self._now + self.rtt.timeout(room.outbox.tries)

    def _send_requests(self) -> None:
        asked = {ask.room for ask in self._asking.asked(asks.Who)}
        for tag, room in self._tags.items():
            question = room.roster.question()
            if question is not None and tag not in asked:
                self._ask_who(tag, *question)
        for message, tries in self._asking.due(self._now):
            self._connection.queue(wire.Ask(asks.encode(message)))
            if tries > 1:
                self._connection.suspect(self._now)

    def _ask_who(self, tag: int, version: int, after: int) -> None:
        self._asking.ask(lambda r: asks.Who(r, tag, version, after))

    def _ask_join(self, room: Membership) -> asks.Join:
        self._supersede(room.name)
        return self._asking.ask(lambda r: asks.Join(r, room.name, room.points()))

    def _ask_leave(self, room: str) -> None:
        self._supersede(room)
        self._asking.ask(lambda r: asks.Leave(r, room))

    def _supersede(self, room: str) -> None:
        """Only the newest wish about a room is worth asking for."""
        self._asking.forget(asks.Join, lambda ask: ask.room == room)
        self._asking.forget(asks.Leave, lambda ask: ask.room == room)

    def _asks_join(self, room: Membership) -> bool:
        return any(ask.room == room.name for ask in self._asking.asked(asks.Join))

    def _tell(self, event: object) -> None:
        self._effects.append(Tell(event))
