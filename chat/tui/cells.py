"""Text as terminals count it: grapheme clusters, and how many cells each takes.

Terminals do not agree about emoji. These widths decide where text is wrapped and cut, and nothing
else: where the cursor goes, and what is beside what, never depends on them (see `renderer`).
"""

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import east_asian_width

from wcwidth import iter_graphemes, wcswidth

ELLIPSIS = "…"


def clusters(text: str) -> Iterable[str]:
    """What people take for one character each."""
    return text if text.isascii() else iter_graphemes(text)


_LONG = 32
"""Characters of a cluster that nobody needs: it is measured anew each time, and not kept."""


def cells(cluster: str) -> int:
    """How many cells one cluster takes."""
    return _known(cluster) if len(cluster) < _LONG else _measured(cluster)


def _measured(cluster: str) -> int:
    return max(wcswidth(cluster), 0)


_known = lru_cache(8192)(_measured)


def width(text: str) -> int:
    """Cells of a line of text."""
    return len(text) if text.isascii() else sum(map(cells, clusters(text)))


def agreed(text: str) -> bool:
    """All terminals give it the same width: there are only single characters, and no emoji."""
    return text.isascii() or all(
        len(cluster) == 1
        and cluster < "\U0001f000"
        and (cluster.isalpha() or east_asian_width(cluster) in ("Na", "W", "F"))
        for cluster in clusters(text)
    )


def cut(text: str, size: int) -> str:
    """At most `size` cells of it; what was cut off shows as an ellipsis."""
    if width(text) <= size:
        return text
    kept: list[str] = []
    room = size - width(ELLIPSIS)
    for cluster in clusters(text):
        room -= cells(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept) + ELLIPSIS if size > 0 else ""


def fitted(text: str, size: int) -> str:
    """Exactly `size` cells: cut, or filled up with spaces."""
    text = cut(text, size)
    return text + " " * (size - width(text))
