"""Whether one may speak in a room, and when: a client's knowledge of what the server said of it."""

from math import ceil, inf

from msgspec.structs import replace

from . import asks, durations, events
from .roles import Role
from .text import clean

_SETTLE = 1.0
"""Seconds after entering in which the server tells what we are there, unless that is what everybody
is."""

_PATIENCE = 30.0
"""Seconds for which what may not be said is kept back at most: what the server told may have
changed, and the word of that been lost."""

_FAREWELL = 10.0
"""Seconds that slow mode may keep somebody who has left until the next message is said."""

_SLACK = 2.0
"""Seconds by which two words about the same moment may differ."""


class Voice:
    """Of one room. All times are by our own clock."""

    def __init__(self, room: str) -> None:
        self.standing = self._told = events.Standing(room, Role.MEMBER)
        self._settles: float | None = None
        self._kept_until = -inf
        self._said_by = 0
        """The datagram that the server's newest word came by."""

    @property
    def slow(self) -> bool:
        """Only one message at once is for us to say."""
        return self.standing.slow > 0

    @property
    def due(self) -> float:
        """When something may be said."""
        return max(self._kept_until, self.standing.ready if self.slow else -inf)

    @property
    def deadline(self) -> float | None:
        """When `news` is to be asked, if nothing comes."""
        return self._settles

    def muted(self, now: float) -> str | None:
        """Why we may not speak for longer than slow mode asks for, if we may not."""
        return muted_words(self.standing, now)

    def unsaid(self, now: float) -> str | None:
        """Why who leaves does not wait until all is said, if it does not."""
        if (muted := self.muted(now)) is not None:
            return muted
        if self.slow and self.due > now + _FAREWELL:
            return "not said before you left, because of slow mode"
        return None

    def parted(self) -> None:
        """The session is gone, and a new one counts its datagrams anew."""
        self._said_by = 0

    def entered(self, now: float, by: int = 0) -> None:
        """We are in the room, and everybody's equal until told otherwise. `by`: the number of the
        datagram that says so; the network may have kept it until there was a newer word."""
        if by < self._said_by:
            return
        self._said_by = by
        self.standing = events.Standing(self.standing.room, Role.MEMBER)
        self._kept_until = -inf
        self._settles = now + _SETTLE if _differ(self._told, self.standing) else None

    def saw(self, word: asks.Standing, now: float, by: int = 0) -> None:
        """The server's word; `by` as above."""
        if by < self._said_by:
            return
        self._said_by = by
        muted = inf if word.muted >= asks.FOR_GOOD else now + word.muted
        self.standing = events.Standing(
            self.standing.room,
            Role(word.role) if word.role in list(Role) else Role.MEMBER,
            muted if word.muted else 0.0,
            clean(word.reason),
            word.slow,
            now + word.wait / 1000 if word.wait else 0.0,
        )
        self._settles = None
        until = max(self.standing.muted, self.standing.ready)
        self._kept_until = min(until, now + _PATIENCE)

    def said(self, now: float) -> None:
        """A message of ours is in the log."""
        standing = self.standing
        if standing.slow:
            ready = max(standing.ready, now + standing.slow)
            self.standing = self._told = replace(standing, ready=ready)

    def news(self, now: float) -> events.Standing | None:
        """What we are and may do, where that is something else than what was told last."""
        if self._settles is not None and now < self._settles:
            return None  # The server's word is on its way, and mostly the same as before.
        self._settles = None
        before, self._told = self._told, self.standing
        return self.standing if _differ(before, self.standing) else None


def muted_words(standing: events.Standing, now: float) -> str | None:
    """As Voice.muted."""
    if standing.muted <= now:
        return None
    why = f": {standing.reason}" if standing.reason else ""
    if standing.muted == inf:
        return f"you are muted in {standing.room}{why}"
    left = durations.words(ceil(standing.muted - now))
    return f"you are muted in {standing.room} for {left} more{why}"


def _differ(one: events.Standing, other: events.Standing) -> bool:
    """In more than what whole seconds and the way of a datagram make of it."""
    if (one.role, one.slow, one.reason) != (other.role, other.slow, other.reason):
        return True
    return abs(one.muted - other.muted) > _SLACK or abs(one.ready - other.ready) > _SLACK
