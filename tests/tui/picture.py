"""The picture that the README opens with, of a screen as tmux shows it: `python -m tests.tui.picture`
draws it anew.

What is text on the screen is text here. Each run of it has its place and its length, so that it does not
matter which font there is; lines and bars are shapes, because fonts leave gaps between those of two rows."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from .golden import ROOT, Screen, shown
from .sgr import Cell, Look, parse, runs

FILE = ROOT / "docs" / "busy-room.svg"
SCREEN = Screen("busy-room", 96, 24)

WRITE = "python -m tests.tui.picture"

TITLE = "The terminal client in a busy room"
DESCRIPTION = (
    "A terminal, 96 columns wide. On the left the names of nineteen people. On the right what they say "
    "about byte order and ports, with reactions, a corrected message, and a line above what is new. Our "
    "own messages have a check mark where everybody has them. Under the last but one it says: 17 of 18, "
    "waiting for bob, who has pulled his cable. The last is still on its way. The status bar "
    "has the round trip, the loss, who is typing, and two more rooms with something unread."
)

CELL, ROW = 8.75, 19.0
"""A cell's width and height."""

_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_SIZE = 14.5
_BASELINE = 14.0
"""Below a row's top."""
_BAR = 34.0
"""Height of the window's bar."""
_PAD = 20.0, 12.0
"""Beside the text, and above and below it."""

_GROUND, _FRAME, _TEXT, _TITLE = "#12161d", "#1d232d", "#d3d9e3", "#8b95a5"
_BUTTONS = "#ec6a5e", "#f4bf4f", "#61c554"

UPRIGHT, LEVEL = "│", "─"


def ink(look: Look) -> str:
    """The colour of what is written."""
    front = _GROUND if look.reverse else _own(look)
    return _between(front, ground(look) or _GROUND, 0.42) if look.dim else front


def ground(look: Look) -> str:
    """The colour behind it; empty: the window's."""
    if look.reverse:
        return _own(look)
    return rgb(look.behind) if look.behind is not None else ""


def _own(look: Look) -> str:
    return rgb(look.colour) if look.colour is not None else _TEXT


def rgb(colour: int) -> str:
    """Of the 256 that terminals have, one that is not a theme's. Raises ValueError."""
    if 16 <= colour < 232:
        red, rest = divmod(colour - 16, 36)
        return "#" + "".join(f"{40 * it + 55 if it else 0:02x}" for it in (red, *divmod(rest, 6)))
    if 232 <= colour < 256:
        return "#" + 3 * f"{10 * (colour - 232) + 8:02x}"
    raise ValueError(f"colour {colour} is another one in each terminal")


def draw(rows: Sequence[str], columns: int, cursor: tuple[int, int], title: str) -> str:
    """An SVG of a window. `cursor`: its column and row."""
    left, top = _PAD[0], _BAR + _PAD[1]
    right, bottom = _n(2 * left + columns * CELL), _n(top + len(rows) * ROW + _PAD[1])
    parsed = parse(rows)
    body = [*_grounds(parsed), *_lines(parsed), *_texts(parsed)]
    body.append(_rect(*cursor, CELL, ROW, _TEXT))
    buttons = (
        f'<circle cx="{20 + 20 * at}" cy="{_n(_BAR / 2)}" r="6" fill="{colour}"/>'
        for at, colour in enumerate(_BUTTONS)
    )
    lines = "\n".join(body)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}"
 width="{right}" height="{bottom}" role="img" aria-labelledby="title desc">
<title id="title">{escape(TITLE)}</title>
<desc id="desc">{escape(DESCRIPTION)}</desc>
<clipPath id="window"><rect width="{right}" height="{bottom}" rx="10"/></clipPath>
<g clip-path="url(#window)" font-family="{_FONT}" font-size="{_SIZE}" fill="{_TEXT}">
<rect width="{right}" height="{bottom}" fill="{_GROUND}"/>
<rect width="{right}" height="{_n(_BAR)}" fill="{_FRAME}"/>
{"".join(buttons)}
<text x="{_n(left + columns * CELL / 2)}" y="{_n(_BAR / 2 + 5)}" text-anchor="middle" font-size="13" fill="{_TITLE}">\
{escape(title)}</text>
<g transform="translate({_n(left)} {_n(top)})">
{lines}
</g></g></svg>
"""


def _grounds(parsed: Sequence[list[Cell]]) -> Iterator[str]:
    """One bar behind each stretch of what is not on the window's own."""
    for row, line in enumerate(parsed):
        for colour, group in groupby(line, key=lambda cell: ground(cell.look)):
            found = list(group)
            if colour:
                first, size = found[0].column, found[-1].end - found[0].column
                yield _rect(first, row, size * CELL, ROW, colour)


def _lines(parsed: Sequence[list[Cell]]) -> Iterator[str]:
    """One for each stretch of it, upright or level."""
    upright: dict[tuple[int, str], list[int]] = {}
    level: dict[tuple[int, str], list[int]] = {}
    for row, line in enumerate(parsed):
        for cell in line:
            if cell.text == UPRIGHT:
                upright.setdefault((cell.column, ink(cell.look)), []).append(row)
            elif cell.text == LEVEL:
                level.setdefault((row, ink(cell.look)), []).append(cell.column)
    for (column, colour), rows in upright.items():
        for first, count in _stretches(rows):
            yield _rect(column, first, 1, count * ROW, colour, right=CELL / 2)
    for (row, colour), columns in level.items():
        for first, count in _stretches(columns):
            yield _rect(first, row, count * CELL, 1, colour, down=ROW / 2)


def _stretches(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where each begins, and how long it is."""
    for _, group in groupby(enumerate(numbers), key=lambda each: each[1] - each[0]):
        found = [number for _, number in group]
        yield found[0], len(found)


def _texts(parsed: Sequence[list[Cell]]) -> Iterator[str]:
    for row, line in enumerate(parsed):
        for run in runs([cell for cell in line if cell.text not in (UPRIGHT, LEVEL)]):
            text = escape("".join(cell.text for cell in run))
            x, size = run[0].column * CELL, (run[-1].end - run[0].column) * CELL
            place = f'x="{_n(x)}" textLength="{_n(size)}" lengthAdjust="spacingAndGlyphs"'
            if len(run) == 1 and size > CELL:
                # An emoji is as wide as its font has it.
                place = f'x="{_n(x + size / 2)}" text-anchor="middle"'
            y = _n(row * ROW + _BASELINE)
            yield f'<text {place} y="{y}"{_style(run[0].look)}>{text}</text>'


def _style(look: Look) -> str:
    found = f' fill="{ink(look)}"' if ink(look) != _TEXT else ""
    found += ' font-weight="bold"' if look.bold else ""
    found += ' font-style="italic"' if look.italic else ""
    return found + (' text-decoration="underline"' if look.underline else "")


def _rect(
    column: int,
    row: int,
    across: float,
    height: float,
    ink: str,
    *,
    right: float = 0,
    down: float = 0,
) -> str:
    x, y = _n(column * CELL + right), _n(row * ROW + down)
    return f'<rect x="{x}" y="{y}" width="{_n(across)}" height="{_n(height)}" fill="{ink}"/>'


def _between(one: str, other: str, share: float) -> str:
    """So much on the way from one colour to the other."""
    ends = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in ends)


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def picture() -> str:
    with shown(SCREEN) as terminal:
        rows = terminal.tmux("capture-pane", "-p", "-e", "-N").splitlines()
        title = terminal.ask("#{pane_title}")
        return draw(rows, SCREEN.columns, terminal.cursor, title)


if __name__ == "__main__":
    FILE.write_text(picture())
