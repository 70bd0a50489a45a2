"""The list of who is here."""

from collections.abc import Mapping, Sequence

from chat.core.asks import Member
from chat.core.names import same_name
from chat.core.text import VERIFIED, clean

from .cells import cut, width
from .layout import name_style
from .rows import Row

LEAST, MOST = 8, 16
"""Columns of names."""

SCREEN = 60
"""Columns that a screen needs to have room for the list."""


class MemberList:
    """Names in their order, each once, sorted again only when somebody came or went."""

    def __init__(self) -> None:
        self._members: Mapping[int, Member] = {}
        self._names: tuple[str, ...] = ()
        self._verified: set[str] = set()
        self._width = LEAST

    def names(self, members: Mapping[int, Member]) -> Sequence[str]:
        """`members` as a roster keeps them: another mapping after each change."""
        if members is not self._members:
            self._members = members
            self._names = tuple(
                sorted({clean(member.name) for member in members.values()}, key=same_name)
            )
            self._verified = {clean(row.name) for row in members.values() if row.verified}
            self._width = min(
                max((width(self._shown(name)) for name in self._names), default=LEAST), MOST
            )
        return self._names

    def columns(self, members: Mapping[int, Member], screen: int) -> int:
        """How many the list takes; 0: there is no room for it."""
        self.names(members)
        return max(self._width, LEAST) if screen >= SCREEN else 0

    def rows(
        self, members: Mapping[int, Member], count: int | str, size: int, height: int
    ) -> list[Row]:
        """A heading and as many names as there is room for. `count`: how many there are in all, or
        why that is not known; where no names are known they are too many to be followed."""
        names = self.names(members)
        heading = count if isinstance(count, str) else f"{max(count, len(names)):,} here"
        rows: list[Row] = [(("class:members", cut(heading, size)),)]
        room = height - 1
        if not names and count and not isinstance(count, str):
            rows.append((("class:quiet", cut("/who", size)),))
        shown = names if len(names) <= room else names[: max(room - 1, 0)]
        rows += [((name_style(name), cut(self._shown(name), size)),) for name in shown]
        if len(shown) < len(names):
            rows.append((("class:quiet", cut(f"+{len(names) - len(shown):,} more", size)),))
        return rows[:height]

    def _shown(self, name: str) -> str:
        return name + (VERIFIED if name in self._verified else "")
