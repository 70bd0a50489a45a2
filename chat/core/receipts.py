"""When the members of a small room are told how far each of them has come."""

from collections.abc import Callable, Collection

from . import limits, wire
from .receiver import Receiver

_PATIENCE = limits.HEADS[0]
"""Seconds for which they wait for a head to go with, unless everybody has everything."""


class Receipts:
    """`due` is to be asked with the timer "receipts" that `set_earlier` set, and with each head."""

    def __init__(self, tag: int, set_earlier: Callable[[str, float], None]) -> None:
        self.told: wire.Receipts | None = None
        """The latest."""
        self._tag = tag
        self._set_earlier = set_earlier
        self._news = False
        """Since then the log has grown, or somebody has come further, or has left."""
        self._at = 0.0
        """When they may be told again, unless everybody has everything."""

    def pushed(self) -> None:
        """The log has grown, and nobody has said yet that it has that."""
        self._news = True

    def came(self, receivers: Collection[Receiver], head: int, now: float) -> None:
        """One of these has come further; the log ends at `head`."""
        if len(receivers) <= limits.MEMBERS_SMALL:
            everybody = all(each.heard >= head for each in receivers)
            self._tell(now if everybody else max(now + _PATIENCE, self._at))

    def left(self, now: float) -> None:
        """Who was waited for may be gone."""
        if self.told is not None:
            self._tell(max(now, self._at))

    def due(
        self, receivers: Collection[Receiver], head: int, interval: float, now: float
    ) -> wire.Receipts | None:
        """To be told now, and not again within `interval` seconds. None: there is nothing new, or
        they are too many."""
        if len(receivers) > limits.MEMBERS_SMALL:
            self.told = None
            return None
        if not self._news:
            return None
        self._news, self._at = False, now + interval
        marks = tuple((each.ordinal, each.heard) for each in receivers)
        self.told = wire.Receipts(self._tag, head, marks)
        return self.told

    def _tell(self, when: float) -> None:
        self._news = True
        self._set_earlier("receipts", when)
