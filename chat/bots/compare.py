"""Two runs beside each other: what changed, and whether that is more than chance.

How much a figure varies by chance is read from the run itself: its seconds, in groups of
consecutive ones, are so many small measurements (batch means). A change counts if it is outside of
what two such samples differ by in 19 of 20 cases (Welch's test).
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean, variance
from typing import NamedTuple

from chat.core.text import clean

from .figures import FIGURES, Figure
from .report import Report

BATCHES = 20
"""Groups of seconds, if there are as many seconds."""

ENOUGH = 5
"""Seconds that there must be to say anything."""

NOISE, BETTER, WORSE, SAME, UNKNOWN = "within noise", "better", "worse", "same", "?"

EXACT = {"lost", "duplicates", "out of order"}
"""Are to be zero: any change counts."""

_SECONDS: dict[str, Callable[[Report], list[float]]] = {
    "p50": lambda run: [each.p50_ms for each in run.series if each.p50_ms is not None],
    "p99": lambda run: [each.p99_ms for each in run.series if each.p99_ms is not None],
    "achieved": lambda run: _rates(run, lambda at: run.series[at].sent),
    "delivered": lambda run: _rates(run, lambda at: run.series[at].delivered),
    "repaired": lambda run: [float(each.repaired * len(run.series)) for each in run.series],
}
"""Of figures that there are for each second: their mean is comparable to the figure."""


class Change(NamedTuple):
    """One figure in both runs."""

    figure: Figure
    before: float | None
    after: float | None
    judged: str


def compared(before: Report, after: Report) -> list[Change]:
    """Figures that neither run has are left out."""
    changes = []
    for figure in FIGURES:
        values = figure.value(before), figure.value(after)
        if values != (None, None):
            changes.append(Change(figure, *values, _judged(figure, before, after)))
    return changes


def table(names: Sequence[str], before: Report, after: Report) -> list[str]:
    """For people: what was different to begin with, then each figure."""
    lines = []
    for name, report in zip(names, (before, after), strict=True):
        if not report.valid:
            lines.append(f"{name} is not valid, so that nothing can be said: {report.verdict}")
        elif report.cut_short:
            lines.append(f"{name} was cut short after {report.duration_s:,.0f} s")
    lines += [
        f"they differ in {key}: {_setting(before, key)}, {_setting(after, key)}"
        for key in dict.fromkeys([*before.settings, *after.settings])
        if before.settings.get(key) != after.settings.get(key)
    ]
    changes = compared(before, after)
    rows = [("", *names, "change", "")]
    rows += [
        (
            each.figure.name,
            each.figure.shown(each.before),
            each.figure.shown(each.after),
            _change(each.before, each.after),
            each.judged,
        )
        for each in changes
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines += [""] if lines else []
    for name, first, second, change, judged in rows:
        shown = f"{name:<{widths[0]}}  {first:>{widths[1]}}  {second:>{widths[2]}}"
        lines.append(f"{shown}  {change:>{widths[3]}}  {judged}".rstrip())
    if any(each.judged == UNKNOWN for each in changes):
        lines.append(f"{UNKNOWN}: a run has one such figure, which does not tell how it varies")
    return [clean(line) for line in lines]


def _setting(report: Report, key: str) -> str:
    return str(report.settings.get(key, "")) or "none"


def _change(before: float | None, after: float | None) -> str:
    if before is None or after is None or before == after:
        return ""
    if not before:
        return "from 0"
    times = after / before
    return f"{times - 1:+.1%}" if times < 10 else f"{times:,.0f} times"


def _judged(figure: Figure, before: Report, after: Report) -> str:
    first, second = figure.value(before), figure.value(after)
    if first is None or second is None:
        return UNKNOWN
    if first == second:
        return SAME
    if figure.name not in EXACT:
        margin = _margin(figure, before, after)
        if margin is None:
            return UNKNOWN
        if abs(second - first) <= margin:
            return NOISE
    return BETTER if (second < first) == figure.less_is_better else WORSE


def _margin(figure: Figure, before: Report, after: Report) -> float | None:
    """What two such runs differ by if nothing has changed; None where that is not known."""
    seconds = _SECONDS.get(figure.name)
    if seconds is None:
        return None
    batches = [_batches(seconds(run)) for run in (before, after)]
    if min(map(len, batches)) < ENOUGH:
        return None
    errors = [variance(each) / len(each) for each in batches]
    if not sum(errors):
        return 0.0
    freedom = sum(errors) ** 2 / sum(
        error**2 / (len(each) - 1) for error, each in zip(errors, batches, strict=True)
    )
    return _student(freedom) * math.sqrt(sum(errors))


def _batches(values: Sequence[float]) -> list[float]:
    """Means of consecutive ones: a slow moment makes its neighbours slow, too."""
    each = max(-(-len(values) // BATCHES), 1)
    return [fmean(values[at : at + each]) for at in range(0, len(values), each)]


def _student(freedom: float) -> float:
    """The 97.5 % point of Student's t distribution (Abramowitz and Stegun 26.7.5)."""
    z = 1.959964
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _rates(run: Report, count: Callable[[int], int]) -> list[float]:
    ends = [0.0, *(each.at_s for each in run.series)]
    return [
        count(at) / (end - start) for at, (start, end) in enumerate(pairwise(ends)) if end > start
    ]
