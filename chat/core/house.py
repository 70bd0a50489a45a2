"""The house: every room, everybody in it, and what they may ask for, whatever form they speak.

The sealed and the plain-text protocol (`sealed`, `plain`) both end here; the log's answers begin
here. An entry is only ever told to anybody after it came out of the log.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from . import asks, limits, wire
from .amend import amends, flaw
from .entry import TEXT_MAX, decode_entry
from .guard import Deed, Guard
from .layout import MalformedError
from .member import Labels, Member
from .names import (
    LOBBY,
    BadNameError,
    check_room,
    direct_parties,
    direct_room,
    is_public,
)
from .people import People
from .registry import Registry
from .room import Room, RoomTimers
from .signatures import Signer
from .staging import Verdict
from .text import is_utf8
from .turn import Turn
from .types import (
    REGISTRY,
    Entry,
    Fetch,
    Follow,
    Form,
    Kind,
    Open,
    Path,
    Point,
    Range,
    Record,
    Snapshot,
    Tell,
    Unfollow,
)

_KINDS = frozenset((Kind.MESSAGE, Kind.ACTION, Kind.TOPIC, Kind.EDIT, Kind.DELETE, Kind.REACTION))


class OpenRegistry(Struct, frozen=True):
    """Ticket: the registry is opened, once, before anybody may join."""


class JoinTicket:
    """Ticket: the member waits for its room's log. One a member and room: whoever asks again
    meanwhile, with other points, has the log asked once more when it has answered."""

    __slots__ = ("asked", "member", "points", "request", "room")

    def __init__(self, member: Member, room: str) -> None:
        self.member = member
        self.room = room
        self.request = self.asked = -1
        """The newest request, and that which the log is asked for."""
        self.points: tuple[Point, ...] = ()


class Came(Struct, frozen=True):
    """To the operator: somebody is here."""

    name: str
    endpoint: str
    form: Form


class Went(Struct, frozen=True):
    """To the operator: somebody is gone."""

    name: str
    endpoint: str
    form: Form


class RefusedError(Exception):
    """What a member asked for cannot be; one line that says what to do."""


class House:
    """Owns rooms, names and registry. Members are owned by their protocol."""

    def __init__(
        self,
        turn: Turn,
        timers: RoomTimers,
        labels: Labels,
        random: Callable[[int], bytes],
        signer: Signer | None = None,
    ) -> None:
        self.registry = Registry(random(8))
        self.guard = Guard()
        self.people = People(self.registry, self.guard)
        self.labels = labels
        self.rooms: dict[str, Room] = {}
        self._signer = signer
        self._turn = turn
        self._timers = timers
        self._random = random
        self._tags = 0
        self._opening: dict[Member, dict[str, JoinTicket]] = {}
        """Joins that wait for the log."""
        self._ahead = limits.Allowance(limits.AHEAD_BYTES)
        turn.emit(Open(OpenRegistry(), REGISTRY, b"", ()))

    # What members ask for

    @property
    def members(self) -> dict[bytes, Member]:
        """By instance."""
        return self.people.members

    def enter(self, member: Member, name: str, key: bytes, now: float, wall: int) -> None:
        """Somebody new, who has shown to hold `key`, unless that is empty. Raises RefusedError for
        a name that cannot be one, and where one neighbour is here too often already."""
        if not self.guard.has_room(member.path):
            raise RefusedError("too many are here from your network; try again when some have left")
        if not self.guard.allows(Deed.JOIN, member.path, now):
            raise RefusedError("too many are coming from your network; try again in a minute")
        self._name(member, name, key, now, wall)
        self.people.add(member)
        self.guard.came(member.path)
        self._turn.emit(Tell(Came(member.name, str(member.path), member.form)))

    def exit(self, member: Member, now: float) -> None:
        """Gone, from everywhere."""
        for room in list(member.rooms.values()):
            self._leave(member, room, now)
        if self.people.remove(member):
            self.guard.went(member.path)
            self._turn.emit(Tell(Went(member.name, str(member.path), member.form)))

    def rename(self, member: Member, name: str, key: bytes, now: float, wall: int) -> None:
        """Raises RefusedError; a taken name becomes the first free one like it."""
        before, verified = member.name, member.verified
        self._name(member, name, key, now, wall)
        if (member.name, member.verified) != (before, verified):
            for room in member.rooms.values():
                room.renamed(member, before, now)

    def join(
        self,
        member: Member,
        request: int,
        name: str,
        points: tuple[tuple[int, bytes], ...],
        now: float,
        wall: int,
    ) -> str:
        """The room's name in its normal form; `member.joined` follows when the log has answered.
        Raises RefusedError."""
        room = self._room_to_join(member, name)
        if room not in self.rooms:
            if room not in self.registry.rooms and room != LOBBY:
                self._check_new(member, now)
            self._tags += 1
            self.rooms[room] = Room(
                room,
                self._tags,
                self._turn,
                self._timers,
                self._random,
                self._signer,
                self._ahead,
                self._set_topic,
            )
        if is_public(room):
            self.registry.make_room(room, member.name, wall)
            self._turn.room(self)
        opening = self._opening.setdefault(member, {})
        ticket = opening.get(room)
        known = ticket is not None
        if ticket is None:
            ticket = opening[room] = JoinTicket(member, room)
            self.rooms[room].opening += 1
        if ticket.request != request:
            ticket.request, ticket.points = request, _points(points)
        if not known:
            self._open(ticket)
        return room

    def leave(self, member: Member, name: str, now: float) -> None:
        """No matter whether it was in it."""
        room = self.rooms.get(name)
        if room is not None:
            self._leave(member, room, now)

    def say(self, member: Member, room: Room, draft: wire.Draft, wall: int) -> Verdict:
        """One entry's text, UTF-8. It is made harmless where it is shown. Raises
        MalformedError."""
        text = draft.text
        if draft.kind not in _KINDS or len(text) > TEXT_MAX or not is_utf8(text):
            raise MalformedError("draft")
        if draft.kind == Kind.TOPIC and (len(text) > limits.TOPIC_BYTES or room.parties):
            raise MalformedError("topic")
        if amends(draft.kind) and flaw(draft.kind, draft.refers, text.decode(), bool(draft.more)):
            raise MalformedError("amendment")
        verdict = room.draft(member, draft, wall)
        if room.parties is not None and verdict is Verdict.TAKEN:
            # Not before somebody says something there: whoever is a party is reminded of it.
            self.registry.make_room(room.name, member.name, wall)
            self._turn.room(self)
        return verdict

    def direct(self, member: Member, name: str) -> tuple[str, str]:
        """The room that `member` shares with this name's owner, and the owner's name. Raises
        RefusedError."""
        peer = self.people.named(name)
        if peer is None:
            raise RefusedError(f"there is no {name} here; /who lists who is")
        if peer.party == member.party:
            raise RefusedError("that is you")
        return direct_room(member.party, peer.party), peer.name

    def invitations(self, member: Member) -> Iterator[tuple[str, str]]:
        """Direct rooms that the member is not in and has room for, with the other's name, the
        newest first."""
        names = self.registry.direct_rooms(member.party)[-limits.ROOMS_PER_MEMBER :]
        if not names:
            return
        joined = {room.name for room in member.rooms.values()}
        missing = [name for name in reversed(names) if name not in joined]
        for name in missing[: limits.ROOMS_PER_MEMBER - _directs(member)]:
            yield name, self._peer(member, name)

    def list_rooms(self, after: str) -> Iterator[asks.RoomRow]:
        for name in self.registry.public(after):
            members = len(self.rooms[name]) if name in self.rooms else 0
            yield asks.RoomRow(name, members, self.registry.topic(name))

    # What the log answers

    def opened(self, ticket: object, snapshot: Snapshot, now: float, wall: int) -> None:
        match ticket:
            case OpenRegistry():
                self.registry.opened(snapshot.floor, snapshot.head)
                self._turn.emit(Follow(REGISTRY, 0))
            case JoinTicket(member=member, request=request, room=name):
                if ticket.asked != request:
                    self._open(ticket)
                    return
                room = self._answered(ticket)
                if member in self.people and member.awaits(name, request):
                    if not room.following:
                        room.start(snapshot)
                        self._turn.emit(Follow(name, snapshot.head.seq))
                    room.enter(member, snapshot, now, wall)
                    member.joined(room, request, snapshot)
                self._close_if_empty(room)

    def failed(self, ticket: object, reason: str) -> None:
        match ticket:
            case OpenRegistry():
                self.registry.trouble = reason
            case JoinTicket(member=member, request=request, room=name):
                room = self._answered(ticket)
                if member.awaits(name, request):
                    member.unopened(name)
                self._close_if_empty(room)

    def logged(self, name: str, records: tuple[Record, ...], now: float) -> None:
        if name == REGISTRY:
            for record in records:
                try:
                    entry = decode_entry(name, record.seq, record.body)
                except MalformedError:
                    self.registry.skipped(record.seq)
                else:
                    self.registry.logged(entry)
                    self._verified(entry, now)
            self._turn.room(self)
        elif (room := self.rooms.get(name)) is not None and room.following:
            room.logged(records, now)
            self.remind(room)

    def appended(self, name: str, result: dict[bytes, int] | str, now: float) -> None:
        if name == REGISTRY:
            self.registry.appended(result)
        elif (room := self.rooms.get(name)) is not None:
            room.appended(result, now)
            self._close_if_empty(room)

    def fetch(self, ticket: object, room: Room, ranges: tuple[Range, ...], budget: int) -> None:
        wanted = ranges[: limits.RANGES]
        self._turn.emit(Fetch(ticket, room.name, wanted, min(budget, limits.FETCH_BYTES)))

    def remind(self, room: Room) -> None:
        """Whoever is a party of a direct room and not in it is told so, at each of its heads."""
        for party in room.parties or ():
            for member in self.people.party(party):
                if member not in room and _directs(member) < limits.ROOMS_PER_MEMBER:
                    member.invited(0, room.name, self._peer(member, room.name))

    def flush(self) -> None:
        for effect in self.registry.flush():
            self._turn.emit(effect)

    def _check_new(self, member: Member, now: float) -> None:
        """Raises RefusedError where no room more can be made."""
        if len(self.registry.rooms) >= limits.ROOMS:
            raise RefusedError("the server has as many rooms as it may; join one of /rooms")
        if not self.guard.allows(Deed.ROOM, member.path, now):
            raise RefusedError("your network has made many rooms; join one of /rooms, or wait")

    def moved(self, member: Member, before: Path, now: float) -> None:
        """Its endpoint is another one now."""
        self.guard.went(before)
        self.guard.came(member.path)
        for room in member.rooms.values():
            room.moved(member, before, now)

    def _name(self, member: Member, name: str, key: bytes, now: float, wall: int) -> None:
        try:
            self.people.name(member, name, key, now, wall)
        except BadNameError as error:
            raise RefusedError(str(error)) from error
        self._turn.room(self)

    def _verified(self, entry: Entry, now: float) -> None:
        for member in self.people.registered(entry):
            for room in member.rooms.values():
                room.changed(member, now)

    def _open(self, ticket: JoinTicket) -> None:
        ticket.asked = ticket.request
        self._turn.emit(Open(ticket, ticket.room, ticket.member.instance, ticket.points))

    def _answered(self, ticket: JoinTicket) -> Room:
        opening = self._opening[ticket.member]
        del opening[ticket.room]
        if not opening:
            del self._opening[ticket.member]
        room = self.rooms[ticket.room]
        room.opening -= 1
        return room

    def _set_topic(self, room: str, topic: str, author: str, wall: int) -> None:
        self.registry.set_topic(room, topic, author, wall)
        self._turn.room(self)

    def _room_to_join(self, member: Member, wanted: str) -> str:
        if is_public(wanted):
            try:
                name = check_room(wanted)
            except BadNameError as error:
                raise RefusedError(str(error)) from error
        elif member.party in (direct_parties(wanted) or ()):
            name = wanted
        else:
            raise RefusedError("that room is not for you")
        rooms = {room.name for room in member.rooms.values()}.union(self._opening.get(member, ()))
        others = [room for room in rooms if room != name and is_public(room) == is_public(name)]
        if len(others) >= limits.ROOMS_PER_MEMBER:
            raise RefusedError(f"you are in {len(others)} rooms; /leave one of them first")
        return name

    def _peer(self, member: Member, room: str) -> str:
        """The name of the other one in a direct room, or nothing if it is gone."""
        for party in direct_parties(room) or ():
            if party != member.party:
                return next((other.name for other in self.people.party(party)), "")
        return ""

    def _leave(self, member: Member, room: Room, now: float) -> None:
        room.exit(member, now)
        self._close_if_empty(room)

    def _close_if_empty(self, room: Room) -> None:
        if room.empty and self.rooms.get(room.name) is room:
            del self.rooms[room.name]
            room.closed()
            if room.following:
                self._turn.emit(Unfollow(room.name))


def _directs(member: Member) -> int:
    return sum(room.parties is not None for room in member.rooms.values())


def _points(points: tuple[tuple[int, bytes], ...]) -> tuple[Point, ...]:
    return tuple(Point(seq, digest) for seq, digest in points)
