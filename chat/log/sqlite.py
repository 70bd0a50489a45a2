"""The embedded store: one SQLite file in a folder, nothing to set up.

An append to many rooms is one transaction. What lasts is in the tables (`sqlite_tables`); what is
kept in memory beside them is bounded, and holds only what is committed: the rooms used last, and
for followed rooms the records that `news` has yet to say, which come from the file again when they
become too many.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from pathlib import Path

from chat.core.types import (
    DIGEST_SIZE,
    Draft,
    Extract,
    Point,
    Range,
    Record,
    Run,
    Snapshot,
)

from . import sqlite_tables as tables
from .api import (
    CHUNK,
    COUNTER_LIFE,
    DAY,
    RETENTION,
    STEP,
    DamagedLogError,
    Durability,
    Log,
    LogError,
    Retention,
    within,
)
from .sqlite_file import SqliteFile
from .sqlite_tables import Room

ROOMS_CACHED = 1024
COUNTERS_CACHED = 8192
TAIL = 4096
"""Records, of all rooms together, that wait in memory for `news`."""

JOURNAL = 1 << 20
"""Bytes of the write-ahead log, from which on it is written back. The longer it is, the more pages
in it are there many times and written back once; and the longer everybody waits meanwhile."""


class SqliteLog(Log):
    """`random(n)` gives n bytes; `wall()` milliseconds since 1970. The folder is made if need be.
    Belongs to one thread at a time, which need not always be the same. Opening raises LogError."""

    def __init__(
        self,
        folder: Path,
        *,
        random: Callable[[int], bytes],
        wall: Callable[[], int],
        retention: Retention = RETENTION,
        durability: Durability = Durability.PROCESS,
    ) -> None:
        self._random = random
        self._wall = wall
        self._retention = retention
        self.waits = durability is Durability.POWER
        self._file = SqliteFile(folder, durability, self._forget)
        self._rooms: dict[str, Room] = {}
        """The one used last is last."""
        self._counters: dict[tuple[int, bytes], int] = {}
        """By room and instance, the newest n."""
        self._swept = tables.FIRST_COUNTER
        self._said: dict[str, int] = {}
        """By followed room, the newest seq that was said."""
        self._unsaid: dict[str, None] = {}
        """Followed rooms that may have something to say, the next one first."""
        self._tails: dict[str, list[Record]] = {}
        """By followed room, its newest records, up to its head."""
        self._held = 0
        """Records in all tails."""

    def append(self, appends: Sequence[tuple[str, Sequence[Draft]]]) -> list[dict[bytes, int]]:
        now = self._wall()
        rooms: dict[str, Room] = {}
        added: dict[str, list[Record]] = {}
        results: list[dict[bytes, int]] = []
        if len(self._counters) > COUNTERS_CACHED:
            self._counters.clear()  # Not later: the file has not yet what this batch adds.
        with self._file.writing() as db:
            for name, drafts in appends:
                room = rooms.get(name) or self._find(db, name) or self._create(db, name)
                newest = self._newest(db, room, drafts)
                records = tables.next_records(room, drafts, newest)
                rooms[name] = tables.grown(room, records, now)
                if records:
                    added.setdefault(name, []).extend(records)
                    self._counters |= {(room.id, each): n for each, n in newest.items()}
                results.append(newest)
            tables.add(db, [(rooms[name], records) for name, records in added.items()], now)
            for name, room in rooms.items():
                expired = self._expired(db, name, room, now, len(added.get(name, ())))
                rooms[name] = tables.trim(db, room, expired)
            self._sweep(db, added.values(), now)
        for name, room in rooms.items():
            self._cache(name, room)
        for name, records in added.items():
            self._hold(name, records)
        return results

    def open(self, room: str, instance: bytes, points: Iterable[Point]) -> Snapshot:
        with self._file.reading() as db:
            log, last_n = self._visit(db, room, instance)
            tail = next(tables.read(db, log, max(log.floor, log.head.seq), log.head.seq), None)
            known = (p.seq for p in points if tables.digest_after(db, log, p.seq) == p.digest)
            return Snapshot(
                floor=log.floor,
                head=log.head,
                origin=log.origin,
                last_n=last_n,
                matched=next(known, None),
                tail=tail.body if tail else b"",
            )

    def fetch(self, room: str, ranges: Sequence[Range], budget: int) -> Extract:
        with self._file.reading() as db:
            log = self._know(db, room)
            runs: list[Run] = []
            taken = 0
            for wanted in ranges:
                first, last = max(wanted.first, log.floor), min(wanted.last, log.head.seq)
                records = tuple(within(tables.read(db, log, first, last), taken, budget))
                if records:
                    previous = tables.digest_after(db, log, first - 1)
                    runs.append(Run(previous or bytes(DIGEST_SIZE), records))
                    taken += sum(len(record.body) for record in records)
                if len(records) < last - first + 1:
                    break
            return Extract(log.floor, log.head, tuple(runs))

    def follow(self, room: str, after: int) -> None:
        self._said[room] = after
        self._unsaid[room] = None

    def unfollow(self, room: str) -> None:
        self._said.pop(room, None)
        self._release(room)

    def news(self) -> list[tuple[str, tuple[Record, ...]]]:
        found: list[tuple[str, tuple[Record, ...]]] = []
        left = CHUNK
        for name in list(self._unsaid):
            if left <= 0:
                break
            try:
                records, complete = self._since(name, left)
            except LogError:
                # A damaged room does not silence the others: from now on they come first.
                self._unsaid[name] = self._unsaid.pop(name)
                if found:
                    break
                raise
            self._release(name)
            if not complete:
                self._unsaid[name] = None
            if records:
                self._said[name] = records[-1].seq
                found.append((name, records))
                left -= len(records)
        return found

    def trim(self, room: str, before: int) -> None:
        with self._file.writing() as db:
            log = self._find(db, room)
            if log is not None:
                log = tables.trim(db, log, min(before, log.head.seq + 1) - log.floor)
        if log is not None:
            self._cache(room, log)

    @property
    def untidy(self) -> bool:
        return self._file.journal > JOURNAL

    def tidy(self) -> None:
        """A checkpoint, which waits for the disk whatever the durability."""
        self._file.checkpoint()

    def close(self) -> None:
        """Everything that was appended is in the one file. To close twice does no harm."""
        self._file.close()

    def kill(self) -> None:
        """For tests and the simulator: drops everything unwritten, as a crash does. The folder can
        be opened again at once, and has all that `append` returned for."""
        self._file.kill()

    def _forget(self) -> None:
        """What is kept in memory is asked of the file again."""
        self._rooms.clear()
        self._counters.clear()
        self._tails.clear()
        self._held = 0
        self._unsaid.update(dict.fromkeys(self._said))

    # Rooms

    def _find(self, db: sqlite3.Connection, name: str) -> Room | None:
        """Within a transaction only for a room that it has not changed: what is not committed must
        not be kept."""
        room = self._rooms.get(name) or tables.find(db, name)
        if room is not None:
            self._cache(name, room)
        return room

    def _create(self, db: sqlite3.Connection, name: str) -> Room:
        return tables.create(db, name, self._random(DIGEST_SIZE))

    def _know(self, db: sqlite3.Connection, name: str) -> Room:
        """A room is made when it is first looked at: its origin must not change afterwards."""
        room = self._find(db, name)
        if room is None:
            with self._file.writing():
                room = self._create(db, name)
            self._cache(name, room)
        return room

    def _visit(self, db: sqlite3.Connection, name: str, instance: bytes) -> tuple[Room, int]:
        """A room that somebody joins, and that one's newest n. What expired goes, even if nobody
        writes here any more; but a full disk must not keep anybody from reading."""
        now = self._wall()
        room = self._know(db, name)
        n, touched = tables.counter(db, room, instance)
        expired = self._expired(db, name, room, now, 0)
        if expired or (n and touched < now - DAY):
            try:
                with self._file.writing():
                    trimmed = tables.trim(db, room, expired)
                    if n:
                        tables.touch(db, room, [(instance, n)], now)
            except DamagedLogError:
                raise
            except LogError:
                return self._know(db, name), n
            self._cache(name, trimmed)
            return trimmed, n
        return room, n

    def _newest(
        self, db: sqlite3.Connection, room: Room, drafts: Sequence[Draft]
    ) -> dict[bytes, int]:
        """The newest n of each of their authors."""
        newest: dict[bytes, int] = {}
        for draft in drafts:
            if (instance := draft.instance) not in newest:
                n = self._counters.get((room.id, instance))
                newest[instance] = tables.counter(db, room, instance)[0] if n is None else n
        return newest

    def _cache(self, name: str, room: Room) -> None:
        self._rooms.pop(name, None)
        self._rooms[name] = room
        if len(self._rooms) > ROOMS_CACHED:
            del self._rooms[next(iter(self._rooms))]

    # Retention

    def _expired(self, db: sqlite3.Connection, name: str, room: Room, now: int, added: int) -> int:
        """How many of the room's oldest entries may go now."""
        count = room.head.seq - room.floor + 1
        said = self._said.get(name, room.head.seq)
        most = min(STEP + added, count, max(0, said - room.floor + 1))
        expired = min(self._retention.excess(name, count), most)
        oldest = self._retention.oldest(name, now)
        if expired or (room.oldest is not None and room.oldest < oldest):
            times = tables.times(db, room, room.floor + expired, room.floor + most - 1)
            expired += sum(1 for _ in takewhile(lambda time: time < oldest, times))
        return expired

    def _sweep(self, db: sqlite3.Connection, added: Iterable[list[Record]], now: int) -> None:
        """Looks at the age of two counters for each new one, in the order of their table: so they
        stay within twice of what has to be kept, without an index by time."""
        new = sum(record.n == 1 for records in added for record in records)
        if new:
            self._swept = tables.sweep(db, self._swept, 2 * new, now - COUNTER_LIFE)

    # News

    def _hold(self, name: str, records: list[Record]) -> None:
        if name in self._said:
            self._unsaid[name] = None
            self._tails.setdefault(name, []).extend(records)
            self._held += len(records)
            if self._held > TAIL:
                self._tails.clear()
                self._held = 0

    def _release(self, name: str) -> None:
        self._unsaid.pop(name, None)
        self._held -= len(self._tails.pop(name, ()))

    def _since(self, name: str, most: int) -> tuple[tuple[Record, ...], bool]:
        """A followed room's next records, all from memory or `most` from the file, and whether
        these are all there are."""
        room, tail = self._rooms.get(name), self._tails.get(name)
        first = self._said[name] + 1
        if room is not None and tail and tail[0].seq <= max(first, room.floor):
            return tuple(tail[max(first, room.floor) - tail[0].seq :]), True
        with self._file.reading() as db:
            room = self._find(db, name)
            if room is None:
                return (), True
            first = max(first, room.floor)
            last = min(room.head.seq, first + most - 1)
            return tuple(tables.read(db, room, first, last)), last == room.head.seq
