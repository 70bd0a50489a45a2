"""The terminal client in lines instead of on a screen: for screen readers, and for terminals that
only print. The model is the same.

    spoken = Spoken(model, echo=False)
    spoken.take(event)              # what the guest tells
    spoken.enter("/who")            # a line that was typed
    spoken.tick()                   # about once a second
    for line in spoken.drain(): ...

All that happens is told once. What others say begins with the time and a name, and goes on
indented; lines that begin with -- are ours. Both have their room in front where it is another one
than that which we are talking in.
"""

import time
from collections import deque
from datetime import date

from msgspec.structs import replace

from chat.core import events
from chat.core.assembly import Assembler
from chat.core.commands import Call, help_lines, parse
from chat.core.inbox import Broken
from chat.core.names import same_name
from chat.core.text import VERIFIED, clean, render
from chat.core.types import Entry, Kind

from .lines import END, LAST_TIME, Line, Look, Mark
from .model import Model
from .order import Order
from .outage import Outage
from .outgoing import AGAIN
from .presence import listed
from .prompts import SecretPrompt
from .roombuffer import RoomBuffer

BACKLOG = 10
"""Messages from before we came that a room begins with."""

LATE = 5.0
"""Seconds after which it is worth a word that something is still on its way."""

NEWCOMER = 2.0
"""Seconds within which we expect to learn who is in a room."""

_INDENT = "\n    "
_NOT_HERE = {
    "copy": "there is no clipboard here",
    "search": "there is nothing to search here; chat tail --from start prints all that was said",
}
"""What takes a screen."""
_SLASH = "To say a line that begins with /, begin it with //."


class _Room:
    """How much of a room was told."""

    def __init__(self) -> None:
        self.parts = Assembler()
        self.backlog: deque[Entry] | None = deque(maxlen=BACKLOG)
        """What was said before we came; None: that was told."""
        self.left_out = False
        """There is more of that."""
        self.caught_up_at = 0.0
        self.introduced = False
        """Who is here was told."""
        self._serial = 0

    def news(self, shown: Order) -> list[Line]:
        """The lines of ours, in order, that were not there the last time."""
        found: list[Line] = []
        newest = self._serial
        for index in range(len(shown) - 1, 0, -1):
            line = shown[index]
            newest = max(newest, line.serial)
            if line.serial > self._serial:
                found += [] if line.is_entry else [line]
            elif not _waits(line):
                break
        self._serial = newest
        return found[::-1]


class _Said:
    """Something of ours on its way."""

    def __init__(self, line: Line, buffer: RoomBuffer, at: float) -> None:
        self.line = line
        self.buffer = buffer
        self.at = at
        self.late = False
        """That it is was told."""


class Spoken:
    """Pure. `echo`: the user does not see what was typed."""

    def __init__(self, model: Model, *, echo: bool) -> None:
        self._model = model
        self._desk = model.desk
        self._echo = echo
        self._rooms: dict[RoomBuffer, _Room] = {}
        self._current = self._desk.current
        self._said: list[_Said] = []
        self._day = _day(self._desk.wall())
        self._outage = Outage()
        self._question: tuple[SecretPrompt, str, str] | None = None
        """What was asked last, as it was put."""
        self._lines: list[str] = []
        self._desk.holds_back = False

    def drain(self) -> list[str]:
        """What is to be printed, once."""
        lines, self._lines = self._lines, []
        return lines

    @property
    def entered(self) -> bool:
        """What there was in the room when we came was told."""
        return self._room(self._desk.current).backlog is None

    @property
    def awaiting(self) -> bool:
        """The answer to a command will be told."""
        desk = self._desk
        return desk.rooms_for is not None or bool(desk.members_for) or desk.acting > 0

    # What comes in

    def take(self, event: object) -> None:
        """Something that the guest told."""
        self._model.take(event)
        match event:
            case Entry():
                self._entry(event)
            case Broken(room):
                if (buffer := self._desk.buffers.get(room)) is not None:
                    self._room(buffer).parts = Assembler()
            case events.CaughtUp(room):
                if (buffer := self._desk.buffers.get(room)) is not None:
                    self._caught_up(buffer)
        if over := self._outage.after(event, told=self._look()):
            self._tell(over)

    def enter(self, text: str) -> None:
        """A line that was typed; if it is refused, why."""
        if self._model.secret is not None:
            self._model.answer(text)
        else:
            self._do(text)
        self._look()
        if self._desk.hint[1]:
            self._tell(self._desk.hint[1])

    def _do(self, text: str) -> None:
        self._model.before_key()
        match parse(text):
            case Call("help", args):
                self._lines += help_lines(*args)
                self._lines += [] if args else [_SLASH]
            case Call(name) if name in _NOT_HERE:
                self._tell(_NOT_HERE[name])
            case Call("edit", ()):
                self._tell("usage: /edit TEXT")
            case _:
                self._model.actions.line(text)

    def tick(self) -> None:
        """About once a second."""
        self._model.tick()
        self._look()
        if trouble := self._outage.look(self._desk):
            self._tell(trouble)

    def end(self) -> None:
        """Nothing more comes: texts that never ended, as far as they came."""
        for buffer in self._desk.buffers:
            for entry in self._room(buffer).parts.rest():
                self._print(buffer, entry)

    # What others say

    def _entry(self, entry: Entry) -> None:
        buffer = self._desk.buffers.get(entry.room)
        if buffer is None:
            return
        room = self._room(buffer)
        if room.backlog is not None:
            room.left_out |= entry.seq > 1 and not room.backlog
            room.left_out |= len(room.backlog) == BACKLOG
            room.backlog.append(entry)
        else:
            self._read(buffer, entry)

    def _caught_up(self, buffer: RoomBuffer) -> None:
        room = self._room(buffer)
        backlog, room.backlog = room.backlog, None
        if backlog is None:
            return
        room.caught_up_at = self._desk.now()
        if room.left_out:
            self._tell(f"the last {BACKLOG} messages; chat tail --last N prints more", buffer)
        for entry in backlog:
            self._read(buffer, entry)

    def _read(self, buffer: RoomBuffer, entry: Entry) -> None:
        whole = self._room(buffer).parts.add(entry)
        own = entry.instance == self._desk.uplink.guest.instance
        if whole is not None and (self._echo or not own) and not self._ignored(entry.name):
            self._print(buffer, whole)

    def _ignored(self, name: str) -> bool:
        return same_name(clean(name)) in map(same_name, self._desk.settings.ignore)

    def _print(self, buffer: RoomBuffer, entry: Entry) -> None:
        day = _day(entry.time)
        if day != self._day:
            self._day = day
            self._tell(f"{day:%A %d %B %Y}")
        self._lines.append(self._in_front(buffer) + said(entry, self._desk.settings.time))

    # What is ours to tell

    def _tell(self, text: str, buffer: RoomBuffer | None = None) -> None:
        front = self._in_front(buffer) if buffer is not None else ""
        self._lines.append(f"{front}-- " + text.replace("\n", _INDENT))

    def _look(self) -> bool:
        """What the model has to show that was not told; whether there was a note among it."""
        desk = self._desk
        if desk.current is not self._current:
            self._current = desk.current
            self._tell(f"you are in {self._current.title} now")
        found: dict[tuple[Look, str], list[RoomBuffer]] = {}
        for buffer in desk.buffers:
            for line in self._room(buffer).news(buffer.timeline.shown):
                if _waits(line):
                    self._said.append(_Said(line, buffer, desk.now()))
                else:
                    found.setdefault((line.look, line.text), []).append(buffer)
        for (look, text), buffers in found.items():
            if look is Look.OUTPUT:
                self._lines += text.split("\n")
            elif len(buffers) == len(desk.buffers):
                self._tell(text)
            else:
                for buffer in buffers:
                    self._tell(text, buffer)
        for buffer in desk.buffers:
            self._introduce(buffer)
        self._said = [each for each in self._said if self._on_its_way(each)]
        self._put_question()
        return bool(found)

    def _put_question(self) -> None:
        """What is asked for, each time that it is."""
        prompt = self._model.secret
        if prompt is None:
            self._question = None
            return
        before, self._question = self._question, (prompt, prompt.label, prompt.hint)
        if self._question != before:
            self._tell(f"{prompt.label}{prompt.hint}".rstrip())

    def _introduce(self, buffer: RoomBuffer) -> None:
        """What the room is about and who is there, as soon as it is known."""
        room, desk = self._room(buffer), self._desk
        membership = desk.uplink.guest.rooms.get(buffer.room)
        if room.introduced or room.backlog is not None or membership is None:
            return
        roster = membership.roster
        too_many = roster.count and desk.now() - room.caught_up_at >= NEWCOMER
        if not roster.complete and not too_many:
            return
        room.introduced = True
        if topic := clean(membership.topic):
            self._tell(f"the topic of {buffer.title}: {topic}")
        if buffer.direct:
            self._tell(f"only {buffer.peer} and you read {buffer.title}, and the server")
        elif not roster.complete:
            self._tell(f"{roster.count:,} are in {buffer.title}; /who lists them")
        else:
            names = buffer.members.names(roster.members)
            others = [name for name in names if name != desk.uplink.guest.name]
            who = f"with you in {buffer.title}: {listed(others)}" if others else ""
            self._tell(who or f"nobody else is in {buffer.title}")

    def _on_its_way(self, said: _Said) -> bool:
        """Whether it still is, or may yet be lost; tells what there is to tell of it."""
        line, waited = said.line, self._desk.now() - said.at
        text = line.text or "what takes a message back"
        if line.mark is Mark.FAILED:
            why = line.note.removesuffix(f"; {AGAIN}")
            self._tell(f"{why}: {text}", said.buffer)
            return False
        if line.mark is not Mark.PENDING and said.late:
            said.late = False
            if not self._echo:
                self._tell(f"in the log after {waited:.0f} s: {text}", said.buffer)
        elif line.mark is Mark.PENDING and waited >= LATE and not said.late:
            said.late = True
            self._tell(f"still on its way: {text}", said.buffer)
        there = self._desk.buffers.get(said.buffer.room) is said.buffer
        return there and line in said.buffer.timeline.shown

    # What is where

    def _room(self, buffer: RoomBuffer) -> _Room:
        if buffer not in self._rooms:
            open_ones = set(self._desk.buffers)
            self._rooms = {each: room for each, room in self._rooms.items() if each in open_ones}
            self._rooms[buffer] = _Room()
        return self._rooms[buffer]

    def _in_front(self, buffer: RoomBuffer) -> str:
        return "" if buffer is self._desk.current else f"{buffer.title} "


def said(entry: Entry, form: str) -> str:
    """A whole entry, as it is told: `14:03 <ann> text`, `14:03 * ann waves`; `form`: of the time."""
    name = clean(entry.name).strip() or "?"
    clock = time.strftime(form, time.localtime(min(entry.time, LAST_TIME) / 1000))
    verified = VERIFIED if entry.key else ""
    if entry.kind == Kind.MODERATION:
        return f"{clock} -- {name}{verified} {clean(entry.text)}"
    if entry.kind != Kind.MESSAGE:
        return f"{clock} {render(replace(entry, name=name), where=False)}"
    text = clean(entry.text, lines=True).replace("\n", _INDENT)
    return f"{clock} <{name}{verified}> {text}"


def _day(milliseconds: int) -> date:
    return date.fromtimestamp(min(milliseconds, LAST_TIME) / 1000)


def _waits(line: Line) -> bool:
    """It is ours, and not in the log."""
    return line.key[0] == END
