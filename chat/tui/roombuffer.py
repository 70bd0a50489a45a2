"""One room as the user has it: its lines, the part in view, what was sent and is being typed."""

from collections.abc import Collection, Sequence

from chat.core import events
from chat.core.history import Older
from chat.core.inbox import Broken, Expired
from chat.core.membership import Membership
from chat.core.text import clean
from chat.core.types import Entry, Kind

from .catchup import CatchUp
from .lines import LOOKS, Line, Look
from .members import MemberList
from .outgoing import Outgoing
from .presence import Attendance
from .recall import Recall
from .rows import Row
from .timeline import Timeline
from .viewport import Viewport

KEPT = 10_000
"""Lines of one room, while its end is in view."""

KEPT_SCROLLED = 5 * KEPT
"""Lines that one who reads further up may keep waiting below."""

SPEAKERS = 500
"""Names that are remembered, by when they last spoke."""


class RoomBuffer:
    """Pure. `room` is the guest's name for it."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.peer = ""
        """In a room of two, the other one's name."""
        self.unread = 0
        self.wants_older = False
        """The view is near the oldest line there is."""
        self.below = 0
        """Lines further down than the view."""
        self.timeline = Timeline()
        self.viewport = Viewport(self.timeline)
        self.outgoing = Outgoing(self.timeline)
        self.catch_up = CatchUp()
        self.recall = Recall()
        self.members = MemberList()
        self.attendance = Attendance()
        self._speakers: dict[str, None] = {}

    @property
    def label(self) -> str:
        return f"@{self.peer}" if self.room.startswith("@") else self.room

    @property
    def direct(self) -> bool:
        return self.room.startswith("@")

    # What the log says

    def entry(self, entry: Entry, *, own: bool, seen: bool) -> None:
        """The newest entry. `own`: of our present instance; `seen`: the buffer is on the screen."""
        if own:
            self.outgoing.read_back(entry)
        line = self.timeline.add(entry)
        if own:
            self.outgoing.watch(line)
        elif not seen and entry.kind != Kind.TOPIC:
            self.unread += 1
        self._spoke(line.name)
        self._evict()

    def older(self, answer: Older) -> None:
        first = self.timeline.first
        merged = self.timeline.add_older(answer.entries, answer.beginning)
        self.viewport.came_before(first, merged)

    def broken(self, event: Broken, time: int) -> None:
        self.outgoing.taken_back(self.timeline.take_back(event.seq))
        after = f"what follows {event.seq - 1}" if event.seq > 1 else "everything"
        self.alert(f"the server lost its newest messages: {after} was taken back", time)

    def expired(self, event: Expired, time: int) -> None:
        count = event.last - event.first + 1
        what = "1 message has" if count == 1 else f"{count:,} messages have"
        text = f"{what} expired before you could read {'it' if count == 1 else 'them'}"
        self.timeline.note(Look.NOTICE, text, time, after=event.last)

    def presence(
        self, event: events.Presence, names: Collection[str], own_name: str, time: int
    ) -> None:
        """`names`: all that are here now, clean."""
        renamed = [(clean(before.name), clean(now.name)) for before, now in event.renamed]
        for text in self.attendance.update(names, renamed, own_name):
            self.timeline.note(Look.QUIET, text, time, after=event.after)

    def tick(self, now: float, time: int) -> None:
        """`now`: monotonic seconds."""
        for text in self.attendance.tick(now):
            self.note(Look.QUIET, text, time)

    # What is said here

    def said(
        self,
        tickets: Sequence[int],
        pieces: Sequence[str],
        kind: Kind,
        name: str,
        time: int,
        *,
        verified: bool = False,
    ) -> None:
        shown = [clean(piece, lines=True) for piece in pieces]
        look = LOOKS.get(kind, Look.TALK)
        self.outgoing.said(tickets, shown, look, name, time, verified=verified, typed=pieces)
        self.viewport.to_end()

    def note(self, look: Look, text: str, time: int) -> Line:
        """Clean text of our own."""
        line = self.timeline.note(look, text, time)
        self._evict()
        return line

    def alert(self, text: str, time: int) -> None:
        self.note(Look.ALERT, text, time)

    def output(self, lines: Sequence[str], time: int) -> None:
        """What a command has to show, which brings the end into view."""
        self.note(Look.OUTPUT, "\n".join(lines), time)
        self.viewport.to_end()

    # What is seen

    def view(self, columns: int, height: int, membership: Membership | None) -> tuple[Row, ...]:
        self.timeline.top.say(self._top(membership))
        view = self.viewport.view(columns, height)
        self.below = view.below
        self.wants_older = (
            view.near_top and not self.timeline.beginning and not self.timeline.forgotten
        )
        return view.rows

    def speakers(self) -> list[str]:
        """Who spoke here, the latest first."""
        return list(reversed(self._speakers))

    def _top(self, membership: Membership | None) -> str:
        timeline = self.timeline
        if timeline.forgotten:
            return "older messages were let go; chat tail --from prints them"
        if timeline.beginning:
            first = timeline.first
            if first is not None and first[0] > 1 and timeline[1].is_entry:
                return "older messages have expired"
            return f"the beginning of {self.label}"
        if membership is None or not membership.inbox.first:
            return ""
        if membership.history.asking:
            return "loading older messages…"
        return "older messages: Page Up" if membership.joined else "older messages: when connected"

    def _spoke(self, name: str) -> None:
        self._speakers.pop(name, None)
        self._speakers[name] = None
        if len(self._speakers) > SPEAKERS:
            del self._speakers[next(iter(self._speakers))]

    def _evict(self) -> None:
        """In steps, so that each costs little."""
        viewport, size = self.viewport, len(self.timeline)
        if viewport.anchor is None:
            if size > KEPT + KEPT // 10:
                self.timeline.evict(KEPT)
        elif size > KEPT_SCROLLED:
            self.timeline.evict(KEPT_SCROLLED - KEPT // 10)
