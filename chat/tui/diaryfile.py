"""Local logs on disk; see `diary` for what is in them."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from chat.core.link import Link
from chat.core.types import Entry
from chat.secure.trust import endpoint

from .diary import Place, TakenBack, continued, read_tail
from .filenames import file_name
from .files import APPENDING, Tell, Trouble, append, locked, server_name

WAITING = 10_000
"""Entries that wait for a disk to take them; then the oldest are given up."""

_TAIL = 1 << 16
_TAIL_MAX = 1 << 24
"""Bytes from a log's end that are read to see how far it has come: at first, and at most."""


class Diary:
    """Local logs of one server's rooms, which are named by `filenames.place`. A file is opened when
    there is something to write. Of several terminals one writes it; the others wait for their turn,
    and go on where it ended."""

    def __init__(self, folder: Path, link: Link, tell: Tell) -> None:
        """`folder`: all servers' logs; see `log_folder`."""
        self._folder = folder / server_name(link)
        self._where = endpoint(link.host, link.port)
        self._books: dict[str, _Book] = {}
        self._trouble = Trouble("the local log is not written", self._folder, tell)

    def write(self, room: str, log: bytes, news: Sequence[Entry | TakenBack]) -> None:
        """What the room's log, which is known by its origin, says next, in order."""
        if not (room and log and news):
            return
        book = self._books.get(room)
        if book is None:
            path = self._folder / f"{file_name(room)}.txt"
            book = self._books[room] = _Book(path, f"{room} at {self._where}")
        book.add(log.hex(), news)
        self.flush()

    def flush(self) -> None:
        """Tries again to write what could not be written; to be called now and then."""
        written, failure = False, None
        for book in self._books.values():
            try:
                written = book.flush() or written
            except OSError as error:
                failure = error
        if failure is not None:
            self._trouble.failed(failure)
        elif written:
            self._trouble.over()

    def close(self) -> None:
        self.flush()
        for book in self._books.values():
            book.close()
        self._books.clear()


class _Book:
    """One room's file."""

    def __init__(self, path: Path, where: str) -> None:
        self._path = path
        self._where = where
        self._descriptor = -1
        self._place = Place()
        self._waiting: list[tuple[str, Entry | TakenBack]] = []

    def add(self, log: str, news: Iterable[Entry | TakenBack]) -> None:
        self._waiting += ((log, item) for item in news)
        del self._waiting[:-WAITING]

    def flush(self) -> bool:
        """Whether something was written. Raises OSError; then the file is as it was."""
        if not self._waiting or not self._open():
            return False
        text, place = "", self._place
        for log, item in self._waiting:
            more, place = continued(place, log, self._where, [item])
            text += more
        if text:
            append(self._descriptor, text.encode())
        self._place = place
        self._waiting.clear()
        return True

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> bool:
        """False: somebody else is writing."""
        if self._descriptor >= 0 and not _is_at(self._descriptor, self._path):
            self.close()  # It was moved away, as old logs are.
        if self._descriptor >= 0:
            return True
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, APPENDING, 0o600)
        try:
            mine = locked(descriptor)
            if mine:
                self._place = _read(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        if mine:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return mine


def _read(descriptor: int) -> Place:
    """Where a log's file is. What is left of a line that was not finished is taken off."""
    size = os.fstat(descriptor).st_size
    length = _TAIL
    while True:
        start = max(0, size - length)
        data = _bytes(descriptor, start, size)
        if start:
            data = data[data.find(b"\n") + 1 :]
        whole = data.rfind(b"\n") + 1
        place = read_tail(data[:whole].decode(errors="replace"))
        if place.log or not start or length >= _TAIL_MAX:
            break
        length *= 16
    if whole < len(data):
        os.ftruncate(descriptor, size - len(data) + whole)
    return place


def _bytes(descriptor: int, start: int, end: int) -> bytes:
    os.lseek(descriptor, start, os.SEEK_SET)
    parts: list[bytes] = []
    while start < end and (part := os.read(descriptor, end - start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
