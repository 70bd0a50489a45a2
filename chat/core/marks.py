"""When each of a room's pushes was made, about, and what had been pushed by then: what reports are
compared with."""

from bisect import bisect_right
from typing import NamedTuple

_MOST = 512
_SPARE = 128


class Mark(NamedTuple):
    """The moment before a push."""

    time: float
    number: int
    """Of pushes made until then, all keys of the room together: that of the next one."""
    size: int
    """Of their bytes."""
    seq: int
    """Where the log ended when the push before was made."""


class Marks:
    """From the first push on, the newest few hundred of these moments."""

    __slots__ = ("_marks", "_numbers", "_times")

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self._numbers: list[int] = []
        self._times: list[float] = []

    def add(self, mark: Mark, spacing: float) -> None:
        """Kept if the last one that was is `spacing` seconds ago."""
        if self._times and mark.time - self._times[-1] < spacing:
            return
        self._marks.append(mark)
        self._numbers.append(mark.number)
        self._times.append(mark.time)
        if len(self._marks) > _MOST:
            for column in (self._marks, self._numbers, self._times):
                del column[:_SPARE]

    def of(self, number: int) -> Mark:
        """The last one kept before this push, at most a spacing too early; of a push that is too
        long ago the oldest there is."""
        return self._marks[max(0, bisect_right(self._numbers, number) - 1)]

    def at(self, time: float) -> Mark:
        """The last one kept until then, or the oldest there is."""
        return self._marks[max(0, bisect_right(self._times, time) - 1)]
