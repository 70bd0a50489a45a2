"""The tables of the embedded log, and everything that is asked of them.

    room      origin; the oldest entry's seq (`floor`) and the digest before it; the newest one's
              seq (`head`) and digest. Floor is head + 1 where nothing is left.
    entry     what a record has, and when it was stored, at the place `room << 40 | seq`
    counter   an instance's newest n in a room, and when it was last used

Times are milliseconds since 1970. These functions run inside a transaction or a look of
`sqlite_file`; they keep nothing.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from chat.core.types import Draft, Point, Record, chained

_SEQ_BITS = 40
"""Of a place: a room's entries lie side by side, in order, under an integer. A primary key of two
columns would repeat whole entries in the index above them."""

_LAST_SEQ = (1 << _SEQ_BITS) - 1

TABLES = (
    """CREATE TABLE room (
    id INTEGER PRIMARY KEY CHECK (id < 1 << 23),
    name TEXT NOT NULL UNIQUE,
    origin BLOB NOT NULL,
    floor INTEGER NOT NULL,
    before BLOB NOT NULL,
    head INTEGER NOT NULL,
    digest BLOB NOT NULL
)""",
    """CREATE TABLE entry (
    place INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,
    instance BLOB NOT NULL,
    n INTEGER NOT NULL,
    time INTEGER NOT NULL,
    body BLOB NOT NULL
)""",
    """CREATE TABLE counter (
    room INTEGER NOT NULL,
    instance BLOB NOT NULL,
    n INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    PRIMARY KEY (room, instance)
) WITHOUT ROWID""",
)
"""A file is known by these very words: to change them is to make a new version."""

_DISAGREEING = f"""
SELECT count(*) FROM room WHERE
    (floor = 1 AND before <> origin)
    OR digest IS NOT CASE head WHEN floor - 1 THEN before
        ELSE (SELECT digest FROM entry WHERE place = id << {_SEQ_BITS} | head) END
    OR EXISTS (SELECT 1 FROM entry WHERE
        place > id << {_SEQ_BITS} | head AND place <= id << {_SEQ_BITS} | {_LAST_SEQ})
"""

_FIND = f"""
SELECT id, origin, floor, before, head, digest,
    (SELECT time FROM entry WHERE place = id << {_SEQ_BITS} | floor)
FROM room WHERE name = ?
"""

_CREATE = """
INSERT INTO room (name, origin, floor, before, head, digest) VALUES (?1, ?2, 1, ?2, 0, ?2)
"""

_READ = """
SELECT digest, instance, n, body FROM entry WHERE place BETWEEN ? AND ? ORDER BY place
"""

_COUNT = """
INSERT INTO counter VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET n = excluded.n, touched = excluded.touched
"""

_COUNTERS = """
SELECT room, instance, touched FROM counter WHERE (room, instance) > (?, ?)
ORDER BY room, instance LIMIT ?
"""

FIRST_COUNTER: tuple[int, bytes] = (0, b"")
"""A place before all counters, where `sweep` begins."""

_blob = bytearray
"""For what is written often: it is bound as it is, whereas for bytes Python 3.11 looks for an adapter
each time, in vain, and that of an entry's three takes half as long as the entry."""


class BrokenChainError(Exception):
    """What is in the tables is not what was put there."""


class Room(NamedTuple):
    """A room's row, and when its oldest entry was stored (None: it has none)."""

    id: int
    origin: bytes
    floor: int
    before: bytes
    head: Point
    oldest: int | None

    def place(self, seq: int) -> int:
        return self.id << _SEQ_BITS | seq


def agree(db: sqlite3.Connection) -> bool:
    """Whether each room ends with the very entry that its row says."""
    found: tuple[int] = db.execute(_DISAGREEING).fetchone()
    return found == (0,)


def find(db: sqlite3.Connection, name: str) -> Room | None:
    row = db.execute(_FIND, (name,)).fetchone()
    if row is None:
        return None
    key, origin, floor, before, head, digest, oldest = row
    return Room(key, origin, floor, before, Point(head, digest), oldest)


def create(db: sqlite3.Connection, name: str, origin: bytes) -> Room:
    key = db.execute(_CREATE, (name, origin)).lastrowid
    assert key is not None
    return Room(key, origin, 1, origin, Point(0, origin), None)


def digest_after(db: sqlite3.Connection, room: Room, seq: int) -> bytes | None:
    """The chained digest after entry `seq`, where it is known."""
    if seq == 0:
        return room.origin
    if seq == room.floor - 1:
        return room.before
    if seq == room.head.seq:
        return room.head.digest
    if not room.floor <= seq < room.head.seq:
        return None
    row = db.execute("SELECT digest FROM entry WHERE place = ?", (room.place(seq),)).fetchone()
    if row is None:
        raise BrokenChainError
    digest: bytes = row[0]
    return digest


def read(db: sqlite3.Connection, room: Room, first: int, last: int) -> Iterator[Record]:
    """Entries that are all there, proven by the chain: SQLite itself does not notice a body that
    was changed. Raises BrokenChainError."""
    if first > last:
        return
    previous = digest_after(db, room, first - 1)
    seq = first
    with closing(db.execute(_READ, (room.place(first), room.place(last)))) as rows:
        for digest, instance, n, body in rows:
            if previous is None or type(body) is not bytes or chained(previous, body) != digest:
                break
            yield Record(seq, digest, instance, n, body)
            previous = digest
            seq += 1
    if seq <= last:
        raise BrokenChainError


def counter(db: sqlite3.Connection, room: Room, instance: bytes) -> tuple[int, int]:
    """An instance's newest n, 0 for none, and when it was last touched."""
    row: tuple[int, int] | None = db.execute(
        "SELECT n, touched FROM counter WHERE room = ? AND instance = ?", (room.id, instance)
    ).fetchone()
    return row or (0, 0)


def touch(
    db: sqlite3.Connection, room: Room, counters: Iterable[tuple[bytes, int]], now: int
) -> None:
    """Sets each instance's newest n."""
    db.executemany(_COUNT, [(room.id, instance, n, now) for instance, n in counters])


def sweep(
    db: sqlite3.Connection, after: tuple[int, bytes], count: int, oldest: int
) -> tuple[int, bytes]:
    """Forgets those of the next `count` counters that were last touched before `oldest`. Returns
    where to go on: at the end, from the beginning."""
    rows = db.execute(_COUNTERS, (*after, count)).fetchall()
    old = [(room, instance) for room, instance, touched in rows if touched < oldest]
    db.executemany("DELETE FROM counter WHERE room = ? AND instance = ?", old)
    return rows[-1][:2] if len(rows) == count else FIRST_COUNTER


def next_records(room: Room, drafts: Sequence[Draft], newest: dict[bytes, int]) -> list[Record]:
    """The drafts whose turn it is, as the room's next records. `newest` has each instance's newest
    n, before and afterwards."""
    seq, digest = room.head
    records: list[Record] = []
    for draft in drafts:
        instance, n, body = draft.instance, draft.n, draft.body
        if n == newest[instance] + 1:
            seq += 1
            digest = chained(digest, body)
            records.append(Record(seq, digest, instance, n, body))
            newest[instance] = n
    return records


def grown(room: Room, records: list[Record], now: int) -> Room:
    """The room with these records at its end, which `add` writes."""
    if not records:
        return room
    head = Point(records[-1].seq, records[-1].digest)
    oldest = now if room.oldest is None else room.oldest
    return Room(room.id, room.origin, room.floor, room.before, head, oldest)


def add(db: sqlite3.Connection, added: list[tuple[Room, list[Record]]], now: int) -> None:
    """Writes new records of several rooms, each as it is with them. Three statements, because each
    costs as much as two of its rows."""
    db.executemany(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                room.place(each.seq),
                _blob(each.digest),
                _blob(each.instance),
                each.n,
                now,
                _blob(each.body),
            )
            for room, records in added
            for each in records
        ],
    )
    newest = {(room.id, each.instance): each.n for room, records in added for each in records}
    db.executemany(_COUNT, [(room, _blob(who), n, now) for (room, who), n in newest.items()])
    db.executemany(
        "UPDATE room SET head = ?, digest = ? WHERE id = ?",
        [(room.head.seq, _blob(room.head.digest), room.id) for room, _ in added],
    )


def times(db: sqlite3.Connection, room: Room, first: int, last: int) -> Iterator[int]:
    """When the entries from `first` to `last` were stored."""
    rows = db.execute(
        "SELECT time FROM entry WHERE place BETWEEN ? AND ? ORDER BY place",
        (room.place(first), room.place(last)),
    )
    with closing(rows):
        for (time,) in rows:
            yield time


def trim(db: sqlite3.Connection, room: Room, count: int) -> Room:
    """The room without its oldest `count` entries, of which there must be as many."""
    if count <= 0:
        return room
    floor = room.floor + count
    before = digest_after(db, room, floor - 1)
    if before is None:
        raise BrokenChainError
    db.execute(
        "DELETE FROM entry WHERE place BETWEEN ? AND ?",
        (room.place(room.floor), room.place(floor - 1)),
    )
    db.execute("UPDATE room SET floor = ?, before = ? WHERE id = ?", (floor, before, room.id))
    oldest = next(times(db, room, floor, floor), None)
    return room._replace(floor=floor, before=before, oldest=oldest)
