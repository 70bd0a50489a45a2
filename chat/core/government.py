"""What makes a house's rooms ones that people can run; each part has a module of its own."""

from collections.abc import Callable

from . import wire
from .authority import SERVER, Authority
from .consequences import Consequences
from .entrance import Entrance, Knock
from .gone import Gone
from .guesses import Guesses
from .invites import Invites
from .known import Known
from .member import Member
from .moderation import Moderation
from .names import LOBBY, is_public
from .pen import Pen
from .people import People
from .policy import Ruling
from .registry import Registry
from .room import Room, RoomTimers
from .speech import Speech
from .targets import Targets
from .turn import Turn


class Government:
    """asked -> moderation -> pen -> the registry's log -> consequences

    Rooms are the house's; everything that lasts is the registry's.
    """

    def __init__(
        self,
        registry: Registry,
        people: People,
        rooms: dict[str, Room],
        turn: Turn,
        timers: RoomTimers,
        random: Callable[[int], bytes],
        *,
        put_out: Callable[[Member, Room, str, float], None],
        ruled: Callable[[], None],
        secure: bool,
    ) -> None:
        """`put_out(member, room, reason, now)` takes somebody out of a room; `ruled` is called when
        the registry has something to write. `secure`: sessions' keys are not published, so that
        there can be secrets."""
        self._registry = registry
        self._ruled = ruled
        self.authority = Authority(registry)
        self.speech = Speech(registry, self.authority)
        self.entrance = Entrance(
            registry, self.authority, Guesses(), Known(random(32)), rooms, turn, ruled=ruled
        )
        self._gone = Gone()
        self._pen = Pen(registry, rooms, ruled=ruled)
        self.moderation = Moderation(
            registry,
            self.authority,
            Targets(registry, people, self.authority, rooms, self._gone),
            Invites(registry, self.authority, self._pen, random),
            self._pen,
            rooms,
            turn,
            secure=secure,
        )
        self.consequences = Consequences(
            registry,
            people,
            self.authority,
            self.speech,
            rooms,
            timers,
            put_out=put_out,
            dropped=self._dropped,
            ruled=ruled,
        )

    def withholds(self, member: Member, room: Room, draft: wire.Draft, now: float) -> bool:
        """Whether this draft, a new one, is not to be taken now; its author is told."""
        if not self.speech.withholds(member, room, draft, now):
            return False
        self.consequences.tell(member, room, now)
        return True

    def makes(self, room: Room, member: Member, now: float, wall: int) -> None:
        """The room is one of the registry's, or will be. Who makes it owns it, if it has a key:
        who is there first, or else this member, who is about to be."""
        if room.name in self._registry.rooms:
            return
        maker = next(iter(room.members), member)
        made = self._registry.make_room(room.name, maker.name, wall)
        if made and maker.public and room.name != LOBBY:
            self._pen.found(room.name, maker, now)
        self._ruled()

    def _dropped(self, room: Room, now: float, wall: int) -> None:
        """It was forgotten while somebody came. Who is about to be in it makes it then."""
        if room.members:
            self.makes(room, room.members[0], now, wall)

    def left(self, member: Member, now: float, room: str = SERVER) -> None:
        """It was there until now."""
        if room == SERVER or is_public(room):
            self._gone.left(member, room, now)

    def deserted(self, room: str, now: float) -> None:
        """Nobody is in a room that has no entries; it is kept if it has an owner."""
        if room in self._registry.rooms and not self._registry.policy(room).owners:
            self._pen.drop(room, now)

    def logged(self, n: int | None, ruling: Ruling | None, now: float, wall: int) -> Knock | None:
        """A registry's entry came out of the log; `n` is ours, if we wrote it. Returns who comes in
        for that, if somebody does."""
        if ruling is not None:
            self.consequences.of(ruling, now, wall)
        if n is None:
            return None
        self._pen.logged(n)
        return self.entrance.logged(n)

    def refused(self, after: int) -> None:
        """The log refused what of ours was on its way after this n."""
        self._pen.refused(after)
        self.entrance.refused(after)
