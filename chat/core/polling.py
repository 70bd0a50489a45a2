"""A member that is not pushed to asks for what is new, at its own pace."""

from . import limits
from .recovery import RoundTrip


class Polling:
    """Of one room. While `on`, it asks about once a round trip, and more rarely where nothing is
    said."""

    def __init__(self, rtt: RoundTrip) -> None:
        self.on = False
        self._rtt = rtt
        self._at = 0.0
        self._wait = 0.0
        self._asked: float | None = None
        """When an answer is missed."""

    def start(self, now: float) -> None:
        self.on = True
        self._at, self._wait, self._asked = now, 0.0, None

    def stop(self) -> None:
        self.on = False
        self._asked = None

    @property
    def due(self) -> float | None:
        """When to ask next; None: what is new comes by itself."""
        return self._at if self.on else None

    @property
    def missed_at(self) -> float | None:
        """When an answer counts as missed; None: none is waited for."""
        return self._asked

    def hurry(self, now: float) -> None:
        """Something is about to be new."""
        self._wait = 0.0
        self._at = min(self._at, now + self._least)

    def asked(self, now: float) -> None:
        if self.on:
            self._asked = now + self._rtt.timeout()

    def answered(self, news: bool, now: float) -> None:
        """All of an answer is here; `news`: there was something in it."""
        least, most = self._least, max(self._least, limits.POLL[1])
        self._wait = least if news else min(max(2 * self._wait, least), most)
        self._at, self._asked = now + self._wait, None

    def overdue(self, now: float) -> bool:
        """Whether an answer was missed; said once."""
        if self._asked is None or now < self._asked:
            return False
        self._asked = None
        return True

    @property
    def _least(self) -> float:
        return max(self._rtt.smoothed, limits.POLL[0])
