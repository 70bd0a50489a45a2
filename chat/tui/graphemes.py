"""Moving in a text by what people take for one character."""

from .cells import clusters

_REACH = 256
"""Characters that are looked at: no cluster that anybody types is as long."""


def before(text: str, at: int) -> int:
    """Where the cluster that ends at `at` begins."""
    if at <= 0:
        return 0
    start = max(text.rfind("\n", 0, at) + 1, at - _REACH)
    if start == at:
        return at - 1
    last = ""
    for cluster in clusters(text[start:at]):
        last = cluster
    return at - len(last)


def after(text: str, at: int) -> int:
    """Where the cluster that begins at `at` ends."""
    if at >= len(text):
        return len(text)
    for cluster in clusters(text[at : at + _REACH]):
        return at + len(cluster)
    return at + 1


def edge(text: str, at: int) -> int:
    """The nearest place at or after `at` that is not inside a cluster."""
    if at >= len(text) or text[at].isascii():
        return min(at, len(text))
    place = max(text.rfind("\n", 0, at) + 1, at - _REACH)
    while place < at:
        place = after(text, place)
    return place
