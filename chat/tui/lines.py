"""What a room's timeline holds: one line each, however many rows it takes on a screen."""

from datetime import date
from enum import Enum

from chat.core.text import VERIFIED
from chat.core.types import Kind

Key = tuple[int, int]
"""A line's place: the sequence number that it has or follows, and its number after that one."""

LAST_TIME = 253_402_214_400_000
"""Milliseconds since 1970: the last day that a calendar knows. An entry may claim a later one."""


class Look(Enum):
    """How a line is laid out."""

    TALK = "talk"
    ACTION = "action"
    TOPIC = "topic"
    QUIET = "quiet"
    """Somebody came or went, or we did."""
    NOTICE = "notice"
    ALERT = "alert"
    OUTPUT = "output"
    """What a command prints: a table, maybe."""
    TOP = "top"
    """The first of all: what is before it, and how to get there."""


class Mark(Enum):
    """What has become of something that we said."""

    NONE = " "
    PENDING = "…"
    LOGGED = "·"
    DELIVERED = "✓"
    FAILED = "✗"


LOOKS: dict[int, Look] = {Kind.ACTION: Look.ACTION, Kind.TOPIC: Look.TOPIC}
"""Of entries, by their kind. All others are talk."""


class Line:
    """Mutable: what it says may grow, and what became of it is learned later. `version` counts."""

    __slots__ = (
        "day",
        "first_n",
        "instance",
        "key",
        "last_n",
        "last_seq",
        "look",
        "mark",
        "more",
        "name",
        "note",
        "parts",
        "serial",
        "text",
        "time",
        "verified",
        "version",
    )

    def __init__(
        self, serial: int, key: Key, look: Look, time: int, text: str, *, name: str = ""
    ) -> None:
        """`time` is milliseconds since 1970; texts and names are clean."""
        self.serial = serial
        """Its name for caches."""
        self.version = 0
        self.key = key
        self.look = look
        self.time = min(time, LAST_TIME)
        self.day = date.fromtimestamp(self.time / 1000).toordinal()
        self.name = name
        self.verified = False
        """The name is known to be its key's."""
        self.text = text
        self.note = ""
        """One more row below, about it."""
        self.mark = Mark.NONE
        self.instance = b""
        """The author's, of an entry."""
        self.first_n = self.last_n = 0
        """The author's numbers of the entries that it was joined from."""
        self.last_seq = key[0]
        self.more = False
        """Its author's next entry continues it."""
        self.parts: list[tuple[int, int, int]] = []
        """Of a text that came in several entries: each one's seq and n, and where it begins."""

    @property
    def is_entry(self) -> bool:
        return bool(self.instance)

    @property
    def author(self) -> str:
        """As it is shown."""
        return self.name + (VERIFIED if self.verified else "")

    def show(self, mark: Mark, note: str = "") -> None:
        """Another mark, and what there is to say about it."""
        if (mark, note) != (self.mark, self.note):
            self.mark, self.note = mark, note
            self.version += 1

    def say(self, text: str) -> None:
        """Another text."""
        if text != self.text:
            self.text = text
            self.version += 1
