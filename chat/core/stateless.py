"""Answers to somebody we keep nothing of: smaller than their cause, and not too often."""

from collections import Counter
from collections.abc import Callable

from .buckets import Bucket
from .limits import STATELESS
from .turn import Turn
from .types import Path, Send


class Stateless:
    """Apart for this machine, whose healthcheck is to be answered when others knock."""

    def __init__(self, turn: Turn, dropped: Counter[str]) -> None:
        self._turn = turn
        self._dropped = dropped
        self._buckets = {here: Bucket(STATELESS, STATELESS) for here in (True, False)}

    def may(self, path: Path, now: float) -> bool:
        """Whether there may be one more answer; it counts as one."""
        if self._buckets[path.loopback].take(now):
            return True
        self._dropped["stateless answers withheld"] += 1
        return False

    def answer(self, make: Callable[[], bytes], cause: bytes, path: Path, now: float) -> None:
        """What is not sent is not made either."""
        if not self.may(path, now):
            return
        if len(answer := make()) < len(cause):
            self._turn.emit(Send(path, answer))
        else:
            self._dropped["stateless answers withheld"] += 1
