"""Joins that wait for the log: one of each member and room, the newest request of them."""

from collections.abc import Iterable

from .member import Member
from .room import Room
from .turn import Turn
from .types import Open, Point


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


class Openings:
    """Of one house."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._tickets: dict[Member, dict[str, JoinTicket]] = {}

    def of(self, member: Member) -> Iterable[str]:
        """Rooms that it waits for."""
        return self._tickets.get(member, {}).keys()

    def ask(self, member: Member, room: Room, request: int, points: tuple[Point, ...]) -> None:
        tickets = self._tickets.setdefault(member, {})
        ticket = tickets.get(room.name)
        known = ticket is not None
        if ticket is None:
            ticket = tickets[room.name] = JoinTicket(member, room.name)
            room.opening += 1
        if ticket.request != request:
            ticket.request, ticket.points = request, points
        if not known:
            self._open(ticket)

    def outdated(self, ticket: JoinTicket) -> bool:
        """Whether the log was asked for an older request: then it is asked again."""
        if ticket.asked == ticket.request:
            return False
        self._open(ticket)
        return True

    def answered(self, ticket: JoinTicket, room: Room) -> None:
        tickets = self._tickets[ticket.member]
        del tickets[ticket.room]
        if not tickets:
            del self._tickets[ticket.member]
        room.opening -= 1

    def _open(self, ticket: JoinTicket) -> None:
        ticket.asked = ticket.request
        self._turn.emit(Open(ticket, ticket.room, ticket.member.instance, ticket.points))
