"""What follows when a ruling has come out of the registry's log, whichever node wrote it."""

from collections import deque
from collections.abc import Callable

from . import limits
from .authority import SERVER, Authority
from .member import Member
from .names import is_public
from .people import People
from .policy import DROP, Ruling, sort_of
from .registry import Registry
from .roles import Act, Role
from .room import Room, RoomTimers
from .speech import Speech
from .subjects import meant_by

_LAPSED: dict[Act | None, Act] = {
    Act.BAN: Act.UNBAN,
    Act.MUTE: Act.UNMUTE,
    Act.INVITE: Act.UNINVITE,
}


class Consequences:
    """Of one house. `timeout` is to be called with the names of its timers."""

    def __init__(
        self,
        registry: Registry,
        people: People,
        authority: Authority,
        speech: Speech,
        rooms: dict[str, Room],
        timers: RoomTimers,
        *,
        put_out: Callable[[Member, Room, str, float], None],
        dropped: Callable[[Room, float, int], None],
        ruled: Callable[[], None],
    ) -> None:
        """`put_out(member, room, reason, now)` takes somebody out of a room;
        `dropped(room, now, wall)`: it was forgotten while somebody came."""
        self._registry = registry
        self._people = people
        self._authority = authority
        self._speech = speech
        self._rooms = rooms
        self._timers = timers
        self._put_out = put_out
        self._dropped = dropped
        self._ruled = ruled
        self._untold: deque[tuple[Member, Room]] = deque()
        """Who is yet to be told what it may do."""

    def of(self, ruling: Ruling, now: float, wall: int) -> None:
        """Once for each, in the order of the log."""
        room = self._rooms.get(ruling.room)
        match ruling.act:
            case Act.KICK:
                self._remove(ruling, now)
            case Act.BAN:
                self._remove(ruling, now)
                self._dismiss_all(ruling, now)
                self._watch(now)
            case Act.LOCK if room is not None:
                room.rekey(now)
            case Act.MUTE | Act.UNMUTE:
                self._tell(ruling, now)
                self._watch(now)
            case Act.INVITE:
                self._watch(now)
            case Act.OP | Act.DEOP:
                self._tell(ruling, now)
            case Act.SLOW if room is not None:
                room.forget_early()
                self._untold += ((member, room) for member in room.members)
                self._tell_some(now)
            case _ if ruling.act == DROP and room is not None:
                self._dropped(room, now, wall)

    def appointed(self, admins: frozenset[bytes], now: float) -> None:
        """The operator's list is this one now; who has come to it, or has gone from it, is told."""
        others = self._authority.admins ^ admins
        self._authority.admins = admins
        for member in self._people.members.values():
            if member.public in others:
                for room in list(member.rooms.values()):
                    if not self._shuts_out(member, room, now):
                        self.tell(member, room, now)
                self._dismiss_banned(member, now)

    def began(self, now: float) -> None:
        """Everything has been read. Some of it may have run out while nobody was here to say so."""
        self._end(now)

    def moved(self, member: Member, now: float) -> None:
        """It comes from elsewhere now, or by another key: it may be banned."""
        for room in list(member.rooms.values()):
            out = self._shuts_out(member, room, now)
            if not out and self._registry.policy(room.name).held:
                self.tell(member, room, now)
        self._dismiss_banned(member, now)

    def tell(self, member: Member, room: Room, now: float) -> None:
        """What it may do there."""
        member.stands(room, self._speech.standing(member, room, now))

    def entered(self, member: Member, room: Room, now: float) -> None:
        """It is told what it may do, if that is not what everybody may."""
        slow = self._registry.policy(room.name).slow
        if slow or self._authority.role(member, room.name, now) is not Role.MEMBER:
            self.tell(member, room, now)

    def timeout(self, name: str, now: float) -> None:
        if name == "lapse":
            self._end(now)
        else:
            self._tell_some(now)

    def _end(self, now: float) -> None:
        """The end of what has run out is written, so that it is one for ever."""
        written = False
        for _, policy in list(self._registry.policies()):
            for ruling in self._authority.over(policy, now):
                over = Ruling(
                    act=_LAPSED[sort_of(ruling)],
                    room=ruling.room,
                    by="",
                    whom=ruling.whom,
                    subjects=ruling.subjects,
                    until=ruling.until,
                    why="its time is over",
                )
                self._registry.rule(over, now)
                written = True
        if written:
            self._ruled()
            self._timers.set((self, "lapse"), now + limits.LAPSE_AGAIN)
        self._watch(now)

    def _watch(self, now: float) -> None:
        """Sets the timer for the next one that ends."""
        if not self._registry.ready:
            return
        time = self._registry.time.read(now)
        ends = [
            ruling.until
            for _, policy in self._registry.policies()
            for ruling in policy.temporary()
            if ruling.until > time
        ]
        if ends:
            self._timers.set_earlier((self, "lapse"), now + (min(ends) - time) / 1000)

    def _remove(self, ruling: Ruling, now: float) -> None:
        places = list(self._rooms.values()) if ruling.room == SERVER else []
        if ruling.room in self._rooms:
            places.append(self._rooms[ruling.room])
        for room in places:
            found = [it for it in room.members if self._authority.means(ruling, it)]
            for member in found:
                self._put_out(member, room, self._reason(ruling, room, now), now)
            # Who is banned from a room may just have left it, and taken the key along.
            if found or (ruling.act == Act.BAN and ruling.room == room.name):
                room.rekey(now)

    def _dismiss_all(self, ruling: Ruling, now: float) -> None:
        if ruling.room == SERVER:
            for member in self._people.members.values():
                if self._authority.means(ruling, member):
                    self._dismiss(member, now)

    def _dismiss_banned(self, member: Member, now: float) -> None:
        if self._authority.ban(member, SERVER, now) is not None:
            self._dismiss(member, now)

    def _dismiss(self, member: Member, now: float) -> None:
        """Who has no room left and may come to none is not kept. It is told first."""
        member.expelled = True
        self._timers.set((member, "idle"), now)

    def _tell_some(self, now: float) -> None:
        """Not all of a large room in one turn: each takes a sealed datagram."""
        for _ in range(min(limits.ROOM_KEY_BATCH, len(self._untold))):
            member, room = self._untold.popleft()
            if member in room:
                self.tell(member, room, now)
        if self._untold:
            self._timers.set((self, "tell"), now + limits.ROOM_KEY_PAUSE)

    def _tell(self, ruling: Ruling, now: float) -> None:
        room, meant = self._rooms.get(ruling.room), meant_by(ruling.subjects)
        if room is not None:
            found = [it for it in room.members if meant.names(it) or meant.covers(it)]
            if ruling.act == Act.DEOP:
                found = [it for it in found if not self._shuts_out(it, room, now)]
            self._untold += ((member, room) for member in found)
            self._tell_some(now)

    def _shuts_out(self, member: Member, room: Room, now: float) -> bool:
        """Somebody who is banned now: it has moved, or has no role any more that kept a ban of its
        address from it."""
        ban = self._authority.ban(member, room.name, now)
        if ban is not None:
            self._put_out(member, room, self._reason(ban, room, now), now)
            room.rekey(now)
        return ban is not None

    def _reason(self, ruling: Ruling, room: Room, now: float) -> str:
        by = f" by {ruling.by}" if ruling.by else ""
        where = ruling.room or "this server"
        words = self._authority.words(ruling, now)
        if ruling.act == Act.KICK:
            comes = f"; /join {room.name} comes back" if is_public(room.name) else ""
            return f"you were kicked from {where}{by}{words}{comes}"
        return f"you are banned from {where}{by}{words}"
