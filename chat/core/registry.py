"""What must outlive the rooms: a fold over the log of the reserved room `!registry`.

The server appends to it in its own name and believes only what comes back from the log, its own
entries or another node's. An entry it does not understand is skipped.
"""

from msgspec import Struct

from .entry import encode_entry
from .limits import ROOMS
from .names import direct_parties, is_public
from .staging import Staging, Verdict
from .types import REGISTRY, Append, Entry, Kind


class RoomFacts(Struct):
    """What is known of a room, whether or not somebody is in it."""

    topic: str = ""


class Registry:
    """The fold, and the server's own pen."""

    def __init__(self, instance: bytes) -> None:
        """`instance`: random, new for each process."""
        self.rooms: dict[str, RoomFacts] = {}
        self.ready_at: int | None = None
        """The log's head when it was opened: once read up to there, joins may be answered."""
        self.trouble = ""
        """Why it could not be opened; nothing will come of this process then."""
        self._seq = 0
        self._instance = instance
        self._staging = Staging(window=ROOMS)
        self._staging.enter(instance, 0)
        self._asked: set[str] = set()
        self._direct: dict[bytes, dict[str, None]] = {}

    @property
    def ready(self) -> bool:
        return self.ready_at is not None and self._seq >= self.ready_at

    def public(self) -> list[str]:
        """The rooms that may be listed, by name."""
        return sorted(filter(is_public, self.rooms))

    def topic(self, room: str) -> str:
        facts = self.rooms.get(room)
        return facts.topic if facts else ""

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

    def logged(self, entry: Entry) -> None:
        """The fold."""
        self._seq = entry.seq
        self._staging.logged(entry.instance, entry.n)
        match entry.kind:
            case Kind.ROOM:
                self._room(entry.text)
            case Kind.TOPIC:
                room, _, topic = entry.text.partition(" ")
                self._room(room).topic = topic

    def skipped(self, seq: int) -> None:
        """An entry that cannot be decoded."""
        self._seq = seq

    def appended(self, result: dict[bytes, int] | str) -> None:
        if self._staging.appended(result).refused:
            self._asked.clear()

    def flush(self) -> Append | None:
        drafts = self._staging.flush()
        return Append(REGISTRY, drafts) if drafts else None

    def _room(self, room: str) -> RoomFacts:
        self._asked.discard(room)
        for party in direct_parties(room) or ():
            self._direct.setdefault(party, {})[room] = None
        return self.rooms.setdefault(room, RoomFacts())

    def _write(self, kind: Kind, author: str, text: str, wall: int) -> None:
        n = self._staging.staged(self._instance) + 1
        body = encode_entry(
            kind=kind, instance=self._instance, n=n, time=wall, name=author, text=text
        )
        if self._staging.take(self._instance, n, body) is not Verdict.TAKEN:
            self._asked.discard(text)
