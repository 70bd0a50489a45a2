"""Sessions' fetches: one outstanding each, answered in pages as fast as the loop allows."""

from collections import Counter

from . import wire
from .house import House
from .outlet import Outlet
from .pages import FetchTicket
from .room import Room, RoomTimers
from .session import Session
from .turn import Turn
from .types import Extract


class Fetches:
    """Of one server."""

    def __init__(self, house: House, turn: Turn, timers: RoomTimers, dropped: Counter[str]) -> None:
        self._house = house
        self._fetching: dict[Session, FetchTicket] = {}
        self._outlet = Outlet(turn, lambda: timers.set((self._outlet, "pages"), 0.0))
        self._dropped = dropped

    def ask(self, session: Session, room: Room, fetch: wire.Fetch) -> None:
        ticket = self._fetching.get(session)
        if ticket is None:
            self._outlet.drop(session)
            ticket = self._fetching[session] = FetchTicket(session, fetch.request, room.tag)
            self._house.fetch(ticket, room, fetch.ranges, fetch.budget)
        elif ticket.room == room.tag:
            ticket.request = fetch.request

    def fetched(self, ticket: FetchTicket, extract: Extract) -> None:
        """The log's answer to a fetch, in pages."""
        session = ticket.session
        if self._fetching.get(session) is not ticket:
            return
        del self._fetching[session]
        if ticket.room not in session.rooms:
            return  # It was put out, or left, while the log was asked.
        if not self._outlet.add(ticket, extract):
            session.drops += 1
            self._dropped["answers to fetches withheld"] += 1

    def failed(self, ticket: FetchTicket) -> None:
        """The log could not answer; the client will ask again."""
        self._fetching.pop(ticket.session, None)

    def forget(self, session: Session) -> None:
        """It wants nothing any more of what it asked for."""
        self._fetching.pop(session, None)
        self._outlet.drop(session)
