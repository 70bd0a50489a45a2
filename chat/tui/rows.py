"""What a screen is made of."""

from typing import NamedTuple

Span = tuple[str, str]
"""A style, and the text in it."""

Row = tuple[Span, ...]
"""Spans that flow one after the other, as wide as the terminal makes them."""

Placed = tuple[int, Row]
"""A row's part that begins at a column, counted from 0."""


class Cursor(NamedTuple):
    """Where the next character goes."""

    row: int
    column: int
    before: Row | None = None
    """What is left of it on its row, from column 0, where its width may be disputed: it is
    written once more, so that the terminal itself finds the place."""


class Frame(NamedTuple):
    """A whole screen, from the top row down."""

    rows: tuple[tuple[Placed, ...], ...]
    cursor: Cursor
