"""The text that is being typed, as rows, and where its cursor is."""

from functools import lru_cache
from typing import NamedTuple

from .cells import cut, width
from .rows import Cursor, Row
from .wrap import Slice, wrap_cells

PROMPT = "> "


class InputView(NamedTuple):
    rows: tuple[Row, ...]
    cursor: Cursor
    """Its row counts from the first of `rows`."""
    starts: tuple[int, ...]
    """Where in the text each row begins."""


def view_input(text: str, at: int, columns: int, most: int, label: str = PROMPT) -> InputView:
    """At most `most` rows around the cursor, which is before character `at`. The last column stays
    free, for the cursor at the end of a row. `label` stands before the first one, as much of it as
    leaves room for the text."""
    label = cut(label, max(len(PROMPT), columns * 2 // 3))
    indent = width(label)
    size = max(columns - indent - 1, 2)
    rows: list[Row] = []
    starts: list[int] = []
    cursor = Cursor(0, indent)
    start = 0
    for line in text.split("\n"):
        slices = _wrapped(line, size)
        for piece in slices:
            lead = " " * indent if rows else label
            place = at - start
            if piece.start <= place < piece.end or (place == len(line) and piece is slices[-1]):
                cursor = _cursor(len(rows), lead, line[piece.start : place])
            rows.append((("class:prompt", lead), ("", line[piece.start : piece.end])))
            starts.append(start + piece.start)
        start += len(line) + 1
    first = max(0, cursor.row - most + 1)
    shown = slice(first, first + most)
    cursor = cursor._replace(row=cursor.row - first)
    return InputView(tuple(rows[shown]), cursor, tuple(starts[shown]))


@lru_cache(1024)
def _wrapped(line: str, size: int) -> tuple[Slice, ...]:
    """Only the line that is being typed changes with a key."""
    return tuple(wrap_cells(line, size))


def _cursor(row: int, lead: str, before: str) -> Cursor:
    column = width(lead) + width(before)
    if before.isascii() and lead.isascii():
        return Cursor(row, column)
    return Cursor(row, column, (("class:prompt", lead), ("", before)))
