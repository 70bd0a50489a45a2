"""The reports of several machines that were in the same rooms at the same time, as one."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from .distribution import SHARES, quantile, together
from .measure import Latency
from .report import PERCENTILES, Report
from .series import overlaid


class MergeError(ValueError):
    """Reports that cannot be one; one line that says why."""


def merged(reports: Sequence[Report], thresholds: Sequence[str] = ()) -> Report:
    """At least one. Judged by `thresholds`, and by those that the runs had themselves. What is
    invalid in one of them makes all of it invalid.

    Counts are added, and the latency's percentiles are those of all deliveries that were timed: on
    each machine, what its own bots said. Where a report has percentiles only, those of joining and
    of each second, the highest is taken: no percentile of all can be above it.

    Raises MergeError where they did not run at the same time.
    """
    latest, earliest_end = max(each.started for each in reports), min(map(_ended, reports))
    if latest > earliest_end:
        raise MergeError(
            f"they did not run together: one ended {latest - earliest_end:,.0f} s before another "
            "began; give only those of one run"
        )
    if len(reports) > 1 and any(each.steps for each in reports):
        raise MergeError(
            "runs that look for the most there can be are no parts of one: use one, with --workers"
        )
    latencies = [each.latency_ms for each in reports if each.latency_ms is not None]
    joins = [each.join_ms for each in reports if each.join_ms is not None]
    drops = [each.kernel_drops for each in reports if each.kernel_drops is not None]
    histogram = together(each.histogram for each in reports)
    report = replace(
        max(reports, key=lambda each: each.duration_s),
        bots=sum(each.bots for each in reports),
        rooms=max(each.rooms for each in reports),
        duration_s=max(each.duration_s for each in reports),
        offered_rate=sum(each.offered_rate for each in reports),
        achieved_rate=sum(each.achieved_rate for each in reports),
        sent=sum(each.sent for each in reports),
        acked=sum(each.acked for each in reports),
        delivered=sum(each.delivered for each in reports),
        expected=sum(each.expected for each in reports),
        lost=sum(each.lost for each in reports),
        duplicates=sum(each.duplicates for each in reports),
        reordered=sum(each.reordered for each in reports),
        repaired=sum(each.repaired for each in reports),
        late_sends=sum(each.late_sends for each in reports),
        refused_sends=sum(each.refused_sends for each in reports),
        latency_ms=_exact(histogram, latencies) if histogram else _highest(latencies),
        # Each machine that could measure it has measured the same server.
        server_cpu_us_per_delivery=(
            reports[0].server_cpu_us_per_delivery if len(reports) == 1 else None
        ),
        server_cpu=reports[0].server_cpu if len(reports) == 1 else None,
        generator_cpu_us_per_delivery=_generator(reports),
        generator_cpu=max(each.generator_cpu for each in reports),
        generator_still_s=max(each.generator_still_s for each in reports),
        network_datagrams=sum(each.network_datagrams for each in reports),
        network_dropped=sum(each.network_dropped for each in reports),
        join_ms=_highest(joins),
        kernel_drops=sum(drops) if len(drops) == len(reports) else None,
        settings=_settings(reports),
        started=min(each.started for each in reports),
        cut_short=any(each.cut_short for each in reports),
        workers=sum(each.workers for each in reports),
        series=overlaid(reports) if len(reports) > 1 else reports[0].series,
        histogram=histogram,
    )
    own = (threshold.expr for each in reports for threshold in each.thresholds)
    report = report.judged(list(dict.fromkeys([*own, *thresholds])))
    invalid = [each.verdict for each in reports if not each.valid]
    if invalid:
        return replace(report, valid=False, verdict=invalid[0])
    return report


def _exact(histogram: Sequence[tuple[float, int]], latencies: Sequence[Latency]) -> Latency:
    of_all = {name: quantile(histogram, share) for name, share in SHARES.items()}
    most = max(each.max for each in latencies)
    return Latency(**{key: min(round(value, 3), most) for key, value in of_all.items()})


def _ended(report: Report) -> float:
    return report.started + report.duration_s


def _highest(latencies: Sequence[Latency]) -> Latency | None:
    if not latencies:
        return None
    return Latency(**{key: max(getattr(each, key) for each in latencies) for key in PERCENTILES})


def _generator(reports: Sequence[Report]) -> float | None:
    """Microseconds of CPU a delivery, of all bots."""
    costs = [(each.generator_cpu_us_per_delivery, each.delivered) for each in reports]
    known = [(cost, count) for cost, count in costs if cost is not None and count]
    count = sum(count for _, count in known)
    return round(sum(cost * count for cost, count in known) / count, 3) if count else None


def _settings(reports: Sequence[Report]) -> dict[str, str | int | float]:
    """What differs between them is listed."""
    values = defaultdict[str, list[str | int | float]](list)
    for report in reports:
        for name, value in report.settings.items():
            if value not in values[name]:
                values[name].append(value)
    return {
        name: found[0] if len(found) == 1 else ", ".join(map(str, found))
        for name, found in values.items()
    }
