"""The time that durations run on: a log's, not a machine's.

It goes on with the server's monotonic clock, whatever becomes of the machine's; between two runs it
goes on as that one says, unless it says something that cannot be. So a clock that is set a year on
or back neither ends a ban nor lengthens it.
"""

from .limits import LEAP


class LogTime:
    """Milliseconds since 1970, as long as nobody changes clocks."""

    def __init__(self) -> None:
        self._base = 0
        self._began: float | None = None

    @property
    def known(self) -> bool:
        return self._began is not None

    def begin(self, last: int, now: float, wall: int) -> None:
        """`last`: the newest that the log knows, 0 if it knows none."""
        away = wall - last
        self._base = wall if not last or 0 <= away <= LEAP * 1000 else last
        self._began = now

    def read(self, now: float) -> int:
        """Never less than before."""
        if self._began is None:
            raise ValueError("the log's time is not known before the log was read")
        return self._base + max(0, int((now - self._began) * 1000))
