"""A member's receiver reports: when one is due, and what is in it (RFC 3550 §6)."""

from . import limits, wire
from .keyring import Keyring
from .recovery import RoundTrip

_GOLDEN = 0.618034
"""Multiples of it, modulo 1, lie as far from each other as can be."""


class Reporter:
    """Of one room. A report is due only if there is something new to say."""

    def __init__(self, rtt: RoundTrip) -> None:
        self.interval = limits.REPORT_INTERVAL
        """Seconds between two reports, as the server announced them."""
        self._rtt = rtt
        self._phase = 0.0
        self._said = (-1, -1)
        """Contiguous seq and pushes received, as reported."""
        self._missing = 0
        """Of the pushes, as reported."""
        self._said_at = self._due = 0.0

    def begin(self, interval: int, ordinal: int, now: float) -> None:
        """The room is joined; `interval` in tenths of a second."""
        self.announced(interval)
        self._phase = ordinal * _GOLDEN % 1
        self._said = (-1, -1)
        self._missing = 0
        self._said_at, self._due = now, now + self.interval

    def announced(self, interval: int) -> None:
        """By the server, in tenths of a second."""
        self.interval = max(interval / 10, limits.REPORT_INTERVAL)

    def pushed(self, now: float) -> None:
        """After a silence all members of a large room have something to report at the same moment:
        each waits for its own part of the interval."""
        if self._due < now and self.interval > limits.REPORT_INTERVAL:
            self._due = now + (self._phase - now / self.interval) % 1 * self.interval

    def deadline(self, seq: int, keys: Keyring | None) -> float | None:
        """When `report` is to be asked at the latest; None: there is nothing new."""
        due = self._from(seq, keys)
        if due is None or due < self._due or self.interval <= limits.REPORT_INTERVAL:
            return due
        return due + self.interval * limits.REPORT_PATIENCE

    def _from(self, seq: int, keys: Keyring | None) -> float | None:
        """When a report may go out; None: there is nothing new. Who misses more than it said says
        so earlier (RFC 4585 §3.1)."""
        received = keys.received if keys else 0
        if self._said == (seq, received):
            return None
        if keys is None or keys.highest - received <= self._missing:
            return self._due
        sooner = self.interval * limits.REPORTS_CALM / limits.REPORTS_LOSSY
        return min(self._due, self._said_at + max(limits.REPORT_INTERVAL, sooner))

    def report(self, tag: int, seq: int, keys: Keyring | None, now: float) -> wire.Report | None:
        """What may go out, if something may. In a large room it is asked for after a push: that
        has woken the server, and several come to it at once."""
        due = self._from(seq, keys)
        if due is None or now < due:
            return None
        received = keys.received if keys else 0
        self._said = seq, received
        self._missing = keys.highest - received if keys else 0
        self._said_at, self._due = now, now + self.interval
        rtt = min(int(self._rtt.smoothed * 1000), 65535)
        epoch, reached = (keys.epoch, keys.reached) if keys else (0, 0)
        return wire.Report(tag, seq, epoch, received, reached, rtt)
