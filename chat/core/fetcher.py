"""Repair and catch-up: one FETCH outstanding, paced by round trip and loss."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import NamedTuple

from . import limits, wire
from .membership import Membership
from .recovery import FetchWindow, RoundTrip

_REST = 4.0
"""Times as long as an answer queued on its way, until the next is asked for: many who are behind
one link each ask for less than their smallest window in a round trip then."""

_REST_MOST = 1.0

_LATE = 16


class _Request(NamedTuple):
    id: int
    room: Membership
    history: bool
    sent: float
    got: set[int]


class Answer(NamedTuple):
    """Whose page it is, and whether scrolling back or a gap asked for it."""

    room: Membership
    history: bool


class Fetcher:
    """Asks the rooms in turn for what they miss. `deadline` is when it next wants to be polled."""

    def __init__(self, rtt: RoundTrip) -> None:
        self.deadline: float | None = None
        self.tries = 0
        """Requests in a row that brought nothing."""
        self._rtt = rtt
        self._window = FetchWindow()
        self._next = 1
        self._request: _Request | None = None
        self._late: dict[int, _Request] = {}
        """Those that were given up; a path may have become longer than anybody knew."""
        self._queued = 0.0
        """Seconds that the last answer waited in a queue on the way."""
        self._rested_at = 0.0

    def reset(self) -> None:
        """A new session: what was asked for in the old one will not be answered."""
        self._request = None
        self._late.clear()
        self.deadline = None
        self.tries = 0

    def poll(
        self, rooms: Iterable[Membership], now: float, send: Callable[[wire.Fetch], None]
    ) -> None:
        """Sends the next request, where there is something to ask for and nothing is waited for."""
        if self._request is not None:
            if self.deadline is not None and now < self.deadline:
                return
            self._missed()
        if now < self._rested_at:
            self.deadline = self._rested_at
            return
        self.deadline = None
        for room in sorted(rooms, key=attrgetter("fetched_at")):
            due = room.fetch_due()
            ranges = room.wanted(now)
            history = not ranges
            if history:
                ranges = room.history.missing()[: limits.RANGES]
            if ranges:
                self._request = _Request(self._next, room, history, now, set())
                self._next += 1
                room.fetched_at = now
                room.polling.asked(now)
                self.deadline = now + self._rtt.timeout(self.tries)
                send(wire.Fetch(self._request.id, room.tag, self._window.size, ranges))
                return
            if due is not None:
                self.deadline = due if self.deadline is None else min(self.deadline, due)

    def page(self, page: wire.Page, now: float) -> Answer | None:
        """What this page is for, if it answers the outstanding request, or one that was given up
        too early."""
        request = self._late.get(page.request, self._request)
        if request is None or page.request != request.id or page.index in request.got:
            return None
        if not request.got:
            self._rtt.sample(now - request.sent)
            self._queued = now - request.sent - self._rtt.least
        request.got.add(page.index)
        if request is not self._request:
            return None if request.history else Answer(request.room, False)
        if len(request.got) >= page.pages:
            self._request = None
            self._window.complete(page.pages, self._queued)
            self._rested_at = now + min(_REST * self._queued, _REST_MOST)
            request.room.polling.answered(bool(page.bodies), now)
            useful = page.bodies or request.room.polling.on
            self.tries = 0 if useful else self.tries + 1
            self.deadline = now if page.bodies else now + self._rtt.timeout(self.tries)
        elif page.index == page.pages - 1:
            self.deadline = now + self._rtt.reordering
        else:
            self.deadline = now + self._rtt.timeout()
        return Answer(request.room, request.history)

    def _missed(self) -> None:
        assert self._request is not None
        self._window.lost()
        self._late[self._request.id] = self._request
        if len(self._late) > _LATE:
            del self._late[next(iter(self._late))]
        again = self._rtt.again(self.tries, self._request.sent)
        self.tries = 0 if self._request.got else again
        self._request = None
