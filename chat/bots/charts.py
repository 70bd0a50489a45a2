"""Charts as inline SVG. Colours, fonts and what a pointer over them shows are the page's style."""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

from chat.core.text import clean

WIDTH, HEIGHT = 560, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 20, 26

_TICKS = 5
"""About as many; they are round numbers."""

Point = tuple[float, float | None]
"""In the units of the axes. Without a y the line has a gap."""


class Axis(NamedTuple):
    """Where a value is, as a share of the axis' length, and the values that it is marked with."""

    place: Callable[[float], float]
    ticks: Sequence[tuple[float, str]]


def from_zero(top: float, shown: Callable[[float], str], *, exact: bool = False) -> Axis:
    """As far as a round number at or above `top`, or just to it."""
    step = _round_step(top, _TICKS) if top > 0 else 1.0
    end = top if exact and top > 0 else step * max(1, math.ceil(round(top / step, 6)))
    return Axis(
        lambda value: value / end,
        [(step * i, shown(step * i)) for i in range(int(round(end / step, 6)) + 1)],
    )


def powers_of_ten(low: float, high: float, shown: Callable[[float], str]) -> Axis:
    """Logarithmic, between the powers around both. `low` is above 0."""
    first = math.floor(math.log10(low))
    last = max(first + 1, math.ceil(math.log10(high)))
    return Axis(
        lambda value: (math.log10(max(value, 10.0**first)) - first) / (last - first),
        [(10.0**power, shown(10.0**power)) for power in range(first, last + 1)],
    )


def nines(samples: int) -> Axis:
    """Of shares of all samples: 90 %, 99 %, 99.9 % and so on are equally far apart, up to as many
    nines as that many samples can tell."""
    count = max(2, math.ceil(math.log10(max(samples, 1))))
    ticks = [*([(0.0, "0 %")] if count < 5 else []), (0.5, "50 %")]
    ticks += [(1 - 0.1**n, f"{100 - 100 * 0.1**n:.{max(0, n - 2)}f} %") for n in range(1, count)]

    def place(share: float) -> float:
        return min(1.0, -math.log10(max(1 - share, 0.1 ** (count + 1))) / count)

    return Axis(place, ticks)


class Chart:
    """One chart, built up from back to front."""

    def __init__(self, title: str, x: Axis, y: Axis) -> None:
        self._title = title
        self._x, self._y = x, y
        self._parts: list[str] = []
        self._tips: list[str] = []
        for value, name in y.ticks:
            at = self._at_y(value)
            kind = "axis" if value == y.ticks[0][0] else "rule"
            self._parts.append(
                f'<line class="{kind}" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at}" y2="{at}"/>'
                f'<text class="tick" x="{_LEFT - 8}" y="{at}" dy=".32em" '
                f'text-anchor="end">{_text(name)}</text>'
            )
        for value, name in x.ticks:
            self._parts.append(
                f'<text class="tick" x="{self._at_x(value)}" y="{HEIGHT - 8}" '
                f'text-anchor="middle">{_text(name)}</text>'
            )

    def span(self, start: float, end: float, name: str) -> None:
        """A line where it begins, and its name above the chart as far as there is room for it."""
        left, right = self._at_x(start), self._at_x(end)
        letters = int((right - left - 8) / 6)
        shown = name if len(name) <= letters else name[: max(0, letters - 1)] + "…"
        if start > 0:
            self._parts.append(
                f'<line class="phase" x1="{left}" x2="{left}" y1="{_TOP - 14}" '
                f'y2="{HEIGHT - _BOTTOM}"/>'
            )
        if letters > 1:
            self._parts.append(
                f'<text class="tick" x="{left + 4:.1f}" y="{_TOP - 6}">{_text(shown)}'
                f"<title>{_text(name)}</title></text>"
            )

    def area(self, css: str, points: Iterable[Point]) -> None:
        """Below a line, down to the axis."""
        base = self._at_y(self._y.ticks[0][0])
        for piece in _pieces(points):
            path = "L".join(self._at(*point) for point in piece)
            first, last = self._at_x(piece[0][0]), self._at_x(piece[-1][0])
            self._parts.append(
                f'<path class="area {css}" d="M{first},{base}L{path}L{last},{base}Z"/>'
            )

    def line(self, css: str, points: Iterable[Point]) -> None:
        for piece in _pieces(points):
            if len(piece) == 1:
                x, y = self._at(*piece[0]).split(",")
                self._parts.append(f'<circle class="dot {css}" cx="{x}" cy="{y}" r="2"/>')
            else:
                path = "L".join(self._at(*point) for point in piece)
                self._parts.append(f'<path class="line {css}" d="M{path}"/>')

    def bar(self, css: str, start: float, end: float, low: float, high: float) -> None:
        """Between two values; nothing where they are the same."""
        if high <= low:
            return
        left, right = self._at_x(start), self._at_x(end)
        top, bottom = self._at_y(high), self._at_y(low)
        gap = 1 if right - left > 4 else 0
        self._parts.append(
            f'<rect class="bar {css}" x="{left:.1f}" width="{max(right - left - gap, 0.5):.1f}" '
            f'y="{top}" height="{max(bottom - top, 1):.1f}"/>'
        )

    def mark(self, css: str, x: float, y: float, name: str) -> None:
        """A limit: a short line with its name."""
        at_x, at_y = self._at_x(x), self._at_y(y)
        self._parts.append(
            f'<path class="limit {css}" d="M{at_x - 14:.1f},{at_y}h28"/>'
            f'<text class="name {css}" x="{at_x:.1f}" y="{at_y - 5:.1f}" text-anchor="middle">'
            f"{_text(name)}</text>"
        )

    def tip(self, start: float, end: float, text: str) -> None:
        """What a pointer between two values of x shows."""
        left, right = self._at_x(start), self._at_x(end)
        self._tips.append(
            f'<rect class="tip" x="{left:.1f}" width="{max(right - left, 0.5):.1f}" y="{_TOP}" '
            f'height="{HEIGHT - _TOP - _BOTTOM}"><title>{_text(text)}</title></rect>'
        )

    def svg(self) -> str:
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_text(self._title)}">'
            f"{''.join(self._parts)}{''.join(self._tips)}</svg>"
        )

    def _at(self, x: float, y: float) -> str:
        return f"{self._at_x(x)},{self._at_y(y)}"

    def _at_x(self, value: float) -> float:
        share = min(max(self._x.place(value), 0.0), 1.0)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def _at_y(self, value: float) -> float:
        share = min(max(self._y.place(value), 0.0), 1.0)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def _pieces(points: Iterable[Point]) -> list[list[tuple[float, float]]]:
    """Between the gaps."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            pieces.append([])
        else:
            pieces[-1].append((x, y))
    return [piece for piece in pieces if piece]


def _round_step(length: float, count: int) -> float:
    """1, 2 or 5 times a power of ten, so that there are about `count` of them."""
    power = 10.0 ** math.floor(math.log10(length / count))
    return next(step * power for step in (1, 2, 5, 10) if step * power * count >= length * 0.999)


def _text(text: str) -> str:
    return escape(clean(text))
