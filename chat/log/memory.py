"""A store that lives as long as its process: for tests, demos, and rooms that are to be forgotten."""

from collections.abc import Callable, Iterable, Sequence

from chat.core.types import (
    DIGEST_SIZE,
    Draft,
    Extract,
    Point,
    Range,
    Record,
    Run,
    Snapshot,
    chained,
)

from .api import CHUNK, COUNTER_LIFE, RETENTION, STEP, Log, Retention, within


class _Room:
    def __init__(self, origin: bytes) -> None:
        self.origin = origin
        self.records: list[Record] = []
        self.times: list[int] = []
        self.floor = 1
        self.before_floor = origin
        """The chained digest before the entry `floor`."""
        self.counters: dict[bytes, tuple[int, int]] = {}
        """Of each instance its newest n and when it was last used; the longest unused first."""

    @property
    def head(self) -> Point:
        if self.records:
            return Point(self.records[-1].seq, self.records[-1].digest)
        return Point(self.floor - 1, self.before_floor)

    def digest(self, seq: int) -> bytes | None:
        """The chained digest after entry `seq`, where it is known."""
        if seq == 0:
            return self.origin
        if seq == self.floor - 1:
            return self.before_floor
        index = seq - self.floor
        return self.records[index].digest if 0 <= index < len(self.records) else None

    def visited(self, instance: bytes, now: int) -> int:
        """Its newest n, which is remembered for longer now."""
        n, _ = self.counters.get(instance, (0, 0))
        if n:
            self.count(instance, n, now)
        return n

    def count(self, instance: bytes, n: int, now: int) -> None:
        self.counters.pop(instance, None)
        self.counters[instance] = n, now
        while (oldest := next(iter(self.counters.items())))[1][1] < now - COUNTER_LIFE:
            del self.counters[oldest[0]]

    def trim(self, before: int) -> None:
        count = min(before - self.floor, len(self.records))
        if count > 0:
            self.before_floor = self.records[count - 1].digest
            self.floor += count
            del self.records[:count], self.times[:count]


class MemoryLog(Log):
    """`random(n)` gives n bytes; `wall()` milliseconds since 1970."""

    def __init__(
        self,
        *,
        random: Callable[[int], bytes],
        wall: Callable[[], int],
        retention: Retention = RETENTION,
    ) -> None:
        self._random = random
        self._wall = wall
        self._retention = retention
        self._rooms: dict[str, _Room] = {}
        self._followed: dict[str, int] = {}
        """By room, the newest seq that was said."""

    def append(self, appends: Sequence[tuple[str, Sequence[Draft]]]) -> list[dict[bytes, int]]:
        now = self._wall()
        return [self._append(self._room(name), name, drafts, now) for name, drafts in appends]

    def open(self, room: str, instance: bytes, points: Iterable[Point]) -> Snapshot:
        log = self._room(room)
        self._retain(log, room, self._wall(), 0)
        return Snapshot(
            floor=log.floor,
            head=log.head,
            origin=log.origin,
            last_n=log.visited(instance, self._wall()),
            matched=next((p.seq for p in points if log.digest(p.seq) == p.digest), None),
            tail=log.records[-1].body if log.records else b"",
        )

    def fetch(self, room: str, ranges: Sequence[Range], budget: int) -> Extract:
        log = self._room(room)
        runs: list[Run] = []
        taken = 0
        for wanted in ranges:
            first = max(wanted.first, log.floor)
            found = log.records[first - log.floor : max(0, wanted.last + 1 - log.floor)]
            records = tuple(within(found, taken, budget))
            if records:
                runs.append(Run(log.digest(first - 1) or bytes(DIGEST_SIZE), records))
                taken += sum(len(record.body) for record in records)
            if len(records) < len(found):
                break
        return Extract(log.floor, log.head, tuple(runs))

    def follow(self, room: str, after: int) -> None:
        self._followed[room] = after

    def unfollow(self, room: str) -> None:
        self._followed.pop(room, None)

    def news(self) -> list[tuple[str, tuple[Record, ...]]]:
        found = []
        for name, said in self._followed.items():
            log = self._rooms.get(name)
            start = max(0, said + 1 - log.floor) if log else 0
            records = tuple(log.records[start : start + CHUNK]) if log else ()
            if records:
                self._followed[name] = records[-1].seq
                found.append((name, records))
        return found

    def trim(self, room: str, before: int) -> None:
        log = self._rooms.get(room)
        if log is not None:
            log.trim(before)

    def close(self) -> None:
        pass

    def _room(self, name: str) -> _Room:
        log = self._rooms.get(name)
        if log is None:
            log = self._rooms[name] = _Room(self._random(DIGEST_SIZE))
        return log

    def _append(self, log: _Room, name: str, drafts: Sequence[Draft], now: int) -> dict[bytes, int]:
        before = log.head.seq
        result: dict[bytes, int] = {}
        for draft in drafts:
            instance, n, body = draft.instance, draft.n, draft.body
            last, _ = log.counters.get(instance, (0, 0))
            if n == last + 1:
                seq, digest = log.head
                log.records.append(Record(seq + 1, chained(digest, body), instance, n, body))
                log.times.append(now)
                log.count(instance, n, now)
                last = n
            result[instance] = last
        self._retain(log, name, now, log.head.seq - before)
        return result

    def _retain(self, log: _Room, name: str, now: int, added: int) -> None:
        unsaid = self._followed.get(name, log.head.seq) + 1
        most = min(STEP + added, len(log.records), max(0, unsaid - log.floor))
        oldest = self._retention.oldest(name, now)
        gone = min(self._retention.excess(name, len(log.records)), most)
        while gone < most and log.times[gone] < oldest:
            gone += 1
        log.trim(log.floor + gone)
