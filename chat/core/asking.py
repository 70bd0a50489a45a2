"""A guest's requests: each is repeated until its answer comes."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from . import asks
from .recovery import RoundTrip

A = TypeVar("A", bound=asks.Request)


class _Pending:
    __slots__ = ("due", "message", "sent", "times", "tries")

    def __init__(self, message: asks.Request) -> None:
        self.message = message
        self.sent = self.due = 0.0
        self.tries = 0
        """Time-outs in a row."""
        self.times = 0
        """How often it was sent in this session."""


class Asking:
    """Requests by `r`, which grows over a guest's whole life."""

    def __init__(self, rtt: RoundTrip) -> None:
        self._rtt = rtt
        self._pending: dict[int, _Pending] = {}
        self._r = 0

    def ask(self, make: Callable[[int], A]) -> A:
        """`make` gets the request's r."""
        self._r += 1
        message = make(self._r)
        self._pending[self._r] = _Pending(message)
        return message

    def answered(self, r: int, now: float) -> asks.Request | None:
        """The request that this answers, unless it was answered before."""
        pending = self._pending.pop(r, None)
        if pending is None:
            return None
        if pending.times == 1 and _is_quick(pending.message):
            self._rtt.sample(now - pending.sent)
        return pending.message

    def asked(self, kind: type[A]) -> list[A]:
        """What is still unanswered of one kind."""
        return [each.message for each in self._pending.values() if isinstance(each.message, kind)]

    def hurry(self, kind: type[A], now: float) -> None:
        """There is a sign that the answer was lost: what has waited for a round trip or more is
        asked again now."""
        for pending in self._pending.values():
            if isinstance(pending.message, kind) and now >= pending.sent + self._rtt.timeout():
                pending.due = min(pending.due, now)

    def forget(self, kind: type[A], which: Callable[[A], bool] = lambda _: True) -> None:
        """Requests that make no sense any more."""
        for r, pending in list(self._pending.items()):
            if isinstance(pending.message, kind) and which(pending.message):
                del self._pending[r]

    def restart(self, now: float, greeting: list[int]) -> None:
        """A new session: everything is asked again, at once, but for what was asked together with
        the opening, which is given time."""
        for r, pending in self._pending.items():
            pending.tries = 0
            pending.times = int(r in greeting)
            pending.sent = now
            pending.due = now + self._rtt.timeout() if r in greeting else now

    def due(self, now: float) -> Iterator[tuple[asks.Request, int]]:
        """What is to be sent now, with how many time-outs it has had in a row."""
        for pending in self._askable():
            if pending.due <= now:
                if pending.times:
                    pending.tries = self._rtt.again(pending.tries, pending.sent)
                yield pending.message, pending.tries
                pending.sent = now
                pending.times += 1
                pending.due = now + self._rtt.timeout(pending.tries)

    def deadline(self) -> float | None:
        return min((pending.due for pending in self._askable()), default=None)

    def _askable(self) -> Iterator[_Pending]:
        """All, but of what moderates a room only the oldest, and that only where we need not come
        in first: what undoes something is not to come before it, and in a new session nobody is in
        a room before the log has answered."""
        waited_for = {join.room for join in self.asked(asks.Join)}
        for pending in self._pending.values():
            if isinstance(pending.message, asks.Act):
                if pending.message.room in waited_for:
                    continue
                waited_for.add(pending.message.room)
            yield pending


def _is_quick(request: asks.Request) -> bool:
    """The answer takes no longer than the path does: nothing is written for it, no password checked."""
    if isinstance(request, asks.Join):
        return not request.secret
    return not isinstance(request, asks.Act)
