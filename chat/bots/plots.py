"""Which charts a run has, and what is drawn in each."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .charts import Axis, Chart, from_zero, nines, powers_of_ten
from .distribution import SHARES, curve, quantile, total
from .figures import milliseconds, number, rate
from .report import Report, Second, parse
from .series import squeezed

POINTS = 240
"""Drawn at most; where there are more seconds, several are drawn as one."""

WIDE = 20.0
"""The highest latency is so many times the usual one: only a logarithmic axis shows both."""


class Plot(NamedTuple):
    """A chart with its words."""

    title: str
    note: str
    legend: Sequence[tuple[str, str]]
    """Class and name of each thing that is drawn."""
    svg: str
    """Empty where there is nothing to draw; then the note says so."""


def plots(report: Report) -> list[Plot]:
    series = squeezed(report.series, POINTS)
    return [
        _latency(report, series),
        _percentiles(report),
        _messages(report, series),
        _deliveries(report, series),
        _repairs(report, series),
        _members(report, series),
    ]


def _spans(series: Sequence[Second]) -> Iterator[tuple[float, float, Second]]:
    """From when to when, and what happened."""
    ends = [0.0, *(each.at_s for each in series)]
    for (start, end), each in zip(pairwise(ends), series, strict=True):
        if end > start:
            yield start, end, each


def _rates(series: Sequence[Second], count: Callable[[Second], int]) -> list[tuple[float, float]]:
    """A step for each span."""
    points = []
    for start, end, each in _spans(series):
        points += [(start, count(each) / (end - start)), (end, count(each) / (end - start))]
    return points


def _top(*lines: Sequence[tuple[float, float]]) -> float:
    return max((value for line in lines for _, value in line), default=0.0)


def _latency_axis(report: Report) -> tuple[Axis, str]:
    """The same for all that shows latencies, and what is to be said of it."""
    usual = quantile(report.histogram, 0.5)
    top = max(usual, *(each.max_ms or 0.0 for each in report.series), report.histogram[-1][0])
    if top < WIDE * usual:
        return from_zero(top, milliseconds), ""
    low = min(bound for bound, count in report.histogram if count)
    return powers_of_ten(max(low, 0.001), top, milliseconds), "logarithmic axis"


def _over_time(report: Report, series: Sequence[Second], title: str, y: Axis) -> Chart:
    chart = Chart(title, from_zero(series[-1].at_s, lambda at: f"{at:g} s", exact=True), y)
    for span in report.phases:
        chart.span(span.from_s, span.to_s, span.name)
    return chart


def _latency(report: Report, series: Sequence[Second]) -> Plot:
    title = "Latency over time"
    if not series or not total(report.histogram):
        return Plot(title, "nothing was delivered", (), "")
    axis, note = _latency_axis(report)
    chart = _over_time(report, series, title, axis)
    drawn: tuple[tuple[str, str, Callable[[Second], float | None]], ...] = (
        ("grey", "max", lambda each: each.max_ms),
        ("orange", "p99", lambda each: each.p99_ms),
        ("blue", "p50", lambda each: each.p50_ms),
    )
    for css, _, value in drawn:
        chart.line(css, [((s + e) / 2, value(each)) for s, e, each in _spans(series)])
    for start, end, each in _spans(series):
        shown = ", ".join(f"{name} {milliseconds(value(each))}" for _, name, value in drawn[::-1])
        chart.tip(start, end, f"{_when(start, end)}: {shown}")
    grouped = len(series) < len(report.series)
    notes = ["from a message's intended time to each delivery"]
    notes += [note] if note else []
    notes += [f"the highest of each {_length(series)}"] if grouped else []
    return Plot(title, "; ".join(notes), [(css, name) for css, name, _ in drawn[::-1]], chart.svg())


def _percentiles(report: Report) -> Plot:
    title = "Latency by percentile"
    count = total(report.histogram)
    if not count:
        return Plot(title, "nothing was delivered", (), "")
    axis, note = _latency_axis(report)
    chart = Chart(title, nines(count), axis)
    points = []
    for low, high, bound in curve(report.histogram):
        points += [(low, bound), (high, bound)]
        chart.tip(low, high, f"{100 * high:.6g} % within {milliseconds(bound)}")
    chart.line("blue", points)
    for css, share, limit, name in _limits(report):
        chart.mark(css, share, limit, name)
    words = f"of {count:,} deliveries" + (f"; {note}" if note else "")
    return Plot(title, words, (), chart.svg())


def _limits(report: Report) -> Iterator[tuple[str, float, float, str]]:
    """Of the thresholds, those of latencies: class, percentile, milliseconds, expression."""
    for threshold in report.thresholds:
        figure, _, limit = parse(threshold.expr)
        if figure in SHARES:
            yield "green" if threshold.ok else "red", SHARES[figure], limit, threshold.expr


def _messages(report: Report, series: Sequence[Second]) -> Plot:
    title = "Messages a second"
    if not series:
        return Plot(title, "nothing was measured", (), "")
    offered = _rates(series, lambda each: each.offered)
    sent = _rates(series, lambda each: each.sent)
    acked = _rates(series, lambda each: each.acked)
    chart = _over_time(report, series, title, from_zero(_top(offered, sent, acked), number))
    chart.area("blue", acked)
    chart.line("blue", acked)
    chart.line("orange", sent)
    chart.line("grey dashed", offered)
    for start, end, each in _spans(series):
        per = end - start
        chart.tip(
            start,
            end,
            f"{_when(start, end)}: offered {rate(each.offered / per)}, "
            f"sent {rate(each.sent / per)}, acknowledged {rate(each.acked / per)}",
        )
    legend = [("grey", "offered"), ("orange", "sent"), ("blue", "acknowledged")]
    return Plot(title, "of all bots together", legend, chart.svg())


def _deliveries(report: Report, series: Sequence[Second]) -> Plot:
    title = "Deliveries a second"
    if not series:
        return Plot(title, "nothing was measured", (), "")
    delivered = _rates(series, lambda each: each.delivered)
    chart = _over_time(report, series, title, from_zero(_top(delivered), number))
    chart.area("blue", delivered)
    chart.line("blue", delivered)
    for start, end, each in _spans(series):
        chart.tip(start, end, f"{_when(start, end)}: {rate(each.delivered / (end - start))}")
    return Plot(title, "a message counts once for each who got it", (), chart.svg())


def _repairs(report: Report, series: Sequence[Second]) -> Plot:
    title = "Loss and repair"
    late = report.lost - sum(each.lost for each in series)
    missed = f"{number(late)} more were found to be missing at the end" if late > 0 else ""
    if not any(each.lost or each.repaired for each in series):
        note = missed.replace(" more", "") or "nothing was lost, and nothing had to be repaired"
        return Plot(title, note, (), "")
    top = max(each.lost + each.repaired for each in series)
    chart = _over_time(report, series, title, from_zero(top, number))
    for start, end, each in _spans(series):
        chart.bar("red", start, end, 0, each.lost)
        chart.bar("blue", start, end, each.lost, each.lost + each.repaired)
        chart.tip(
            start,
            end,
            f"{_when(start, end)}: {number(each.lost)} lost, {number(each.repaired)} repaired",
        )
    per = "second" if len(series) == len(report.series) else _length(series)
    legend = [("red", "lost for good"), ("blue", "lost on the way, repaired")]
    note = f"deliveries, in each {per}" + (f"; {missed}" if missed else "")
    return Plot(title, note, legend, chart.svg())


def _members(report: Report, series: Sequence[Second]) -> Plot:
    title = "Members online"
    if not series:
        return Plot(title, "nothing was measured", (), "")
    top = max(report.bots, *(each.members for each in series))
    chart = _over_time(report, series, title, from_zero(top, number))
    points: list[tuple[float, float]] = []
    for start, end, each in _spans(series):
        points += [(start, each.members), (end, each.members)]
        chart.tip(start, end, f"{_when(start, end)}: {number(each.members)}")
    chart.area("green", points)
    chart.line("green", points)
    return Plot(title, f"of {number(report.bots)} bots", (), chart.svg())


def _when(start: float, end: float) -> str:
    return f"{start:.0f}-{end:.0f} s"


def _length(series: Sequence[Second]) -> str:
    return f"{series[0].at_s:g} s"
