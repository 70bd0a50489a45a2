"""Who has an entry by now: receiver reports, read for one author."""

from collections.abc import Mapping
from typing import NamedTuple

from .asks import Member
from .events import Receipts


class Tally(NamedTuple):
    """How many of the others have an entry."""

    have: int
    of: int
    waiting_for: tuple[str, ...]
    """The names of those who do not, each once, as far as they are known."""

    @property
    def complete(self) -> bool:
        return self.have == self.of


def tally(
    seq: int,
    receipts: Receipts,
    members: Mapping[int, Member],
    own_ordinal: int,
    time: int | None = None,
) -> Tally | None:
    """Who has entry `seq`; None as long as the receipts are older than it. Plain-text endpoints do
    not count, they do not report; who is gone has no mark. `time`: the entry's; who came later does
    not count, either."""
    if receipts.head < seq:
        return None
    others = {
        who: mark
        for who, mark in receipts.marks.items()
        if who != own_ordinal and not _later(members.get(who), time)
    }
    missing = [who for who, mark in others.items() if mark < seq]
    names = dict.fromkeys(members[who].name for who in missing if who in members)
    return Tally(len(others) - len(missing), len(others), tuple(names))


def _later(member: Member | None, time: int | None) -> bool:
    return member is not None and time is not None and member.since > time
