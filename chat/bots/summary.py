"""A run as a table for a terminal."""

from collections.abc import Iterator, Sequence

from chat.core.text import clean

from .figures import JOINS, LATENCIES, Figure, measured, microseconds, number, rate, share
from .report import Report


def summary(report: Report) -> list[str]:
    """What was asked for, what came of it, and whether that is enough."""
    return [
        *_rows(report),
        "",
        *_percentiles(report),
        *_steps(report),
        *_thresholds(report),
        "",
        _verdict(report),
    ]


def _rows(report: Report) -> Iterator[str]:
    rooms = "one room" if report.rooms == 1 else f"{report.rooms} rooms"
    delivered = f"{number(report.delivered)} of {number(report.expected)}"
    repeated = f"twice {number(report.duplicates)}, out of order {number(report.reordered)}"
    rows = [
        ("bots", f"{number(report.bots)} in {rooms}"),
        ("rate", f"{rate(report.achieved_rate)} of {rate(report.offered_rate)} offered"),
        ("messages", f"{number(report.sent)} sent, {number(report.acked)} acknowledged"),
        ("deliveries", f"{delivered}, {number(report.repaired)} of them repaired"),
        ("lost", f"{number(report.lost)}, {repeated}"),
    ]
    if report.server_cpu is not None:
        cpu = f"{share(report.server_cpu)} of a core"
        if report.server_cpu_us_per_delivery is not None:
            cpu = f"{microseconds(report.server_cpu_us_per_delivery)} of CPU a delivery, {cpu}"
        rows.append(("server", cpu))
    if report.generator_still_s:
        rows.append(("here", f"the bots stood still for {report.generator_still_s:.1f} s"))
    if report.kernel_drops:
        rows.append(("here", f"the kernel dropped {number(report.kernel_drops)} datagrams"))
    for name, value in rows:
        yield f"{name:<11} {value}"


def _percentiles(report: Report) -> Iterator[str]:
    names = [figure.name for figure in LATENCIES]
    yield _columns("", names)
    if report.latency_ms is None:
        yield "nothing was delivered"
    else:
        yield _columns("latency", _shown(report, LATENCIES))
    if report.join_ms is not None:
        joins = dict(zip((each.name for each in JOINS), _shown(report, JOINS), strict=True))
        yield _columns("joining", [joins.get(f"join {name}", "") for name in names])


def _shown(report: Report, figures: Sequence[Figure]) -> list[str]:
    return [figure.shown(figure.value(report)) for figure in figures]


def _columns(name: str, values: Sequence[str]) -> str:
    return f"{name:<11}" + "".join(f"{value:>10}" for value in values)


def _thresholds(report: Report) -> Iterator[str]:
    if report.thresholds:
        yield ""
    widest = max((len(each.expr) for each in report.thresholds), default=0)
    for each in report.thresholds:
        held = "held  " if each.ok else "MISSED"
        yield f"{held}  {each.expr:<{widest}}  {measured(each)}"


def _steps(report: Report) -> Iterator[str]:
    if report.steps:
        yield ""
    widest = max((len(rate(each.rate)) for each in report.steps), default=0)
    for each in report.steps:
        held = "held  " if each.held else "BROKE "
        yield clean(f"{held}  {rate(each.rate):>{widest}}  {each.why or each.name}".rstrip())


def _verdict(report: Report) -> str:
    short = f" (after {report.duration_s:,.0f} s)" if report.cut_short else ""
    return clean(f"{'verdict':<11} {report.verdict}{short}")
