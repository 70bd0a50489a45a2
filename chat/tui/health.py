"""What is known of the connection: whether there is one, why not, and how good it is."""

from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from chat.core import events
from chat.core.guest import Guest
from chat.core.membership import Membership
from chat.core.recovery import RoundTrip
from chat.core.text import clean

SILENT = 3.0
"""Seconds of silence, where an answer is awaited, that are worth a word."""

QUIET = 20.0
"""Seconds of silence that are worth one in any case: a room's server is heard every 16."""

LONG = 5.0
"""Seconds without a session that leave a line behind."""

WINDOW = 30
"""Seconds over which loss is measured."""

SPAN = 60
"""Seconds whose samples are kept, one of each."""

NO_ANSWER = "no answer"
"""The reason that says least."""

_VAGUE = 10.0
"""Seconds for which a reason that says more outlives it."""


class Phase(Enum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    REFUSED = "not connected"
    """And nothing more is tried."""


class Sample(NamedTuple):
    """How it was in one second."""

    round_trip: float | None
    """Seconds, as measured last; None: the server was not heard."""
    jitter: float | None
    """Seconds (RTTVAR of RFC 6298)."""
    loss: float | None
    """A fraction of what was pushed; None: nothing was."""


class Health:
    """Fed with a guest's events; every `now` is monotonic seconds."""

    def __init__(self, now: float) -> None:
        self.phase = Phase.CONNECTING
        self.since = now
        """When the phase began."""
        self.reason = ""
        """Why there is no session."""
        self.endpoint = ""
        """Ours, as the server sees it."""
        self.samples: deque[Sample] = deque(maxlen=SPAN)
        """Of the last seconds, the newest last."""
        self._reason_at = now

    def connected(self, event: events.Connected, now: float) -> float:
        """Returns for how many seconds there was no session."""
        gap = now - self.since if self.phase is not Phase.CONNECTED else 0.0
        self.phase, self.since, self.reason = Phase.CONNECTED, now, ""
        self.endpoint = clean(event.endpoint)
        return gap

    def lost(self, reason: str, now: float) -> None:
        self.phase, self.since = Phase.RECONNECTING, now
        self._because(clean(reason), now)

    def unreachable(self, reason: str, now: float) -> None:
        if reason != NO_ANSWER or not self.reason or now - self._reason_at > _VAGUE:
            self._because(clean(reason), now)

    def refused(self, reason: str, now: float) -> None:
        """For good."""
        self.phase, self.since = Phase.REFUSED, now
        self._because(clean(reason), now)

    def sample(
        self, rtt: RoundTrip, loss: float | None, silence: float | None, overdue: bool
    ) -> None:
        """To be called about once a second. `loss`: of that second; the others as for `trouble`."""
        connected = self.phase is Phase.CONNECTED and not self.silent(silence, overdue)
        known = connected and rtt.measured
        self.samples.append(
            Sample(rtt.latest, rtt.variation, loss) if known else Sample(None, None, loss)
        )

    @property
    def round_trips(self) -> list[float | None]:
        """Seconds, one of each second."""
        return [sample.round_trip for sample in self.samples]

    @property
    def least(self) -> float | None:
        """The shortest round trip of them."""
        return min((it for it in self.round_trips if it is not None), default=None)

    def silent(self, silence: float | None, overdue: bool) -> bool:
        """Whether the server was not heard for longer than is usual."""
        if self.phase is not Phase.CONNECTED or silence is None:
            return False
        return silence > (SILENT if overdue else QUIET)

    def state(self, silence: float | None, overdue: bool) -> str:
        """A word or two, nothing where all is well; what `trouble` says at more length."""
        if self.phase is not Phase.CONNECTED:
            return str(self.phase.value)
        return f"silent {silence:.0f} s" if silence and self.silent(silence, overdue) else ""

    def trouble(self, silence: float | None, overdue: bool, now: float) -> str:
        """What is wrong, in one line. `silence`: seconds since the server was heard; `overdue`: it
        owes something."""
        if self.phase is Phase.CONNECTED:
            if silence is not None and self.silent(silence, overdue):
                return f"the server was last heard {silence:.0f} s ago"
            return ""
        if self.phase is Phase.REFUSED:
            return "nothing more is tried; /quit leaves"
        waited = f" for {now - self.since:.0f} s" if now - self.since >= 1 else ""
        if not self.reason:
            return f"{self.phase.value}{waited or '…'}"
        comma = "," if waited and self.reason != NO_ANSWER else ""
        return f"{self.reason}{comma}{waited}; trying again"

    def _because(self, reason: str, now: float) -> None:
        self.reason, self._reason_at = reason, now


def silence(guest: Guest, now: float) -> tuple[float | None, bool]:
    """Seconds since the server was heard, None without a session; and whether it owes something."""
    seconds = now - guest.heard_at if guest.heard_at is not None else None
    return seconds, any(room.awaits for room in guest.rooms.values())


class LossMeter:
    """Of all that the server pushed to us in the last seconds, what did not come."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int, int]] = {}
        """By room: which keys, pushes received, and pushes sent, as they were last seen."""
        self._seconds: deque[tuple[float, int, int]] = deque()
        self.latest: float | None = None
        """A fraction, of what was pushed between the last two looks; None: nothing was."""

    def look(self, rooms: Iterable[Membership], now: float) -> None:
        """To be called about once a second."""
        received = sent = 0
        seen: dict[str, tuple[int, int, int]] = {}
        for room in rooms:
            opener = room.opener
            if opener is None:
                continue
            before = self._seen.get(room.name)
            if before is None or before[0] != id(opener):
                before = (id(opener), 0, 0)
            seen[room.name] = (id(opener), opener.received, opener.highest)
            received += opener.received - before[1]
            sent += opener.highest - before[2]
        self._seen = seen
        self.latest = _missing(received, sent)
        if received or sent:
            self._seconds.append((now, received, sent))
        while self._seconds and self._seconds[0][0] < now - WINDOW:
            self._seconds.popleft()

    @property
    def loss(self) -> float | None:
        """A fraction; None: nothing was sent."""
        received = sum(second[1] for second in self._seconds)
        return _missing(received, sum(second[2] for second in self._seconds))


def _missing(received: int, sent: int) -> float | None:
    """What was late in one second comes in another."""
    return min(max(0.0, 1 - received / sent), 1.0) if sent > 0 else None
