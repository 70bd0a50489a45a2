"""Who spoke in a room, and when."""

from collections.abc import Iterable

from .lines import Line, common_name

REMEMBERED = 500
"""Names, by when they last spoke."""


class Speakers:
    def __init__(self) -> None:
        self._last: dict[str, tuple[str, int]] = {}
        """By common name, the latest last: the name, and the time."""

    def spoke(self, line: Line) -> None:
        self._last.pop(line.who, None)
        self._last[line.who] = line.name, line.time
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]

    @property
    def names(self) -> list[str]:
        """The latest first."""
        return [name for name, _ in reversed(self._last.values())]

    def times(self, names: Iterable[str]) -> dict[str, int]:
        """When these last spoke, by their common names, as far as it is known."""
        found = ((who, self._last.get(who)) for who in map(common_name, names))
        return {who: last[1] for who, last in found if last is not None}
