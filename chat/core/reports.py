"""What the receivers of one room report, and what everybody is told of it."""

from collections.abc import Callable, Iterator
from math import ceil

from . import limits, wire
from .member import Member


class Reports:
    """Of the sealed members; plain text reports nothing. `receipts` is to be called with the timer
    that `set_earlier` set."""

    def __init__(self, tag: int, set_earlier: Callable[[str, float], None]) -> None:
        self._tag = tag
        self._set_earlier = set_earlier
        self._heard: dict[Member, tuple[int, int]] = {}
        """Ordinal, and the highest contiguous seq it reported, or what it joined at."""
        self._receipts_at = 0.0

    def __len__(self) -> int:
        return len(self._heard)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._heard)

    def enter(self, member: Member, ordinal: int, seq: int) -> None:
        self._heard[member] = ordinal, seq

    def exit(self, member: Member) -> None:
        self._heard.pop(member, None)

    def take(self, member: Member, report: wire.Report, head: int, now: float) -> None:
        """A receiver report; the log ends at `head`."""
        ordinal, heard = self._heard[member]
        seq = min(report.seq, head)
        if seq > heard:
            self._heard[member] = ordinal, seq
            if len(self._heard) <= limits.MEMBERS_SMALL:
                self._set_earlier("receipts", max(now, self._receipts_at))

    def receipts(self, head: int, interval: int, now: float) -> wire.Receipts | None:
        """How far each has come, and not again within `interval` tenths of a second. None: they
        are too many by now."""
        self._receipts_at = now + interval / 10
        if len(self._heard) > limits.MEMBERS_SMALL:
            return None
        return wire.Receipts(self._tag, head, tuple(self._heard.values()))


def interval(members: int) -> int:
    """Tenths of a second between two reports of one of so many."""
    return ceil(max(limits.REPORT_INTERVAL, members / limits.REPORT_MEMBERS) * 10)
