"""The house: every room, everybody in it, and what they may ask for, whatever form they speak.

The sealed and the plain-text protocol (`sealed`, `plain`) both end here; the log's answers begin
here. An entry is only ever told to anybody after it came out of the log.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

from . import asks, limits, wire
from .buckets import Allowance
from .directs import Directs
from .entrance import Knock
from .entry import decode_entry
from .government import Government
from .guard import Deed, Guard
from .happenings import Came, Skipped, Went
from .layout import MalformedError
from .member import Labels, Member
from .motions import Motion
from .names import LOBBY, BadNameError, check_room, direct_parties, is_public
from .openings import JoinTicket, Openings
from .people import People
from .policy import Ruling
from .refusal import RefusedError
from .registry import Registry
from .room import Room, RoomTimers
from .scribe import is_sound
from .session import Session
from .signatures import Signer
from .staging import Verdict
from .turn import Turn
from .types import (
    REGISTRY,
    Entry,
    Extract,
    Fetch,
    Follow,
    Open,
    Path,
    Point,
    Range,
    Record,
    Snapshot,
    Tell,
    Unfollow,
)


class OpenRegistry(Struct, frozen=True):
    """Ticket: the registry is opened, once, before anybody may join."""


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
        self.directs = Directs(self.registry, self.people)
        self.labels = labels
        self.rooms: dict[str, Room] = {}
        self.government = Government(
            self.registry,
            self.people,
            self.rooms,
            turn,
            timers,
            random,
            put_out=self._put_out,
            ruled=lambda: turn.room(self),
            secure=signer is not None,
        )
        self._signer = signer
        self._turn = turn
        self._timers = timers
        self._random = random
        self._tags = 0
        self._openings = Openings(turn)
        self._ahead = Allowance(limits.AHEAD_BYTES)
        turn.emit(Open(OpenRegistry(), REGISTRY, b"", ()))

    # What members ask for

    @property
    def members(self) -> dict[bytes, Member]:
        """By instance."""
        return self.people.members

    def enter(self, member: Member, name: str, key: bytes, now: float, wall: int) -> None:
        """Somebody new, who has shown to hold `key`, unless that is empty. Raises RefusedError for
        a name that cannot be one, and where one neighbour is here too often already."""
        member.public = key
        self.government.entrance.check_server(member, now)
        if not self.guard.has_room(member.path):
            raise RefusedError("too many are here from your network; try again when some have left")
        if not self.guard.allows(Deed.JOIN, member.path, now):
            raise RefusedError("too many are coming from your network; try again in a minute")
        self._name(member, name, key, now, wall)
        self.people.add(member, now)
        self.guard.came(member.path)
        self._turn.emit(Tell(Came(member.name, str(member.path), member.form)))

    def exit(self, member: Member, now: float) -> None:
        """Gone, from everywhere."""
        for room in list(member.rooms.values()):
            self._leave(member, room, now)
        if self.people.remove(member):
            self.government.left(member, now)
            self.guard.went(member.path)
            self._turn.emit(Tell(Went(member.name, str(member.path), member.form)))

    def rename(self, member: Member, name: str, key: bytes, now: float, wall: int) -> None:
        """Raises RefusedError; a taken name becomes the first free one like it."""
        before, verified = member.name, member.verified
        self._name(member, name, key, now, wall)
        if (member.name, member.verified) != (before, verified):
            for room in member.rooms.values():
                room.renamed(member, before, now)
        self.government.consequences.moved(member, now)

    def join(
        self,
        member: Member,
        request: int,
        name: str,
        points: tuple[tuple[int, bytes], ...],
        now: float,
        wall: int,
        secret: str = "",
    ) -> str:
        """The room's name in its normal form; `member.joined` follows when the log has answered,
        or `member.refused` when it is known that the `secret` does not open the room. Raises
        RefusedError."""
        room = self._room_to_join(member, name)
        self.government.entrance.check_ban(member, room, now)
        knock = Knock(member, room, request, tuple(Point(*each) for each in points), secret)
        here = room in self.rooms and member in self.rooms[room]
        waits = room in self._openings.of(member)
        if here or waits or not is_public(room) or self.government.entrance.admits(knock, now):
            self._admit(knock, now, wall)
        return room

    def checked(self, knock: Knock, ok: bool | None, now: float, wall: int) -> None:
        """Whether the password was right; None: that could not be found out."""
        member = knock.member
        try:
            comes = self.government.entrance.checked(knock, ok, now)
            if comes and member in self.people and member.awaits(knock.room, knock.request):
                self._admit(knock, now, wall)
        except RefusedError as error:
            member.refused(knock.request, str(error), error.why)

    def _admit(self, knock: Knock, now: float, wall: int) -> None:
        """It may come in, and does when the log has answered. Raises RefusedError."""
        member, room = knock.member, knock.room
        self._open_room(member, room, now, wall)
        self._openings.ask(member, self.rooms[room], knock.request, knock.points)

    def _open_room(self, member: Member, room: str, now: float, wall: int) -> None:
        """Raises RefusedError where it is not there and cannot be made."""
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
            self.government.makes(self.rooms[room], member, now, wall)

    def _check_new(self, member: Member, now: float) -> None:
        """Raises RefusedError where no room more can be made."""
        if len(self.registry.rooms) >= limits.ROOMS:
            raise RefusedError("the server has as many rooms as it may; join one of /rooms")
        if not self.guard.allows(Deed.ROOM, member.path, now):
            raise RefusedError("your network has made many rooms; join one of /rooms, or wait")

    def leave(self, member: Member, name: str, now: float) -> None:
        """No matter whether it was in it."""
        room = self.rooms.get(name)
        if room is not None and member in room:
            self._leave(member, room, now)

    def say(self, member: Member, room: Room, draft: wire.Draft, now: float, wall: int) -> Verdict:
        """One entry's text. It is made harmless where it is shown. Raises MalformedError."""
        direct = room.parties is not None
        if not is_sound(draft, direct):
            raise MalformedError("draft")
        bound = not direct and self.government.speech.is_bound(room)
        new = bound and draft.n > room.last_n(member)
        if new and self.government.withholds(member, room, draft, now):
            member.drops += 1
            return Verdict.AHEAD
        verdict = room.draft(member, draft, wall)
        if bound and verdict is Verdict.TAKEN:
            self.government.speech.said(member, room, draft, now)
        if direct and verdict is Verdict.TAKEN:
            # Not before somebody says something there: whoever is a party is reminded of it.
            self.registry.make_room(room.name, member.name, wall)
            self._turn.room(self)
        return verdict

    def remind(self, session: Session, now: float) -> None:
        """What it may have missed of what moderators did to it."""
        session.remind()
        told = session.dealings.standings if session.dealings is not None else ()
        for room in session.rooms.values():
            if room.name in told:
                self.government.consequences.tell(session, room, now)

    def list_rooms(self, after: str) -> Iterator[asks.RoomRow]:
        for name in self.registry.public(after):
            members = len(self.rooms[name]) if name in self.rooms else 0
            yield asks.RoomRow(name, members, self.registry.topic(name))

    # What the log answers

    def opened(self, ticket: object, snapshot: Snapshot, now: float, wall: int) -> None:
        match ticket:
            case OpenRegistry():
                self.registry.opened(snapshot.floor, snapshot.head, now, wall)
                self._turn.emit(Follow(REGISTRY, 0))
            case JoinTicket(member=member, request=request, room=name):
                if self._openings.outdated(ticket):
                    return
                room = self.rooms[name]
                self._openings.answered(ticket, room)
                if member in self.people and member.awaits(name, request):
                    try:
                        self._enter(member, room, request, snapshot, now, wall)
                    except RefusedError as error:
                        member.refused(request, str(error), error.why)
                self._close_if_empty(room, now)

    def _enter(
        self, member: Member, room: Room, request: int, snapshot: Snapshot, now: float, wall: int
    ) -> None:
        """Raises RefusedError."""
        if member not in room:
            self.government.entrance.check_enters(member, room.name, now)
        if not room.following:
            room.start(snapshot)
            self._turn.emit(Follow(room.name, snapshot.head.seq))
        room.enter(member, snapshot, now, wall)
        if room.name not in self.registry.rooms and room.parties is None:
            self.government.makes(room, member, now, wall)
        member.joined(room, request, snapshot)
        self.government.consequences.entered(member, room, now)

    def failed(self, ticket: object, reason: str, now: float) -> None:
        match ticket:
            case OpenRegistry():
                self.registry.trouble = reason
            case JoinTicket(member=member, request=request, room=name):
                room = self.rooms[name]
                self._openings.answered(ticket, room)
                if member.awaits(name, request):
                    member.unopened(name)
                self._close_if_empty(room, now)

    def logged(self, name: str, records: tuple[Record, ...], now: float, wall: int) -> None:
        if name == REGISTRY:
            for record in records:
                self._registered(record, now, wall)
            self._turn.room(self)
        elif (room := self.rooms.get(name)) is not None and room.following:
            room.logged(records, now)
            self.directs.remind(room)

    def _registered(self, record: Record, now: float, wall: int) -> None:
        """An entry of the registry."""
        was_ready, skips = self.registry.ready, self.registry.skips
        try:
            entry = decode_entry(REGISTRY, record.seq, record.body)
        except MalformedError:
            self.registry.skipped(record.seq, now, wall)
        else:
            ruling = self.registry.logged(entry, now, wall)
            self._verified(entry, now)
            n = entry.n if self.registry.is_ours(entry) else None
            self._ruling(n, ruling if was_ready else None, now, wall)
        if self.registry.ready and not was_ready:
            self.government.consequences.began(now)
            skips = 0
        if self.registry.ready and self.registry.skips > skips:
            self._turn.emit(Tell(Skipped(self.registry.skips)))

    def _ruling(self, n: int | None, ruling: Ruling | None, now: float, wall: int) -> None:
        """`n`: we wrote it."""
        knock = self.government.logged(n, ruling, now, wall)
        if knock is None or knock.member not in self.people:
            return
        if knock.member.awaits(knock.room, knock.request):
            try:
                self._admit(knock, now, wall)
            except RefusedError as error:
                knock.member.refused(knock.request, str(error), error.why)

    def appended(self, name: str, result: dict[bytes, int] | str, now: float) -> None:
        if name == REGISTRY:
            after = self.registry.appended(result)
            if after is not None:
                self.government.refused(after)
        elif (room := self.rooms.get(name)) is not None:
            room.appended(result, now)
            self._close_if_empty(room, now)

    def fetched(self, motion: Motion, extract: Extract, now: float, wall: int) -> None:
        """What a moderator is about to delete."""
        self.government.moderation.fetched(motion, extract, now, wall)

    def fetch(self, ticket: object, room: Room, ranges: tuple[Range, ...], budget: int) -> None:
        wanted = ranges[: limits.RANGES]
        self._turn.emit(Fetch(ticket, room.name, wanted, min(budget, limits.FETCH_BYTES)))

    def flush(self) -> None:
        for effect in self.registry.flush():
            self._turn.emit(effect)

    def moved(self, member: Member, before: Path, now: float) -> None:
        """Its endpoint is another one now."""
        self.guard.went(before)
        self.guard.came(member.path)
        for room in member.rooms.values():
            room.moved(member, before, now)
        self.government.consequences.moved(member, now)

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
        rooms = {room.name for room in member.rooms.values()}.union(self._openings.of(member))
        others = [room for room in rooms if room != name and is_public(room) == is_public(name)]
        if len(others) >= limits.ROOMS_PER_MEMBER:
            raise RefusedError(f"you are in {len(others)} rooms; /leave one of them first")
        return name

    def _leave(self, member: Member, room: Room, now: float, *, out: bool = False) -> int:
        ordinal = room.exit(member, now, out=out)
        self.government.left(member, now, room.name)
        self._close_if_empty(room, now)
        return ordinal

    def _put_out(self, member: Member, room: Room, reason: str, now: float) -> None:
        member.put_out(room, self._leave(member, room, now, out=True), reason)

    def _close_if_empty(self, room: Room, now: float) -> None:
        if room.empty and self.rooms.get(room.name) is room:
            del self.rooms[room.name]
            room.closed()
            if room.following:
                self._turn.emit(Unfollow(room.name))
            if room.blank and room.parties is None and room.name != LOBBY:
                self.government.deserted(room.name, now)
