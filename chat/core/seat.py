"""What a room knows of one member: its place in the presence, and what it said too early."""

from . import asks, limits, wire
from .buckets import Allowance
from .entry import Byline
from .member import Member
from .pace import Pace
from .types import Form


class Seat:
    """`allowance` bounds what all seats together keep."""

    __slots__ = (
        "_ahead",
        "_allowance",
        "_granted_at",
        "_to_tell",
        "byline",
        "granted",
        "ordinal",
        "since",
    )

    def __init__(self, ordinal: int, since: int, allowance: Allowance) -> None:
        self.ordinal = ordinal
        self.since = since
        self._ahead: dict[int, wire.Draft] | None = None
        """Drafts that came before their predecessor did: the network reorders."""
        self._allowance = allowance
        self.byline: Byline | None = None
        """What its entries say of it, once it has said something."""
        self.granted = limits.WINDOW
        """The window that it was told last."""
        self._granted_at = 0
        self._to_tell = 0
        """How often it is to be told again: the network loses and reorders."""

    def sign(self, member: Member) -> Byline:
        """It says something for the first time, as what it is now."""
        key = member.key if member.verified else b""
        self.byline = Byline(member.instance, member.name, member.endpoint, key)
        return self.byline

    def changed(self, member: Member) -> asks.Member:
        """It is another one now; what others are told of it."""
        self.byline = None
        return asks.Member(
            self.ordinal,
            member.name,
            member.shown_endpoint,
            self.since,
            member.form is Form.TEXT,
            member.verified,
        )

    def grant(self, pace: Pace) -> bool:
        """Whether it is to be told its window now; for ever while that is a small one."""
        window, tick = pace.window, pace.ticks
        if window == self.granted and (not self._to_tell or tick == self._granted_at):
            return False
        if window != self.granted or window < limits.WINDOW:
            self._to_tell = limits.WINDOW_TOLD
        self.granted, self._granted_at = window, tick
        self._to_tell -= 1
        return True

    def keep(self, draft: wire.Draft, last: int) -> None:
        """Until the one before it comes; `last`: the author's newest n in the log."""
        ahead = self._ahead or {}
        within = last < draft.n <= last + limits.WINDOW and draft.n not in ahead
        if within and self._allowance.take(_cost(draft)):
            ahead[draft.n] = draft
            self._ahead = ahead

    def following(self, n: int) -> wire.Draft | None:
        """The one after n, if it is here."""
        if not self._ahead or n + 1 not in self._ahead:
            return None
        draft = self._ahead.pop(n + 1)
        self._allowance.give(_cost(draft))
        return draft

    def drop(self) -> None:
        """Keeps none of them any more."""
        if self._ahead:
            self._allowance.give(sum(map(_cost, self._ahead.values())))
        self._ahead = None


def _cost(draft: wire.Draft) -> int:
    return len(draft.text) + limits.DRAFT_COST
