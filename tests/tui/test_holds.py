"""What must hold for the terminal client, in short: counts and CPU time, whatever the machine does
besides. `python -m benchmarks.terminal` measures it at length."""

import subprocess
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol, cast

import pytest
from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.layout import Layout
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from benchmarks.terminal.measure import flood, starts
from chat.core import events
from chat.tui.gate import PACE
from chat.tui.renderer import RowRenderer
from chat.tui.styles import load_style

from .entries import ROOM, entry
from .guests import Scene

linux = pytest.mark.skipif(sys.platform != "linux", reason="what a process used is read in /proc")


@linux
def test_typing_in_a_flood() -> None:
    found = flood(rate=200, seconds=5, scrollback=1000)
    keys = [key for key in found.keys if key is not None]
    assert len(keys) == len(found.keys) > 20, "each was on the screen"
    assert found.logged == found.said != []
    # Who reads the screen here may be late on a busy machine, and then sees several at once.
    late = [key for key in keys if key.redraws > 1]
    assert len(late) <= len(keys) // 10, late
    assert 5 < found.frames <= found.seconds / PACE + len(keys) + 5
    assert found.cpu < 0.5


@linux
def test_the_first_screen_is_soon_there() -> None:
    found = starts(5)
    assert found.ratio <= 2.5, found


def test_what_the_first_screen_takes_with_it() -> None:
    def modules(*names: str) -> set[str]:
        program = f"import sys, {', '.join(names)}; print(*sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        return set(done.stdout.split())

    floor, ours = modules("prompt_toolkit"), modules("uvloop", "chat.cli.join", "chat.tui.join")
    assert len(ours) <= 2 * len(floor), sorted(ours - floor)
    packages = {name.partition(".")[0] for name in ours}
    assert not packages & {"sqlite3", "aiohttp", "redis", "hdrh", "rich", "pygments"}
    assert not {name for name in ours if name.startswith(("chat.server", "chat.log", "chat.bots"))}


class TraceFunction(Protocol):
    def __call__(self, frame: FrameType, event: str, argument: object) -> "TraceFunction": ...


class Screen:
    """A client with so many entries, and what one redraw takes, without a clock."""

    def __init__(self, entries: int) -> None:
        self.scene = Scene()
        self.scene.enter("/set scrollback 1000000")
        self.scene.guest.rooms[ROOM].joined = True
        self.scene.tell(events.Connected("ann", "ann", "192.0.2.1:4000", False))
        self._last = 0
        self.add(entries)
        self.written = 0
        self.color_depth = ColorDepth.DEPTH_8_BIT
        output = Vt100_Output(cast(Any, self), lambda: Size(24, 80), enable_cpr=False)
        self._renderer = RowRenderer(load_style(), output, self.scene.model.view)
        self.draw()

    encoding = "utf-8"

    def write(self, text: str) -> None:
        self.written += len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return True

    def add(self, count: int) -> None:
        for seq in range(self._last + 1, self._last + 1 + count):
            self.scene.tell(entry(seq, f"message {seq:06}"))
        self._last += count

    def draw(self) -> None:
        self._renderer.render(cast("Application[Any]", self), cast(Layout, None))

    def cost(self) -> tuple[int, int]:
        """Lines of Python, and characters written."""
        before = self.written
        return steps(self.draw), self.written - before


def steps(act: Callable[[], object]) -> int:
    """Lines of Python that it takes."""
    count = 0

    def traced(frame: FrameType, event: str, argument: object) -> TraceFunction:
        nonlocal count
        count += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def test_a_redraw_costs_the_same_with_a_hundred_thousand_entries() -> None:
    costs = []
    # The first one is for what is remembered of a text once it was measured.
    for entries in (100, 100, 100_000):
        screen = Screen(entries)
        found = [screen.cost()]
        for _ in range(3):
            screen.add(5)
            found.append(screen.cost())
        for key in ("pageup", "s-up", "pageup", "c-end"):
            screen.scene.model.press(key)
            found.append(screen.cost())
        screen.scene.model.type("typed")
        found.append(screen.cost())
        found.append((steps(screen.scene.model.tick), 0))
        costs.append(found)
    # A line or two more is a cache that something else in this process has filled meanwhile.
    assert [written for _, written in costs[1]] == [written for _, written in costs[2]]
    for (few, _), (many, _) in zip(costs[1], costs[2], strict=True):
        assert abs(many - few) <= 0.02 * few
    assert max(costs[2]) < (7500, 0)
