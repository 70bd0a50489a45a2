"""What a room says to all its members at once: sealed once, pushed once, whatever their number."""

from collections.abc import Iterator

from . import wire
from .channel import PUSH_MAX, packed
from .roomkeys import RoomKeys
from .text import datagrams
from .turn import Turn
from .types import Form, Group, Push, Record

_COUNT_MAX = 255


def sharing(records: list[Record], size: int) -> Iterator[list[Record]]:
    """Consecutive records whose bodies, two bytes of length each, share `size` bytes."""
    batch: list[Record] = []
    used = 0
    for record in records:
        need = 2 + len(record.body)
        if batch and (used + need > size or len(batch) == _COUNT_MAX):
            yield batch
            batch, used = [], 0
        batch.append(record)
        used += need
    if batch:
        yield batch


class Broadcast:
    """One room's two fan-outs: sealed datagrams under the room key, and plain text."""

    __slots__ = ("_keys", "_room", "_turn")

    def __init__(self, room: str, turn: Turn, keys: RoomKeys) -> None:
        self._room = room
        self._turn = turn
        self._keys = keys

    def entries(self, records: list[Record], frames: list[wire.Frame]) -> None:
        """New entries, and after them what else there is to say; either may be empty."""
        rest = [wire.encode_frame(frame) for frame in frames]
        first = records[-1].seq + 1 if records else 0
        for batch in sharing(records, PUSH_MAX - wire.FRAME_HEADER):
            entries = wire.encode_frame(wire.Entries(tuple(record.body for record in batch)))
            if batch[-1] is records[-1] and len(entries) + sum(map(len, rest)) <= PUSH_MAX:
                entries, rest = entries + b"".join(rest), []
            self._push(batch[0].seq, len(batch), entries)
        for plaintext in packed(rest, PUSH_MAX):
            self._push(first, 0, plaintext)

    def lines(self, lines: list[str]) -> None:
        """To the plain-text members."""
        for datagram in datagrams(lines):
            self._turn.emit(Push(Group(self._room, Form.TEXT), datagram))

    def _push(self, first: int, count: int, plaintext: bytes) -> None:
        datagram = self._keys.seal(first, count, plaintext)
        self._turn.emit(Push(Group(self._room, Form.SEALED), datagram))
