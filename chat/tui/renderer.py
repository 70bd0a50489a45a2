"""Frames on the terminal, row by row.

A row that differs from what is there is written whole, from its first column, after it was erased;
all moves are absolute. So what a row shows depends on that row alone, however wide the terminal
takes an emoji to be, and a wrong width can never pile up over the screen: prompt_toolkit's own
renderer, which moves relatively and writes single cells, leaves others' text behind.

Where the cursor is, the terminal finds by itself: what is left of it is written once more.

Rows that flow into each other (see `rows.FLOW`) are written as one, with the terminal's own wrapping.
"""

from collections.abc import Callable
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.layout import Layout
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.renderer import Renderer
from prompt_toolkit.styles import Attrs, BaseStyle

from chat.core.text import clean

from .rows import Frame, Placed, Row, flows

_BEGIN = "\x1b[?2026h\x1b[?25l"
"""Show nothing until the frame is whole (where terminals know that), and no cursor."""

_END = "\x1b[?25h\x1b[?2026l"
_ENTER = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1l\x1b[?1004h"
"""The alternate screen, no wrapping, marked pastes, cursor keys that send CSI, word of whether the
window is looked at."""

_LEAVE = "\x1b[0m\x1b[?1004l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"

_MOUSE = {True: "\x1b[?1000h\x1b[?1006h", False: "\x1b[?1006l\x1b[?1000l"}
"""Buttons and the wheel, no motion; in decimal numbers."""

_KEEP_TITLE = "\x1b[22;0t"
_GIVE_TITLE_BACK = "\x1b[23;0t"


class RowRenderer(Renderer):
    """`compose(columns, rows)` gives the frame; `behind()` tells that the terminal has yet to take
    the one before, `drain()` waits for that."""

    def __init__(
        self,
        style: BaseStyle,
        output: Output,
        compose: Callable[[int, int], Frame],
        *,
        behind: Callable[[], bool] = lambda: False,
        drain: Callable[[], None] = lambda: None,
    ) -> None:
        self.drawn = 0
        """Frames so far."""
        self.skipped = False
        """A frame was not drawn, because the terminal was behind."""
        self._compose = compose
        self._behind = behind
        self._drain = drain
        self._entered = False
        self._shown: tuple[tuple[Placed, ...], ...] | None = None
        self._size = (0, 0)
        self._mouse = False
        self._title: str | None = ""
        """The one that we gave; None: it may be any."""
        self._title_kept = False
        self._known: dict[str, Attrs] = {}
        super().__init__(style, output, full_screen=True)

    def forget(self) -> None:
        """What is on the terminal may be anything: the next frame is drawn whole."""
        self._shown = None

    def begin_again(self) -> None:
        """The terminal may be in any mode, too."""
        self._entered = False
        self.forget()

    def restyle(self, style: BaseStyle) -> None:
        """Other colours, from the next frame on."""
        self.style = style
        self._known.clear()
        self.forget()

    def send(self, sequence: str) -> None:
        """Something to the terminal that is in no frame; to nobody while another has the screen."""
        if self._entered and not self._behind():
            self.output.write_raw(sequence)
            self.output.flush()

    def render(self, app: Application[Any], layout: Layout, is_done: bool = False) -> None:
        if is_done:
            self.reset()
            return
        if self._behind():
            self.skipped = True
            return
        self.skipped = False
        self.drawn += 1
        size = self.output.get_size()
        frame = self._compose(size.columns, size.rows)
        write = self.output.write_raw
        if not self._entered:
            self._entered = True
            self._shown = None
            self._title = None
            self._mouse = not frame.mouse
            write(_ENTER)
        self._set_modes(frame)
        write(_BEGIN)
        if self._size != (size.columns, size.rows):
            self._size = (size.columns, size.rows)
            self._shown = None
        if self._shown is None:
            write("\x1b[0m\x1b[2J")
        before = self._shown or ((),) * len(frame.rows)
        start = 0
        while start < len(frame.rows):
            end = start + 1
            while end < len(frame.rows) and flows(frame.rows[end]):
                end += 1
            # Where a row flowed on, and does not any more, the terminal still takes it so.
            flowed_on = end < len(before) and flows(before[end])
            if flowed_on or frame.rows[start:end] != before[start:end]:
                self._write_rows(start, frame.rows[start:end], app.color_depth)
            start = end
        self._shown = frame.rows
        cursor = frame.cursor
        write("\x1b[0m")
        if cursor.before is None:
            write(f"\x1b[{cursor.row + 1};{cursor.column + 1}H")
        else:
            write(f"\x1b[{cursor.row + 1};1H")
            self._write_row(cursor.before, app.color_depth)
            write("\x1b[0m")
        write(_END)
        self.output.flush()

    def reset(self, _scroll: bool = False, leave_alternate_screen: bool = True) -> None:
        self.forget()
        if self._entered and leave_alternate_screen:
            self._entered = False
            if self._title_kept:
                self._title_kept = False
                self.output.write_raw(_GIVE_TITLE_BACK)
            self.output.write_raw(_LEAVE)
            self.output.flush()
            self._drain()

    def erase(self, leave_alternate_screen: bool = True) -> None:
        self.reset(leave_alternate_screen=leave_alternate_screen)

    def clear(self) -> None:
        self.forget()

    def request_absolute_cursor_position(self) -> None:
        """Not needed: we always own the whole screen."""

    def _set_modes(self, frame: Frame) -> None:
        """What is not in cells, where it changed."""
        write = self.output.write_raw
        if frame.mouse != self._mouse:
            self._mouse = frame.mouse
            write(_MOUSE[frame.mouse])
        title = clean(frame.title)
        if title == self._title:
            return
        self._title = title
        if title and not self._title_kept:
            self._title_kept = True
            write(_KEEP_TITLE)
        if title:
            write(f"\x1b]2;{title}\x07")
        elif self._title_kept:
            self._title_kept = False
            write(_GIVE_TITLE_BACK)

    def _write_rows(
        self, start: int, rows: tuple[tuple[Placed, ...], ...], depth: ColorDepth
    ) -> None:
        """The first one, and those that it flows into."""
        write = self.output.write_raw
        write("\x1b[0m")
        for number in range(start, start + len(rows)):
            write(f"\x1b[{number + 1};1H\x1b[2K")
        if len(rows) > 1:
            write("\x1b[?7h")
        for column, spans in rows[0]:
            write(f"\x1b[{start + 1};{column + 1}H")
            self._write_row(spans, depth)
        for row in rows[1:]:
            self._write_row(row[0][1], depth)
        if len(rows) > 1:
            write("\x1b[?7l")

    def _write_row(self, row: Row, depth: ColorDepth) -> None:
        """What is in it was made harmless long before; `write` takes escapes out all the same."""
        for style, text in row:
            if text:
                self.output.set_attributes(self._attributes(style), depth)
                self.output.write(text)

    def _attributes(self, style: str) -> Attrs:
        found = self._known.get(style)
        if found is None:
            found = self._known[style] = self.style.get_attrs_for_style_str(style)
        return found
