"""A bar chart as SVG."""

from collections.abc import Mapping
from html import escape

_BAR, _GAP, _GROUP = 14, 3, 26
_LABEL, _WIDTH, _VALUE = 190, 420, 90


def bars(groups: Mapping[str, Mapping[str, float]], unit: str, accent: str) -> str:
    """Groups of horizontal bars, each group to its own scale; those whose name begins with `accent`
    stand out."""
    parts: list[str] = []
    y = 0
    for title, values in groups.items():
        most = max(values.values(), default=1.0)
        y += _GROUP
        parts.append(f'<text x="0" y="{y - 8}" font-weight="bold">{escape(title)}</text>')
        for name, value in values.items():
            width = max(1.0, value / most * _WIDTH)
            colour = "#1a7f64" if name.startswith(accent) else "#8a97a6"
            middle = y + _BAR - 3
            parts.append(
                f'<text x="{_LABEL - 6}" y="{middle}" text-anchor="end">{escape(name)}</text>'
                f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>'
                f'<text x="{_LABEL + width + 6:.1f}" y="{middle}">{value:.3g} {unit}</text>'
            )
            y += _BAR + _GAP
    width, height = _LABEL + _WIDTH + _VALUE, y + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11" fill="#6b7280">\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
