"""One line as rows: when, who, what; wrapped, and indented so that no text looks like another's
line."""

import time
from datetime import date
from functools import cache
from typing import NamedTuple
from zlib import crc32

from chat.core.names import same_name

from .cells import cut, width
from .lines import Line, Look, Mark
from .rows import Row, Span
from .wrap import Slice, wrap_words

COLOURS = 12
"""Name colours; see `styles`."""

NAME_CELLS = 10
"""Of the column of names; a longer name pushes its own text to the right."""

WIDE = 56
"""Columns from which names have a column of their own."""

DECORATION = -1
"""Where a row begins that is not of the line's text, but above it."""

_CACHED = 2048


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


class Layouts:
    """Lines as they were laid out before, the most recent ones."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, bool], Laid] = {}

    def get(self, line: Line, size: int, new_day: bool) -> Laid:
        key = (line.serial, line.version, size, new_day)
        laid = self._known.pop(key, None)
        if laid is None:
            laid = lay_out(line, size, new_day)
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


def lay_out(line: Line, size: int, new_day: bool) -> Laid:
    """`size` columns; `new_day`: it is the first of its day."""
    rows: list[Row] = []
    starts: list[int] = []
    if new_day:
        rows.append(_day_row(line.day, size))
        starts.append(DECORATION)
    body, body_starts = _body(line, size)
    rows += body
    starts += body_starts
    if line.note:
        style = "class:alert" if line.mark is Mark.FAILED else "class:quiet"
        for piece in wrap_words(line.note, size - 2):
            rows.append((_blank(2), (style, line.note[piece.start : piece.end])))
            starts.append(len(line.text))
    return Laid(tuple(rows), tuple(starts))


def _body(line: Line, size: int) -> tuple[list[Row], list[int]]:
    match line.look:
        case Look.TOP:
            return ([(("class:quiet", cut(line.text, size)),)], [0]) if line.text else ([], [])
        case Look.OUTPUT:
            return _output(line.text, size)
    style = _text_style(line)
    first, indent = _prefix(line, size)
    slices = wrap_words(
        line.text.rstrip("\n"), size - indent, size - sum(width(text) for _, text in first)
    )
    rows: list[Row] = []
    for at, piece in enumerate(slices):
        before = (_blank(indent),) if at else first
        rows.append((*before, (style, _shown(line.text, piece))))
    return rows, [piece.start for piece in slices]


def _prefix(line: Line, size: int) -> tuple[Row, int]:
    """What stands before the text, and how far its further rows are indented."""
    clock = time.strftime("%H:%M", time.localtime(line.time / 1000))
    mark = (f"class:mark.{line.mark.name.lower()}", line.mark.value)
    author = (name_style(line.name), line.author) if line.name else None
    sign = {Look.ACTION: "*", Look.ALERT: "!!"}.get(line.look, "--")
    wide = size >= WIDE
    spans: list[Span] = [("class:time", clock + (" " if wide else "")), mark]
    if wide:
        spans.append(_blank(1))
    if line.look is Look.TALK:
        assert author is not None
        if wide:
            spans.append(_blank(max(0, NAME_CELLS - width(line.author))))
        spans += [author, ("class:quiet", "  " if wide else ": ")]
    else:
        signed = f"{sign:>{NAME_CELLS}}  " if wide else f"{sign} "
        spans.append(("class:quiet", signed))
        if author is not None:
            spans += [author, _blank(1)]
        if line.look is Look.TOPIC:
            spans.append(("class:quiet", "changed the topic to: "))
    return tuple(spans), 8 + NAME_CELLS + 2 if wide else 7


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


def _day_row(day: int, size: int) -> Row:
    text = f"{date.fromordinal(day):%A %d %B %Y}"
    return (("class:day", cut(f"── {text} ──", size)),)


def _shown(text: str, piece: Slice) -> str:
    return text[piece.start : piece.end].rstrip(" ")


def _text_style(line: Line) -> str:
    if line.mark in (Mark.PENDING, Mark.FAILED):
        return "class:pending"
    return {Look.QUIET: "class:quiet", Look.NOTICE: "class:notice", Look.ALERT: "class:alert"}.get(
        line.look, ""
    )


def _colour(name: str) -> int:
    return crc32(same_name(name).encode(errors="replace")) % COLOURS
