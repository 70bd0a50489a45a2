"""Who reads, and what of a room they want to see: given from outside, and changed as a whole."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from chat.core.types import Entry

from .lines import SPOKEN, Line, common_name
from .mentions import Mentions

Joins = Literal["all", "smart", "off"]
"""Whose coming and going is shown; smart: of those who have spoken lately."""


@dataclass(frozen=True)
class Reader:
    name: str = ""
    """Our own."""
    ids: frozenset[bytes] = frozenset()
    """Our instance, and the id of our key: what they say is ours."""
    words: tuple[str, ...] = ()
    """That are to us as our name is."""
    ignored: tuple[str, ...] = ()
    """Names whose messages are not shown and do not count."""
    joins: Joins = "all"
    smart_minutes: float = 10
    kept: int = 10_000
    """Lines of one room, while its end is in view."""
    clock: str = "%H:%M"
    """How a time is written: `strftime`."""

    def owns(self, entry: Entry) -> bool:
        return entry.instance in self.ids or (entry.key != b"" and entry.key in self.ids)

    def ignores(self, name: str) -> bool:
        return common_name(name) in self._ignored

    def mentioned(self, line: Line) -> bool:
        """Whether somebody else speaks of us."""
        if line.own or line.deleted or line.look not in SPOKEN or line.who == self._who:
            return False
        return self._mentions.found(line.text)

    def shows(self, line: Line) -> bool:
        if line.about is not None:
            return bool(self.news(line))
        return line.own or line.look not in SPOKEN or line.who not in self._ignored

    def news(self, line: Line) -> tuple[str, ...]:
        """Of those who came or went together, the ones that are of interest."""
        if line.about is None or self.joins == "off":
            return ()
        names = line.about.names
        if self.joins == "smart":
            since = line.time - self.smart_minutes * 60_000
            spoke = line.spoke
            names = tuple(name for name in names if spoke.get(common_name(name), -1) >= since)
        return tuple(name for name in names if common_name(name) not in self._ignored)

    @cached_property
    def _who(self) -> str:
        return common_name(self.name)

    @cached_property
    def _mentions(self) -> Mentions:
        return Mentions((self.name, *self.words))

    @cached_property
    def _ignored(self) -> frozenset[str]:
        return frozenset(map(common_name, self.ignored))
