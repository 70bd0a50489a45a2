"""The rooms that are open, in their order, and the one on the screen."""

from collections.abc import Iterator

from chat.core.text import clean

from .reader import Reader
from .roombuffer import RoomBuffer


class Buffers:
    """There is always at least one."""

    def __init__(self, room: str, reader: Reader | None = None) -> None:
        self._reader = reader or Reader()
        self._buffers = {room: RoomBuffer(room, self._reader)}
        self._current = self._buffers[room]

    def __iter__(self) -> Iterator[RoomBuffer]:
        return iter(self._buffers.values())

    def __len__(self) -> int:
        return len(self._buffers)

    @property
    def current(self) -> RoomBuffer:
        return self._current

    def get(self, room: str) -> RoomBuffer | None:
        return self._buffers.get(room)

    def named(self, label: str) -> RoomBuffer | None:
        """By what it is called on the screen."""
        return next((buffer for buffer in self if label in (buffer.label, buffer.room)), None)

    def open(self, room: str, peer: str = "") -> RoomBuffer:
        """This room's buffer, a new one where there is none. `peer`, if known: who the other one
        is by now."""
        if room not in self._buffers:
            self._buffers[room] = RoomBuffer(room, self._reader)
        buffer = self._buffers[room]
        buffer.peer = clean(peer) or buffer.peer
        return buffer

    @property
    def reader(self) -> Reader:
        return self._reader

    def configure(self, reader: Reader) -> None:
        """Who reads all of them, and what they want to see, from now on."""
        self._reader = reader
        for buffer in self:
            buffer.configure(reader)

    def close(self, room: str) -> None:
        """The last one stays open."""
        buffer = self._buffers.get(room)
        if buffer is None or len(self) == 1:
            return
        if buffer is self._current:
            self.step(1 if next(iter(self)) is buffer else -1)
        del self._buffers[room]

    def show(self, buffer: RoomBuffer) -> None:
        """Brings it on the screen: it is read."""
        if buffer is not self._current:
            self._current.leave()
        self._current = buffer
        buffer.enter()

    def number(self, number: int) -> None:
        """The first is 1; nothing happens where there is none."""
        if 1 <= number <= len(self):
            self.show(list(self)[number - 1])

    def step(self, by: int) -> None:
        """To the next ones, around the end."""
        order = list(self)
        self.show(order[(order.index(self._current) + by) % len(order)])

    def next_unread(self) -> None:
        """Rooms of two first: what is said there is said to us."""
        waiting = [buffer for buffer in self if buffer.unread]
        if waiting:
            self.show(next((buffer for buffer in waiting if buffer.direct), waiting[0]))
