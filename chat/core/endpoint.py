"""A plain-text member: lines in, lines out."""

from __future__ import annotations

from collections import deque

from . import asks, limits, wire
from .asks import Why
from .buckets import Bucket
from .durations import words
from .entry import decode_entry
from .layout import MalformedError
from .member import Member
from .room import Room
from .text import datagrams, render
from .turn import Turn
from .types import Form, Kind, Path, Record, Send, Snapshot


class TextEndpoint(Member):
    """One plain-text client. What it says goes to `room`; it may be in direct rooms besides."""

    __slots__ = (
        "_lines",
        "_turn",
        "bucket",
        "entering",
        "former",
        "held",
        "joining",
        "lines",
        "listed",
        "muted",
        "room",
        "seen",
        "warned",
    )

    form = Form.TEXT

    def __init__(
        self, instance: bytes, path: Path, endpoint: bytes, turn: Turn, now: float
    ) -> None:
        super().__init__(instance, "", path, endpoint)
        self.room: Room | None = None
        self.entering = ""
        """The public room that it is about to be in; until then its further lines wait."""
        self.former: Room | None = None
        """The one that it was in before that, and still has to leave."""
        self.joining: dict[str, list[str]] = {}
        """Direct rooms that it is about to be in, and what is to be said there first."""
        self.lines: deque[str] = deque()
        """Taken, and not acted on yet."""
        self.held: deque[tuple[Room, Kind, str]] = deque()
        """What waits for the log to confirm what was said before."""
        self.listed = ""
        """The last room of a list that goes on."""
        self.muted: Room | None = None
        """Where it was told that it is."""
        self.bucket = Bucket(limits.TEXT_RATE, limits.TEXT_BURST)
        self.seen = now
        self.warned = False
        self._turn = turn
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        self._lines.append(line)
        self._turn.member(self)

    @property
    def waits(self) -> bool:
        """The log has to answer before everything is done that it said."""
        return bool(self.entering or self.former or self.lines or self.held or self.joining)

    def forget(self) -> None:
        """It is gone, and wants nothing any more."""
        self.entering, self.former = "", None
        self.lines.clear()
        self.held.clear()
        self.joining.clear()

    @property
    def unsaid(self) -> int:
        return len(self.lines) + len(self.held)

    def awaits(self, room: str, request: int) -> bool:
        return room == self.entering or room in self.joining

    def joined(self, room: Room, request: int, snapshot: Snapshot) -> None:
        if room.parties is not None:
            said = self.joining.pop(room.name)
            self.held.extend((room, Kind.MESSAGE, text) for text in said)
            return
        self.entering = ""
        self.former, self.room = self.room, room
        self.write(f"-- you are {self.name} in {room.name}, {len(room)} here; /help helps")

    def told(self, room: Room, records: list[Record], frames: list[wire.Frame]) -> None:
        for record in records:
            try:
                entry = decode_entry(room.name, record.seq, record.body)
            except MalformedError:
                continue
            self.write(render(entry, " (to you)" if entry.instance != self.instance else " (sent)"))

    def rekeyed(self, key: wire.RoomKey) -> None:
        """It has none."""

    def invited(self, request: int, room: str, peer: str) -> None:
        """A plain-text endpoint is put into its direct rooms; there is nothing to ask."""

    def refused(self, request: int, reason: str, why: Why = Why.OTHER) -> None:
        """Who may be in no public room may be in no direct one either."""
        if self.entering:
            self.entering = ""
        else:
            self.joining.clear()
        self.notice(reason)

    def put_out(self, room: Room, ordinal: int, reason: str) -> None:
        if self.room is room:
            self.room = None
        self.notice(reason)

    def stands(self, room: Room, standing: asks.Standing) -> None:
        because = f": {standing.reason}" if standing.reason else ""
        if standing.muted:
            lasts = f" for {words(standing.muted)}" if standing.muted < asks.FOR_GOOD else ""
            self.notice(f"you are muted in {room.name}{lasts}{because}")
            self.muted = room
            return
        if self.muted is room:
            self.notice(f"you may speak in {room.name} again")
            self.muted = None
        if standing.slow:
            self.notice(f"slow mode in {room.name}: one message in {words(standing.slow)}")

    def unopened(self, room: str) -> None:
        if room == self.entering:
            self.entering = ""
            self.notice(f"{room} cannot be opened at the moment; /join {room} tries again")
        elif self.joining.pop(room, None):
            self.notice("not said: the server's store has trouble; say it again later")

    def disowned(self) -> None:
        """It is dropped long before a log forgets it."""
        self.notice("not said: the server's log went back; say it again after /quit")

    def notice(self, text: str) -> None:
        self.write(f"-- {text}")

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        for datagram in datagrams(lines):
            self._turn.emit(Send(self.path, datagram))
