"""Is the server still there? Keepalives, heads that do not come, probes.

Heads announce when the next one is due. One that does not come, or anything else unanswered,
starts probes, each a probe time-out after the other; five without an answer end the session, unless it was heard just
now.
"""

from collections.abc import Callable

from . import limits
from .recovery import RoundTrip

_PINGS = 8


class Liveness:
    """Of one session. All times are monotonic seconds."""

    def __init__(self, rtt: RoundTrip, jitter: Callable[[], float], now: float) -> None:
        """`jitter` gives numbers from 0 to 1."""
        self._rtt = rtt
        self._jitter = jitter
        self.heard_at = now
        self.keepalive_at = self._sent_at = 0.0
        self.probe_at: float | None = None
        """When the next probe goes out, or the session ends; None: no answer is waited for."""
        self._probes = 0
        self._token = 0
        self._pings: dict[int, float] = {}
        self.sent(now)

    def sent(self, now: float) -> None:
        """Something went out, which keeps NATs on the way awake."""
        least, most = limits.KEEPALIVE
        self._sent_at = now
        self.keepalive_at = now + least + (most - least) * self._jitter()

    def heard(self, now: float) -> None:
        """Something authentic came in; it may not be what is waited for."""
        self.heard_at = now
        self._probes = min(self._probes, 1)

    def beat(self, members: int, now: float) -> None:
        """A push came to a room of so many: the server is awake, and a good moment is soon."""
        if now - self._sent_at >= limits.KEEPALIVE_LEAST:
            within = limits.answering(members)
            self.keepalive_at = min(self.keepalive_at, now + within * (1 + self._jitter()))

    def ping(self, now: float) -> int | None:
        """The token of a probe to send now; None where all were sent in vain."""
        if self._probes >= limits.PROBES and now - self.heard_at >= limits.SILENCE:
            return None
        self._token += 1
        self._pings[self._token] = now
        if len(self._pings) > _PINGS:
            del self._pings[next(iter(self._pings))]
        self.probe_at = now + self._rtt.timeout(self._probes)
        self._probes += 1
        return self._token

    def pong(self, token: int, now: float) -> None:
        sent = self._pings.pop(token, None)
        if sent is not None:
            self._rtt.sample(now - sent)
            self._probes = 0
            self.probe_at = None

    @property
    def probing(self) -> bool:
        return self.probe_at is not None
