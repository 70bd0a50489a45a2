"""A run as one page of HTML that needs nothing else: no script, no font, no picture from elsewhere."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from chat.core.text import clean

from .figures import (
    COUNTS,
    FIGURES,
    JOINS,
    LATENCIES,
    Figure,
    measured,
    milliseconds,
    number,
    rate,
)
from .plots import Plot, plots
from .report import Report

_STYLE = Path(__file__).with_name("page.css")

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Should anything ever get into it that loads something: it does not."""

_TILES = ("p50", "p99", "max", "join p99", "delivered", "lost", "repaired")
"""What is to be seen at first sight."""

_FOOTER = (
    "<footer>Latency runs from the time at which a message was to be sent, so that nobody who "
    "stalls can hide what waits. Written by <code>chat bots --html</code>.</footer>"
)


def page(report: Report) -> str:
    """What others have named in it (the scenario, its settings) is shown, and does nothing."""
    title = _title(report)
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<style>{_STYLE.read_text()}</style></head><body>",
        f"<header><h1>{title}</h1><p>{_when(report)}</p></header>",
        *_verdicts(report),
        _tiles(report),
        '<main><div class="grid">',
        *map(_plot, plots(report)),
        _latencies(report),
        _thresholds(report),
        _steps(report),
        _counts(report),
        _settings(report),
        f"</div>{_seconds(report)}</main>",
        _FOOTER,
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _title(report: Report) -> str:
    return _text(f"Load test: {report.scenario or f'{number(report.bots)} bots'}")


def _when(report: Report) -> str:
    rooms = "one room" if report.rooms == 1 else f"{report.rooms} rooms"
    words = [f"{number(report.bots)} bots in {rooms}", f"{report.duration_s:,.0f} s"]
    if report.workers > 1:
        words.append(f"{report.workers} workers")
    if report.started:
        start = datetime.fromtimestamp(report.started, UTC)
        words.append(f"begun {start:%Y-%m-%d %H:%M:%S} UTC")
    return _text(" · ".join(words))


def _verdicts(report: Report) -> Iterable[str]:
    """What is to be read before all else."""
    missed = [each.expr for each in report.thresholds if not each.ok]
    if not report.valid:
        told = report.verdict.startswith("invalid: ")
        why = report.verdict.removeprefix("invalid: ") if told else report.bottleneck()
        yield _verdict("bad", "Not valid: these figures do not tell about the server", why)
    if report.cut_short:
        after = (
            f"It was ended after {report.duration_s:,.0f} s; what it had planned is not all here"
        )
        yield _verdict("warn", "Cut short", after)
    if missed:
        yield _verdict("bad", f"Missed: {', '.join(missed)}", "")
    elif report.steps:
        found = report.found_rate is not None
        yield _verdict("good" if found else "bad", _sentence(report.verdict), "")
    elif report.valid and not report.cut_short:
        whole = not report.lost and report.acked == report.sent
        title = "All thresholds held" if report.thresholds else _sentence(report.verdict)
        yield _verdict(
            "good" if whole else "warn", title, report.verdict if report.thresholds else ""
        )


def _verdict(css: str, title: str, text: str) -> str:
    return f'<div class="verdict {css}"><strong>{_text(title)}</strong>{_text(text)}</div>'


def _tiles(report: Report) -> str:
    tiles = [(each.name, each.shown(each.value(report))) for each in FIGURES if each.name in _TILES]
    cells = (f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in tiles)
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def _plot(plot: Plot) -> str:
    legend = "".join(
        f'<li class="{css}"><span>{_text(name)}</span></li>' for css, name in plot.legend
    )
    drawn = f'<div class="chart">{plot.svg}</div>' if plot.svg else ""
    return (
        f'<section><h2>{_text(plot.title)}</h2><p class="note">{_text(plot.note)}</p>'
        + (f'<ul class="legend">{legend}</ul>' if legend else "")
        + f"{drawn}</section>"
    )


def _latencies(report: Report) -> str:
    rows = [(each.name, each.shown(each.value(report))) for each in (*LATENCIES, *JOINS)]
    return _section("Latency, and how long joining took", _rows(rows))


def _thresholds(report: Report) -> str:
    if not report.thresholds:
        note = '<p class="note">none were set: use --threshold, as in p99&lt;50ms</p>'
        return _section("Thresholds", note)
    rows = "".join(
        f"<tr><td><code>{_text(each.expr)}</code></td>"
        f'<td class="num">{_text(measured(each))}</td>'
        f'<td class="num {"good" if each.ok else "bad"}">{"held" if each.ok else "missed"}</td></tr>'
        for each in report.thresholds
    )
    head = '<thead><tr><th>threshold</th><th class="num">measured</th><th></th></tr></thead>'
    return _section("Thresholds", f"<table>{head}{rows}</table>")


def _steps(report: Report) -> str:
    """Where the most was looked for."""
    if not report.steps:
        return ""
    rows = "".join(
        f'<tr><td>{_text(each.name)}</td><td class="num">{_text(rate(each.rate))}</td>'
        f'<td class="num {"good" if each.held else "bad"}">'
        f"{_text('held' if each.held else each.why)}</td></tr>"
        for each in report.steps
    )
    return _section("Steps", f"<table>{rows}</table>")


def _counts(report: Report) -> str:
    def shown(figure: Figure) -> str:
        return figure.shown(figure.value(report))

    rows = [
        ("messages", f"{number(report.sent)} sent, {number(report.acked)} acknowledged"),
        ("deliveries", f"{number(report.delivered)} of {number(report.expected)}"),
        ("offered", rate(report.offered_rate)),
        *((each.name, shown(each)) for each in COUNTS),
    ]
    if report.network_datagrams:
        network = f"{number(report.network_dropped)} of {number(report.network_datagrams)}"
        rows.append(("dropped by the made-up network", f"{network} datagrams"))
    return _section("What was counted", _rows(rows))


def _settings(report: Report) -> str:
    if not report.settings:
        return ""
    rows = [
        (name, f"{value:g}" if isinstance(value, float) else str(value))
        for name, value in report.settings.items()
        if value != ""
    ]
    return _section("Settings", _rows(rows, code=True))


def _seconds(report: Report) -> str:
    """The charts' figures, for who cannot see them or wants to copy them."""
    if not report.series:
        return ""
    names = ("s", "offered", "sent", "acknowledged", "delivered", "lost", "repaired", "members")
    head = "".join(f'<th class="num">{name}</th>' for name in (*names, "p50", "p99", "max"))
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="num">{_text(value)}</td>'
            for value in (
                f"{each.at_s:.0f}",
                *map(
                    number,
                    (
                        each.offered,
                        each.sent,
                        each.acked,
                        each.delivered,
                        each.lost,
                        each.repaired,
                        each.members,
                    ),
                ),
                *map(milliseconds, (each.p50_ms, each.p99_ms, each.max_ms)),
            )
        )
        + "</tr>"
        for each in report.series
    )
    return (
        "<details><summary>Each second, in figures</summary><section class='scroll'>"
        f"<table><thead><tr>{head}</tr></thead>{body}</table></section></details>"
    )


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{_text(title)}</h2>{inside}</section>"


def _rows(rows: Sequence[tuple[str, str]], *, code: bool = False) -> str:
    def value(text: str) -> str:
        return (
            f"<td><code>{_text(text)}</code></td>"
            if code
            else f'<td class="num">{_text(text)}</td>'
        )

    body = "".join(f"<tr><th>{_text(name)}</th>{value(text)}</tr>" for name, text in rows)
    return f"<table>{body}</table>"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(text: str) -> str:
    return escape(clean(text))
