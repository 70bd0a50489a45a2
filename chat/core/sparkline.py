"""Numbers as small pictures: a row of bars for a course, one bar for how much is done."""

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-:=+*#"
GAP = " "
"""Nothing is known of that moment."""

DONE, LEFT = "▓", "░"
ASCII_DONE, ASCII_LEFT = "#", "."


def sparkline(
    values: Sequence[float | None], top: float | None = None, *, ascii: bool = False
) -> str:
    """A cell for each: the lowest bar for 0 and less, the highest for `top` and more; without it
    the largest of them is the top."""
    bars = ASCII_BARS if ascii else BARS
    if top is None:
        top = max((value for value in values if value is not None), default=0.0)
    return "".join(
        GAP if value is None else bars[_level(value, top, len(bars))] for value in values
    )


def squeezed(values: Sequence[float | None], size: int) -> list[float | None]:
    """In at most `size` groups of consecutive ones, the highest of each: no peak is hidden."""
    each = max(-(-len(values) // size), 1)
    groups = (values[at : at + each] for at in range(0, len(values), each))
    return [max((it for it in group if it is not None), default=None) for group in groups]


def progress_bar(done: int, total: int, size: int, *, ascii: bool = False) -> str:
    """`size` cells; full only when all is done."""
    full, empty = (ASCII_DONE, ASCII_LEFT) if ascii else (DONE, LEFT)
    cells = size * min(max(done, 0), total) // total if total > 0 else size
    return full * cells + empty * (size - cells)


def _level(value: float, top: float, levels: int) -> int:
    """Which of the bars: each stands for an equal part of what is below the top."""
    if value <= 0 or top <= 0:
        return 0
    return int(value / top * levels) if value < top else levels - 1
