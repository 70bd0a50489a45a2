"""Latencies, counted in buckets that grow with them: small, exact to half a percent, and the sum
of two is that of both.

`hdrhistogram` counts as quickly, and would be one more compiled package of every installation; its
text is written all the same (`distribution`).
"""

from collections import Counter
from collections.abc import Iterable
from math import ceil, exp, log

from .measure import Latency

STEP = 0.005
"""Each bucket's upper bound is so much, in proportion, above the one before."""

_PER_E = 1 / log(1 + STEP)
_LEAST = 1e-6
"""Seconds: all that is less is in the first bucket."""


class Histogram:
    """Of seconds."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.total = 0
        self.most = 0.0
        self._last, self._bucket = 0.0, 0

    def add(self, seconds: float, count: int = 1) -> None:
        if seconds != self._last:  # One push is as late for all who hear it at once.
            self._last, self._bucket = seconds, bucket(seconds)
            self.most = max(self.most, seconds)
        self.counts[self._bucket] += count
        self.total += count

    def merge(self, counts: Iterable[tuple[int, int]], most: float) -> None:
        """What another one has."""
        for index, count in counts:
            self.counts[index] += count
            self.total += count
        self.most = max(self.most, most)

    def percentile(self, share: float) -> float:
        """Milliseconds, below or at which so many are; from 0 to 1. Needs one value at least."""
        wanted, passed = max(1, ceil(share * self.total - 1e-9)), 0
        for index in sorted(self.counts):
            passed += self.counts[index]
            if passed >= wanted:
                return round(1000 * min(upper(index), self.most), 3)
        raise ValueError("there is nothing in it")

    def latency(self) -> Latency | None:
        """None where there is nothing."""
        if not self.total:
            return None
        p50, p90, p99, p99_9 = map(self.percentile, (0.5, 0.9, 0.99, 0.999))
        return Latency(p50, p90, p99, p99_9, round(1000 * self.most, 3))

    def rows(self) -> tuple[tuple[float, int], ...]:
        """An upper bound in milliseconds, and how many are between the one before and it."""
        return tuple(
            (round(1000 * upper(index), 6), self.counts[index]) for index in sorted(self.counts)
        )


def bucket(seconds: float) -> int:
    """Its number."""
    return ceil(log(seconds / _LEAST) * _PER_E) if seconds > _LEAST else 0


def upper(index: int) -> float:
    """The largest seconds that are in it."""
    return _LEAST * exp(index / _PER_E)
