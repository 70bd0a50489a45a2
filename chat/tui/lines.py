"""What a room's timeline holds: one line each, however many rows it takes on a screen."""

from datetime import date
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from chat.core.names import same_name
from chat.core.text import VERIFIED
from chat.core.types import Entry, Kind

from .presence import Change

Key = tuple[int, int]
"""A line's place: the sequence number that it has or follows, and its number after that one."""

END = 1 << 62
"""The seq of what is in no log yet."""

LAST_TIME = 253_402_214_400_000
"""Milliseconds since 1970: the last day that a calendar knows. An entry may claim a later one."""


class Look(Enum):
    """How a line is laid out."""

    TALK = "talk"
    ACTION = "action"
    TOPIC = "topic"
    QUIET = "quiet"
    """Somebody came or went, or we did."""
    MODERATION = "moderation"
    """What a moderator did; of the log, but nothing that was said."""
    NOTICE = "notice"
    ALERT = "alert"
    OUTPUT = "output"
    """What a command prints: a table, maybe."""
    TOP = "top"
    """The first of all: what is before it, and how to get there."""
    EDIT = "edit"
    """This and the next two: of ours, not in the log yet. What is, shows at what it is about."""
    DELETE = "delete"
    REACTION = "reaction"


SPOKEN = frozenset((Look.TALK, Look.ACTION))
"""What somebody said: it may be selected, searched, edited and answered."""


class Mark(Enum):
    """What has become of something that we said."""

    NONE = " "
    PENDING = "…"
    LOGGED = "·"
    DELIVERED = "✓"
    FAILED = "✗"


LOOKS: dict[int, Look] = {
    Kind.ACTION: Look.ACTION,
    Kind.TOPIC: Look.TOPIC,
    Kind.EDIT: Look.EDIT,
    Kind.DELETE: Look.DELETE,
    Kind.REACTION: Look.REACTION,
    Kind.MODERATION: Look.MODERATION,
}
"""Of what is said, by its kind. All others are talk."""

TAKEN_BACK = "message taken back"
"""Instead of a text that its author deleted."""

common_name = lru_cache(4096)(same_name)
"""What a name has in common with others that are the same; one string for all of them."""


class Reaction(NamedTuple):
    text: str
    authors: int
    own: bool
    """One of them is ours."""


class Line:
    """Mutable: what it says may grow, and what became of it is learned later. `version` counts."""

    __slots__ = (
        "about",
        "day",
        "deleted",
        "edited",
        "entry",
        "key",
        "last_n",
        "last_seq",
        "logged",
        "look",
        "mark",
        "mention",
        "more",
        "name",
        "note",
        "own",
        "parts",
        "reactions",
        "refers",
        "serial",
        "spoke",
        "text",
        "time",
        "verified",
        "version",
        "who",
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
        self.who = common_name(name)
        self.verified = False
        """The name is known to be its key's."""
        self.own = False
        self.mention = False
        """It speaks of us."""
        self.text = text
        """As it is shown."""
        self.logged = text
        """As it was said first."""
        self.edited = False
        """`text` is what its author made of it later."""
        self.deleted = False
        self.reactions: tuple[Reaction, ...] = ()
        self.note = ""
        """One more row below, about it."""
        self.mark = Mark.NONE
        self.entry: Entry | None = None
        """The first one that it was joined from; none: it is not of the log."""
        self.last_n = 0
        """The author's number of the last one."""
        self.refers = 0
        """The seq of what it is to amend."""
        self.about: Change | None = None
        """Who came or went."""
        self.spoke: dict[str, int] = {}
        """Of those in `about` (common names): when they had last spoken."""
        self.last_seq = key[0]
        self.more = False
        """Its author's next entry continues it."""
        self.parts: list[tuple[int, int, int]] = []
        """Of a text that came in several entries: each one's seq and n, and where it begins."""

    @property
    def is_entry(self) -> bool:
        return self.entry is not None

    @property
    def author(self) -> str:
        """As it is shown."""
        return self.name + (VERIFIED if self.verified else "")

    @property
    def selectable(self) -> bool:
        """Something that was said, or that we tried to say; or what a moderator did."""
        told = self.look in SPOKEN or self.look is Look.MODERATION
        return told or (self.entry is None and self.mark is not Mark.NONE)

    def show(self, mark: Mark, note: str = "") -> None:
        """Another mark, and what there is to say about it."""
        if (mark, note) != (self.mark, self.note):
            self.mark, self.note = mark, note
            self.version += 1

    def call(self, mention: bool) -> None:
        """It speaks of us, or does not."""
        if mention != self.mention:
            self.mention = mention
            self.version += 1

    def say(self, text: str) -> None:
        """Another text."""
        if text != self.logged:
            self.logged = text
            if not self.edited and not self.deleted:
                self.text = text
                self.version += 1

    def amend(
        self,
        text: str | None,
        *,
        edited: bool,
        reactions: tuple[Reaction, ...],
        instead: str = TAKEN_BACK,
    ) -> None:
        """What has become of it since it was logged: a clean text, if `edited`; None, if it is gone:
        then `instead` is shown."""
        now = (text is None, edited, reactions)
        shown = instead if text is None else text if edited else self.logged
        if now != (self.deleted, self.edited, self.reactions) or shown != self.text:
            self.deleted, self.edited, self.reactions = now
            self.text = shown
            self.version += 1
