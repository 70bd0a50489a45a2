"""Virtual time: a heap of things to do, and jumps from one to the next."""

import heapq
from collections.abc import Callable
from itertools import count


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def after(self, delay: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now + max(delay, 0.0), next(self._order), action))

    def step(self) -> bool:
        """Does the next thing; False where nothing is left to do."""
        if not self._heap:
            return False
        when, _, action = heapq.heappop(self._heap)
        self.now = max(self.now, when)
        action()
        return True

    @property
    def next(self) -> float:
        return self._heap[0][0] if self._heap else float("inf")
