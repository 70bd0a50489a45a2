"""Frames on the terminal, row by row.

A row that differs from what is there is written whole, from its first column, after it was erased;
all moves are absolute. So what a row shows depends on that row alone, however wide the terminal
takes an emoji to be, and a wrong width can never pile up over the screen: prompt_toolkit's own
renderer, which moves relatively and writes single cells, leaves others' text behind.

Where the cursor is, the terminal finds by itself: what is left of it is written once more.
"""

from collections.abc import Callable
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.layout import Layout
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.renderer import Renderer
from prompt_toolkit.styles import Attrs, BaseStyle

from .rows import Frame, Placed, Row

_BEGIN = "\x1b[?2026h\x1b[?25l"
"""Show nothing until the frame is whole (where terminals know that), and no cursor."""

_END = "\x1b[?25h\x1b[?2026l"
_ENTER = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1l"
"""The alternate screen, no wrapping, marked pastes, cursor keys that send CSI."""

_LEAVE = "\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"


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
        self._shown: list[tuple[Placed, ...]] | None = None
        self._size = (0, 0)
        self._known: dict[str, Attrs] = {}
        super().__init__(style, output, full_screen=True)

    def forget(self) -> None:
        """What is on the terminal may be anything: the next frame is drawn whole."""
        self._shown = None

    def begin_again(self) -> None:
        """The terminal may be in any mode, too."""
        self._entered = False
        self.forget()

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
            write(_ENTER)
        write(_BEGIN)
        if self._size != (size.columns, size.rows):
            self._size = (size.columns, size.rows)
            self._shown = None
        if self._shown is None:
            write("\x1b[0m\x1b[2J")
        before = self._shown or [()] * len(frame.rows)
        for number, row in enumerate(frame.rows):
            if row != before[number]:
                write(f"\x1b[{number + 1};1H\x1b[0m\x1b[K")
                for column, spans in row:
                    write(f"\x1b[{number + 1};{column + 1}H")
                    self._write_row(spans, app.color_depth)
        self._shown = list(frame.rows)
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
            self.output.write_raw(_LEAVE)
            self.output.flush()
            self._drain()

    def erase(self, leave_alternate_screen: bool = True) -> None:
        self.reset(leave_alternate_screen=leave_alternate_screen)

    def clear(self) -> None:
        self.forget()

    def request_absolute_cursor_position(self) -> None:
        """Not needed: we always own the whole screen."""

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
