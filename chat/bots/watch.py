"""What a run looks like while it runs: a few rows that stay in their place, or plain lines.

The rows are drawn below one another, and drawn again over themselves. No line ever wraps: the
terminal is told to cut it. After the window has changed its size nobody knows where the old rows
are, so the next ones are drawn below them; so are those after somebody else has written there.
"""

import os
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import TextIO

from chat.core.sparkline import sparkline
from chat.core.text import clean

from .figures import milliseconds, number, rate, share
from .report import Report, Second

EACH_SECOND = 10
"""Plain lines come each second for so long, and then only as many seconds apart."""

_UP = "\x1b[{}A"
_CUT, _WRAP = "\x1b[?7l", "\x1b[?7h"
_REST = "\x1b[K"
"""Clears what is left of the line."""
_BELOW = "\x1b[J"

_USUAL = os.terminal_size((80, 24))

Size = Callable[[], os.terminal_size]


def is_live(out: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a terminal behind it that can draw over what it has drawn."""
    return out.isatty() and environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


def _size(out: TextIO) -> os.terminal_size:
    """Of a terminal that does not know: what most have."""
    try:
        size = os.get_terminal_size(out.fileno())
    except OSError:
        return _USUAL
    return size if size.columns and size.lines else _USUAL


class Watch:
    """To be told of each second."""

    def __init__(self, out: TextIO, *, live: bool, size: Size | None = None) -> None:
        """`size` is that of the terminal behind `out`."""
        self._out = out
        self._live = live
        self._size = size or partial(_size, out)
        self._ascii = not (out.encoding or "").lower().startswith("utf")
        self._seconds: deque[Second] = deque(maxlen=500)
        self._delivered = self._repaired = self._lost = 0
        self._drawn: tuple[os.terminal_size, int] | None = None
        """The size that the window had, and how many rows."""
        self._moved = False
        """The terminal was somebody else's since."""
        self._rows: list[str] = []

    def on_second(self, second: Second, report: Report) -> None:
        self._seconds.append(second)
        self._delivered += second.delivered
        self._repaired += second.repaired
        self._lost += second.lost
        if self._live:
            self._rows = self._panel(second, report)
            self._draw()
        elif len(self._seconds) <= EACH_SECOND or round(second.at_s) % EACH_SECOND == 0:
            print(self._line(second), file=self._out, flush=True)

    def say(self, line: str) -> None:
        """A line that stays, above what is drawn."""
        self._erase()
        print(clean(line), file=self._out)
        if self._live and self._rows:
            self._draw()
        self._out.flush()

    def resumed(self) -> None:
        """The process was stopped for a while, and the terminal was the shell's. Called by a signal,
        at any moment."""
        self._moved = True

    def close(self) -> None:
        """What is drawn goes: the results take its place."""
        self._erase()
        self._rows = []
        self._out.flush()

    def _draw(self) -> None:
        size = self._size()
        rows = [row[: size.columns] for row in self._rows[: max(1, size.lines - 1)]]
        back = self._back(size)
        body = "".join(f"{row}{_REST}\n" for row in rows)
        self._out.write(f"{back}{_CUT}{body}{_WRAP}")
        self._out.flush()
        self._drawn = size, len(rows)

    def _erase(self) -> None:
        if self._drawn is not None:
            self._out.write(f"{self._back(self._size())}{_BELOW}")
            self._drawn = None

    def _back(self, size: os.terminal_size) -> str:
        """To the first row, if that is where it was."""
        moved, self._moved = self._moved, False
        if self._drawn is None or self._drawn[0] != size or moved:
            return ""
        return _UP.format(self._drawn[1])

    def _panel(self, second: Second, report: Report) -> list[str]:
        seconds = self._length()
        phase = next((each.name for each in report.phases if second.at_s <= each.to_s), "")
        course = max(1, min(60, self._size().columns - 45))
        latest = list(self._seconds)[-course:]
        delivered = self._drawn_as([float(each.delivered) for each in latest])
        p99 = self._drawn_as([each.p99_ms for each in latest])
        tried = self._delivered + self._lost
        rows = [
            ("offered", rate(second.offered / seconds), f"sent {rate(second.sent / seconds)}", ""),
            ("delivered", rate(second.delivered / seconds), number(self._delivered), delivered),
            (
                "latency",
                f"p50 {milliseconds(second.p50_ms)}",
                f"p99 {milliseconds(second.p99_ms)}",
                p99,
            ),
            (
                "lost",
                number(self._lost),
                share(self._lost / tried if tried else 0.0),
                f"repaired {number(self._repaired)}",
            ),
        ]
        head = f"{second.at_s:.0f} s  {number(second.members)} of {number(report.bots)} bots"
        return [
            f"{head}  {clean(phase)}",
            *(f"{name:<10} {first:>14}  {then:<15} {rest}" for name, first, then, rest in rows),
        ]

    def _drawn_as(self, values: list[float | None]) -> str:
        return sparkline(values, ascii=self._ascii)

    def _line(self, second: Second) -> str:
        seconds = self._length()
        return (
            f"{second.at_s:4.0f} s  {number(second.members)} bots, "
            f"{rate(second.sent / seconds)} of {rate(second.offered / seconds)}, "
            f"delivered {rate(second.delivered / seconds)}, p50 {milliseconds(second.p50_ms)}, "
            f"p99 {milliseconds(second.p99_ms)}, lost {number(self._lost)}, "
            f"repaired {number(self._repaired)}"
        )

    def _length(self) -> float:
        """Seconds that the last one took: a busy process looks late."""
        before = self._seconds[-2].at_s if len(self._seconds) > 1 else 0.0
        return max(self._seconds[-1].at_s - before, 0.001)
