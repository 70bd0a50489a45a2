"""One room as the user has it: its lines, the part in view, what was sent and is being typed."""

import time as clock
from collections.abc import Collection, Sequence

from chat.core import events
from chat.core.amend import amends
from chat.core.history import Older
from chat.core.inbox import Broken, Expired
from chat.core.membership import Membership
from chat.core.text import clean
from chat.core.types import Entry, Kind

from .catchup import CatchUp
from .lines import LOOKS, SPOKEN, Line, Look
from .members import MemberList
from .outgoing import Outgoing
from .presence import Attendance, Change
from .query import Query, QueryError
from .reader import Reader
from .recall import Recall
from .rows import Row
from .search import BUDGET, Search
from .selection import Selection
from .speakers import Speakers
from .timeline import Timeline
from .unread import Unread
from .viewport import Viewport

SCROLLED = 5
"""How many times more lines one who reads further up may keep waiting below."""


class RoomBuffer:
    """Pure. `room` is the guest's name for it."""

    def __init__(self, room: str, reader: Reader | None = None) -> None:
        self.room = room
        self.peer = ""
        """In a room of two, the other one's name."""
        self.wants_older = False
        """Older lines are needed: the view is near the oldest one there is, or a search is."""
        self.below = 0
        """Lines further down than the view."""
        self.timeline = Timeline()
        self.viewport = Viewport(self.timeline, unread := Unread(self.timeline.shown))
        self.selection = Selection(self.timeline, self.viewport)
        self.outgoing = Outgoing(self.timeline)
        self.catch_up = CatchUp()
        self.recall = Recall()
        self.members = MemberList()
        self.attendance = Attendance()
        self._unread = unread
        self._out: Line | None = None
        """That we were put out, until what was said before that has been read, too."""
        self._speakers = Speakers()
        self._search: Search | None = None
        self.configure(reader or Reader())

    def configure(self, reader: Reader) -> None:
        """Who reads, and what they want to see, from now on and of what is there already."""
        if reader != self.timeline.reader:
            self.timeline.read_as(reader)
            self._unread.recount()
            self._evict()
            if self._search is not None:
                self._search.again()

    @property
    def label(self) -> str:
        return f"@{self.peer}" if self.room.startswith("@") else self.room

    @property
    def title(self) -> str:
        """As it is called in a sentence."""
        return self.label if self.direct else f"#{self.label}"

    @property
    def direct(self) -> bool:
        return self.room.startswith("@")

    # What the log says

    def entry(self, entry: Entry, *, own: bool, seen: bool) -> Line | None:
        """The newest entry. `own`: of our present instance; `seen`: the buffer is on the screen.
        Returns the line that it is on, if it has one."""
        selected = self.viewport.selected
        if own:
            self.outgoing.read_back(entry)
        if amends(entry.kind):
            changed = self.timeline.amend(entry)
            if changed is not None:
                self._changed(changed)
            return None
        line = self.timeline.add(entry, own=own)
        if self._out is not None:
            self._sink(self._out, entry.time)
        if own:
            self.outgoing.watch(line)
            if selected is not None and selected not in self.timeline.shown:
                self.selection.became(selected, line)
        elif not seen or self._unread.away:
            self._unread.came(line)
        if line.look is not Look.MODERATION:
            self._speakers.spoke(line)
        self._changed(line)
        self._evict()
        return line

    def older(self, answer: Older) -> None:
        first = self.timeline.first
        merged = self.timeline.add_older(answer.entries, answer.beginning)
        self.viewport.came_before(first, merged)
        self.selection.came_before(merged)
        self.search_on()

    def broken(self, event: Broken, time: int) -> None:
        self.outgoing.taken_back(self.timeline.take_back(event.seq))
        self._unread.take_back(event.seq)
        if self._search is not None:
            self._search.again()
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
        for change in self.attendance.update(names, renamed, own_name):
            self._attended(change, time, event.after)

    def tick(self, now: float, time: int) -> None:
        """`now`: monotonic seconds."""
        for change in self.attendance.tick(now):
            self._attended(change, time)

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
        refers: int = 0,
    ) -> None:
        """`refers`: the seq of what it is to amend."""
        shown = [clean(piece, lines=True) for piece in pieces]
        look = LOOKS.get(kind, Look.TALK)
        self.outgoing.said(
            tickets,
            shown,
            look,
            name,
            time,
            verified=verified,
            typed=pieces,
            kind=kind,
            refers=refers,
        )
        self.timeline[len(self.timeline) - 1].refers = refers
        if not amends(kind):
            self.selection.clear()
            self.viewport.to_end()

    def note(self, look: Look, text: str, time: int) -> Line:
        """Clean text of our own."""
        line = self.timeline.note(look, text, time)
        self._evict()
        return line

    def alert(self, text: str, time: int) -> None:
        self.note(Look.ALERT, text, time)

    def put_out(self, reason: str, time: int) -> None:
        """We were. The room's own line about it is read only when we are there again."""
        last = self.timeline[len(self.timeline) - 1]
        self._out = last if last.text == reason else self.note(Look.ALERT, reason, time)

    def output(self, lines: Sequence[str], time: int) -> None:
        """What a command has to show, which brings the end into view."""
        self.note(Look.OUTPUT, "\n".join(lines), time)
        self.viewport.to_end()

    # What is seen

    def view(self, columns: int, height: int, membership: Membership | None) -> tuple[Row, ...]:
        self.timeline.count()
        self.timeline.top.say(self._top(membership))
        view = self.viewport.view(columns, height)
        self.below = view.below
        wanted = view.near_top or (self._search is not None and self._search.wants_older)
        self.wants_older = wanted and self._more
        return view.rows

    def speakers(self) -> list[str]:
        """Who spoke here, the latest first."""
        return self._speakers.names

    # What is unread

    @property
    def unread(self) -> int:
        """Messages that came while nobody looked."""
        return self._unread.count

    @property
    def mentions(self) -> int:
        """Those of them that speak of us."""
        return self._unread.mentions

    def leave(self) -> None:
        """Nobody looks at it any more: what there is has been read."""
        self._unread.leave()

    def enter(self) -> None:
        self._unread.enter()

    def jump_to_unread(self) -> bool:
        """False: nothing was new."""
        return self.viewport.to_unread()

    def next_mention(self) -> bool:
        """Selects it; False: there is none."""
        return self._to_mention(1)

    def previous_mention(self) -> bool:
        return self._to_mention(-1)

    # The selected line

    @property
    def selected(self) -> Line | None:
        return self.selection.line

    def select(self, line: Line) -> None:
        self.selection.take(line)

    def select_before(self) -> bool:
        """At first, what was said last in view. False: there is nothing."""
        return self.selection.step(-1)

    def select_after(self) -> bool:
        return self.selection.step(1)

    def deselect(self) -> None:
        self.selection.clear()

    def latest(self, *, own: bool) -> Line | None:
        """What was said last, by us or by anybody, as far as it is in the log and was not taken
        back."""
        shown = self.timeline.shown
        for at in range(len(shown) - 1, 0, -1):
            line = shown[at]
            if line.is_entry and line.look in SPOKEN and not line.deleted and (line.own or not own):
                return line
        return None

    def last_spoken(self, count: int) -> list[Line]:
        """The last things that somebody said, the oldest first."""
        shown = self.timeline.shown
        found: list[Line] = []
        for at in range(len(shown) - 1, 0, -1):
            if len(found) == count:
                break
            if shown[at].look in SPOKEN and not shown[at].deleted:
                found.append(shown[at])
        return found[::-1]

    def copy_text(self, line: Line) -> str:
        """14:03 <ann> text"""
        when = clock.strftime(self.timeline.reader.clock, clock.localtime(line.time / 1000))
        sign = {Look.ACTION: "*", Look.MODERATION: "--"}.get(line.look)
        who = f"{sign} {line.name}" if sign else f"<{line.name}>"
        return f"{when} {who} {line.text}".strip()

    # Searching

    def find(self, text: str) -> str:
        """Looks for it, up from the selected line or the end of the view; what is found is selected.
        Returns why it cannot be looked for, or nothing."""
        try:
            query = Query(text)
        except QueryError as error:
            return str(error)
        self.viewport.query = query
        self._search = Search(self.timeline.shown, query)
        self.find_next(-1)
        return ""

    def find_next(self, by: int) -> None:
        """Up (-1) or down (1)."""
        if self._search is not None:
            self._search.want(by, self.selection.key)
            self.search_on()

    def search_on(self, budget: int = BUDGET) -> None:
        """Goes on with it: to be called again as long as it is `searching`."""
        if self._search is not None:
            line = self._search.step(self._more, budget)
            if line is not None:
                self.selection.take(line)

    @property
    def searching(self) -> bool:
        return self._search is not None and self._search.busy

    @property
    def search_status(self) -> str:
        """3 of 17, or what else there is to say; nothing: nothing is searched for."""
        return self._search.status if self._search is not None else ""

    def stop_search(self) -> None:
        """What was found stays selected."""
        self._search = self.viewport.query = None

    # Inside

    def _sink(self, line: Line, time: int) -> None:
        """What the log says from before it stands above it."""
        if time <= line.time:
            self.timeline.sink(line)
        else:
            self._out = None

    def _changed(self, line: Line) -> None:
        if self._search is not None:
            self._search.look(line)

    def _attended(self, change: Change, time: int, after: int = 0) -> None:
        spoke = self._speakers.times(change.names)
        self.timeline.note(Look.QUIET, change.text(), time, after=after, about=change, spoke=spoke)
        self._evict()

    def _to_mention(self, by: int) -> bool:
        shown = self.timeline.shown
        at = shown.place(self.selection.key)
        if by < 0 or self.selection.line is not None:
            at += by
        while 0 < at < len(shown):
            if shown[at].mention:
                self.selection.take(shown[at])
                return True
            at += by
        return False

    @property
    def _more(self) -> bool:
        """Older lines may come, and there is room for them."""
        timeline = self.timeline
        if timeline.beginning or timeline.forgotten:
            return False
        return len(timeline) < SCROLLED * timeline.reader.kept

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

    def _evict(self) -> None:
        """In steps, so that each costs little."""
        timeline, kept = self.timeline, self.timeline.reader.kept
        if self.viewport.anchor is None:
            if len(timeline) > kept + kept // 10:
                timeline.evict(kept)
        elif len(timeline) > SCROLLED * kept:
            timeline.evict(SCROLLED * kept - kept // 10)
