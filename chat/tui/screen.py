"""The whole screen, composed of its parts. A function of what it is given and nothing else.

banner                      where there is one
room and topic
members │ messages
status bar
hint, or what is wrong      where there is something to say
> what is being typed

A bare screen has the messages and what is being typed, and nothing beside them: what is selected
there with the terminal's own mouse is text and nothing else.
"""

from collections.abc import Callable
from typing import NamedTuple

from .cells import cut, fitted
from .inputview import view_input
from .rows import Area, Cursor, Frame, Placed, Row
from .wrap import wrap_words

LOW = 8
"""Rows from which on there is one for the topic."""

_HINT_ROWS = 3

_GAP = 3
"""Columns between the members and the messages."""

FrameRow = tuple[Placed, ...]


class Parts(NamedTuple):
    """What is on the screen. The callables are given sizes and return rows."""

    banner: str
    header: Row
    members_columns: int
    """0: the list of members is hidden."""
    members: Callable[[int, int], list[Row]]
    messages: Callable[[int, int], tuple[Row, ...]]
    status: Callable[[int], Row]
    hint: tuple[str, str]
    """Its style, and its text."""
    label: str
    """What stands before what is being typed."""
    text: str
    cursor: int
    """The character of `text` that the cursor is before."""
    bare: bool = False


def compose(parts: Parts, columns: int, height: int) -> Frame:
    """Columns and rows of the terminal; each may be as small as 1."""
    typed = view_input(parts.text, parts.cursor, columns, max(1, height // 3), parts.label)
    hints = _hints(parts.hint, columns)[: max(0, height - len(typed.rows) - 2)]
    head = _head(parts, columns, height)
    body_height = height - len(head) - len(hints) - len(typed.rows) - (not parts.bare)
    body = _body(parts, columns, max(body_height, 0))
    # The status bar says how much is below the body, so it comes after it.
    bar = [] if parts.bare else [parts.status(columns)]
    foot = [_whole(row) for row in (*bar, *hints, *typed.rows)]
    rows = [*head, *body, *foot]
    cursor_row = len(rows) - len(typed.rows) + typed.cursor.row
    cut_off = max(0, len(rows) - height)
    cursor = typed.cursor._replace(row=max(0, cursor_row - cut_off))
    left = _members_columns(parts)
    return Frame(
        tuple(rows[cut_off:]),
        Cursor(*cursor),
        messages=Area(len(head), left + _GAP if left else 0, len(body)),
        status=None if parts.bare or cut_off else len(head) + len(body),
        typed=typed.starts[-height:],
    )


def _head(parts: Parts, columns: int, height: int) -> list[FrameRow]:
    if parts.bare or height < LOW:
        return []
    banner = [(("class:banner", fitted(parts.banner, columns)),)] if parts.banner else []
    return [_whole(row) for row in (*banner, parts.header)]


def _members_columns(parts: Parts) -> int:
    return 0 if parts.bare else parts.members_columns


def _body(parts: Parts, columns: int, height: int) -> list[FrameRow]:
    if height == 0:
        return []
    left = _members_columns(parts)
    if not left:
        messages = parts.messages(columns, height)
        return [_whole(row) for row in _filled(messages, height)]
    members = _filled(tuple(parts.members(left, height)), height)
    messages = _filled(parts.messages(columns - left - _GAP, height), height)
    bar: Row = (("class:line", "│"),)
    return [
        ((0, member), (left + 1, bar), (left + _GAP, message))
        for member, message in zip(members, messages, strict=True)
    ]


def _hints(hint: tuple[str, str], columns: int) -> list[Row]:
    style, text = hint
    if not text:
        return []
    pieces = wrap_words(text, columns)
    rows: list[Row] = [((style, text[piece.start : piece.end].rstrip()),) for piece in pieces]
    if len(rows) > _HINT_ROWS:
        rest = text[pieces[_HINT_ROWS - 1].start :]
        rows = [*rows[: _HINT_ROWS - 1], ((style, cut(rest.replace("\n", " "), columns)),)]
    return rows


def _whole(row: Row) -> FrameRow:
    return ((0, row),)


def _filled(rows: tuple[Row, ...], height: int) -> tuple[Row, ...]:
    return rows + ((),) * (height - len(rows))
