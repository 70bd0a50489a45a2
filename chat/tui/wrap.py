"""Where a text is broken into rows."""

from collections.abc import Iterable
from typing import NamedTuple

from .cells import cells, clusters, width

BLANK = 2
"""Blank rows, one after the other, that a text may have on a screen."""


class Slice(NamedTuple):
    """Characters from `start` to just before `end`."""

    start: int
    end: int


def wrap_words(text: str, size: int, first: int | None = None) -> list[Slice]:
    """Rows of at most `size` cells, the first one of at most `first`: broken after white space and
    around wide characters, inside a word only where it is longer than a row. Line breaks, and the
    spaces that a row ends with, are in no row's cells."""
    rows: list[Slice] = []
    size = max(size, 2)
    room = size if first is None else max(first, 2)
    start = 0
    for line in text.split("\n"):
        for row in _wrap_line(line, room, size):
            rows.append(Slice(start + row.start, start + row.end))
            room = size
        start += len(line) + 1
    return rows


def few_blank(text: str, rows: Iterable[Slice]) -> list[Slice]:
    """Without the blank rows that follow another two: a screen full of nothing says as much."""
    kept: list[Slice] = []
    blank = 0
    for row in rows:
        blank = 0 if text[row.start : row.end].strip() else blank + 1
        if blank <= BLANK:
            kept.append(row)
    return kept


def _wrap_line(line: str, room: int, size: int) -> list[Slice]:
    if len(line) <= room and width(line) <= room:
        return [Slice(0, len(line))]
    rows: list[Slice] = []
    start = at = used = 0
    good = 0
    """Where the row may end, if it has to."""
    used_good = 0
    """Cells of the row up to there."""
    for cluster in clusters(line):
        wide = 1 if cluster.isascii() else cells(cluster)
        if cluster == " ":
            at += 1
            used += 1
            good, used_good = at, used
            continue
        if wide > 1 and at > start:
            good, used_good = at, used
        if used + wide > room and at > start:
            if good == start:
                good, used_good = at, used
            rows.append(Slice(start, good))
            start, used, room = good, used - used_good, size
        at += len(cluster)
        used += wide
        if wide > 1:
            good, used_good = at, used
    rows.append(Slice(start, at))
    return rows


def wrap_cells(line: str, size: int) -> list[Slice]:
    """Rows of exactly `size` cells where possible, so that each character has its place: for a
    line that is being typed."""
    if len(line) < size and width(line) < size:
        return [Slice(0, len(line))]
    rows: list[Slice] = []
    start = at = used = 0
    for cluster in clusters(line):
        wide = cells(cluster)
        if used + wide > size and at > start:
            rows.append(Slice(start, at))
            start, used = at, 0
        at += len(cluster)
        used += wide
    rows.append(Slice(start, at))
    if used >= size:
        rows.append(Slice(at, at))
    return rows
