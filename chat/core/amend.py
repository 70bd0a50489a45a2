"""Edits, deletions and reactions: entries that change what is shown of another one.

The log keeps everything as it was said. An amendment is an entry like any other that *refers* to
the sequence number of what it is about; every reader folds a message and its amendments into what
is to be shown, by the rule that stands here and nowhere else:

- an edit or a deletion counts only if its author is the message's: the same key where the message
  has one, else the same instance. The last edit counts, and a deletion is final;
- a deletion that comes from nowhere is the server's own: a moderator's, of anybody's message. The
  entries of members have an endpoint, and no client can make one without;
- a reaction is anybody's, once an author; `-` in front takes it back;
- only messages and actions are amended, and only by what came after them: an amendment is not.

The sequence number is that of the message's first entry; that of one which continues it means the
same. Amendments may be known before what they refer to, as older pages come later.
"""

from collections.abc import Iterable
from typing import NamedTuple
from unicodedata import category

from msgspec import Struct

from .assembly import Assembler
from .limits import AMENDMENTS, AMENDMENTS_EACH, REACTION_BYTES
from .text import UNDO, clean
from .types import SEQ_MAX, Entry, Kind

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""

_NEVER = (
    ("\u2065", "\u2065"),
    ("\ufdd0", "\ufdef"),
    ("\ufff0", "\ufff8"),
    ("\U000e0000", "\U000e0fff"),
)
"""What is not assigned and never will be seen: noncharacters, and what is kept free for more that
is ignored (Default_Ignorable_Code_Point)."""

_SIGNS = frozenset("[]")

_AMENDING = frozenset((Kind.EDIT, Kind.DELETE, Kind.REACTION))
_AMENDABLE = frozenset((Kind.MESSAGE, Kind.ACTION))


class Author(NamedTuple):
    """Who said an entry: a key, or where there is none, an instance; the other one is empty."""

    key: bytes
    instance: bytes


class Amended(Struct, frozen=True):
    """What is to be shown of a message."""

    text: str | None
    """None: it was taken back."""
    edited: bool
    reactions: dict[str, tuple[Entry, ...]]
    """Each with the entries that say it, one of each author, both in the order of the log."""
    removal: Entry | None = None
    """What took it back, where that was a moderator: its name, and why."""


def amends(kind: int) -> bool:
    return kind in _AMENDING


def author_of(entry: Entry) -> Author:
    return Author(entry.key, b"") if entry.key else Author(b"", entry.instance)


def is_reaction(text: str) -> bool:
    """Whether a text is a reaction, or one that is taken back: one short word or emoji."""
    reaction = text.removeprefix(UNDO)
    if not reaction or reaction.startswith(UNDO) or clean(reaction) != reaction:
        return False
    if len(reaction.encode()) > REACTION_BYTES or any(map(str.isspace, reaction)):
        return False
    # One that nobody sees, or that looks like the signs which readers put around them, misleads.
    return any(map(_is_seen, reaction)) and not _SIGNS.intersection(reaction)


def _is_seen(char: str) -> bool:
    """What is not assigned may be an emoji that is newer than this Python's Unicode: server and
    clients have to agree on it, whatever they run on."""
    kind = category(char)
    if kind == "Cn":
        never = any(first <= char <= last for first, last in _NEVER)
        return not never and ord(char) & 0xFFFE != 0xFFFE
    return kind[0] not in "CZM" and char not in _BLANK


def flaw(kind: int, refers: int, text: str, more: bool = False) -> str | None:
    """Why this can amend nothing, whatever it refers to, if it cannot. `more`: there is more of it
    in the author's next entry."""
    if not amends(kind):
        return None
    if not 0 < refers <= SEQ_MAX:
        return "there is no message that it refers to"
    if kind == Kind.DELETE and (text or more):
        return "what takes a message back has no text"
    if kind == Kind.REACTION and (more or not is_reaction(text)):
        most = REACTION_BYTES
        return f"a reaction is one emoji or short word: {most} bytes at most, no spaces, no - first"
    return None


def by_its_author(amendment: Entry, target: Entry) -> bool:
    if target.key:
        return amendment.key == target.key
    return amendment.instance == target.instance


def by_a_moderator(amendment: Entry) -> bool:
    """A deletion by the server's own hand."""
    return amendment.kind == Kind.DELETE and not amendment.endpoint


def applies(amendment: Entry, target: Entry) -> bool:
    """Whether what refers to `target` amends it."""
    if target.kind not in _AMENDABLE or amendment.refers >= amendment.seq:
        return False
    match amendment.kind:
        case Kind.DELETE if by_a_moderator(amendment):
            return True
        case Kind.EDIT | Kind.DELETE:
            return by_its_author(amendment, target)
        case Kind.REACTION:
            return is_reaction(amendment.text)
    return False


def fold(target: Entry, amendments: Iterable[Entry]) -> Amended:
    """`target` with its whole text, and all that refers to it, in whatever order."""
    text, edited, parts = target.text, False, Assembler()
    reactions: dict[str, dict[Author, Entry]] = {}
    for entry in sorted(amendments, key=lambda entry: entry.seq):
        if not applies(entry, target):
            continue
        match entry.kind:
            case Kind.DELETE:
                return Amended(None, False, {}, entry if by_a_moderator(entry) else None)
            case Kind.EDIT if (whole := parts.add(entry)) is not None:
                text, edited = whole.text, True
            case Kind.REACTION:
                reaction, author = entry.text.removeprefix(UNDO), author_of(entry)
                if not entry.text.startswith(UNDO):
                    reactions.setdefault(reaction, {}).setdefault(author, entry)
                elif reactions.get(reaction, {}).pop(author, None) and not reactions[reaction]:
                    del reactions[reaction]
    return Amended(text, edited, {each: tuple(by.values()) for each, by in reactions.items()})


class Amendments:
    """Those of one room that a reader knows, by what they refer to, be that known or not.

    Where there are too many, whoever has made most of them loses the older half: who floods a room
    makes nobody else's words come back. Of one author about one message only the newest are kept,
    and a deletion: what is said a thousand times about it costs no more than what is said often."""

    def __init__(self, most: int = AMENDMENTS) -> None:
        self._most = most
        self._about: dict[int, dict[Author, dict[int, Entry]]] = {}
        """By what they refer to, who says them, and their own sequence number."""
        self._by: dict[Author, dict[int, Entry]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, entry: Entry) -> bool:
        """Any entry of the room. Whether it may change what is shown of `entry.refers`."""
        if not amends(entry.kind) or not 0 < entry.refers < entry.seq:
            return False
        author = author_of(entry)
        same = self._about.setdefault(entry.refers, {}).setdefault(author, {})
        self._count += entry.seq not in same
        same[entry.seq] = self._by.setdefault(author, {})[entry.seq] = entry
        if len(same) > AMENDMENTS_EACH:
            self._drop(min(same.values(), key=lambda each: (each.kind == Kind.DELETE, each.seq)))
        if self._count > self._most:
            self._make_room()
        return True

    def of(self, target: Entry, *parts: int) -> Amended:
        """What is to be shown of `target`, given with its whole text; `parts`: the sequence numbers
        of its other entries, where it has several."""
        seqs = {target.seq, *parts}
        abouts = [self._about.get(seq, {}) for seq in seqs]
        return fold(
            target, [each for about in abouts for by in about.values() for each in by.values()]
        )

    def about(self, *seqs: int) -> int:
        """How many refer to one of these."""
        return sum(len(by) for seq in seqs for by in self._about.get(seq, {}).values())

    def take_back(self, seq: int) -> set[int]:
        """The log has nothing from `seq` on any more. Returns what is to be shown anew."""
        gone = [each for by in self._by.values() for each in by.values() if each.seq >= seq]
        for entry in gone:
            self._drop(entry)
        return {entry.refers for entry in gone if entry.refers < seq}

    def _make_room(self) -> None:
        most = max(self._by.values(), key=len)
        for seq in sorted(most)[: (len(most) + 1) // 2]:
            self._drop(most[seq])

    def _drop(self, entry: Entry) -> None:
        self._count -= 1
        author = author_of(entry)
        about, by = self._about[entry.refers], self._by[author]
        del about[author][entry.seq], by[entry.seq]
        if not about[author]:
            del about[author]
        if not about:
            del self._about[entry.refers]
        if not by:
            del self._by[author]
