"""This project's server, and a crowd of sealed members who do all that real ones do."""

import heapq
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import cycle
from math import ceil

from chat.core import protect, signatures, wire
from chat.core.entry import encode_entry, pack_endpoint
from chat.core.limits import SESSION_IDLE
from chat.core.link import parse_endpoint
from chat.core.types import Kind, Path

from .cases import Case, text
from .crowd import Crowd, Line, Mark, Outcome, Plan
from .machine import Unfit
from .server import Server, Tools
from .session import Session

_AHEAD = 500
"""Drafts of one session that are sealed before they are sent: half of the server's replay window,
for what the session says meanwhile is numbered after them."""

_HOT_RATE = 1000.0
"""Messages a second, at most, for one in flight at a time."""

_SETTLE = 5.0
"""Seconds to get into the log what a round left outside."""

_PRESENCE = 1.5
"""Seconds after the last join until the room has told who is there."""

_PUSHED = 30.0
"""Seconds until those are pushed to again who could not report while the others came in."""

_BEHIND = 0.05
"""Seconds that one member may hear something after another."""

_SPARE = 16
"""Drafts that a talker has ready beyond its window."""


def push_size() -> int:
    """Bytes of a push of one entry of this text, signed."""
    body = encode_entry(
        kind=Kind.MESSAGE,
        instance=bytes(8),
        n=1000,
        time=0,
        name="m0",
        text=text(1).decode(),
        endpoint=pack_endpoint(Path(0, "127.0.0.1", 1)),
    )
    frame = wire.encode_frame(wire.Entries((body,)))
    sealed = len(frame) + wire.TAG_SIZE + signatures.SIGNATURE_SIZE
    return wire.SEALED_OFFSET[0x85] + sealed


class Ours(Server):
    """`chat serve`, sealed and signed, its log in SQLite."""

    name = "chat"
    insecure = False

    def __init__(self, tools: Tools, case: Case, deaf: int = 0) -> None:
        super().__init__(tools, case, deaf)
        self.sessions: list[Session] = []
        self._author: dict[bytes, int] = {}
        self._due: list[tuple[float, int]] = []
        self._known: list[float] = []
        """By session: when it next has something to do; what `_due` has besides is out of date."""
        self._ripens: list[float] = []
        """By session: when its next report may go out."""
        self._ripe: dict[int, list[tuple[float, int]]] = {}
        """By room, heaps of the same; what they have besides is out of date."""
        self._heads: list[int] = []
        """By session, the newest head that it must have heard."""
        self._told_heads: deque[tuple[float, int, int]] = deque()
        """When they must have, tag and sequence number."""
        self._keys: dict[tuple[int, int], bytes] = {}
        self._n: list[int] = []
        """By session, the newest n that was given away to be sent."""
        self._logged: list[int] = []
        """By session, the newest n that is known to be in the log."""
        self._line_of: dict[tuple[int, int], int] = {}
        self._place: dict[tuple[int, int], tuple[int, int]] = {}
        """By tag and sequence number, whose entry it is, and its n."""
        self._inside: dict[int, range] = {}
        """By tag, which sessions are in that room."""
        self._came = 0.0
        self._store: tempfile.TemporaryDirectory[str] | None = None
        """On the disk, as a server's log is; what else there is to write is in memory."""
        self._talking = False
        self._spoken = 0
        self._until = 0.0
        self._stale: set[int] = set()
        """Sessions that may have something to say."""

    def open(self) -> None:
        self._store = tempfile.TemporaryDirectory()
        command = [sys.executable, "-m", "chat", "serve", "--bind", "127.0.0.1:0"]
        options = ["--store", self._store.name, *(["--insecure"] if self.insecure else [])]
        process = self.start([*command, *options], output=True)
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        if not line.startswith("listening on "):
            raise Unfit(f"{self.name} did not start")
        server = parse_endpoint(line.split()[-1])
        members, reach = self.case.members, self.case.reach
        for number in range(members):
            room = "lobby" if self.case.rooms == 1 else f"room{number // reach}"
            session = Session(server, f"m{number}", room, insecure=self.insecure)
            self.sessions.append(session)
            self._author[session.instance] = number
            self._n.append(session.outbox.acked)
            self._logged.append(session.outbox.acked)
            self._keys[session.tag, session.mark.epoch] = session.key
            self._heads.append(session.mark.head)
            first = number // reach * reach
            self._inside[session.tag] = range(first, first + reach)
            self._ripens.append(0.0)
            self._ripe.setdefault(session.tag, [])
            self._known.append(0.0)
            heapq.heappush(self._due, (0.0, number))
            self._catch_up(time.monotonic())
        self.crowd = Crowd(
            self.tools.crowd,
            "push",
            [session.sock for session in self.sessions],
            members,
            self.tools.directory,
            marks=[session.mark for session in self.sessions],
            tape=range(0, members, reach),
            deaf=self.deaf,
        )
        self.crowd.told = self._told
        self.crowd.missing = self._missing
        self.crowd.turn = self._turn
        self._came = now = time.monotonic()
        self._known = [now] * members
        self._due = [(now, number) for number in range(members - self.deaf)]
        self.crowd.serve(_PRESENCE)
        while now + _PUSHED > time.monotonic() and any(each.polls for each in self.sessions):
            self.crowd.serve(0.1)

    @property
    def asides(self) -> int:
        return sum(session.asides for session in self.sessions)

    def close(self) -> None:
        for session in self.sessions:
            session.close()
        super().close()
        if self._store is not None:
            self._store.cleanup()

    def play(self, seconds: float) -> tuple[Outcome, Callable[[int, int], int | None]]:
        self._place.clear()
        if self.deaf and time.monotonic() + seconds > self._came + SESSION_IDLE:
            raise Unfit("by now the server has let go of the members that have stopped")
        if self.case.talkers:
            outcome = self._talk(seconds)
        else:
            outcome = self._recite(seconds)
            self._settle()
        return outcome, self._line

    # Rounds

    def _recite(self, seconds: float) -> Outcome:
        """By a schedule: sealed ahead, and sent by the crowd."""
        case = self.case
        messages = round(seconds * (case.rate or _HOT_RATE))
        each = ceil(messages / case.rooms / _AHEAD)
        if each > case.reach - self.deaf:
            raise Unfit(f"{case.members} members cannot seal {messages} drafts ahead")
        starts = range(0, case.members, case.reach)
        speakers = [start + place for place in range(each) for start in starts]
        self._line_of.clear()
        plan = Plan(
            mode="r" if case.rate else "w",
            seconds=seconds,
            reach=case.reach - self.deaf,
            rate=case.rate,
            window=case.window,
            timed=bool(case.rate),
            messages=messages,
        )
        before = self._n[:]
        outcome = self.crowd.run(plan, self._script(messages, speakers))
        for place, speaker in enumerate(speakers):
            said = len(range(place, outcome.lines, len(speakers)))
            self._n[speaker] = before[speaker] + said
        return outcome

    def _script(self, messages: int, speakers: list[int]) -> Iterator[Line]:
        """In turns, so that each room gets as much as the others."""
        for number, speaker in zip(range(messages), cycle(speakers), strict=False):
            n = self._n[speaker] = self._n[speaker] + 1
            self._line_of[speaker, n] = number
            yield Line(speaker, self.sessions[speaker].ahead(n, text(number + 1)))

    def _settle(self) -> None:
        """What did not get into the log has to, before anything else of its author can."""
        end = time.monotonic() + _SETTLE
        while behind := [s for s, n in enumerate(self._n) if n > self._logged[s]]:
            if time.monotonic() > end:
                raise Unfit(f"{len(behind)} authors' drafts are not taken")
            for speaker in behind:
                session = self.sessions[speaker]
                for n in range(self._logged[speaker] + 1, self._n[speaker] + 1)[:32]:
                    session.sock.send(session.ahead(n, text(n)))
            self.crowd.serve(0.2)

    def _talk(self, seconds: float) -> Outcome:
        """As fast as the windows open: said by sessions, from here."""
        self._talking, self._spoken = True, 0
        self._until = time.monotonic() + seconds
        self._stale.update(range(self.case.talkers))
        plan = Plan(mode="l", seconds=seconds, reach=self.case.reach)
        return self.crowd.run(plan)

    def _speak(self, now: float) -> None:
        for number in self._stale:
            session = self.sessions[number]
            if now < self._until:
                ready = session.outbox.window + _SPARE - len(session.outbox)
                for _ in range(ready):
                    self._spoken += 1
                    session.say(text(self._spoken))
            session.speak(now)
            self._wants(number, now)
        self._stale.clear()
        left = any(len(session.outbox) for session in self.sessions[: self.case.talkers])
        if now >= self._until and (not left or now >= self._until + _SETTLE):
            self._talking = False
            self.crowd.stop(self._spoken)

    # What the crowd tells

    def _told(self, number: int, datagram: bytes) -> None:
        now = time.monotonic()
        if datagram[:1] == b"\x85":
            self._push(datagram)
            return
        session = self.sessions[number]
        for frame in session.receive(datagram, now):
            match frame:
                case wire.Page() if session.page(frame, now):
                    self.crowd.heard(number, frame.first, len(frame.bodies))
                    self._entries(session.tag, frame.first, frame.bodies)
                case wire.Ack(n=n):
                    self._acked(number, n, now)
                case wire.Window():
                    self._stale.add(number)
                case wire.Head(seq=seq, interval=interval):
                    session.reporter.announced(interval, now)
                    self._ends_at(number, seq)
                case wire.RoomKey(epoch=epoch, key=key):
                    self._keys[session.tag, epoch] = key
        session.flush(now)
        self._wants(number, now)

    def _push(self, datagram: bytes) -> None:
        """Of a member whose pushes are read here: they tell what all others heard, too."""
        header = wire.decode_header(datagram)
        if not isinstance(header, wire.Push) or (header.room, header.epoch) not in self._keys:
            return
        authenticated = datagram[: -len(header.sealed)]
        sealed = header.sealed
        if self.sessions[0].signed:
            sealed = sealed[: -signatures.SIGNATURE_SIZE]
        key = self._keys[header.room, header.epoch]
        plaintext = protect.unseal(key, header.counter, authenticated, sealed)
        for frame in wire.decode_frames(plaintext or b""):
            match frame:
                case wire.Entries(bodies):
                    self._entries(header.room, header.first, bodies)
                case wire.Head(seq=seq, interval=interval):
                    self._head(header.room, seq, interval)
        self._report(header.room)

    def _report(self, tag: int) -> None:
        """All members have heard a push by now, and reports go out after one."""
        now, ripe = time.monotonic(), self._ripe[tag]
        asked = []
        while ripe and ripe[0][0] <= now:
            due, number = heapq.heappop(ripe)
            if due == self._ripens[number]:
                asked.append((due, number))
                self.sessions[number].reporter.pushed(now)
                self._ripen(number)
                self._wants(number, now)
        for each in asked:  # Until it has something to report.
            heapq.heappush(ripe, each)

    def _ripen(self, number: int) -> None:
        """When this one's next report may go out has changed, if it has."""
        session = self.sessions[number]
        if session.reporter.due != self._ripens[number]:
            self._ripens[number] = session.reporter.due
            heapq.heappush(self._ripe[session.tag], (session.reporter.due, number))

    def _entries(self, tag: int, first: int, bodies: tuple[bytes, ...]) -> None:
        now = time.monotonic()
        timed = bool(self.case.rate)
        for seq, body in enumerate(bodies, first):
            author = self._author.get(body[1:9])
            if author is not None:
                n = _varint(body, 16)
                self._acked(author, n, now)
                if timed:
                    self._place[tag, seq] = author, n

    def _acked(self, author: int, n: int, now: float) -> None:
        self._logged[author] = max(self._logged[author], n)
        if self._talking:
            self.sessions[author].acked(n, now)
            self._stale.add(author)

    def _head(self, tag: int, seq: int, interval: int) -> None:
        """The end of the log, as one member has heard it: the others may be about to."""
        now = time.monotonic()
        self._told_heads.append((now + _BEHIND, tag, seq))
        for number in self._inside[tag]:
            self.sessions[number].reporter.announced(interval, now)

    def _check(self, tag: int, seq: int) -> None:
        """A head of a while ago: by now all have heard it, or lost it."""
        for number in self._inside[tag]:
            if number < len(self.sessions) - self.deaf:
                self._ends_at(number, seq)

    def _ends_at(self, number: int, seq: int) -> None:
        """A member knows where the log ends: what is before that and not there was lost."""
        self._heads[number] = max(self._heads[number], seq)
        if self.crowd.mark(number).contiguous < seq:
            self._missing(number)

    def _missing(self, number: int) -> None:
        now = time.monotonic()
        self.sessions[number].gap(now)
        self._wants(number, now)

    def _turn(self) -> float:
        now = time.monotonic()
        while self._told_heads and self._told_heads[0][0] <= now:
            self._check(*self._told_heads.popleft()[1:])
        self._catch_up(now)
        if self._talking and (self._stale or now >= self._until):
            self._speak(now)
        return self._due[0][0] - now if self._due else 1.0

    def _catch_up(self, now: float) -> None:
        """What is due, also before there is a crowd: to come in takes a large one longer than a
        session may be silent."""
        while self._due and self._due[0][0] <= now:
            due, number = heapq.heappop(self._due)
            if due == self._known[number]:
                self._work(number, now)

    def _wants(self, number: int, now: float) -> None:
        """This one may have something to do earlier than it was thought."""
        if self._known[number] > now:
            self._known[number] = now
            heapq.heappush(self._due, (now, number))

    def _work(self, number: int, now: float) -> None:
        session = self.sessions[number]
        due = session.work(
            now,
            lambda: self._mark(number),
            lambda: self.crowd.gaps(number, max(self._heads[number], self._mark(number).head)),
        )
        self._known[number] = due
        heapq.heappush(self._due, (due, number))
        self._ripen(number)

    def _mark(self, number: int) -> Mark:
        return self.crowd.mark(number) if hasattr(self, "crowd") else self.sessions[number].mark

    def _line(self, seq: int, member: int) -> int | None:
        place = self._place.get((self.sessions[member].tag, seq))
        return self._line_of.get(place) if place is not None else None


class OursInsecure(Ours):
    """The same without handshakes and signatures."""

    name = "chat --insecure"
    insecure = True


def _varint(body: bytes, at: int) -> int:
    """RFC 9000 §16."""
    size = 1 << (body[at] >> 6)
    return int.from_bytes(body[at : at + size], "big") & ((1 << (8 * size - 2)) - 1)
