"""The seconds of a run: several as one, one after the other or at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from .report import Report, Second


def squeezed(series: Sequence[Second], count: int) -> list[Second]:
    """In at most `count` groups of seconds: what is counted is added, of latencies the highest is
    kept, so that no peak is hidden."""
    each = max(-(-len(series) // count), 1)
    groups = (series[at : at + each] for at in range(0, len(series), each))
    return [_as_one(group, group[-1].at_s, group[-1].members) for group in groups]


def overlaid(reports: Sequence[Report]) -> tuple[Second, ...]:
    """What happened in several runs at once, by the clocks of their machines, as exactly as these
    agree."""
    start = min(report.started for report in reports)
    found = defaultdict[int, list[Second]](list)
    for report in reports:
        for second in report.series:
            found[round(report.started - start + second.at_s)].append(second)
    return tuple(
        _as_one(found[at], float(at), sum(each.members for each in found[at]))
        for at in sorted(found)
    )


def _as_one(seconds: Sequence[Second], at_s: float, members: int) -> Second:
    return Second(
        at_s=at_s,
        offered=sum(each.offered for each in seconds),
        sent=sum(each.sent for each in seconds),
        acked=sum(each.acked for each in seconds),
        delivered=sum(each.delivered for each in seconds),
        lost=sum(each.lost for each in seconds),
        repaired=sum(each.repaired for each in seconds),
        members=members,
        p50_ms=_highest(each.p50_ms for each in seconds),
        p99_ms=_highest(each.p99_ms for each in seconds),
        max_ms=_highest(each.max_ms for each in seconds),
    )


def _highest(values: Iterable[float | None]) -> float | None:
    """Of those that are known."""
    return max((value for value in values if value is not None), default=None)
