"""What must outlive the rooms: a fold over the log of the reserved room `!registry`.

The server appends to it in its own name and believes only what comes back from the log, its own
entries or another node's. An entry it does not understand is skipped.

The log is kept about as long as there are rooms: with each entry that makes another one obsolete,
the two oldest that still count are written again, and what is before the oldest is trimmed. Such a
copy says of which entry it is one, and counts only if nothing newer was written since.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator
from itertools import islice

from .entry import encode_entry
from .limits import REGISTRY_SPARE, REGISTRY_TRIM, ROOMS
from .names import direct_parties, is_public
from .staging import Staging, Verdict
from .types import REGISTRY, Append, Entry, Kind, Point, Trim

_COPIES = 2


class Registry:
    """The fold, and the server's own pen."""

    def __init__(self, instance: bytes) -> None:
        """`instance`: random, new for each process."""
        self.rooms: dict[str, Entry] = {}
        """By name, the entry that counts; the oldest first."""
        self.trouble = ""
        """Why it could not be opened; nothing will come of this process then."""
        self._ready_at: int | None = None
        self._floor = 1
        self._seq = 0
        self._instance = instance
        self._staging = Staging(window=ROOMS)
        self._staging.enter(instance, 0)
        self._asked: set[str] = set()
        self._copied: dict[str, None] = {}
        """Rooms whose entry is being written again."""
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

    def make_room(self, room: str, author: str, wall: int) -> None:
        """Once, however often it is asked for."""
        if room not in self.rooms and room not in self._asked:
            self._asked.add(room)
            self._write(Kind.ROOM, author, room, wall)

    def set_topic(self, room: str, topic: str, author: str, wall: int) -> None:
        self._write(Kind.TOPIC, author, f"{room} {topic}", wall)

    def opened(self, floor: int, head: Point) -> None:
        """The log was opened: everything up to its end has yet to be read."""
        self._floor, self._ready_at = floor, head.seq

    def logged(self, entry: Entry) -> None:
        """The fold."""
        self._seq = entry.seq
        self._staging.logged(entry.instance, entry.n)
        if entry.kind in (Kind.ROOM, Kind.TOPIC):
            self._fold(entry)
            if self.ready and not entry.refers:
                self._copy_oldest()

    def skipped(self, seq: int) -> None:
        """An entry that cannot be decoded."""
        self._seq = seq

    def appended(self, result: dict[bytes, int] | str) -> None:
        if self._staging.appended(result).refused:
            self._asked.clear()
            self._copied.clear()

    def flush(self) -> list[Append | Trim]:
        drafts = self._staging.flush()
        effects: list[Append | Trim] = [Append(REGISTRY, drafts)] if drafts else []
        oldest = next(iter(self.rooms.values())).seq if self.rooms else self._floor
        if self.ready and oldest >= self._floor + REGISTRY_TRIM:
            self._floor = oldest
            effects.append(Trim(REGISTRY, oldest))
        return effects

    def _fold(self, entry: Entry) -> None:
        room = entry.text.partition(" ")[0]
        known = self.rooms.get(room)
        self._asked.discard(room)
        if entry.refers:
            self._copied.pop(room, None)
            if known is not None and known.seq > entry.refers:
                return  # What it is a copy of does not count any more.
        if known is None:
            for party in direct_parties(room) or ():
                self._direct.setdefault(party, {})[room] = None
            if is_public(room):
                insort(self._public, room)
        self.rooms.pop(room, None)
        self.rooms[room] = entry

    def _copy_oldest(self) -> None:
        if self._seq - self._floor < 2 * len(self.rooms) + REGISTRY_SPARE:
            return
        found = (room for room in self.rooms if room not in self._copied)
        for room in list(islice(found, _COPIES)):
            entry = self.rooms[room]
            self._copied[room] = None
            self._write(entry.kind, entry.name, entry.text, entry.time, entry.seq)

    def _write(self, kind: int, author: str, text: str, wall: int, copy_of: int = 0) -> None:
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
            self._asked.discard(text)
            self._copied.clear()
