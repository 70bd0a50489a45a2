"""The status bar: who and where we are, and how the network is."""

from collections.abc import Sequence
from typing import NamedTuple

from chat.core.entry import TEXT_MAX
from chat.core.limits import PASTE_BYTES

from .cells import cut, width
from .rows import Row, Span

NEAR = 100
"""Bytes before a limit from which on they are counted."""


class Tab(NamedTuple):
    """One of the rooms."""

    label: str
    unread: int
    current: bool
    urgent: bool
    """What is unread there was said to us alone."""


class Facts(NamedTuple):
    """All that the bar can say."""

    name: str
    tabs: Sequence[Tab]
    state: str = ""
    """Connecting, reconnecting, silent; empty where all is well."""
    round_trip: float | None = None
    """Seconds."""
    loss: float | None = None
    """A fraction."""
    impaired: bool = False
    pending: int = 0
    below: int | None = None
    """Lines that are further down; None: the end is in view."""
    size: int = 0
    """Bytes that were typed."""


class _Part(NamedTuple):
    rank: int
    """Where there is no room for all, the highest go first; 0 is cut, and stays."""
    spans: Row
    shorter: Sequence[Row] = ()
    """Other ways to say it, before it goes."""


def status_row(facts: Facts, columns: int) -> Row:
    """As wide as the screen; what is least important is left out where it does not fit."""
    parts = [part for part in _parts(facts) if part.spans]
    while _size(parts) > columns and (worst := max(parts, key=lambda part: part.rank)).rank:
        at = parts.index(worst)
        less = [_Part(worst.rank, worst.shorter[0], worst.shorter[1:])] if worst.shorter else []
        parts[at : at + 1] = less
    _make_room(parts, columns)
    spans: list[Span] = []
    left = columns
    for part in parts:
        lead = "│" if spans else ""
        for style, text in ((" class:status.line", lead), *part.spans):
            text = cut(text, left)
            left -= width(text)
            if text:
                spans.append((f"class:status {style}", text))
    return (*spans, ("class:status", " " * left))


def _make_room(parts: list[_Part], columns: int) -> None:
    """The own room's label, which may be long, leaves half of the row to the tabs that stay."""
    if len(parts) > 1 and _size(parts) > columns:
        ((style, label),) = parts[0].spans
        least = max(columns // 2, width(label) + columns - _size(parts))
        parts[0] = _Part(0, ((style, cut(label, least)),))


def _parts(facts: Facts) -> list[_Part]:
    here = next((tab for tab in facts.tabs if tab.current), None)
    others = [it for it in enumerate(facts.tabs, 1) if not it[1].current]
    urgent = [it for it in others if it[1].urgent and it[1].unread]
    rest = sorted((it for it in others if it not in urgent), key=lambda it: not it[1].unread)
    quiet = [_tabs(rest, named) for named in range(len(rest), -1, -1)]
    return [
        _Part(3, (("class:status.name", f" {facts.name} "),)),
        _Part(0, (("class:status.here", f" {_number(facts, here)}{here.label} "),) if here else ()),
        _Part(1, _loud(facts.state)),
        _Part(2, _plain(_bytes(facts.size)) if facts.size <= PASTE_BYTES else _loud(_bytes(facts.size))),
        _Part(4, _loud(f"more below ({facts.below:,})" if facts.below is not None else "")),
        _Part(5, _plain(f"{facts.pending:,} pending" if facts.pending else "")),
        _Part(7, _plain(_milliseconds(facts.round_trip))),
        _Part(8, _plain(_percent(facts.loss))),
        _Part(9, _plain("impaired" if facts.impaired else "")),
        _Part(0, _tabs(urgent, len(urgent))),
        _Part(6, quiet[0], quiet[1:]),
    ]  # fmt: skip


def _number(facts: Facts, here: Tab) -> str:
    return f"{facts.tabs.index(here) + 1}:" if len(facts.tabs) > 1 else ""


def _tabs(tabs: Sequence[tuple[int, Tab]], named: int) -> Row:
    """Rooms with their numbers; but for the first `named` of them only how many there are."""
    spans: list[Span] = []
    for number, tab in tabs[:named]:
        style = "class:status.urgent" if tab.urgent else "class:status.unread"
        count = f"({tab.unread:,})" if tab.unread else ""
        spans.append((style if tab.unread else "", f" {number}:{tab.label}{count}"))
    more = f" +{len(tabs) - named} " if named < len(tabs) else " "
    return (*spans, ("", more)) if tabs else ()


def _plain(text: str) -> Row:
    return (("", f" {text} "),) if text else ()


def _loud(text: str) -> Row:
    return (("class:status.loud", f" {text} "),) if text else ()


def _bytes(size: int) -> str:
    """Near the end of an entry, and beyond it, how much was typed of how much may be."""
    if size > PASTE_BYTES:
        return f"{size:,} of {PASTE_BYTES:,} bytes: too long"
    if size > TEXT_MAX:
        return f"{size:,} of {PASTE_BYTES:,} bytes"
    return f"{size} of {TEXT_MAX} bytes" if size > TEXT_MAX - NEAR else ""


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:,.0f} ms"


def _percent(fraction: float | None) -> str:
    if fraction is None:
        return ""
    return f"{fraction:.1%} lost" if 0 < fraction < 0.1 else f"{fraction:.0%} lost"


def _size(parts: Sequence[_Part]) -> int:
    return sum(width(text) for part in parts for _, text in part.spans) + len(parts) - 1
