"""What a screen is made of."""

from typing import NamedTuple

Span = tuple[str, str]
"""A style, and the text in it."""

Row = tuple[Span, ...]
"""Spans that flow one after the other, as wide as the terminal makes them."""

FLOW: Span = ("flow", "")
"""At the head of a row: the row above is full, and flows into this one. They are written as one, so
that the terminal takes them for one line, which is copied as such."""

Placed = tuple[int, Row]
"""A row's part that begins at a column, counted from 0."""


class Cursor(NamedTuple):
    """Where the next character goes."""

    row: int
    column: int
    before: Row | None = None
    """What is left of it on its row, from column 0, where its width may be disputed: it is
    written once more, so that the terminal itself finds the place."""


class Area(NamedTuple):
    """A part of the screen, from its top left cell on; it goes on to the right edge."""

    top: int
    left: int
    height: int


class Frame(NamedTuple):
    """A whole screen, from the top row down. What has a default is there for who points at it."""

    rows: tuple[tuple[Placed, ...], ...]
    cursor: Cursor
    messages: Area = Area(0, 0, 0)
    status: int | None = None
    """The row of the status bar."""
    typed: tuple[int, ...] = ()
    """For each of the last rows, which are being typed, where in the text it begins."""
    title: str = ""
    """Of the window; empty: whatever it is."""
    mouse: bool = False
    """Clicks and the wheel are ours, instead of the terminal's."""


def flows(row: tuple[Placed, ...]) -> bool:
    """It is the rest of the row above."""
    return bool(row) and row[0][1][:1] == (FLOW,)
