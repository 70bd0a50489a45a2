"""How long to wait, and how much to ask for: round trip, probe time-out, fetch window."""

from math import inf

INITIAL_RTT = 0.333
"""Seconds (RFC 9002 §6.2.2)."""

GRANULARITY = 0.001
ANSWER_DELAY = 0.025
"""What a server may take to commit and answer (max_ack_delay of RFC 9000 §18.2)."""

PTO_MAX = 8.0

PAGE = 1200

QUEUE = 0.1
"""Seconds in a queue on the way, from which on an answer was too large (the target of RFC 6817)."""


class RoundTrip:
    """Smoothed round-trip time in seconds (RFC 9002 §5)."""

    __slots__ = ("_heard_at", "latest", "least", "measured", "smoothed", "variation")

    def __init__(self) -> None:
        self._heard_at = 0.0
        self.latest = INITIAL_RTT
        """As it was measured last."""
        self.least = inf
        """The shortest; a path that has become longer is learned slowly."""
        self.smoothed = INITIAL_RTT
        self.variation = INITIAL_RTT / 2
        self.measured = False

    def sample(self, seconds: float) -> None:
        """Only of what was sent once (Karn), or whose answer names the sending it answers."""
        self.latest = seconds
        self.least = min(seconds, self.least + (seconds - self.least) / 64)
        if not self.measured:
            self.measured = True
            self.smoothed, self.variation = seconds, seconds / 2
            return
        self.variation += (abs(self.smoothed - seconds) - self.variation) / 4
        self.smoothed += (seconds - self.smoothed) / 8

    def elsewhere(self) -> None:
        """The path may be another one now: what was the shortest on the one before says nothing
        (RFC 9000 §9.4)."""
        self.least = inf

    def timeout(self, tries: int = 0) -> float:
        """The probe time-out after `tries` of them (RFC 9002 §6.2.1): doubles, up to 8 s."""
        base = self.smoothed + max(4 * self.variation, GRANULARITY) + ANSWER_DELAY
        return min(base * (1 << min(tries, 16)), PTO_MAX)

    def heard(self, now: float) -> None:
        """Something authentic came over this path."""
        self._heard_at = now

    def again(self, tries: int, sent: float) -> int:
        """How many time-outs in a row count, now that what was sent at `sent` has no answer after
        `tries` of them. Where something else was heard meanwhile the path is merely bad, and to
        wait longer each time would help nobody."""
        return 1 if self._heard_at > sent else tries + 1

    @property
    def reordering(self) -> float:
        """How long what seems lost may merely be late (RFC 9002 §6.1.2)."""
        return max(self.smoothed / 8, GRANULARITY)


class FetchWindow:
    """Bytes of pages to ask for at once: doubles until loss, then grows by a page (RFC 5681). What
    waits in a queue on the way counts as lost."""

    __slots__ = ("_threshold", "size")

    LEAST = 2 * PAGE
    MOST = 64 * PAGE

    def __init__(self) -> None:
        self.size = 10 * PAGE
        self._threshold = self.MOST

    def complete(self, pages: int, queued: float) -> None:
        """All pages of an answer came, `queued` seconds later than they might have. Few pages prove
        nothing about many (RFC 9002 §7.8)."""
        if queued > QUEUE:
            self.lost()
            return
        if 2 * pages * PAGE < self.size:
            return
        grown = self.size * 2 if self.size < self._threshold else self.size + PAGE
        self.size = min(grown, self.MOST)

    def lost(self) -> None:
        """Some did not."""
        self.size = self._threshold = max(self.size // 2, self.LEAST)
