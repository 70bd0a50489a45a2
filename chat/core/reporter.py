"""A member's receiver reports: when one is due, and what is in it (RFC 3550 §6)."""

from typing import Protocol

from . import limits, wire
from .recovery import RoundTrip

_GOLDEN = 0.618034
"""Multiples of it, modulo 1, lie as far from each other as can be."""

_NOTHING = (-1, -1)


class Received(Protocol):
    """What came of a room's pushes: a `Keyring`."""

    @property
    def epoch(self) -> int:
        """Of the newest key that one came under."""

    @property
    def reached(self) -> int:
        """The highest counter of one under it, plus one."""

    @property
    def received(self) -> int:
        """How many came under it."""

    @property
    def highest(self) -> int:
        """How many must have been sent under it."""


class Reporter:
    """Of one room. A report is due only if there is something to say: entries came, pushes are
    missing, or the server asks, by a beat or by not knowing what it was told. Six heads follow each
    message: that they came is news to nobody."""

    def __init__(self, rtt: RoundTrip) -> None:
        self.interval = limits.REPORT_INTERVAL
        """Seconds between two reports, as the server announced them."""
        self._rtt = rtt
        self._phase = 0.0
        self._said = _NOTHING
        """Contiguous seq and pushes received, as reported."""
        self._missing = 0
        """Of the pushes, as reported."""
        self._said_at = self._late = 0.0
        self.due = 0.0
        """When the next one may go out, unless more is missing than was said."""

    def begin(self, interval: int, ordinal: int, now: float) -> None:
        """The room is joined; `interval` in tenths of a second."""
        self.interval = _seconds(interval)
        self._phase = ordinal * _GOLDEN % 1
        self._said = _NOTHING
        self._missing = 0
        self._next(now)

    def announced(self, interval: int, now: float) -> None:
        """By the server, in tenths of a second. Of a shorter one less is left, too: the server
        soon misses who goes on by the longer one (RFC 3550 §6.3.4)."""
        before, self.interval = self.interval, _seconds(interval)
        if self.interval < before:
            left = max(0.0, self.due - now) * self.interval / before
            self.due, self._late = now + left, self._patience

    def pushed(self, now: float, *, beat: bool = False) -> None:
        """Something came, or only the `beat` of a quiet room. All members of a large one may have
        something to report from then on: each waits for its own part of the interval, or of the
        moment in which they answer a beat."""
        if beat:
            self._said = _NOTHING
        if self.interval <= limits.REPORT_INTERVAL:
            return
        if beat and self.due < now + self._patience:
            self.due = now + self._phase * limits.answering(self.interval * limits.REPORTS_CALM)
            self._late = 0.0
        elif self.due + self._late < now:
            self.due = now + (self._phase - now / self.interval) % 1 * self.interval
            self._late = self._patience

    def told(self, seq: int, now: float) -> None:
        """The server has told how far it knows us to be: our report may have been lost."""
        if seq < self._said[0] and now >= self._said_at + self.interval:
            self._said = _NOTHING

    def deadline(self, seq: int | None, keys: Received | None) -> float | None:
        """When `report` is to be asked at the latest; None: there is nothing new. Without a `seq`,
        when it may be asked at a push, which is new."""
        if seq is None:
            return self.due
        ready = self.ready(seq, keys)
        if ready is None or ready < self.due:
            return ready
        return ready + self._late

    def ready(self, seq: int, keys: Received | None) -> float | None:
        """From when on a report may go out; None: there is nothing new. Who misses more than it
        said says so earlier (RFC 4585 §3.1)."""
        received = keys.received if keys else 0
        if self._said == (seq, received):
            return None
        if keys is None or keys.highest - received <= self._missing:
            return None if seq == self._said[0] else self.due
        sooner = self.interval * limits.REPORTS_CALM / limits.REPORTS_LOSSY
        return min(self.due, self._said_at + max(limits.REPORT_INTERVAL, sooner))

    def report(self, tag: int, seq: int, keys: Received | None, now: float) -> wire.Report | None:
        """What may go out, if something may. In a large room it is asked for after a push: that
        has woken the server, and several come to it at once."""
        ready = self.ready(seq, keys)
        if ready is None or now < ready:
            return None
        received = keys.received if keys else 0
        self._said = seq, received
        self._missing = keys.highest - received if keys else 0
        self._next(now)
        rtt = min(int(self._rtt.smoothed * 1000), 65535)
        epoch, reached = (keys.epoch, keys.reached) if keys else (0, 0)
        return wire.Report(tag, seq, epoch, received, reached, rtt)

    def _next(self, now: float) -> None:
        self._said_at, self.due = now, now + self.interval
        self._late = self._patience

    @property
    def _patience(self) -> float:
        """Seconds for which a report waits for a push."""
        small = self.interval <= limits.REPORT_INTERVAL
        return 0.0 if small else self.interval * limits.REPORT_PATIENCE


def _seconds(interval: int) -> float:
    return max(interval / 10, limits.REPORT_INTERVAL)
