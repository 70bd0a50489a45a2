"""What a bot has of one room that it is in: what it is to hear, who is there, what waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from chat.core.assembly import Assembler
from chat.core.types import Entry

WAITING = 1000
"""What may wait for a bot in one room; the oldest goes first."""

Handler = Callable[[], Awaitable[None]]


class Moves(NamedTuple):
    """Names of those who have come, and who have gone."""

    came: Sequence[str] = ()
    went: Sequence[str] = ()


class InRoom:
    """From when it has entered until it leaves."""

    def __init__(
        self,
        name: str,
        is_own: Callable[[Entry], bool],
        tell: Callable[[str], None],
        *,
        behind: bool,
    ) -> None:
        """`is_own` knows what the bot has said itself. `behind`: what was said there before the bot
        came is for it, too, after what it had said last."""
        self._name = name
        self._is_own = is_own
        self._tell = tell
        self._assembler = Assembler()
        self._behind: list[Entry] | None = [] if behind else None
        """What was said there before it came, until it has all of that."""
        self._names: set[str] | None = None
        """Who is there, once that is known."""
        self._waiting: asyncio.Queue[Handler | None] = asyncio.Queue(WAITING)
        """None: it has left, and there is nothing more to do."""
        self._skipping = False

    def read(self, entry: Entry) -> Sequence[Entry]:
        """What is to be heard now, each text in one piece."""
        whole = self._assembler.add(entry)
        if whole is None:
            return ()
        if self._behind is None:
            return (whole,)
        if self._is_own(whole):
            self._behind.clear()  # What it had said there came after it was heard.
        else:
            self._behind.append(whole)
        return ()

    def caught_up(self) -> Sequence[Entry]:
        """All that was said before has been read: what of it is to be heard."""
        behind, self._behind = self._behind, None
        return behind or ()

    def sees(self, names: set[str], others: set[str]) -> Moves:
        """Who is there now. `others` are neither coming nor going: they have another name."""
        before, self._names = self._names, names
        if before is None:
            return Moves()
        return Moves(sorted(names - before - others), sorted(before - names - others))

    def add(self, handler: Handler) -> None:
        """It waits for its turn."""
        if self._waiting.full():
            self._waiting.get_nowait()
            if not self._skipping:
                self._tell(
                    f"over {WAITING} things wait for it in {self._name}: the oldest are skipped"
                )
            self._skipping = True
        self._waiting.put_nowait(handler)

    def leave(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def work(self) -> None:
        """One after the other, until it has left."""
        while (handler := await self._waiting.get()) is not None:
            self._skipping &= not self._waiting.empty()
            await handler()
