"""What a room says to all its members at once: sealed once, pushed once, whatever their number."""

from collections.abc import Iterator

from msgspec import Struct

from . import wire
from .channel import PUSH_MAX, packed
from .entry import decode_entry
from .layout import MalformedError
from .roomkeys import RoomKeys
from .text import datagrams, render
from .turn import Turn
from .types import Form, Group, Push, Record

_COUNT_MAX = 255

_ROOM = PUSH_MAX - wire.FRAME_HEADER
"""Bytes of frames in a push: each can be filled up to the longest one's size."""


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


class _Said(Struct, frozen=True, gc=False):
    """A push that is yet to be sealed."""

    first: int
    number: int
    """Entries inside."""
    plaintext: bytes


class Broadcast:
    """One room's two fan-outs: sealed datagrams under the room key, and plain text."""

    __slots__ = ("_keys", "_room", "_sealed", "_text", "_turn")

    def __init__(self, room: str, turn: Turn, keys: RoomKeys) -> None:
        self._room = room
        self._sealed, self._text = Group(room, Form.SEALED), Group(room, Form.TEXT)
        self._turn = turn
        self._keys = keys

    def entries(self, records: list[Record], frames: list[wire.Frame]) -> None:
        """New entries, and after them what else there is to say; either may be empty."""
        rest = [wire.encode_frame(frame) for frame in frames]
        said: list[_Said] = []
        for batch in sharing(records, _ROOM - wire.FRAME_HEADER):
            entries = wire.encode_frame(wire.Entries(tuple([record.body for record in batch])))
            last = rest and batch[-1] is records[-1]
            if last and len(entries) + sum(map(len, rest)) <= _ROOM:
                entries, rest = entries + b"".join(rest), []
            said.append(_Said(batch[0].seq, len(batch), entries))
        if rest:
            end = records[-1].seq + 1 if records else 0
            said += [_Said(end, 0, plaintext) for plaintext in packed(rest, _ROOM)]
        for each in _even(said) if len(said) > 1 else said:
            datagram = self._keys.seal(each.first, each.number, each.plaintext)
            self._turn.emit(Push(self._sealed, datagram))

    def lines(self, lines: list[str], records: list[Record]) -> None:
        """To the plain-text members: lines, and the new entries after them."""
        rendered = [line for record in records if (line := self._rendered(record)) is not None]
        for datagram in datagrams([*lines, *rendered]):
            self._turn.emit(Push(self._text, datagram))

    def _rendered(self, record: Record) -> str | None:
        try:
            return render(decode_entry(self._room, record.seq, record.body))
        except MalformedError:
            return None


def _even(said: list[_Said]) -> list[_Said]:
    """All of one size but the last: the kernel can cut them out of one payload."""
    size = max(len(each.plaintext) for each in said) + wire.FRAME_HEADER
    if size > PUSH_MAX:
        return said
    return [
        _Said(each.first, each.number, each.plaintext + _padding(size - len(each.plaintext)))
        for each in said[:-1]
    ] + said[-1:]


def _padding(size: int) -> bytes:
    """A frame of so many bytes, at least a header's, that says nothing: type 0 is never known."""
    rest = size - wire.FRAME_HEADER
    return b"\0" + rest.to_bytes(2, "big") + bytes(rest)
