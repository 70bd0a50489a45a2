"""Comings and goings, in words."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

NAMED = 5
"""Names on one line; the others are counted."""

RETURN = 30.0
"""Seconds that others get to come back after we did: where the server was away, so were all."""


class Change(NamedTuple):
    """What some have done together."""

    names: tuple[str, ...]
    what: str

    def text(self, names: Sequence[str] = ()) -> str:
        """Of all, or only of these of them."""
        return f"{listed(names or self.names)} {self.what}"


class Attendance:
    """Who is in a room, by name: names are unique, and mean the same before and after a reconnect,
    which the server's own numbers do not."""

    def __init__(self) -> None:
        self._here: frozenset[str] = frozenset()
        self._known = False
        self._returned_at: float | None = None
        """When we entered again, until the first news of who else is there."""
        self._awaited: dict[str, float] = {}
        """Who was here before we lost the server, and until when that may pass unsaid."""

    def entered_again(self, now: float) -> None:
        self._returned_at = now

    def update(
        self, names: Collection[str], renamed: Iterable[tuple[str, str]], own: str
    ) -> list[Change]:
        """Lines on what has changed: `names` are all that are here, `renamed` pairs of before and
        after. What we do ourselves is no news."""
        here = frozenset(names)
        came, went = here - self._here, self._here - here
        self._here = here
        if not self._known:
            self._known = True
            return []
        lines: list[Change] = []
        if self._returned_at is None:
            for before, after in renamed:
                if before in went and after in came:
                    went, came = went - {before}, came - {after}
                    if after != own:
                        lines.append(Change((before,), f"is {after} now"))
        else:
            self._awaited |= dict.fromkeys(went, self._returned_at + RETURN)
            self._returned_at, went = None, frozenset()
        came -= {own}
        news = came - self._awaited.keys()
        for name in came:
            self._awaited.pop(name, None)
        return [*_changes(news, "joined"), *_changes(went - {own}, "left"), *lines]

    def tick(self, now: float) -> list[Change]:
        """Who has not come back in time has left."""
        gone = [name for name, until in self._awaited.items() if until <= now]
        for name in gone:
            del self._awaited[name]
        return _changes(gone, "left")


def _changes(names: Collection[str], what: str) -> list[Change]:
    return [Change(tuple(sorted(names)), what)] if names else []


def listed(names: Sequence[str]) -> str:
    """ann, bob and carol; of many, the first ones and how many more."""
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED:,} others"
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
