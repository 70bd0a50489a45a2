"""What of a timeline is on the screen: its end, or a place that stays whatever happens.

A scrolled view is held by its top row: the line's key and where in its text the row begins. So
neither what comes below or above, nor another width, moves what is being read. The cost of a view
is that of the rows in it.
"""

from typing import NamedTuple

from .layout import DECORATION, Laid, Layouts
from .lines import Key, Look
from .rows import Row
from .timeline import Merged, Timeline


class Anchor(NamedTuple):
    """The top row."""

    key: Key
    offset: int
    """Of the row's beginning in the line's text; negative for a row above it."""


class View(NamedTuple):
    rows: tuple[Row, ...]
    below: int
    """Lines that are further down."""
    near_top: bool
    """What is before the oldest line will be wanted soon."""


class _Place(NamedTuple):
    line: int
    row: int


class Viewport:
    """Follows the end unless `anchor` holds it."""

    def __init__(self, timeline: Timeline) -> None:
        self.anchor: Anchor | None = None
        self._timeline = timeline
        self._layouts = Layouts()
        self._size = (80, 24)

    @property
    def follows(self) -> bool:
        return self.anchor is None

    @property
    def page(self) -> int:
        """Rows that a page moves by: two stay, to read on from."""
        return max(1, self._size[1] - 2)

    def view(self, columns: int, height: int) -> View:
        """What is to be drawn in this size."""
        self._size = (columns, height)
        if self.anchor is not None:
            top = self._anchored()
            rows, last = self._down(top, height)
            if len(rows) == height:
                below = len(self._timeline) - 1 - last.line
                return View(tuple(rows), below, top.line <= height)
            self.anchor = None
        top, rows = self._end(height)
        return View(tuple(rows), 0, top.line == 0)

    def scroll(self, by: int) -> None:
        """So many rows down, or up where it is negative; at the end it follows again."""
        _, height = self._size
        top = self._anchored() if self.anchor is not None else self._end(height)[0]
        top = self._moved(top, by)
        rows, _ = self._down(top, height + 1)
        if len(rows) <= height:
            self.anchor = None
        else:
            self._hold(top)

    def to_top(self) -> None:
        if len(self._down(_Place(0, 0), self._size[1] + 1)[0]) > self._size[1]:
            self._hold(_Place(0, 0))

    def to_end(self) -> None:
        self.anchor = None

    def came_before(self, first: Key | None, merged: list[Merged]) -> None:
        """Older lines are there now. `first`: the oldest line's key before."""
        anchor = self.anchor
        if anchor is None:
            return
        for gone, into, offset in merged:
            if anchor.key == gone:
                anchor = Anchor(into, offset + max(anchor.offset, 0))
            if first == gone:
                first = into
        self.anchor = anchor
        if self._timeline[self._timeline.index(anchor.key)].look is Look.TOP and first is not None:
            # The row that said that they were being loaded is not above these any more.
            self.anchor = Anchor(first, DECORATION)
            self.scroll(-1)

    # Places

    def _anchored(self) -> _Place:
        assert self.anchor is not None
        index = self._timeline.index(self.anchor.key)
        exact = self._timeline[index].key == self.anchor.key
        return _Place(index, self._laid(index).at(self.anchor.offset) if exact else 0)

    def _hold(self, top: _Place) -> None:
        starts = self._laid(top.line).starts
        offset = starts[top.row] if top.row < len(starts) else 0
        self.anchor = Anchor(self._timeline[top.line].key, offset)

    def _laid(self, index: int) -> Laid:
        line = self._timeline[index]
        new_day = index > 0 and self._timeline[index - 1].day != line.day
        return self._layouts.get(line, self._size[0], new_day)

    def _down(self, top: _Place, height: int) -> tuple[list[Row], _Place]:
        """At most so many rows from here, and the last one's place."""
        rows: list[Row] = []
        index, skip = top
        last = top
        while index < len(self._timeline) and len(rows) < height:
            found = self._laid(index).rows[skip : skip + height - len(rows)]
            if found:
                rows += found
                last = _Place(index, skip + len(found) - 1)
            index, skip = index + 1, 0
        return rows, last

    def _end(self, height: int) -> tuple[_Place, list[Row]]:
        """The last rows, and where they begin."""
        index, have = len(self._timeline), 0
        while index > 0 and have < height:
            index -= 1
            have += len(self._laid(index).rows)
        top = _Place(index, max(0, have - height))
        return top, self._down(top, height)[0]

    def _moved(self, place: _Place, by: int) -> _Place:
        index, row = place
        row += by
        while row < 0 and index > 0:
            index -= 1
            row += len(self._laid(index).rows)
        while row >= (size := len(self._laid(index).rows)) and index + 1 < len(self._timeline):
            index, row = index + 1, row - size
        return _Place(index, max(0, row))
