"""The status bar: who and where we are, and how the network is."""

from collections.abc import Sequence
from typing import NamedTuple

from chat.core.entry import TEXT_MAX
from chat.core.limits import PASTE_BYTES
from chat.core.sparkline import progress_bar, sparkline

from .catchup import Progress
from .cells import cut, width
from .rows import Row, Span
from .units import loss, round_trip, trend_top

NEAR = 100
"""Bytes before a limit from which on they are counted."""

_BAR = 5
"""Cells of how far it has come."""

_TREND = 12
"""Seconds of the round trip's course."""

_ORNAMENT = 12
"""The rank of what goes first."""


class Tab(NamedTuple):
    """One of the rooms."""

    label: str
    unread: int
    current: bool
    urgent: bool
    """What is unread there was said to us alone."""
    mentions: int = 0
    """Of what is unread, how much names us."""


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
    """Lines that are further down, or go on there; None: the end is in view."""
    size: int = 0
    """Bytes that were typed."""
    jitter: float | None = None
    """Seconds that the round trip varies by."""
    trend: Sequence[float | None] = ()
    """Round trips, a second each, the newest last; None: there was none. Empty: not to be drawn."""
    catching_up: Progress | None = None
    typing: Sequence[str] = ()
    """Who else is, in the room on the screen; clean."""
    role: str = ""
    """Ours, in the room on the screen, where it is more than others have."""
    muted: str = ""
    """That we are, and how long yet."""
    slow: str = ""
    """How slow the room is."""
    ascii: bool = False
    """The terminal shows nothing else."""


class _Part(NamedTuple):
    rank: int
    """Where there is no room for all, the highest go first; 0 is cut, and stays."""
    spans: Row
    shorter: Sequence[Row] = ()
    """Other ways to say it, before it goes."""
    then: int | None = None
    """The rank of these, if it is another one."""
    stays: bool = False
    """It does not go: the shortest way is cut, as what has rank 0."""


def status_row(facts: Facts, columns: int) -> Row:
    """As wide as the screen; what is least important is left out where it does not fit."""
    parts = [part for part in _parts(facts) if part.spans]
    while _size(parts) > columns and (worst := max(parts, key=lambda part: part.rank)).rank:
        at = parts.index(worst)
        parts[at : at + 1] = _less(worst)
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


def _less(part: _Part) -> list[_Part]:
    if part.shorter:
        rank = part.rank if part.then is None else part.then
        return [_Part(rank, part.shorter[0], part.shorter[1:], stays=part.stays)]
    return [part._replace(rank=0)] if part.stays else []


def _make_room(parts: list[_Part], columns: int) -> None:
    """The own room's label, which may be long, leaves half of the row to the tabs that stay."""
    if len(parts) > 1 and _size(parts) > columns:
        style, label = parts[0].spans[0]
        least = max(columns // 2, width(label) + columns - _size(parts))
        parts[0] = _Part(0, ((style, cut(label, least)),))


def _parts(facts: Facts) -> list[_Part]:
    here = next((tab for tab in facts.tabs if tab.current), None)
    others = [it for it in enumerate(facts.tabs, 1) if not it[1].current]
    urgent = [it for it in others if it[1].urgent and it[1].unread]
    rest = sorted(
        (it for it in others if it not in urgent),
        key=lambda it: (not it[1].mentions, not it[1].unread),
    )
    quiet = [_tabs(rest, named) for named in range(len(rest), -1, -1)]
    # One is always named; the others are counted before they hide how the network is.
    loud = [_tabs(urgent, named) for named in range(len(urgent), 0, -1)] or [()]
    return [
        _Part(3, (("class:status.name", f" {facts.name} "),)),
        _Part(0, (("class:status.here", f" {_number(facts, here)}{here.label} "),) if here else ()),
        _Part(10, _plain(facts.role)),
        _Part(1, _loud(facts.muted)),
        _Part(1, _loud(facts.state)),
        _Part(2, _plain(_bytes(facts.size)) if facts.size <= PASTE_BYTES else _loud(_bytes(facts.size))),
        _Part(4, _loud(f"more below ({facts.below:,})" if facts.below is not None else "")),
        _first(5, _progress(facts)),
        _Part(6, _plain(f"{facts.pending:,} pending" if facts.pending else "")),
        _Part(7, _plain(facts.slow)),
        _network(9, facts),
        _Part(11, _plain("impaired" if facts.impaired else "")),
        _first(10, _typing(facts.typing)),
        _Part(7, loud[0], loud[1:], stays=True),
        _Part(8, quiet[0], quiet[1:]),
    ]  # fmt: skip


def _number(facts: Facts, here: Tab) -> str:
    return f"{facts.tabs.index(here) + 1}:" if len(facts.tabs) > 1 else ""


def _tabs(tabs: Sequence[tuple[int, Tab]], named: int) -> Row:
    """Rooms with their numbers; but for the first `named` of them only how many there are."""
    spans: list[Span] = []
    for number, tab in tabs[:named]:
        count = f"({tab.unread:,})" if tab.unread else ""
        if tab.mentions:
            count = f"({tab.unread:,} @{tab.mentions:,})"
        spans.append((_tab_style(tab), f" {number}:{tab.label}{count}"))
    more = f" +{len(tabs) - named} " if named < len(tabs) else " "
    return (*spans, ("", more)) if tabs else ()


def _tab_style(tab: Tab) -> str:
    if tab.urgent and tab.unread:
        return "class:status.urgent"
    if tab.mentions:
        return "class:status.mention"
    return "class:status.unread" if tab.unread else ""


def _network(rank: int, facts: Facts) -> _Part:
    """The round trip, what is lost, and the course of it: in ever fewer words. The course goes
    before anything else does."""
    full, short = round_trip(facts.round_trip, facts.jitter), round_trip(facts.round_trip)
    lost = loss(facts.loss)
    trend = sparkline(facts.trend[-_TREND:], trend_top(facts.trend), ascii=facts.ascii)
    ways = _ways("", _listed(full, lost), _listed(short, lost), short or lost)
    if not full or not trend.strip():
        return _first(rank, ways)
    drawn = (("", f" {_listed(full, lost)} "), ("class:spark", f"{trend} "))
    return _Part(_ORNAMENT, drawn, ways, rank)


def _progress(facts: Facts) -> list[Row]:
    """How far we have read what was said meanwhile."""
    if facts.catching_up is None:
        return []
    done, total = facts.catching_up
    bar = progress_bar(done, total, _BAR, ascii=facts.ascii)
    count = f"{done:,} of {total:,}"
    texts = (f"catching up {bar} {count}", f"catching up {count}", f"{bar} {count}", bar)
    return _ways("class:progress", *texts)


def _typing(names: Sequence[str]) -> list[Row]:
    match names:
        case []:
            return []
        case [name]:
            return _ways("class:typing", f"{name} is typing", "1 is typing")
        case [one, other]:
            return _ways("class:typing", f"{one} and {other} are typing", "2 are typing")
        case _:
            return _ways("class:typing", f"{len(names):,} are typing")


def _ways(style: str, *texts: str) -> list[Row]:
    """Each way to say it that there is, once."""
    return [((style, f" {text} "),) for text in dict.fromkeys(texts) if text]


def _first(rank: int, ways: list[Row]) -> _Part:
    return _Part(rank, ways[0], ways[1:]) if ways else _Part(rank, ())


def _listed(*texts: str) -> str:
    return "  ".join(text for text in texts if text)


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


def _size(parts: Sequence[_Part]) -> int:
    return sum(width(text) for part in parts for _, text in part.spans) + len(parts) - 1
