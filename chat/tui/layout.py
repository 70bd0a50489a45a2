"""One line as rows: when, who, what; wrapped, and indented so that no text looks like another's
line."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple
from zlib import crc32

from .cells import cut, fitted, width
from .lines import Line, Look, Mark, Reaction, common_name
from .query import Query
from .rows import Row, Span
from .wrap import Slice, few_blank, wrap_words

COLOURS = 12
"""Name colours; see `styles`."""

NAME_CELLS = 10
"""Of the column of names; a longer name pushes its own text to the right."""

WIDE = 56
"""Columns from which names have a column of their own."""

DAY, NEW, HEAD = -3, -2, -1
"""Where rows begin that are not of the line's text, but above it, in their order."""

LEAST = 4
"""Cells of a text beside what stands before it; where there are fewer, it begins on the next row."""

SELECTED = "▸"
MENTION = "@"
EDITED = " (edited)"

_CACHED = 2048

Overlay = tuple[int, int, str]
"""From where to where in a text, and the style that is added there."""


class Laid(NamedTuple):
    """Rows, and for each where in the line's text it begins."""

    rows: tuple[Row, ...]
    starts: tuple[int, ...]

    def at(self, offset: int) -> int:
        """The row that shows this place of the text."""
        found = 0
        for row, start in enumerate(self.starts):
            if start <= offset:
                found = row
        return found


class Context(NamedTuple):
    """What a line's rows depend on besides the line."""

    size: int
    """Columns."""
    new_day: bool = False
    """It is the first of its day."""
    unread: int = 0
    """So many are new, and this is the first of them."""
    selected: bool = False
    query: Query | None = None
    """What is searched for."""
    clock: str = "%H:%M"


class Layouts:
    """Lines as they were laid out before, the most recent ones."""

    def __init__(self, lay_out: Callable[[Line, Context], Laid]) -> None:
        self._lay_out = lay_out
        self._known: dict[tuple[int, int, Context], Laid] = {}

    def get(self, line: Line, context: Context) -> Laid:
        key = (line.serial, line.version, context)
        laid = self._known.pop(key, None)
        if laid is None:
            laid = self._lay_out(line, context)
            if len(self._known) >= _CACHED:
                del self._known[next(iter(self._known))]
        self._known[key] = laid
        return laid


def name_style(name: str) -> str:
    """The same for the same name, wherever and whenever."""
    return f"class:name{_colour(name)}"


@cache
def _blank(size: int) -> Span:
    return "", " " * size


def lay_out(line: Line, context: Context) -> Laid:
    rows, starts = _body(line, context)
    return complete(line, context, rows, starts, _indent(context))


def complete(line: Line, context: Context, body: list[Row], starts: list[int], indent: int) -> Laid:
    """What a line says, with what stands above and below it. `indent`: of its reactions
    and its note."""
    size = context.size
    above: list[tuple[Row, int]] = []
    if context.new_day:
        text = f"{date.fromordinal(line.day):%A %d %B %Y}"
        above.append((_rule(text, "class:day", size), DAY))
    if context.unread:
        above.append((_rule(f"{context.unread:,} new", "class:unread", size), NEW))
    if context.selected:
        body = [_also(row, "class:selected") for row in body]
    below = _below(line, context, indent)
    end = max(len(line.text), *starts, 0) + 1  # What says that it was edited may have its own row.
    return Laid(
        (*(row for row, _ in above), *body, *below),
        (*(start for _, start in above), *starts, *range(end, end + len(below))),
    )


def _body(line: Line, context: Context) -> tuple[list[Row], list[int]]:
    size = context.size
    match line.look:
        case Look.TOP:
            return ([(("class:quiet", cut(line.text, size)),)], [0]) if line.text else ([], [])
        case Look.OUTPUT:
            return _output(line.text, size)
    first, indent = _prefix(line, context)
    text = line.text.rstrip("\n")
    whole = text + EDITED if line.edited else text
    overlays = [*found(text, line, context), (len(text), len(whole), "class:edited")]
    style = text_style(line)
    rows: list[Row] = []
    starts: list[int] = []
    room = size - sum(width(text) for _, text in first)
    if room < LEAST:
        rows, starts, first, room = [_cut(first, size)], [HEAD], (_blank(indent),), size - indent
    for piece in few_blank(whole, wrap_words(whole, size - indent, room)):
        before = (_blank(indent),) if piece.start else first
        shown = Slice(piece.start, piece.start + len(_shown(whole, piece)))
        rows.append((*before, *laid_over(whole, shown, style, overlays)))
        starts.append(piece.start)
    return rows, starts


def _below(line: Line, context: Context, indent: int) -> list[Row]:
    rows: list[Row] = []
    if line.reactions:
        rows.append(
            (_blank(indent), ("class:reaction", _reactions(line.reactions, context.size - indent)))
        )
    if line.note:
        style = "class:alert" if line.mark is Mark.FAILED else "class:quiet"
        for piece in wrap_words(line.note, context.size - indent):
            rows.append((_blank(indent), (style, line.note[piece.start : piece.end])))
    return rows


def _reactions(found: Sequence[Reaction], size: int) -> str:
    """In their order; where there is no room for all, ours and those of most people come first, so
    that nobody hides them behind some of their own."""
    text = _listed(found)
    if width(text) > size:
        text = _listed(sorted(found, key=lambda it: (not it.own, -it.authors)))
    return cut(text, size)


def _listed(found: Iterable[Reaction]) -> str:
    return "  ".join(
        f"[{it.text} {it.authors:,}]" if it.own else f"{it.text} {it.authors:,}" for it in found
    )


def _prefix(line: Line, context: Context) -> tuple[Row, int]:
    """What stands before the text, and how far its further rows are indented."""
    wide = context.size >= WIDE
    clock = time.strftime(context.clock, time.localtime(line.time / 1000))
    clock = fitted(clock, clock_cells(context.clock)) if clock else ""
    mark = (f"class:mark.{line.mark.name.lower()}", line.mark.value)
    if line.mention:
        mark = ("class:mention", MENTION)
    chosen: Span = ("", SELECTED if context.selected else " ")
    spans: list[Span] = [("class:time", clock + (" " if wide else ""))]
    # Where it is narrow, one column has to do for both.
    spans += [mark, chosen] if wide else [chosen if context.selected else mark]
    author = author_spans(line, context)
    if line.look is Look.TALK:
        if wide:
            spans.append(_blank(max(0, NAME_CELLS - width(line.author))))
        spans += [*author, ("class:quiet", "  " if wide else ": ")]
    else:
        sign = {Look.ACTION: "*", Look.ALERT: "!!"}.get(line.look, "--")
        spans.append(("class:quiet", f"{sign:>{NAME_CELLS}}  " if wide else f"{sign} "))
        if line.name:
            spans += [*author, _blank(1)]
        if line.look in PHRASES:
            spans.append(("class:quiet", PHRASES[line.look]))
    return tuple(spans), _indent(context)


def author_spans(line: Line, context: Context) -> list[Span]:
    overlays = found(line.name, line, context)
    return laid_over(line.author, Slice(0, len(line.author)), name_style(line.name), overlays)


PHRASES = {
    Look.TOPIC: "changed the topic to: ",
    Look.EDIT: "corrects: ",
    Look.DELETE: "takes a message back",
    Look.REACTION: "reacts: ",
}


_STYLES = {
    Look.QUIET: "class:quiet",
    Look.MODERATION: "class:quiet",
    Look.NOTICE: "class:notice",
    Look.ALERT: "class:alert",
}


def _indent(context: Context) -> int:
    clock = clock_cells(context.clock)
    return clock + 3 + NAME_CELLS + 2 if context.size >= WIDE else clock + 2


@cache
def clock_cells(clock: str) -> int:
    """The most that a time takes, written like this."""
    days = (
        time.gmtime(86_400 * 31 * month + 90_061 * hour)
        for month in range(12)
        for hour in range(24)
    )
    return max(width(time.strftime(clock, day)) for day in days)


# Texts in several styles


def found(text: str, line: Line, context: Context) -> list[Overlay]:
    """Where there is what is searched for."""
    if context.query is None or not context.query.asks(line):
        return []
    return [(start, end, "class:match") for start, end in context.query.spans(text)]


def laid_over(text: str, piece: Slice, style: str, overlays: Iterable[Overlay]) -> list[Span]:
    """This piece of the text: in the style, and where overlays are, in theirs, too. These are in
    order, and apart."""
    spans: list[Span] = []
    at = piece.start
    for start, end, more in overlays:
        start, end = max(start, at), min(end, piece.end)
        if start < end:
            if at < start:
                spans.append((style, text[at:start]))
            spans.append((f"{style} {more}".strip(), text[start:end]))
            at = end
    if at < piece.end or not spans:
        spans.append((style, text[at : piece.end]))
    return spans


def _also(row: Row, style: str) -> Row:
    return tuple((f"{before} {style}".strip() if text else before, text) for before, text in row)


def _output(text: str, size: int) -> tuple[list[Row], list[int]]:
    """Lines of a table: what is too long goes on below the column that it began in."""
    rows: list[Row] = []
    starts: list[int] = []
    start = 0
    for line in text.split("\n"):
        gap = line.rfind("  ", 2)
        hang = gap + 2 if 0 < gap + 2 <= size // 2 else 4
        for at, piece in enumerate(wrap_words(line, size - 1 - hang, size - 1)):
            rows.append((_blank(1 + hang if at else 1), ("class:output", _shown(line, piece))))
            starts.append(start + piece.start)
        start += len(line) + 1
    return rows, starts


def _rule(text: str, style: str, size: int) -> Row:
    return ((style, cut(f"── {text} ──", size)),)


def _cut(row: Row, size: int) -> Row:
    spans: list[Span] = []
    for style, text in row:
        spans.append((style, cut(text, size)))
        size -= width(spans[-1][1])
    return tuple(spans)


def _shown(text: str, piece: Slice) -> str:
    return text[piece.start : piece.end].rstrip(" ")


def text_style(line: Line) -> str:
    if line.deleted:
        return "class:deleted"
    if line.mark in (Mark.PENDING, Mark.FAILED):
        return "class:pending"
    if line.mention:
        return "class:mention"
    return _STYLES.get(line.look, "")


def _colour(name: str) -> int:
    return crc32(common_name(name).encode(errors="replace")) % COLOURS
