"""What must outlive the rooms: a fold over the log of the reserved room `!registry`.

The server appends to it in its own name and believes only what comes back from the log, its own
entries or another node's. An entry it does not understand is skipped.

The log is kept about as long as there are rooms: with each entry that makes another one obsolete,
the two oldest that still count are written again, and what is before the oldest is trimmed. Such a
copy, and a copy's copy, says of which entry it is one, and counts as that: what does not count any
more may well be kept for longer than what does, and all nodes must agree, whenever they began.

A room is as it was written last. A name belongs to the key for which it was written first, and no
other key may have one that looks like it; who was first is judged when everything has been read.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from .confusables import skeleton
from .entry import encode_entry
from .limits import NAMES, REGISTRY_SPARE, REGISTRY_TRIM, ROOMS
from .names import Deed, direct_parties, is_public, same_name
from .staging import Staging, Verdict
from .types import REGISTRY, Append, Entry, Kind, Point, Trim

_COPIES = 2
_KEY_SIZE = 32


class _Fact(NamedTuple):
    """What an entry is about: the newest that counts stands for it."""

    kind: Kind
    """ROOM or NAME."""
    name: str
    """A name's common form."""


class Registry:
    """The fold, and the server's own pen."""

    def __init__(self, instance: bytes) -> None:
        """`instance`: random, new for each process."""
        self.rooms: dict[str, Entry] = {}
        """By name, the entry that counts."""
        self.trouble = ""
        """Why it could not be opened; nothing will come of this process then."""
        self._ready_at: int | None = None
        self._floor = 1
        self._seq = 0
        self._instance = instance
        self._staging = Staging(window=ROOMS + NAMES)
        self._staging.enter(instance, 0)
        self._facts: dict[_Fact, Entry] = {}
        """The entry that counts of each, the oldest first."""
        self._asked: set[_Fact] = set()
        self._copied: set[_Fact] = set()
        """Whose entry is being written again."""
        self._deeds: dict[str, Deed] = {}
        """By common form."""
        self._looks: dict[str, dict[str, Deed]] = {}
        """By skeleton, then by common form: all one key's."""
        self._unjudged: list[tuple[Entry, Deed]] = []
        """Names that were read before everything was."""
        self._direct: dict[bytes, dict[str, None]] = {}
        self._public: list[str] = []
        """In order."""

    @property
    def ready(self) -> bool:
        """Read up to where the log ended when it was opened: joins may be answered."""
        return self._ready_at is not None and self._seq >= self._ready_at

    def public(self, after: str = "") -> Iterator[str]:
        """The rooms that may be listed, by name, after that one."""
        return islice(self._public, bisect_right(self._public, after), None)

    def topic(self, room: str) -> str:
        entry = self.rooms.get(room)
        return entry.text.partition(" ")[2] if entry is not None else ""

    def direct_rooms(self, instance: bytes) -> list[str]:
        """Rooms of two with this instance in it, the newest last."""
        return list(self._direct.get(instance, ()))

    def deed(self, name: str) -> Deed | None:
        """Of this name, however its letters' case."""
        return self._deeds.get(same_name(name))

    def key_of(self, name: str) -> bytes:
        """The key (32 bytes) that a name belongs to, or nothing."""
        deed = self.deed(name)
        return deed.key if deed is not None else b""

    def look_alike(self, name: str) -> Deed | None:
        """Of another name that looks like this one; all of those belong to one key."""
        same = same_name(name)
        looks = self._looks.get(skeleton(name), {})
        return next((deed for other, deed in looks.items() if other != same), None)

    def make_room(self, room: str, author: str, wall: int) -> None:
        """Once, however often it is asked for."""
        if room not in self.rooms:
            self._ask(_Fact(Kind.ROOM, room), author, room, wall)

    def set_topic(self, room: str, topic: str, author: str, wall: int) -> None:
        self._write(_Fact(Kind.ROOM, room), Kind.TOPIC, author, f"{room} {topic}", wall)

    def register_name(self, name: str, key: bytes, author: str, wall: int) -> None:
        """For good, if it is nobody's yet, looks like nobody else's, and there is room for it;
        `key` is the full one. Whether it was to be, `key_of` says when the log has."""
        if len(key) != _KEY_SIZE:
            raise ValueError(f"a key has {_KEY_SIZE} bytes, not {len(key)}")
        if not self._rivals(Deed(name, key)) and len(self._deeds) < NAMES:
            self._ask(_Fact(Kind.NAME, same_name(name)), author, f"{key.hex()} {name}", wall)

    def opened(self, floor: int, head: Point) -> None:
        """The log was opened: everything up to its end has yet to be read."""
        self._floor, self._ready_at = floor, head.seq
        self._judge()

    def logged(self, entry: Entry) -> None:
        """The fold."""
        self._seq = entry.seq
        self._staging.logged(entry.instance, entry.n)
        if entry.kind in (Kind.ROOM, Kind.TOPIC):
            self._fold_room(entry)
        elif entry.kind == Kind.NAME and (deed := _deed(entry.text)) is not None:
            self._returned(_Fact(Kind.NAME, same_name(deed.name)), entry)
            self._unjudged.append((entry, deed))
        self._judge()
        if self.ready and not entry.refers:
            self._copy_oldest()

    def skipped(self, seq: int) -> None:
        """An entry that cannot be decoded."""
        self._seq = seq
        self._judge()

    def appended(self, result: dict[bytes, int] | str) -> None:
        if self._staging.appended(result).refused:
            self._asked.clear()
            self._copied.clear()

    def flush(self) -> list[Append | Trim]:
        drafts = self._staging.flush()
        effects: list[Append | Trim] = [Append(REGISTRY, drafts)] if drafts else []
        oldest = next(iter(self._facts.values())).seq if self._facts else self._floor
        if self.ready and oldest >= self._floor + REGISTRY_TRIM:
            self._floor = oldest
            effects.append(Trim(REGISTRY, oldest))
        return effects

    def _fold_room(self, entry: Entry) -> None:
        room = entry.text.partition(" ")[0]
        fact = _Fact(Kind.ROOM, room)
        known = self.rooms.get(room)
        self._returned(fact, entry)
        if known is not None and _first(known) > _first(entry):
            return  # What it is a copy of does not count any more.
        if known is None:
            for party in direct_parties(room) or ():
                self._direct.setdefault(party, {})[room] = None
            if is_public(room):
                insort(self._public, room)
        self.rooms[room] = entry
        self._believe(fact, entry)

    def _judge(self) -> None:
        """Whose the names are that were read, when it is known which was first."""
        if not self.ready or not self._unjudged:
            return
        for entry, deed in sorted(self._unjudged, key=lambda it: _first(it[0])):
            self._fold_name(entry, deed)
        if self._unjudged[0][0].seq < self._seq:  # Others were read since.
            self._facts = dict(sorted(self._facts.items(), key=lambda it: it[1].seq))
        self._unjudged.clear()

    def _fold_name(self, entry: Entry, deed: Deed) -> None:
        same = same_name(deed.name)
        known = self._facts.get(_Fact(Kind.NAME, same))
        if known is None or _first(known) != _first(entry):
            rivals = self._rivals(deed)
            if any(_first(self._facts[rival]) < _first(entry) for rival in rivals):
                return
            for rival in rivals:  # Only if another node trimmed what was still being read.
                self._revoke(rival)
            if len(self._deeds) >= NAMES:
                return
            self._deeds[same] = deed
            self._looks.setdefault(skeleton(deed.name), {})[same] = deed
        self._believe(_Fact(Kind.NAME, same), entry)

    def _rivals(self, deed: Deed) -> list[_Fact]:
        """Names that there may not be together with this one: itself, and other keys' that look
        like it."""
        same = same_name(deed.name)
        looks = self._looks.get(skeleton(deed.name), {})
        found = [other for other, its in looks.items() if other != same and its.key != deed.key]
        found += [same] if same in self._deeds else []
        return [_Fact(Kind.NAME, other) for other in found]

    def _revoke(self, fact: _Fact) -> None:
        deed = self._deeds.pop(fact.name)
        look = skeleton(deed.name)
        del self._looks[look][fact.name]
        if not self._looks[look]:
            del self._looks[look]
        del self._facts[fact]

    def _returned(self, fact: _Fact, entry: Entry) -> None:
        """What may have been written here need not be waited for."""
        self._asked.discard(fact)
        if entry.refers:
            self._copied.discard(fact)

    def _believe(self, fact: _Fact, entry: Entry) -> None:
        self._facts.pop(fact, None)
        self._facts[fact] = entry

    def _copy_oldest(self) -> None:
        if self._seq - self._floor < 2 * len(self._facts) + REGISTRY_SPARE:
            return
        found = (fact for fact in self._facts if fact not in self._copied)
        for fact in list(islice(found, _COPIES)):
            entry = self._facts[fact]
            self._copied.add(fact)
            self._write(fact, entry.kind, entry.name, entry.text, entry.time, _first(entry))

    def _ask(self, fact: _Fact, author: str, text: str, wall: int) -> None:
        if fact not in self._asked:
            self._asked.add(fact)
            self._write(fact, fact.kind, author, text, wall)

    def _write(
        self, fact: _Fact, kind: int, author: str, text: str, wall: int, copy_of: int = 0
    ) -> None:
        n = self._staging.staged(self._instance) + 1
        body = encode_entry(
            kind=kind,
            instance=self._instance,
            n=n,
            time=wall,
            name=author,
            text=text,
            refers=copy_of,
        )
        if self._staging.take(self._instance, n, body) is not Verdict.TAKEN:
            self._asked.discard(fact)
            self._copied.clear()


def _first(entry: Entry) -> int:
    """The seq of what it is a copy of, or its own."""
    return entry.refers or entry.seq


def _deed(text: str) -> Deed | None:
    """What a NAME entry says, if it can be understood."""
    key, _, name = text.partition(" ")
    try:
        deed = Deed(name, bytes.fromhex(key))
    except ValueError:
        return None
    return deed if name and len(deed.key) == _KEY_SIZE else None
