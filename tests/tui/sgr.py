"""Rows of a terminal with their looks, as `tmux capture-pane -e` prints them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chat.tui.cells import cells, clusters

_SGR = re.compile(r"\x1b\[([\d;]*)m")


class Look(NamedTuple):
    """Of a cell. Colours are of the 256; None: the terminal's own."""

    colour: int | None = None
    behind: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False

    def then(self, codes: str) -> "Look":
        """After this SGR sequence. Raises ValueError for what the client never asks for."""
        look, left = self, [int(code or 0) for code in codes.split(";")]
        while left:
            match left:
                case [0, *left]:
                    look = Look()
                case [1, *left]:
                    look = look._replace(bold=True)
                case [2, *left]:
                    look = look._replace(dim=True)
                case [3, *left]:
                    look = look._replace(italic=True)
                case [4, *left]:
                    look = look._replace(underline=True)
                case [7, *left]:
                    look = look._replace(reverse=True)
                case [38, 5, colour, *left]:
                    look = look._replace(colour=colour)
                case [39, *left]:
                    look = look._replace(colour=None)
                case [48, 5, colour, *left]:
                    look = look._replace(behind=colour)
                case [49, *left]:
                    look = look._replace(behind=None)
                case _:
                    raise ValueError(f"no picture of SGR {codes!r}")
        return look


class Cell(NamedTuple):
    """Or two, of what is wide."""

    column: int
    text: str
    look: Look

    @property
    def end(self) -> int:
        """The column after it."""
        return self.column + cells(self.text)


def parse(rows: Sequence[str]) -> list[list[Cell]]:
    """A look goes on until it is changed, in the next row, too."""
    look = Look()
    parsed: list[list[Cell]] = []
    for row in rows:
        found: list[Cell] = []
        for at, part in enumerate(_SGR.split(row)):
            if at % 2:
                look = look.then(part)
                continue
            for cluster in clusters(part):
                found.append(Cell(found[-1].end if found else 0, cluster, look))
        parsed.append(found)
    return parsed


def runs(row: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Words in one look with one space between them; what is wide is by itself."""
    run: list[Cell] = []
    for cell in row:
        if cell.text == " ":
            continue
        last = run[-1] if run else cell
        wide = cell.end > cell.column + 1 or last.end > last.column + 1
        if run and (cell.look != last.look or wide or cell.column > last.end + 1):
            yield run
            run = []
        elif run and cell.column > last.end:
            run.append(Cell(last.end, " ", last.look))
        run.append(cell)
    if run:
        yield run
