"""A plain-text member: lines in, lines out."""

from __future__ import annotations

from collections import deque

from . import limits, wire
from .entry import decode_entry
from .layout import MalformedError
from .member import Member
from .room import Room
from .text import datagrams, render
from .turn import Turn
from .types import Form, Kind, Path, Record, Send, Snapshot


class TextEndpoint(Member):
    """One plain-text client. What it says goes to `room`; it may be in direct rooms besides."""

    __slots__ = ("_lines", "_turn", "bucket", "held", "joining", "room", "seen", "warned")

    form = Form.TEXT

    def __init__(
        self, instance: bytes, path: Path, endpoint: bytes, turn: Turn, now: float
    ) -> None:
        super().__init__(instance, "", path, endpoint)
        self.room: Room | None = None
        self.joining: dict[str, list[tuple[Kind, str]]] = {}
        """Rooms that the log is asked for, and what is to be said there first."""
        self.held: deque[tuple[Room, Kind, str]] = deque()
        """What waits for the log to confirm what was said before."""
        self.bucket = limits.Bucket(limits.TEXT_RATE, limits.TEXT_BURST)
        self.seen = now
        self.warned = False
        self._turn = turn
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        self._lines.append(line)
        self._turn.member(self)

    def awaits(self, room: str, request: int) -> bool:
        return room in self.joining

    def joined(self, room: Room, request: int, snapshot: Snapshot) -> None:
        said = self.joining.pop(room.name)
        if room.parties is None:
            self.room = room
            count = len(room)
            self.write(f"-- you are {self.name} in {room.name}, {count} here; /help helps")
        self.held.extend((room, kind, text) for kind, text in said)

    def refused(self, request: int, reason: str) -> None:
        self.write(f"-- {reason}")

    def left(self, request: int, room: str) -> None:
        self.write(f"-- you left {room}")

    def told(self, room: Room, records: list[Record], frames: list[wire.Frame]) -> None:
        for record in records:
            try:
                entry = decode_entry(room.name, record.seq, record.body)
            except MalformedError:
                continue
            self.write(render(entry, " (to you)" if entry.instance != self.instance else " (sent)"))

    def invited(self, request: int, room: str, peer: str) -> None:
        """A plain-text endpoint is put into its direct rooms; there is nothing to ask."""

    def disowned(self) -> None:
        """It is dropped long before a log forgets it."""
        self.notice("not said: the server's log went back; say it again after /quit")

    def notice(self, text: str) -> None:
        self.write(f"-- {text}")

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        for datagram in datagrams(lines):
            self._turn.emit(Send(self.path, datagram))
