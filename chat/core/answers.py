"""What a server tells a guest in words, asked and unasked, and what follows from it."""

from collections.abc import Callable

from . import asks, events
from .asking import Asking
from .connection import Connection
from .layout import MalformedError
from .limits import JOIN_BACKLOG
from .membership import Event, Membership
from .memberships import Memberships
from .names import direct_parties
from .notices import Notices


class Answers:
    """Of one guest. `tell` takes what its user is to know, `news` what a room has to tell."""

    def __init__(
        self,
        asking: Asking,
        rooms: Memberships,
        connection: Connection,
        *,
        tell: Callable[[object], None],
        news: Callable[[Membership, list[Event]], None],
    ) -> None:
        self._asking = asking
        self._rooms = rooms
        self._connection = connection
        self._tell = tell
        self._news = news
        self._notices = Notices()
        self._listed: tuple[asks.RoomRow, ...] = ()

    def take(self, response: asks.Response, now: float) -> None:
        match response:
            case asks.Welcome():
                self._connection.welcome(response)
            case asks.Notice(text):
                if self._notices.new(text, now):
                    self._tell(events.Notice(text))
            case asks.Invited(0, name, peer):
                self._invited(name, peer)
            case asks.Removed(name, reason, stay):
                self._removed(name, reason, stay)
            case asks.Standing(room=tag):
                room = self._rooms.by_tag.get(tag)
                if room is not None:
                    self._news(room, room.stands(response, now, self._connection.reading))
            case _:
                request = self._asking.answered(getattr(response, "r", 0), now)
                if request is not None:
                    self._answered(request, response, now)

    def _answered(self, request: asks.Request, response: asks.Response, now: float) -> None:
        match request, response:
            case asks.Join(room=name), asks.Joined():
                room = self._rooms.get(name)
                if room is not None:
                    self._entered(room, response, now)
            case asks.Join(room=name), asks.Refused(reason=reason, why=why):
                for failed in self._rooms.refused(name, reason, why):
                    self._tell(failed)
                self._tell(events.Refusal(reason, request, why))
            case asks.Leave(), asks.Left():
                pass
            case asks.Nick(), asks.Named(name=name, asked=asked, verified=verified):
                self._connection.me.called(name)
                self._tell(events.Renamed(name, asked, verified))
            case asks.Who(room=tag), asks.Members():
                if tag in self._rooms.by_tag:
                    self._news(self._rooms.by_tag[tag], self._rooms.by_tag[tag].members(response))
            case asks.Rooms(after=after), asks.RoomList(rooms=rooms, more=more):
                self._listed = (*self._listed, *rooms) if after else rooms
                if more and rooms:
                    self._asking.ask(lambda r: asks.Rooms(r, rooms[-1].name))
                else:
                    self._tell(events.Listing(self._listed))
            case asks.Direct(), asks.Invited(room=name, peer=peer):
                self._invited(name, peer)
                self._tell(events.DirectRoom(name, peer))
            case asks.Act(room=name, act=act, whom=whom), asks.Done(text=text):
                self._tell(events.Done(name, act, whom, text))
            case asks.Who(), asks.Refused():
                self._connection.dropped["asked about a room left"] += 1
            case _, asks.Refused(reason=reason, why=why):
                self._tell(events.Refusal(reason, request, why))

    def _entered(self, room: Membership, joined: asks.Joined, now: float) -> None:
        self._rooms.entered(room, joined.tag)
        connection = self._connection
        self._news(room, room.enter(joined, now, connection.push_key, connection.reading))
        self.renew(now)

    def renew(self, now: float) -> None:
        """Goes on as somebody new, if we are to and every room has told what it has of us."""
        if self._rooms.renew():
            self._connection.renew("the log went back", now)

    def _invited(self, name: str, peer: str) -> None:
        if direct_parties(name) is None:
            raise MalformedError("invited to no room of two")
        live = self._connection.live
        self._rooms.join(name, backlog=JOIN_BACKLOG, first=0, live=live).peer = peer

    def _removed(self, name: str, reason: str, stay: asks.Stay) -> None:
        shown = name in self._rooms.active
        failed = self._rooms.removed(name, stay, reason)
        if failed is None:
            return
        for event in failed:
            self._tell(event)
        if shown:
            self._tell(events.Removed(name, reason))
