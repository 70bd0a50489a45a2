"""Timers of one core: a heap with lazy deletion, asked for the next deadline."""

import heapq
from collections.abc import Hashable, Iterator
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


_SPARE = 64
"""Dead entries that are not worth the tidying."""


def earliest(*times: float | None) -> float | None:
    """Of several deadlines, where each may be None: there is none."""
    first = None
    for time in times:
        if time is not None and (first is None or time < first):
            first = time
    return first


class Timers(Generic[K]):
    """At most one timer a key."""

    def __init__(self) -> None:
        self._when: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()

    def set(self, key: K, when: float) -> None:
        """Replaces the key's timer."""
        if self._when.get(key) != when:
            self._when[key] = when
            heapq.heappush(self._heap, (when, next(self._order), key))
            self._tidy()

    def set_earlier(self, key: K, when: float) -> None:
        """Never later than it was."""
        self.set(key, min(when, self._when.get(key, when)))

    def cancel(self, key: K) -> None:
        self._when.pop(key, None)
        self._tidy()

    def armed(self, key: K) -> bool:
        return key in self._when

    def deadline(self) -> float | None:
        """When the next one is due, None if there is none."""
        self._discard()
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[K]:
        """Takes out, one by one, what is due; what is set meanwhile may come, too."""
        while True:
            self._discard()
            if not self._heap or self._heap[0][0] > now:
                return
            _, _, key = heapq.heappop(self._heap)
            del self._when[key]
            yield key

    def __len__(self) -> int:
        return len(self._when)

    def _tidy(self) -> None:
        """What was replaced or cancelled must not keep its owner alive until its time comes."""
        if len(self._heap) > 2 * len(self._when) + _SPARE:
            self._heap = [(when, next(self._order), key) for key, when in self._when.items()]
            heapq.heapify(self._heap)

    def _discard(self) -> None:
        while self._heap and self._when.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
