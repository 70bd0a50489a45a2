"""Where a room's log ends, and when its members are told so.

Soon after the last push, then ever more rarely, then at the room's beat: so that who lost the last
push finds out, and who loses the server does, too.
"""

from collections.abc import Callable

from . import limits, wire
from .presence import Presence
from .types import Point, Snapshot

_BEATING = len(limits.HEADS)
"""The gap after all others: the room's beat."""


class Heads:
    """`timeout` is to be called with the timer that `set_timer` set."""

    def __init__(self, tag: int, direct: bool, set_timer: Callable[[str, float], None]) -> None:
        """`direct`: a room of two, which has no beat."""
        self.point = Point(0, b"")
        self._floor = 1
        self._tag = tag
        self._direct = direct
        self._set_timer = set_timer
        self._gap = _BEATING
        self._interval = int(limits.REPORT_INTERVAL * 10)
        """That the room was told last."""
        self._digested: tuple[int, ...] = ()
        """What `_digests` say is so."""
        self._digests = b""

    @property
    def beating(self) -> bool:
        """Nothing was said for a while."""
        return self._gap == _BEATING

    @property
    def entries(self) -> int:
        """There are in the log; retention may have taken some since it was opened."""
        return self.point.seq - self._floor + 1

    def start(self, snapshot: Snapshot) -> None:
        """The log was opened."""
        self.point, self._floor = snapshot.head, snapshot.floor

    def wake(self, now: float) -> None:
        """There is somebody to tell."""
        if self.beating:
            self._next(now)

    def moved(self, point: Point, now: float) -> None:
        """The log has grown: the gaps begin anew."""
        self.point = point
        self._gap = 0
        self._next(now)

    def timeout(self, interval: int, now: float) -> None:
        """A head is due now, with this interval; the one after it later."""
        self._interval = interval
        self._gap = min(self._gap + 1, _BEATING)
        self._next(now)

    def outdated(self, interval: int) -> bool:
        """Whether the room was told another one last, and is to be told this one now: as long as
        it is talked in, no head is due. Said once."""
        before, self._interval = self._interval, interval
        return interval != before

    def frame(self, interval: int) -> wire.Head:
        """`interval`: between two reports of one member, tenths of a second."""
        if self._gap < _BEATING:
            due = limits.HEADS[self._gap]
        else:
            due = 0 if self._direct else limits.BEAT
        return wire.Head(self._tag, *self.point, int(due * 1000), interval)

    def digests(self, interval: int, presence: Presence) -> bytes:
        """Where the log ends and who is here: two frames, for the answer to a keepalive. In a quiet
        room all members ask for the same ones."""
        state = self.point.seq, self._gap, presence.version, interval
        if state != self._digested:
            head, here = self.frame(interval), presence.digest(self._tag)
            self._digested = state
            self._digests = wire.encode_frame(head) + wire.encode_frame(here)
        return self._digests

    def _next(self, now: float) -> None:
        if self._gap < _BEATING:
            self._set_timer("head", now + limits.HEADS[self._gap])
        elif not self._direct:
            self._set_timer("head", now + limits.BEAT - (now - self._tag) % limits.BEAT)
