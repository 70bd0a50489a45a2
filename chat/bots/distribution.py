"""The histogram of a report: percentiles of it, several as one, and as text for other tools."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

Histogram = Sequence[tuple[float, int]]
"""Ascending: an upper bound in milliseconds, and how many are below it and above the one before."""

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
"""What the names of percentiles mean."""

_HALVING = 5
"""Lines of `hgrm` for each halving of what is left above."""


def total(histogram: Histogram) -> int:
    return sum(count for _, count in histogram)


def quantile(histogram: Histogram, share: float) -> float:
    """What this share of all is at or below. There is at least one."""
    rank = max(1, math.ceil(round(share * total(histogram), 9)))
    for bound, count in histogram:
        rank -= count
        if rank <= 0:
            return bound
    raise ValueError("an empty histogram has no percentiles")


def together(histograms: Iterable[Histogram]) -> tuple[tuple[float, int], ...]:
    """All that is in any of them."""
    counts = Counter[float]()
    for histogram in histograms:
        for bound, count in histogram:
            counts[bound] += count
    return tuple(sorted(counts.items()))


def curve(histogram: Histogram) -> Iterator[tuple[float, float, float]]:
    """For each bound: the share of all that is below the one before, that below it, and itself."""
    whole, below = total(histogram), 0
    for bound, count in histogram:
        if count:
            yield below / whole, (below + count) / whole, bound
            below += count


def hgrm(histogram: Histogram) -> str:
    """As HdrHistogram writes its percentiles, which its plotter and others read: in milliseconds,
    with finer and finer steps towards the end."""
    rows = [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}", ""]
    whole, below, percent, last = total(histogram), 0, 0.0, 0.0
    for bound, count in ((bound, count) for bound, count in histogram if count):
        below, last = below + count, bound
        while 100 * below / whole >= percent:
            left = 100 / (100 - percent)
            rows.append(f"{bound:12.3f} {percent / 100:14.12f} {below:10d} {left:14.2f}")
            percent += 100 / (_HALVING * 2 ** (math.floor(math.log2(left)) + 1))
            if below == whole:
                break
    rows.append(f"{last:12.3f} {1:14.12f} {whole:10d}")
    mean = sum(bound * count for bound, count in histogram) / max(1, whole)
    square = sum(count * (bound - mean) ** 2 for bound, count in histogram) / max(1, whole)
    rows.append(f"#[Mean    = {mean:12.3f}, StdDeviation   = {math.sqrt(square):12.3f}]")
    rows.append(f"#[Max     = {last:12.3f}, Total count    = {whole:12d}]")
    return "\n".join(rows) + "\n"
