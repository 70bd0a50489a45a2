"""The figures of a run, as people read them: each with its name, its unit, and which way is good."""

from collections.abc import Callable
from typing import NamedTuple

from .measure import Latency
from .report import TIMES, Report, Threshold, parse

NOT_KNOWN = "-"


def milliseconds(value: float | None) -> str:
    """Three digits, in the unit that suits them."""
    if value is None:
        return NOT_KNOWN
    if value < 0.9995:
        return f"{value * 1000:.3g} us"
    if value < 999.5:
        return f"{value:.3g} ms"
    return f"{value / 1000:.3g} s" if value < 999_500 else f"{value / 1000:,.0f} s"


def microseconds(value: float | None) -> str:
    return milliseconds(None if value is None else value / 1000)


def number(value: float | None) -> str:
    """Whole ones whole, others with three digits."""
    if value is None:
        return NOT_KNOWN
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def rate(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{number(value)}/s"


def share(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{value * 100:.3g} %"


def measured(threshold: Threshold) -> str:
    """What a threshold was about, in its unit."""
    figure, _, _ = parse(threshold.expr)
    if threshold.value is None:
        return "no figure"
    if figure in TIMES:
        return milliseconds(threshold.value)
    return microseconds(threshold.value) if "_us_" in figure else number(threshold.value)


class Figure(NamedTuple):
    """One row of a table."""

    name: str
    value: Callable[[Report], float | None]
    shown: Callable[[float | None], str]
    less_is_better: bool = True


def delivered_rate(report: Report) -> float | None:
    """Deliveries a second."""
    return report.delivered / report.duration_s if report.duration_s else None


def _latency(key: str) -> Callable[[Report], float | None]:
    return lambda report: _percentile(report.latency_ms, key)


def _join(key: str) -> Callable[[Report], float | None]:
    return lambda report: _percentile(report.join_ms, key)


def _percentile(latency: Latency | None, key: str) -> float | None:
    return None if latency is None else float(getattr(latency, key))


LATENCIES = tuple(
    Figure(name, _latency(key), milliseconds)
    for name, key in (
        ("p50", "p50"),
        ("p90", "p90"),
        ("p99", "p99"),
        ("p99.9", "p99_9"),
        ("max", "max"),
    )
)
"""From the intended time of a message to each delivery of it."""

JOINS = tuple(
    Figure(f"join {name}", _join(key), milliseconds)
    for name, key in (("p50", "p50"), ("p99", "p99"), ("max", "max"))
)

COUNTS = (
    Figure("achieved", lambda report: report.achieved_rate, rate, less_is_better=False),
    Figure("delivered", delivered_rate, rate, less_is_better=False),
    Figure("lost", lambda report: report.lost, number),
    Figure("repaired", lambda report: report.repaired, number),
    Figure("duplicates", lambda report: report.duplicates, number),
    Figure("out of order", lambda report: report.reordered, number),
    Figure("refused", lambda report: report.refused_sends, number),
    Figure("sent late", lambda report: report.late_sends, number),
    Figure("dropped by the bots' kernel", lambda report: report.kernel_drops, number),
    Figure("server CPU a delivery", lambda report: report.server_cpu_us_per_delivery, microseconds),
    Figure("server CPU, of a core", lambda report: report.server_cpu, share),
    Figure(
        "bots' CPU a delivery", lambda report: report.generator_cpu_us_per_delivery, microseconds
    ),
    Figure("bots' CPU, of a core", lambda report: report.generator_cpu, share),
    Figure("bots stood still", lambda report: report.generator_still_s * 1000, milliseconds),
)

FIGURES = (*LATENCIES, *JOINS, *COUNTS)
