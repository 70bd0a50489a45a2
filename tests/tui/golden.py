"""Screens as text, as tmux shows them: `python -m tests.tui.golden` writes them anew.

Each file has the rows of one scene's screen, and last where the cursor is."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from .scenes import SCENES
from .terminal import Terminal

FOLDER = Path(__file__).with_name("golden")
ROOT = Path(__file__).parents[2]

WRITE = "python -m tests.tui.golden"


PLAYED = 60.0
"""Seconds within which a scene is played, on a busy machine."""


class Screen(NamedTuple):
    scene: str
    columns: int = 80
    rows: int = 24

    @property
    def file(self) -> Path:
        return FOLDER / f"{self}.txt"

    def __str__(self) -> str:
        return f"{self.scene}-{self.columns}x{self.rows}"


SCREENS = (
    *map(Screen, SCENES),
    Screen("busy-room", 40, 10),
    Screen("busy-room", 200, 60),
)


@contextmanager
def shown(screen: Screen) -> Iterator[Terminal]:
    """The scene in a terminal of that size, drawn to the end."""
    command = [sys.executable, "-m", "tests.tui.show", screen.scene]
    with TemporaryDirectory() as folder:
        state, env = Path(folder), {"PYTHONPATH": os.fspath(ROOT)}
        size = {"columns": screen.columns, "rows": screen.rows}
        with Terminal(command, state=state, env=env, **size) as terminal:
            terminal.until(lambda: any(terminal.screen()), f"{screen} to be drawn", PLAYED)
            terminal.still()
            yield terminal


def text(terminal: Terminal) -> str:
    column, row = terminal.cursor
    return "\n".join([*terminal.screen(), f"cursor: row {row + 1}, column {column + 1}", ""])


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for screen in SCREENS:
        with shown(screen) as terminal:
            screen.file.write_text(text(terminal))


if __name__ == "__main__":
    main()
