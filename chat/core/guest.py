"""The client: the same contract as the hub's, from the other end.

One session with one server, in any number of rooms. It opens, probes, opens anew when nothing
answers, asks again until it is answered, and repairs what it misses; the server never repeats
anything by itself. What the user is to know comes out as `Tell`.
"""

from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from . import asks, events, protect, wire
from .asking import Asking
from .channel import Channel
from .fetcher import Fetcher
from .layout import MalformedError
from .limits import PASTE_BYTES
from .liveness import Liveness
from .membership import Event, Membership
from .opening import Opening
from .outbox import Draft
from .recovery import RoundTrip
from .text import pieces
from .types import Effect, Kind, Path, Send, Tell

_TRIES = 4
"""Repetitions of one OPEN or FIRST before a new attempt, from another endpoint if there is one."""

_HEAD_SLACK = 0.1
"""Seconds that a head may be late without being missed."""

_REFUSED_PAUSE = 5.0


class Rebind(Struct, frozen=True):
    """To the shell: nothing answers here; go on from another endpoint."""


class NotSaidError(ValueError):
    """A text that cannot be sent, and what to do instead."""


class Guest:
    """`server` is the path of everything sent. `random(n)` gives n bytes."""

    def __init__(
        self,
        server: Path,
        name: str,
        *,
        secret: bytes,
        random: Callable[[int], bytes],
        now: float,
    ) -> None:
        self.name = name
        self.rooms: dict[str, Membership] = {}
        self.rtt = RoundTrip()
        self.dropped: Counter[str] = Counter()
        self.connected = False
        self.instance = b""
        self._server = server
        self._protocol_secret = secret
        self._random = random
        self._now = now
        self._effects: list[Effect | Rebind] = []
        self._tags: dict[int, Membership] = {}
        self._asking = Asking(self.rtt)
        self._fetcher = Fetcher(self.rtt)
        self._channel: Channel | None = None
        self._liveness: Liveness | None = None
        self._reset_token = b""
        self._ever = False
        self._tickets = 0
        self._renewing = False
        self._outbox_at: dict[Membership, float] = {}
        self._opening: Opening | None = None
        self._opening_at: float | None = None
        self._tries = self._attempt = self._attempts = 0
        self._draw_instance()

    # What a user may do. Everything takes effect with the next drain.

    def connect(self, now: float) -> None:
        self._now = now
        self._open()

    def join(self, room: str, now: float) -> Membership:
        """A room by its name in normal form; joined again after each reconnect until left."""
        self._now = now
        known = self.rooms.get(room)
        if known is not None:
            return known
        membership = self.rooms[room] = Membership(room)
        if self._channel is not None:
            self._ask_join(membership)
        return membership

    def leave(self, room: str, now: float) -> None:
        self._now = now
        membership = self.rooms.pop(room, None)
        if membership is None:
            return
        self._outbox_at.pop(membership, None)
        self._tags.pop(membership.tag, None)
        for draft in membership.outbox.pending:
            self._tell(events.Failed(room, draft.ticket, "you left the room"))
        self._asking.ask(lambda r: asks.Leave(r, room))

    def say(
        self, room: str, text: str, now: float, *, kind: Kind = Kind.MESSAGE, refers: int = 0
    ) -> list[int]:
        """The tickets of the entries that carry the text, in order. Raises NotSaidError."""
        self._now = now
        membership = self.rooms.get(room)
        if membership is None:
            raise NotSaidError(f"you are not in {room}; /join it first")
        if len(text.encode()) > PASTE_BYTES:
            raise NotSaidError(
                f"{len(text.encode())} bytes are too much for a chat: at most {PASTE_BYTES}"
            )
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
        self._now = now
        self._asking.forget(asks.Nick)
        self._asking.ask(lambda r: asks.Nick(r, name))

    def who(self, room: str, now: float) -> None:
        """Keep the members of this room up to date, however large it is."""
        self._now = now
        self.rooms[room].roster.wanted = True

    def list_rooms(self, now: float) -> None:
        self._now = now
        self._listed: list[asks.RoomRow] = []
        self._asking.forget(asks.Rooms)
        self._asking.ask(lambda r: asks.Rooms(r, ""))

    def direct(self, name: str, now: float) -> None:
        """Into the room shared with this name's owner alone; `Entered` follows, or `Refusal`."""
        self._now = now
        self._asking.ask(lambda r: asks.Direct(r, name))

    def older(self, room: str, count: int, now: float) -> None:
        """Up to `count` entries before the first one known; `Older` follows."""
        self._now = now
        membership = self.rooms[room]
        answer = membership.history.ask(count)
        if answer is not None:
            self._tell(answer)

    def close(self, now: float) -> None:
        """Says goodbye; nothing is sent or awaited after it."""
        self._now = now
        if self._channel is not None:
            self._channel.queue(wire.Bye())
            self._flush(self._channel)
        self._channel = self._opening = self._opening_at = self._liveness = None
        self.connected = False

    # In

    def receive(self, datagram: bytes, path: Path, now: float) -> None:
        """Never raises for what a peer sent: that is counted in `dropped`."""
        self._now = now
        try:
            match wire.decode_header(datagram):
                case wire.Session() as header:
                    self._session(header, datagram)
                case wire.Push() as header:
                    self._push(header, datagram)
                case wire.Answer() as header:
                    self._answer(header)
                case wire.Retry() as header:
                    if self._opening is not None and self._opening.refused(header):
                        self._opening_at = min(
                            self._opening_at or now, now + self.rtt.timeout(self._attempts) / 2
                        )
                        self._tries = _TRIES
                case wire.Reset(token):
                    if self._channel is not None and protect.same(token, self._reset_token):
                        self._lost("the server was restarted")
                case _:
                    self.dropped["not for clients"] += 1
        except MalformedError:
            self.dropped["malformed"] += 1

    def unreachable(self, reason: str, now: float) -> None:
        """The network says so, which anybody could have forged: worth a word and a probe."""
        self._now = now
        if self._channel is None:
            self._tell(events.Unreachable(self._attempts, reason))
        elif self._liveness is not None and not self._liveness.probing:
            self._probe()

    def moved(self, now: float) -> None:
        """The shell sends from a new endpoint from now on: the server is told by a probe."""
        self._now = now
        if self._liveness is not None:
            self._probe()

    def timeout(self, now: float) -> None:
        self._now = now
        if self._opening_at is not None and self._opening_at <= now:
            self._opening_timeout()
        live = self._liveness
        if live is None:
            return
        for room, due in list(self._outbox_at.items()):
            if due <= now:
                room.outbox.timed_out()
                del self._outbox_at[room]
                self._suspect()
        for room in self._tags.values():
            if room.head_due is not None and room.head_due + _HEAD_SLACK <= now:
                room.head_due = None
                self._suspect()
        if (
            live.probe_at is not None
            and live.probe_at <= now
            or live.probe_at is None
            and live.keepalive_at <= now
        ):
            self._probe()

    # Out

    def deadline(self) -> float | None:
        times: list[float | None] = [self._opening_at]
        live = self._liveness
        if live is not None:
            times += [live.probe_at, live.keepalive_at if live.probe_at is None else None]
            times += [self._asking.deadline(), self._fetcher.deadline, *self._outbox_at.values()]
            for room in self._tags.values():
                times.append(room.report_deadline())
                if room.head_due is not None:
                    times.append(room.head_due + _HEAD_SLACK)
        return min((time for time in times if time is not None), default=None)

    def drain(self) -> list[Effect | Rebind]:
        channel = self._channel
        if channel is not None:
            self._say(channel)
            self._ask(channel)
            self._fetcher.poll(self._tags.values(), self._now, channel.queue)
            for room in self._tags.values():
                report = room.report(self._now, self.rtt.smoothed)
                if report is not None:
                    channel.queue(report)
            self._flush(channel)
            if channel.spent:
                self._lost("its keys are used up")
        effects, self._effects = self._effects, []
        return effects

    # Opening

    def _open(self) -> None:
        """A new attempt, with a random of its own: keys are never used twice."""
        self._attempt += 1
        self._attempts += 1
        self._tries = 0
        hello = asks.Hello(self._attempt, self.name, self._secret)
        frames = [wire.Ask(asks.encode(hello))]
        self._asking.forget(asks.Join)
        if self.rooms:
            join = self._ask_join(next(iter(self.rooms.values())))
            frames.append(wire.Ask(asks.encode(join)))
        plaintext = b"".join(map(wire.encode_frame, frames))
        self._opening = Opening(self._protocol_secret, self._random(16), plaintext)
        self._send_opening()

    def _send_opening(self) -> None:
        assert self._opening is not None
        self._tries += 1
        self._emit(self._opening.datagram)
        wait = self.rtt.timeout(max(self._tries, min(self._attempts, 5)) - 1)
        self._opening_at = self._now + wait * (1 + self._chance() / 4)

    def _opening_timeout(self) -> None:
        if self._opening is not None and self._tries < _TRIES:
            self._send_opening()
            return
        if self._attempts > 1:
            self._tell(events.Unreachable(self._attempts, "no answer"))
            self._effects.append(Rebind())
        self._open()

    def _answer(self, header: wire.Answer) -> None:
        if self._opening is None or not self._opening.answer(header):
            self.dropped["stray answer"] += 1
        elif header.version != wire.VERSION:
            elder = "the server" if header.version < wire.VERSION else "this program"
            self._rejected(f"{elder} speaks an older protocol: update it")
        else:
            self._tries = 0
            self._send_opening()

    def _established(self, channel: Channel) -> None:
        self._channel = channel
        self._opening = self._opening_at = None
        self._attempts = 0
        self._liveness = Liveness(self.rtt, self._chance, self._now)
        self._fetcher.reset()
        self._asking.restart()
        joining = {ask.room for ask in self._asking.asked(asks.Join) if isinstance(ask, asks.Join)}
        for room in self.rooms.values():
            if room.name not in joining:
                self._ask_join(room)

    def _lost(self, reason: str) -> None:
        """The session is gone; everything that is not acknowledged goes on in the next one."""
        self._channel = self._liveness = None
        self._tags.clear()
        self._outbox_at.clear()
        for room in self.rooms.values():
            room.parted()
        self._fetcher.reset()
        if self.connected:
            self.connected = False
            self._tell(events.Disconnected(reason))
        self._open()

    def _rejected(self, reason: str) -> None:
        self._tell(events.Rejected(reason))
        self._opening = None
        self._opening_at = self._now + _REFUSED_PAUSE * (1 + self._chance())

    def _draw_instance(self) -> None:
        self._secret = self._random(16)
        self.instance = protect.instance_of(self._secret)

    # Datagrams of a session

    def _session(self, header: wire.Session, datagram: bytes) -> None:
        channel = self._channel
        if channel is not None and channel.sid == header.sid:
            plaintext = channel.open(header, datagram)
            if plaintext is None:
                self.dropped["not opened"] += 1
                return
            frames = wire.decode_frames(plaintext)
        elif self._opening is not None and (begun := self._opening.welcome(header, datagram)):
            channel, frames = begun
            if not self._is_welcome(frames):
                return
            self._established(channel)
        else:
            self.dropped["unknown session id"] += 1
            return
        if self._liveness is not None:
            self._liveness.heard(self._now)
        for frame in frames:
            self._frame(frame)

    def _is_welcome(self, frames: list[wire.Frame]) -> bool:
        """A first datagram may also say that there will be no session."""
        for frame in frames:
            if isinstance(frame, wire.Reply):
                match asks.decode_response(frame.body):
                    case asks.Welcome():
                        return True
                    case asks.Refused(reason=reason):
                        self._rejected(reason)
                        return False
        return False

    def _push(self, header: wire.Push, datagram: bytes) -> None:
        room = self._tags.get(header.room)
        if room is None or room.opener is None:
            self.dropped["push of an unknown room"] += 1
            return
        if header.epoch != room.opener.epoch:
            if not room.rekeyed:
                room.rekeyed = True
                self._ask_join(room)
            return
        frames = room.opener.open(header, datagram)
        if frames is None:
            self.dropped["not opened"] += 1
            return
        if self._liveness is not None:
            self._liveness.heard(self._now)
        for frame in frames:
            self._news(room, room.frame(frame, self._now, self.instance, header.first))

    def _frame(self, frame: wire.Frame) -> None:
        match frame:
            case wire.Reply(body):
                self._response(asks.decode_response(body))
            case wire.Pong(token):
                if self._liveness is not None:
                    self._liveness.pong(token, self._now)
            case wire.PathChallenge(token):
                if self._channel is not None:
                    self._channel.queue(wire.PathResponse(token))
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

    def _news(self, room: Membership, news: list[Event]) -> None:
        for event in news:
            self._tell(event)
        if not room.outbox.in_flight:
            self._outbox_at.pop(room, None)
        elif any(isinstance(event, events.Logged) for event in news):
            self._outbox_at[room] = self._now + self.rtt.timeout()
        if room.inbox.diverged and not self._asks_join(room):
            self._ask_join(room)

    def _response(self, response: asks.Response) -> None:
        match response:
            case asks.Welcome(name, asked, endpoint, reset):
                self._reset_token = reset
                if not self.connected:
                    self.connected = True
                    self.name = name
                    self._tell(events.Connected(name, asked, endpoint, self._ever))
                    self._ever = True
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
                if name in self.rooms:
                    self._entered(self.rooms[name], response)
                else:
                    self._asking.ask(lambda r: asks.Leave(r, name))
            case asks.Join(room=name), asks.Refused(reason=reason):
                membership = self.rooms.pop(name, None)
                if membership is not None:
                    for draft in membership.outbox.pending:
                        self._tell(events.Failed(name, draft.ticket, reason))
                self._tell(events.Refusal(reason))
            case asks.Leave(), asks.Left(room=name):
                self._tell(events.Exited(name))
            case asks.Nick(), asks.Named(name=name, asked=asked):
                self.name = name
                self._tell(events.Renamed(name, asked))
            case asks.Who(room=tag), asks.Members():
                if tag in self._tags:
                    room = self._tags[tag]
                    self._news(room, room.members(response))
            case asks.Rooms(), asks.RoomList(rooms=rooms, more=more):
                self._listed += rooms
                if more and rooms:
                    self._asking.ask(lambda r: asks.Rooms(r, rooms[-1].name))
                else:
                    self._tell(events.Listing(tuple(self._listed)))
            case asks.Direct(), asks.Invited(room=name, peer=peer):
                self._invited(name, peer)
            case _, asks.Refused(reason=reason):
                self._tell(events.Refusal(reason))

    def _entered(self, room: Membership, joined: asks.Joined) -> None:
        self._tags.pop(room.tag, None)
        self._tags[joined.tag] = room
        try:
            self._news(room, room.enter(joined, self._now))
        except ValueError:
            self._renewing = True
        if self._renewing and all(each.joined for each in self.rooms.values()):
            self._renew()

    def _renew(self) -> None:
        """The log has lost entries of ours that it had acknowledged, so its count of them is not
        ours any more: say what is pending under a new instance. By now each room has told which
        of the old one's it has."""
        self._renewing = False
        assert self._channel is not None
        self._channel.queue(wire.Bye())
        self._flush(self._channel)
        self._draw_instance()
        self._attempt = 0
        for room in self.rooms.values():
            room.outbox.renumber()
        self._lost("the log went back")

    def _invited(self, name: str, peer: str) -> None:
        self.join(name, self._now).peer = peer

    # Filling datagrams

    def _say(self, channel: Channel) -> None:
        if self._renewing:
            return
        for tag, room in self._tags.items():
            for n, draft in room.outbox.to_send():
                channel.queue(
                    wire.Draft(tag, n, draft.kind, draft.more, draft.refers, draft.text.encode())
                )
                if room not in self._outbox_at:
                    self._outbox_at[room] = self._now + self.rtt.timeout(room.outbox.tries)

    def _ask(self, channel: Channel) -> None:
        asked = {ask.room for ask in self._asking.asked(asks.Who) if isinstance(ask, asks.Who)}
        for tag, room in self._tags.items():
            question = room.roster.question()
            if question is not None and tag not in asked:
                self._ask_who(tag, *question)
        for message, tries in self._asking.due(self._now):
            channel.queue(wire.Ask(asks.encode(message)))
            if tries > 1:
                self._suspect()

    def _ask_who(self, tag: int, version: int, after: int) -> None:
        self._asking.ask(lambda r: asks.Who(r, tag, version, after))

    def _ask_join(self, room: Membership) -> asks.Join:
        return self._asking.ask(lambda r: asks.Join(r, room.name, room.points()))

    def _asks_join(self, room: Membership) -> bool:
        return any(
            isinstance(ask, asks.Join) and ask.room == room.name
            for ask in self._asking.asked(asks.Join)
        )

    def _suspect(self) -> None:
        """Something was not answered in time."""
        if self._liveness is not None and not self._liveness.probing:
            self._probe()

    def _probe(self) -> None:
        assert self._liveness is not None
        token = self._liveness.ping(self._now)
        if token is not None:
            assert self._channel is not None
            self._channel.queue(wire.Ping(token))
        else:
            self._effects.append(Rebind())
            self._lost("the server is silent")

    def _flush(self, channel: Channel) -> None:
        for datagram in channel.datagrams():
            self._emit(datagram)
            if self._liveness is not None:
                self._liveness.sent(self._now)

    def _emit(self, datagram: bytes) -> None:
        self._effects.append(Send(self._server, datagram))

    def _tell(self, event: object) -> None:
        self._effects.append(Tell(event))

    def _chance(self) -> float:
        """From 0 to 1."""
        return int.from_bytes(self._random(4), "big") / (1 << 32)
