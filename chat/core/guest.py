"""The client: the same contract as the hub's, from the other end.

In any number of rooms at one server, over one connection. It asks again until it is answered and
repairs what it misses; the server never repeats anything by itself. What the user is to know comes
out as `Tell`.
"""

from collections import Counter
from collections.abc import Callable

from . import asks, events, wire
from .answers import Answers
from .asking import Asking
from .connection import Connection, Rebind
from .doorkey import check_secret
from .fetcher import Fetcher
from .layout import MalformedError
from .limits import JOIN_BACKLOG
from .membership import Event, Membership
from .memberships import Memberships
from .names import BYTES_MAX, NAME_MAX, BadNameError
from .recovery import RoundTrip
from .signatures import NameKey
from .timers import earliest
from .types import Effect, Kind, Path, Tell


class Guest:
    """`server` is the path of everything sent; `random(n)` gives n bytes. What the user does takes
    effect with the next drain."""

    def __init__(
        self,
        server: Path,
        name: str,
        *,
        secret: bytes | None,
        random: Callable[[int], bytes],
        now: float,
        key_of: Callable[[str], NameKey | None] = lambda _: None,
    ) -> None:
        """`secret` is a published one; None: the shell is asked for handshakes. `key_of` gives the
        key that a name is to belong to."""
        self._now = now
        self._effects: list[Effect | Rebind] = []
        self._connection = Connection(
            server, self, self._effects.append, secret=secret, random=random, key_of=key_of
        )
        self.me = self._connection.me
        self.me.name = name
        self._asking = Asking(self.rtt)
        self._rooms = Memberships(self._asking, self.rtt)
        self._fetcher = Fetcher(self.rtt)
        self._answers = Answers(
            self._asking, self._rooms, self._connection, tell=self._tell, news=self._news
        )
        self._greeting: list[int] = []

    @property
    def rooms(self) -> dict[str, Membership]:
        """By name; joined again after each reconnect until left."""
        return self._rooms.active

    @property
    def name(self) -> str:
        return self.me.name

    @property
    def instance(self) -> bytes:
        """What marks our own entries."""
        return self.me.instance

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

    def join(
        self,
        room: str,
        now: float,
        *,
        backlog: int = JOIN_BACKLOG,
        first: int = 0,
        secret: str = "",
        make: bool = True,
    ) -> Membership:
        """A room by its name in normal form. Reading begins `backlog` entries before its end, or
        at entry `first`, if that is given. `secret`: its password, or an invite; remembered until
        it is refused. `make`: the room, if it is not there. Raises BadSecretError."""
        self._now = now
        live, secret = self._connection.live, check_secret(secret)
        return self._rooms.join(
            room, backlog=backlog, first=first, live=live, secret=secret, make=make
        )

    def leave(self, room: str, now: float) -> None:
        """At once for the user; for the server when it has what was said there."""
        self._now = now
        if self._rooms.leave(room):
            self._tell(events.Exited(room))

    def say(
        self, room: str, text: str, now: float, *, kind: Kind = Kind.MESSAGE, refers: int = 0
    ) -> list[int]:
        """The tickets of the entries that carry the text, in order. Raises NotSaidError."""
        self._now = now
        return self._rooms.say(room, text, kind, refers, now)

    def standing(self, room: str) -> events.Standing | None:
        """What we are in a room, and may do there; None where we are not."""
        membership = self.rooms.get(room)
        return membership.speaker.voice.standing if membership is not None else None

    def act(
        self,
        room: str,
        act: str,
        *,
        whom: str = "",
        seconds: int = 0,
        number: int = 0,
        text: str = "",
        now: float,
    ) -> None:
        """Moderates a room, see `roles.Act` and `asks.Act`; `Done` follows, or `Refusal`. Raises
        NotSaidError."""
        self._now = now
        self._rooms.act(room, act, whom, seconds, number, text)

    def typing(self, room: str, now: float) -> None:
        """The user is typing there: to be called with each key, and told where that is of use."""
        self._now = now
        self._rooms.types(room, now)

    def nick(self, name: str, now: float) -> None:
        """`Renamed` follows, or `Refusal`. Raises BadNameError for what no datagram would hold."""
        self._now = now
        if len(name) > BYTES_MAX:
            raise BadNameError(f"a name has at most {NAME_MAX} characters")
        self._asking.forget(asks.Nick)
        self._asking.ask(lambda r: asks.Nick(r, name))

    def who(self, room: str, now: float) -> None:
        """Who is in this room, with round trips, is read now and kept up to date; `Presence` follows."""
        self._now = now
        self.rooms[room].roster.renew()

    def list_rooms(self, now: float) -> None:
        """`Listing` follows."""
        self._now = now
        self._asking.forget(asks.Rooms)
        self._asking.ask(lambda r: asks.Rooms(r, ""))

    def direct(self, name: str, now: float) -> None:
        """Into the room that this name's owner alone shares; `DirectRoom` follows, or `Refusal`."""
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

    def admitted(self, handshake: bytes, secret: bytes, server: bytes, now: float) -> None:
        """The answer to Handshake: its id, the secret of its two ends, what the server proved."""
        self._now = now
        self._connection.admitted(handshake, secret, server, now)

    def shaking(self, now: float) -> None:
        """The server was heard in the handshake."""
        self._connection.shaking(now)

    def distrusted(self, reason: str, now: float) -> None:
        """The other answer to Handshake: the server is not the right one, and that is the end."""
        self._now = now
        self._connection.distrusted(reason)

    def moved(self, now: float) -> None:
        """The shell sends from a new endpoint from now on."""
        self._now = now
        self._connection.moved(now)

    def timeout(self, now: float) -> None:
        self._now = now
        for room in self._rooms.by_tag.values():
            if room.overdue(now):
                self._connection.suspect(now)
            self._news(room, room.forget(now))
        self._connection.timeout(now)

    # Out

    def deadline(self, *, pushed: bool = False) -> float | None:
        """`pushed`: as long as its rooms `repeat` what others have read."""
        soonest = self._connection.deadline()
        if self._connection.live:
            soonest = earliest(soonest, self._asking.deadline(), self._fetcher.deadline)
            for room in self._rooms.by_tag.values():
                soonest = earliest(soonest, room.deadline(pushed=pushed))
        return soonest

    def drain(self) -> list[Effect | Rebind]:
        for failed in self._rooms.let_go(self._now):
            self._tell(failed)
        if self._connection.live and self._rooms.renewing:
            self._answers.renew(self._now)  # The room that was waited for may be none of ours now.
        if self._connection.live:
            for draft in self._rooms.drafts(self._now):
                self._connection.queue(draft)
            self._send_requests()
            self._fetcher.poll(self._rooms.by_tag.values(), self._now, self._connection.queue)
            for report in self._rooms.reports(self._now):
                self._connection.queue(report)
            self._connection.flush(self._now)
        effects = self._effects[:]
        self._effects.clear()
        return effects

    # The connection's user

    def greeting(self) -> list[asks.Request]:
        self._asking.forget(asks.Join)
        joins = [self._rooms.ask_join(room) for room in self._rooms.all()[:1]]
        self._greeting = [join.r for join in joins]
        return list(joins)

    def began(self) -> None:
        self._fetcher.reset()
        self._asking.restart(self._now, self._greeting)
        self._rooms.began()

    def ended(self) -> None:
        self._asking.forget(asks.Who)
        for event in self._rooms.ended():
            self._tell(event)
        self._fetcher.reset()

    # Frames

    def _push(self, header: wire.Push, datagram: bytes) -> None:
        room = self._rooms.by_tag.get(header.room)
        if room is None or room.opener is None:
            self.dropped["push of an unknown room"] += 1
            self._asking.hurry(asks.Join, self._now)
        elif not room.opener.knows(header.epoch, self._now):
            if not self._rooms.asks_join(room):
                self._rooms.ask_join(room)
        elif (frames := room.opener.open(header, datagram, self._now)) is None:
            self.dropped["not opened"] += 1
        else:
            self._connection.pushed(room.roster.count, self._now)
            for frame in frames:
                self._news(room, room.frame(frame, self._now, self.instance, header.first))

    def _frame(self, frame: wire.Frame) -> None:
        match frame:
            case wire.Reply(body):
                self._answers.take(asks.decode_response(body), self._now)
            case wire.Pong():
                self._connection.pong(frame, self._now)
            case wire.PathChallenge(token):
                self._connection.queue(wire.PathResponse(token))
            case wire.Page():
                room, history = self._fetcher.page(frame, self._now) or (None, False)
                if room is not None and self._rooms.by_tag.get(room.tag) is room:
                    self._news(room, room.page(frame, history, self._now, self.instance))
            case (
                wire.Direct(room=tag)
                | wire.Head(room=tag)
                | wire.Ack(room=tag)
                | wire.Window(room=tag)
                | wire.Presence(room=tag)
                | wire.Receipts(room=tag)
                | wire.Typists(room=tag)
                | wire.RoomKey(room=tag)
                | wire.Pushing(room=tag)
            ):
                if tag in self._rooms.by_tag:
                    room = self._rooms.by_tag[tag]
                    self._news(room, room.frame(frame, self._now, self.instance))
            case _:
                self.dropped["not for clients"] += 1

    def _news(self, room: Membership, news: list[Event]) -> None:
        shown = self._rooms.shown(room)
        for event in news:
            if shown or isinstance(event, events.Logged):
                self._tell(event)
        ours = self._rooms.get(room.name) is room
        if ours and room.outdated and not self._rooms.asks_join(room):
            self._rooms.ask_join(room)

    # Filling datagrams

    def _send_requests(self) -> None:
        self._rooms.ask_who()
        for message, tries in self._asking.due(self._now):
            if isinstance(message, asks.Nick):
                message = asks.Nick(message.r, message.name, *self.me.claim(message.name))
            self._connection.queue(wire.Ask(asks.encode(message)))
            if tries:
                self._connection.suspect(self._now)

    def _tell(self, event: object) -> None:
        self._effects.append(Tell(event))
