"""A member that only remembers what it was told."""

from itertools import count

from chat.core import asks, wire
from chat.core.asks import Why
from chat.core.entry import pack_endpoint
from chat.core.member import Member
from chat.core.room import Room
from chat.core.types import Form, Path, Record, Snapshot

_numbers = count(1)


class Stub(Member):
    form = Form.SEALED

    def __init__(self, name: str, *, instance: bytes | None = None) -> None:
        path = Path(0, "192.0.2.1", 10_000 + next(_numbers))
        super().__init__(instance or name.encode().ljust(8, b"."), name, path, pack_endpoint(path))
        self.wants: dict[str, int] = {}
        """By room, the request that is still of interest; none of another is."""
        self.heard: list[object] = []
        self.records: list[Record] = []
        self.frames: list[wire.Frame] = []

    def awaits(self, room: str, request: int) -> bool:
        return self.wants.get(room, request) == request

    def joined(self, room: Room, request: int, snapshot: Snapshot) -> None:
        self.heard.append(("joined", room.name, request))

    def refused(self, request: int, reason: str, why: Why = Why.OTHER) -> None:
        self.heard.append(("refused", request, reason))

    def put_out(self, room: Room, ordinal: int, reason: str) -> None:
        self.heard.append(("put out", room.name, reason))

    def stands(self, room: Room, standing: asks.Standing) -> None:
        self.heard.append(("stands", room.name, standing))

    def left(self, request: int, room: str) -> None:
        self.heard.append(("left", request, room))

    def told(self, room: Room, records: list[Record], frames: list[wire.Frame]) -> None:
        self.records += records
        self.frames += frames

    def rekeyed(self, key: wire.RoomKey) -> None:
        self.frames.append(key)

    def invited(self, request: int, room: str, peer: str) -> None:
        self.heard.append(("invited", request, room, peer))

    def unopened(self, room: str) -> None:
        self.heard.append(("unopened", room))

    def disowned(self) -> None:
        self.heard.append("disowned")

    def notice(self, text: str) -> None:
        self.heard.append(("notice", text))

    def flush(self) -> None:
        self.heard.append("flushed")


class TextStub(Stub):
    form = Form.TEXT
