"""What sealed members say: as often as they may, and answered where it is not new."""

from collections import Counter

from . import limits, wire
from .buckets import Bucket
from .guard import Deed
from .house import House
from .session import Session
from .staging import Verdict


class Drafts:
    """Of all sessions."""

    def __init__(self, house: House, dropped: Counter[str]) -> None:
        self._house = house
        self._dropped = dropped
        self._pace = Bucket(limits.DRAFTS, 2 * limits.DRAFTS)

    def hear(self, session: Session, drafts: list[wire.Draft], now: float, wall: int) -> None:
        """What a datagram has for one room: as a whole, or not at all. Raises MalformedError."""
        room, count = session.rooms.get(drafts[0].room), len(drafts)
        if room is None or session.is_late(room):
            self._dropped["said elsewhere"] += count
        elif (
            session.work.take(now, count)
            and self._house.guard.allows(Deed.MESSAGE, session.path, now, count)
            and room.pace.take(now, count)
            and self._pace.take(now, count)
        ):
            verdicts = [self._house.say(session, room, draft, now, wall) for draft in drafts]
            # Of those on their way only the first proves that this is a repetition: the others may
            # have come early, and follow it.
            if Verdict.LOGGED in verdicts or verdicts[0] is Verdict.STAGED:
                session.queue(wire.Ack(room.tag, room.last_n(session)))
        else:
            session.drops += count
            self._dropped["too much"] += count
