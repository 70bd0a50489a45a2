"""What of a timeline is on the screen: its end, or a place that stays whatever happens.

A scrolled view is held by its top row: the line's key and where in its text the row begins. So
neither what comes below or above, nor another width, moves what is being read. The cost of a view
is that of the rows in it.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from .bare import lay_out_bare
from .layout import DAY, NEW, Context, Laid, Layouts, lay_out
from .lines import Key, Line, Look
from .query import Query
from .rows import Row
from .timeline import Merged, Timeline
from .unread import Unread


class Anchor(NamedTuple):
    """The top row."""

    key: Key
    offset: int
    """Of the row's beginning in the line's text; negative for a row above it."""


class View(NamedTuple):
    rows: tuple[Row, ...]
    below: int
    """Lines that are further down, or go on there."""
    near_top: bool
    """What is before the oldest line will be wanted soon."""


class _Place(NamedTuple):
    line: int
    row: int


class _Part(NamedTuple):
    rows: list[Row]
    lines: list[Line]
    """For each row, whose it is."""
    last: _Place


class Viewport:
    """Follows the end unless `anchor` holds it."""

    def __init__(self, timeline: Timeline, unread: Unread | None = None) -> None:
        self.anchor: Anchor | None = None
        self.selected: Line | None = None
        self.query: Query | None = None
        """What is searched for."""
        self._timeline = timeline
        self._lines = timeline.shown
        self._unread = unread or Unread(timeline.shown)
        self.bare = False
        """Lines are laid out for the bare view."""
        self._layouts = {False: Layouts(lay_out), True: Layouts(lay_out_bare)}
        self._size = (80, 24)
        self._shown: list[Line] = []
        self._revealed = False
        """Something was, since the last view."""
        self._pinned = False
        self._pinned_at: Anchor | None = None
        """Where the end was that was followed before."""

    @property
    def follows(self) -> bool:
        return self.anchor is None

    @property
    def page(self) -> int:
        """Rows that a page moves by: two stay, to read on from."""
        return max(1, self._size[1] - 2)

    def view(self, columns: int, height: int) -> View:
        """What is to be drawn in this size."""
        if (columns, height) != self._size:
            self._resize(columns, height)
        self._revealed = False
        if self.anchor is not None:
            top = self._anchored()
            rows, self._shown, last = self._down(top, height)
            if len(rows) == height:
                below = len(self._lines) - 1 - last.line
                below += last.row + 1 < len(self._laid(last.line).rows)
                return View(tuple(rows), below, top.line <= height)
            self._carry(self._to_end)
        top = self._end(height)
        rows, self._shown, _ = self._down(top, height)
        return View(tuple(rows), 0, top.line == 0)

    def line_at(self, row: int) -> Line | None:
        """Whose row this was in the last view."""
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def shows(self, line: Line) -> bool:
        """Whether some of it was in the last view."""
        return any(line is each for each in self._shown)

    def scroll(self, by: int) -> None:
        """So many rows down, or up where it is negative; at the end it follows again."""
        self._show_from(self._moved(self._top(), by))

    def to_top(self) -> None:
        self._show_from(_Place(0, 0))

    def to_end(self) -> None:
        self._pinned = False
        self.anchor = None

    def to_unread(self) -> bool:
        """Brings the first unread line to the top, or as far up as it goes; False: there is none."""
        index = self._unread.index
        if index is None:
            return False
        self._show_from(_Place(index, self._laid(index).at(NEW)))
        return True

    def pin(self) -> None:
        """Stays where it is, even at the end."""
        if not self._pinned:
            self._pinned = True
            if self.anchor is None:
                self._hold(self._top())
                self._pinned_at = self.anchor
            else:
                self._pinned_at = None

    def unpin(self) -> None:
        """Follows the end again, if it did and was not moved."""
        if self._pinned:
            self._pinned = False
            if self.anchor == self._pinned_at:
                self.anchor = None
            else:
                self.scroll(0)

    @property
    def last(self) -> int:
        """Which shown line is the last in view."""
        if self.anchor is None:
            return len(self._lines) - 1
        return self._down(self._anchored(), self._size[1]).last.line

    def reveal(self, line: Line) -> None:
        """Scrolls just enough for all of it to be in view, or where it is larger, its beginning."""
        self._revealed = True
        index, height = self._lines.index(line.key), self._size[1]
        top = self._top()
        if index < top.line or (index == top.line and top.row > 0):
            self._show_from(_Place(index, 0))
            return
        rows = -top.row
        for at in range(top.line, index + 1):
            rows += len(self._laid(at).rows)
            if rows > height:
                break
        else:
            return
        size = len(self._laid(index).rows)
        if size >= height:
            self._show_from(_Place(index, 0))
        else:
            self._show_from(self._moved(_Place(index, size - 1), 1 - height))

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
        if self._pinned_at is not None:
            self._pinned_at = self.anchor
        if self._lines[self._lines.index(anchor.key)].look is Look.TOP and first is not None:
            # The row that said that they were being loaded is not above these any more.
            self.anchor = Anchor(first, DAY)
            self.scroll(-1)

    def _resize(self, columns: int, height: int) -> None:
        """What is selected, and was in view, stays there: to be selected brings a hint, and takes a
        row."""
        line, revealed = self.selected, self._revealed
        seen = line is not None and (revealed or self.shows(line))
        self._size = (columns, height)
        if line is None or not seen or line not in self._lines:
            return
        if revealed or all(each is not line for each in self._down(self._top(), height).lines):
            self._carry(partial(self.reveal, line))

    def _carry(self, move: Callable[[], None]) -> None:
        """Moves as nobody asked for: where the end was followed, it is followed again afterwards."""
        followed = self._pinned_at is not None and self.anchor == self._pinned_at
        move()
        if followed:
            self._pinned_at = self.anchor

    # Places

    def _top(self) -> _Place:
        return self._anchored() if self.anchor is not None else self._end(self._size[1])

    def _anchored(self) -> _Place:
        assert self.anchor is not None
        index = self._lines.index(self.anchor.key)
        exact = self._lines[index].key == self.anchor.key
        return _Place(index, self._laid(index).at(self.anchor.offset) if exact else 0)

    def _show_from(self, top: _Place) -> None:
        if len(self._down(top, self._size[1] + 1).rows) > self._size[1]:
            self._hold(top)
        else:
            self._to_end()

    def _to_end(self) -> None:
        self.anchor = None
        if self._pinned:
            self._hold(self._top())

    def _hold(self, top: _Place) -> None:
        starts = self._laid(top.line).starts
        offset = starts[top.row] if top.row < len(starts) else 0
        self.anchor = Anchor(self._lines[top.line].key, offset)

    def _laid(self, index: int) -> Laid:
        line = self._lines[index]
        before = self._lines[index - 1] if index else None
        context = Context(
            self._size[0],
            before is not None and before.day != line.day,
            self._unread.new if before is not None and self._unread.between(before, line) else 0,
            line is self.selected,
            self.query,
            self._timeline.reader.clock,
        )
        return self._layouts[self.bare].get(line, context)

    def _down(self, top: _Place, height: int) -> _Part:
        """At most so many rows from here."""
        rows: list[Row] = []
        lines: list[Line] = []
        index, skip = top
        last = top
        while index < len(self._lines) and len(rows) < height:
            found = self._laid(index).rows[skip : skip + height - len(rows)]
            if found:
                rows += found
                lines += [self._lines[index]] * len(found)
                last = _Place(index, skip + len(found) - 1)
            index, skip = index + 1, 0
        return _Part(rows, lines, last)

    def _end(self, height: int) -> _Place:
        """Where the last rows begin."""
        index, have = len(self._lines), 0
        while index > 0 and have < height:
            index -= 1
            have += len(self._laid(index).rows)
        return _Place(index, max(0, have - height))

    def _moved(self, place: _Place, by: int) -> _Place:
        index, row = place
        row += by
        while row < 0 and index > 0:
            index -= 1
            row += len(self._laid(index).rows)
        while row >= (size := len(self._laid(index).rows)) and index + 1 < len(self._lines):
            index, row = index + 1, row - size
        return _Place(index, max(0, row))
