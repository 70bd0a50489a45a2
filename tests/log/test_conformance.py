"""Every sentence of `chat.log.api.Log`, for every store; and the stores against each other."""

import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chat.core.types import REGISTRY, Draft, Extract, Point, Range, Record, Run, Snapshot, chained
from chat.log.api import CHUNK, RETENTION, STEP, Log, LogError, Retention
from chat.log.memory import MemoryLog
from chat.log.sqlite import SqliteLog

A, B, C = b"aaaaaaaa", b"bbbbbbbb", b"cccccccc"
HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_700_000_000_000
PLENTY = 1 << 40

Make = Callable[..., Log]


class Wall:
    """A wall clock that stands still until it is moved; milliseconds."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path, wall: Wall) -> Iterator[Make]:
    """Makes empty logs, of which equal seeds make equal origins."""
    logs: list[Log] = []

    def make(retention: Retention = RETENTION, seed: int = 0) -> Log:
        source = random.Random(seed)
        if request.param == "memory":
            log: Log = MemoryLog(random=source.randbytes, wall=wall, retention=retention)
        else:
            folder = tmp_path / str(len(logs))
            log = SqliteLog(folder, random=source.randbytes, wall=wall, retention=retention)
        logs.append(log)
        return log

    yield make
    for log in logs:
        log.close()


@pytest.fixture
def log(make: Make) -> Log:
    return make()


def drafts(instance: bytes, first: int, last: int, size: int = 10) -> list[Draft]:
    """One author's drafts, no two of equal bodies."""
    return [
        Draft(instance, n, instance[:1] + str(n).encode().zfill(size - 1))
        for n in range(first, last + 1)
    ]


def everything(log: Log, room: str) -> tuple[Record, ...]:
    runs = log.fetch(room, [Range(1, PLENTY)], PLENTY).runs
    return runs[0].records if runs else ()


def bodies(log: Log, room: str) -> list[bytes]:
    return [record.body for record in everything(log, room)]


def look(log: Log, room: str, instance: bytes = A, points: Sequence[Point] = ()) -> Snapshot:
    return log.open(room, instance, points)


def all_news(log: Log) -> dict[str, list[Record]]:
    """Asks until there is no more, and checks that each answer has something."""
    said: dict[str, list[Record]] = {}
    while found := log.news():
        for room, records in found:
            assert records
            said.setdefault(room, []).extend(records)
    return said


class TestAppend:
    def test_takes_each_author_in_order(self, log: Log) -> None:
        assert log.append([("r", [*drafts(A, 1, 2), *drafts(B, 1, 1), *drafts(A, 3, 3)])]) == [
            {A: 3, B: 1}
        ]
        taken = [(record.seq, record.instance, record.n) for record in everything(log, "r")]
        assert taken == [(1, A, 1), (2, A, 2), (3, B, 1), (4, A, 3)]

    def test_gives_back_what_it_was_given(self, log: Log) -> None:
        every_byte = bytes(range(256)) * 5
        log.append([("r", [Draft(A, 1, every_byte), Draft(b"\0" * 8, 1, b"\0")])])
        assert bodies(log, "r") == [every_byte, b"\0"]
        assert everything(log, "r")[1].instance == b"\0" * 8

    def test_passes_over_what_it_has(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 3))])
        assert log.append([("r", drafts(A, 1, 3))]) == [{A: 3}]
        assert log.append([("r", [Draft(A, 2, b"other")])]) == [{A: 3}]
        assert bodies(log, "r") == [draft.body for draft in drafts(A, 1, 3)]

    def test_passes_over_what_comes_after_a_gap(self, log: Log) -> None:
        assert log.append([("r", drafts(A, 2, 3))]) == [{A: 0}]
        assert everything(log, "r") == ()
        log.append([("r", drafts(A, 1, 1))])
        assert log.append([("r", drafts(A, 3, 3))]) == [{A: 1}]
        assert len(everything(log, "r")) == 1

    def test_counts_within_a_batch(self, log: Log) -> None:
        batch = [Draft(A, n, bytes((n,))) for n in (2, 1, 1, 2, 4, 3, 2, 4)]
        assert log.append([("r", batch)]) == [{A: 4}]
        assert bodies(log, "r") == [b"\1", b"\2", b"\3", b"\4"]

    def test_an_n_below_one_is_never_next(self, log: Log) -> None:
        assert log.append([("r", [Draft(A, 0, b"x"), Draft(A, -1, b"x")])]) == [{A: 0}]
        assert everything(log, "r") == ()

    def test_counts_apart_for_each_author_and_room(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 5)), ("s", drafts(B, 1, 2))])
        assert log.append([("r", drafts(B, 1, 1)), ("s", drafts(A, 2, 2))]) == [{B: 1}, {A: 0}]
        assert [look(log, room, who).last_n for room in "rs" for who in (A, B, C)] == [
            5, 1, 0, 0, 2, 0,
        ]  # fmt: skip

    def test_takes_many_rooms_and_answers_in_their_order(self, log: Log) -> None:
        appends = [
            ("r", drafts(A, 1, 1)),
            ("s", []),
            ("t", drafts(A, 2, 2)),
            ("u", drafts(B, 1, 3)),
        ]
        assert log.append(appends) == [{A: 1}, {}, {A: 0}, {B: 3}]
        assert [len(everything(log, room)) for room in "rstu"] == [1, 0, 0, 3]
        assert log.append([]) == []

    def test_takes_one_room_twice(self, log: Log) -> None:
        log.follow("r", 0)
        appends = [("r", drafts(A, 1, 2)), ("s", drafts(B, 1, 1)), ("r", drafts(A, 2, 4))]
        assert log.append(appends) == [{A: 2}, {B: 1}, {A: 4}]
        assert [record.n for record in everything(log, "r")] == [1, 2, 3, 4]
        assert [record.n for record in all_news(log)["r"]] == [1, 2, 3, 4]
        assert look(log, "r").head.seq == 4

    def test_chains_digests_from_the_origin(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 3))])
        log.append([("r", drafts(B, 1, 2))])
        digest = look(log, "r").origin
        for seq, record in enumerate(everything(log, "r"), 1):
            digest = chained(digest, record.body)
            assert (record.seq, record.digest) == (seq, digest)
        assert look(log, "r").head == Point(5, digest)

    @pytest.mark.parametrize("use", ["append", "open"])
    def test_remembers_an_author_for_a_day(self, log: Log, wall: Wall, use: str) -> None:
        """Whatever else happens: many others come and grow old meanwhile."""
        log.append([("r", drafts(A, 1, 2))])
        if use == "open":
            for _ in range(20):
                wall.now += DAY - 1
                look(log, "r")
                newcomers(log, wall.now)
        wall.now += DAY
        newcomers(log, wall.now)
        assert look(log, "r").last_n == 2
        assert log.append([("r", drafts(A, 1, 3))]) == [{A: 3}]

    def test_an_origin_is_drawn_once_even_by_a_refused_append(self, log: Log) -> None:
        log.append([("r", drafts(A, 7, 7))])
        assert look(log, "r").origin == look(log, "r").origin == look(log, "r").head.digest


def newcomers(log: Log, salt: int) -> None:
    """Enough new authors to make a store look through all the old ones it has."""
    names = [(salt * 1000 + each).to_bytes(8, "big") for each in range(50)]
    log.append([("r", [Draft(name, 1, name) for name in names])])


class TestOpen:
    def test_of_a_room_that_was_never_written_to(self, log: Log) -> None:
        snapshot = look(log, "r")
        assert len(snapshot.origin) == 8
        assert snapshot == Snapshot(1, Point(0, snapshot.origin), snapshot.origin, 0, None, b"")

    def test_the_origin_is_there_from_the_first_look_on(self, log: Log) -> None:
        origin = look(log, "r").origin
        assert look(log, "r").origin == origin
        assert log.fetch("r", [], 0).head == Point(0, origin)
        log.append([("r", drafts(A, 1, 1))])
        assert look(log, "r").origin == origin
        assert everything(log, "r")[0].digest == chained(origin, drafts(A, 1, 1)[0].body)

    def test_a_fetch_may_be_the_first_look(self, log: Log) -> None:
        assert log.fetch("r", [Range(1, 9)], 9).head == Point(0, look(log, "r").origin)

    def test_origins_differ(self, make: Make) -> None:
        log, other = make(seed=1), make(seed=2)
        assert len({look(each, room).origin for each in (log, other) for room in "rst"}) == 6

    def test_is_one_look(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 3))])
        records = everything(log, "r")
        assert look(log, "r", A, [Point(2, records[1].digest)]) == Snapshot(
            floor=1,
            head=Point(3, records[2].digest),
            origin=look(log, "r").origin,
            last_n=3,
            matched=2,
            tail=records[2].body,
        )

    def test_the_first_point_on_the_chain_matches(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 20))])
        chain = [Point(record.seq, record.digest) for record in everything(log, "r")]
        origin = Point(0, look(log, "r").origin)
        wrong = Point(19, b"another!")
        beyond = Point(21, chain[-1].digest)
        for points, matched in (
            ([chain[19]], 20),
            ([wrong, chain[17], chain[15]], 18),
            ([beyond, chain[0]], 1),
            ([wrong, beyond, origin], 0),
            ([origin, chain[3]], 0),
            ([wrong, beyond], None),
            ([Point(3, chain[3].digest)], None),
            ([Point(0, b"another!")], None),
            ([Point(-1, origin.digest), Point(1 << 70, origin.digest)], None),
            ([], None),
        ):
            assert look(log, "r", A, points).matched == matched
            assert log.open("r", A, iter(points)).matched == matched

    def test_finds_where_two_logs_part(self, make: Make) -> None:
        """A log that lost its tail and went on differently, as its client finds out."""
        kept, lost = make(), make()
        for log in (kept, lost):
            log.append([("r", drafts(A, 1, 40))])
        kept.append([("r", drafts(A, 41, 50))])
        lost.append([("r", drafts(B, 1, 30))])
        chain = {record.seq: record.digest for record in everything(kept, "r")}
        chain[0] = look(kept, "r").origin
        seqs = [50, *(max(0, 50 - (1 << step)) for step in range(7))]
        assert look(lost, "r", A, [Point(seq, chain[seq]) for seq in seqs]).matched == 34

    def test_below_the_floor_only_its_edge_and_the_origin_are_known(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 10))])
        origin = Point(0, look(log, "r").origin)
        chain = [origin, *(Point(record.seq, record.digest) for record in everything(log, "r"))]
        log.trim("r", 6)
        assert [point.seq for point in chain if look(log, "r", A, [point]).matched is not None] == [
            0, 5, 6, 7, 8, 9, 10,
        ]  # fmt: skip

    def test_the_tail_is_the_newest_body(self, log: Log) -> None:
        for n in range(1, 4):
            log.append([("r", drafts(A, n, n))])
            assert look(log, "r").tail == drafts(A, n, n)[0].body


class TestFetch:
    @pytest.fixture
    def log(self, log: Log) -> Log:
        """Twenty entries of ten bytes."""
        log.append([("r", drafts(A, 1, 20))])
        return log

    def seqs(self, extract: Extract) -> list[list[int]]:
        return [[record.seq for record in run.records] for run in extract.runs]

    @pytest.mark.parametrize(
        ("ranges", "found"),
        [
            ([(1, 3)], [[1, 2, 3]]),
            ([(7, 7)], [[7]]),
            ([(18, 99)], [[18, 19, 20]]),
            ([(-5, 2)], [[1, 2]]),
            ([(0, 0)], []),
            ([(21, 30)], []),
            ([(5, 4)], []),
            ([(1 << 70, 1 << 71)], []),
            ([(19, 1 << 80)], [[19, 20]]),
            ([(9, 10), (2, 3)], [[9, 10], [2, 3]]),
            ([(2, 4), (3, 5)], [[2, 3, 4], [3, 4, 5]]),
            ([(30, 40), (5, 4), (6, 6)], [[6]]),
            ([], []),
        ],
    )
    def test_ranges_in_their_order(
        self, log: Log, ranges: list[tuple[int, int]], found: list[list[int]]
    ) -> None:
        extract = log.fetch("r", [Range(*each) for each in ranges], PLENTY)
        assert self.seqs(extract) == found

    @pytest.mark.parametrize(
        ("budget", "found"),
        [
            (60, [[1, 2, 3], [11, 12, 13]]),
            (59, [[1, 2, 3], [11, 12]]),
            (40, [[1, 2, 3], [11]]),
            (39, [[1, 2, 3]]),
            (30, [[1, 2, 3]]),
            (29, [[1, 2]]),
            (10, [[1]]),
            (9, [[1]]),
            (0, [[1]]),
        ],
    )
    def test_until_the_budget_is_spent(self, log: Log, budget: int, found: list[list[int]]) -> None:
        extract = log.fetch("r", [Range(1, 3), Range(11, 13)], budget)
        assert self.seqs(extract) == found

    def test_the_one_that_always_comes_may_be_in_any_range(self, log: Log) -> None:
        extract = log.fetch("r", [Range(30, 40), Range(4, 5), Range(1, 1)], 3)
        assert self.seqs(extract) == [[4]]

    def test_what_a_small_entry_leaves_is_not_for_a_later_range(self, log: Log) -> None:
        """It stops at the first one that does not fit: what comes is in the order asked for."""
        log.append([("s", [Draft(A, 1, b"xx"), Draft(A, 2, b"x" * 9), Draft(A, 3, b"x")])])
        assert self.seqs(log.fetch("s", [Range(1, 2), Range(3, 3)], 10)) == [[1]]

    def test_a_run_has_the_digest_before_it(self, log: Log) -> None:
        chain = [look(log, "r").origin, *(record.digest for record in everything(log, "r"))]
        extract = log.fetch("r", [Range(5, 7), Range(1, 2)], PLENTY)
        assert [run.previous for run in extract.runs] == [chain[4], chain[0]]
        for previous, records in extract.runs:
            for record in records:
                previous = chained(previous, record.body)
                assert record.digest == previous

    def test_names_floor_and_head(self, log: Log) -> None:
        log.trim("r", 8)
        extract = log.fetch("r", [Range(1, 9)], PLENTY)
        snapshot = look(log, "r")
        assert (extract.floor, extract.head) == (8, snapshot.head)
        assert self.seqs(extract) == [[8, 9]]

    def test_empty_bodies_cost_nothing_and_break_nothing(self, log: Log) -> None:
        log.append([("s", [Draft(A, n, b"" if n % 3 else b"x" * n) for n in range(1, 13)])])
        assert len(bodies(log, "s")) == 12
        assert self.seqs(log.fetch("s", [Range(1, 12)], 0)) == [[1, 2, 3]]
        wanted = [Range(1, 2), Range(4, 10)]
        assert self.seqs(log.fetch("s", wanted, 14)) == [[1, 2], [4, 5, 6, 7, 8]]
        assert self.seqs(log.fetch("s", wanted, 15)) == [[1, 2], [4, 5, 6, 7, 8, 9, 10]]
        assert look(log, "s").tail == b"x" * 12
        log.append([("s", [Draft(A, 13, b"")])])
        assert look(log, "s").tail == b""

    def test_of_a_room_that_was_never_written_to(self, log: Log) -> None:
        extract = log.fetch("s", [Range(1, 9)], 100)
        assert extract == Extract(1, Point(0, look(log, "s").origin), ())


class TestNews:
    def test_says_each_entry_once_and_in_order(self, log: Log) -> None:
        log.follow("r", 0)
        log.append([("r", drafts(A, 1, 2))])
        log.append([("r", drafts(B, 1, 2))])
        assert log.news() == [("r", everything(log, "r"))]
        assert log.news() == []
        log.append([("r", drafts(A, 3, 3))])
        assert log.news() == [("r", everything(log, "r")[4:])]
        assert log.news() == []

    def test_says_nothing_of_what_was_passed_over(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 2))])
        log.follow("r", 2)
        log.append([("r", [*drafts(A, 1, 2), *drafts(A, 4, 4)])])
        assert log.news() == []

    def test_says_nothing_of_other_rooms(self, log: Log) -> None:
        log.follow("r", 0)
        log.append([("s", drafts(A, 1, 2))])
        assert log.news() == []

    @pytest.mark.parametrize("after", [0, 1, 4, 5])
    def test_begins_in_the_past(self, log: Log, after: int) -> None:
        log.append([("r", drafts(A, 1, 5))])
        log.follow("r", after)
        log.append([("r", drafts(A, 6, 7))])
        assert all_news(log) == {"r": list(everything(log, "r")[after:])}

    def test_begins_in_the_future(self, log: Log) -> None:
        log.follow("r", 3)
        log.append([("r", drafts(A, 1, 2))])
        assert log.news() == []
        log.append([("r", drafts(A, 3, 5))])
        log.append([("r", drafts(A, 6, 6))])
        assert [record.seq for record in all_news(log)["r"]] == [4, 5, 6]

    def test_a_long_backlog_comes_in_parts(self, log: Log) -> None:
        total = 2 * CHUNK + 17
        log.append([("r", drafts(A, 1, total))])
        log.follow("r", 3)
        sizes = []
        said: list[Record] = []
        while found := log.news():
            records = found[0][1]
            sizes.append(len(records))
            said += records
            if len(sizes) == 1:
                log.append([("r", drafts(B, 1, 5))])
        assert tuple(said) == everything(log, "r")[3:]
        assert max(sizes) <= CHUNK

    def test_a_long_backlog_does_not_hide_another_room(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 3 * CHUNK))])
        log.follow("r", 0)
        log.follow("s", 0)
        log.append([("s", drafts(A, 1, 2))])
        assert {room: len(records) for room, records in all_news(log).items()} == {
            "r": 3 * CHUNK,
            "s": 2,
        }

    def test_many_appends_before_it_is_asked(self, log: Log) -> None:
        """More than anybody wants to keep in memory."""
        log.follow("r", 0)
        log.follow("s", 0)
        for n in range(1, 8 * CHUNK, 100):
            log.append([("r", drafts(A, n, n + 99)), ("s", drafts(B, n, n))])
        said = all_news(log)
        assert tuple(said["r"]) == everything(log, "r")
        assert tuple(said["s"]) == everything(log, "s")
        log.append([("r", drafts(B, 1, 1))])
        assert [record.instance for record in all_news(log)["r"]] == [B]

    def test_unfollow_says_no_more(self, log: Log) -> None:
        log.follow("r", 0)
        log.append([("r", drafts(A, 1, 2))])
        log.unfollow("r")
        log.unfollow("never followed")
        assert log.news() == []
        log.append([("r", drafts(A, 3, 3))])
        assert log.news() == []
        log.follow("r", 3)
        assert log.news() == []
        log.append([("r", drafts(A, 4, 4))])
        assert [record.n for record in all_news(log)["r"]] == [4]

    def test_to_follow_again_is_to_begin_again(self, log: Log) -> None:
        log.follow("r", 0)
        log.append([("r", drafts(A, 1, 4))])
        log.news()
        log.append([("r", drafts(A, 5, 5))])
        log.follow("r", 2)
        assert [record.n for record in all_news(log)["r"]] == [3, 4, 5]
        log.append([("r", drafts(A, 6, 6))])
        log.follow("r", 6)
        assert log.news() == []

    def test_begins_at_the_floor_where_the_past_is_gone(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 9))])
        log.trim("r", 6)
        log.follow("r", 2)
        assert [record.seq for record in all_news(log)["r"]] == [6, 7, 8, 9]

    def test_what_is_trimmed_before_it_was_said_is_not_said(self, log: Log) -> None:
        log.follow("r", 0)
        log.append([("r", drafts(A, 1, 9))])
        log.trim("r", 6)
        log.append([("r", drafts(A, 10, 10))])
        assert [record.seq for record in all_news(log)["r"]] == [6, 7, 8, 9, 10]
        log.append([("r", drafts(A, 11, 12))])
        log.trim("r", 99)
        assert log.news() == []


class TestTrim:
    def test_forgets_what_is_before(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 9))])
        before = everything(log, "r")
        log.trim("r", 4)
        assert everything(log, "r") == before[3:]
        assert look(log, "r").floor == 4
        runs = log.fetch("r", [Range(1, 4)], PLENTY).runs
        assert runs == (Run(before[2].digest, before[3:4]),)

    def test_leaves_the_rest_as_it_is(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 9)), ("s", drafts(A, 1, 3))])
        snapshot = look(log, "r")
        log.trim("r", 4)
        assert look(log, "r") == snapshot._replace(floor=4)
        assert len(everything(log, "s")) == 3

    @pytest.mark.parametrize("before", [10, 11, 1 << 70])
    def test_never_forgets_its_place_in_the_chain(self, log: Log, before: int) -> None:
        log.append([("r", drafts(A, 1, 9))])
        head = look(log, "r").head
        log.trim("r", before)
        snapshot = look(log, "r", A, [head])
        assert snapshot == Snapshot(10, head, snapshot.origin, 9, 9, b"")
        log.append([("r", drafts(A, 10, 10))])
        assert everything(log, "r") == (
            Record(10, chained(head.digest, drafts(A, 10, 10)[0].body), A, 10, bodies(log, "r")[0]),
        )

    def test_to_what_is_gone_or_never_was_changes_nothing(self, log: Log) -> None:
        log.append([("r", drafts(A, 1, 9))])
        log.trim("r", 4)
        snapshot = look(log, "r")
        for before in (4, 3, 1, 0, -7):
            log.trim("r", before)
            assert look(log, "r") == snapshot
        log.trim("never", 5)
        assert look(log, "never").floor == 1


class TestRetention:
    def test_keeps_the_newest(self, make: Make) -> None:
        log = make(Retention(entries=64))
        log.append([("r", drafts(A, 1, 65))])
        assert look(log, "r").floor == 1
        log.append([("r", drafts(A, 66, 66))])
        assert (look(log, "r").floor, len(everything(log, "r"))) == (3, 64)

    def test_counts_each_room_apart(self, make: Make) -> None:
        log = make(Retention(entries=10))
        log.append([("r", drafts(A, 1, 30)), ("s", drafts(A, 1, 10))])
        assert (look(log, "r").floor, look(log, "s").floor) == (21, 1)

    def test_what_is_kept_is_chained_on(self, make: Make) -> None:
        log = make(Retention(entries=10))
        whole = make(Retention(entries=100))
        for each in (log, whole):
            for n in range(1, 51):
                each.append([("r", drafts(A, n, n))])
        assert everything(log, "r") == everything(whole, "r")[-10:]
        assert look(log, "r") == look(whole, "r")._replace(floor=41)

    @pytest.mark.parametrize("occasion", ["append", "open"])
    def test_forgets_the_old(self, make: Make, wall: Wall, occasion: str) -> None:
        log = make(Retention(days=1.0))
        log.append([("r", drafts(A, 1, 5))])
        wall.now += DAY // 2
        log.append([("r", drafts(A, 6, 8))])
        wall.now += DAY // 2
        assert look(log, "r").floor == 1
        wall.now += 1
        if occasion == "append":
            log.append([("r", drafts(A, 9, 9))])
        assert look(log, "r").floor == 6
        wall.now += DAY + 1
        assert look(log, "r").floor == (10 if occasion == "append" else 9)
        assert look(log, "r").last_n == (9 if occasion == "append" else 8)

    def test_what_is_just_old_enough_to_stay_stays(self, make: Make, wall: Wall) -> None:
        log = make(Retention(days=1.0))
        for n in (1, 2, 3):
            log.append([("r", drafts(A, n, n))])
            wall.now += 1
        wall.now = START + DAY + 1
        assert look(log, "r").floor == 2

    def test_of_what_was_stored_in_order(self, make: Make, wall: Wall) -> None:
        """A wall clock that was set back makes no hole: an entry goes after those before it."""
        log = make(Retention(days=1.0))
        for n, hour in enumerate((0, 10, -30, -30), 1):
            wall.now = START + hour * HOUR
            log.append([("r", drafts(A, n, n))])
        wall.now = START + 25 * HOUR
        assert [record.seq for record in everything(log, "r")] == [1, 2, 3, 4]
        assert look(log, "r").floor == 2
        wall.now = START + 34 * HOUR
        assert look(log, "r").floor == 2
        wall.now += HOUR
        assert look(log, "r").floor == 5

    def test_both_bounds_hold(self, make: Make, wall: Wall) -> None:
        log = make(Retention(entries=20, days=1.0))
        log.append([("r", drafts(A, 1, 8))])
        wall.now += 2 * DAY
        log.append([("r", drafts(A, 9, 12))])
        assert look(log, "r").floor == 9
        log.append([("r", drafts(A, 13, 40))])
        assert look(log, "r").floor == 21

    def test_takes_a_step_at_a_time(self, make: Make, wall: Wall) -> None:
        log = make(Retention(days=1.0))
        log.append([("r", drafts(A, 1, 3 * STEP))])
        wall.now += 2 * DAY
        assert look(log, "r").floor == STEP + 1
        log.append([("r", drafts(B, 1, 7))])
        assert log.fetch("r", [], 0).floor == 2 * STEP + 7 + 1
        assert look(log, "r").floor == 3 * STEP + 1
        assert len(everything(log, "r")) == 7

    def test_keeps_up_with_whoever_appends_more_than_a_step(self, make: Make) -> None:
        log = make(Retention(entries=100))
        for n in range(1, 20 * STEP, 3 * STEP):
            log.append([("r", drafts(A, n, n + 3 * STEP - 1))])
        for _ in range(4):
            look(log, "r")
        assert len(everything(log, "r")) <= 101

    def test_leaves_what_was_not_said_yet(self, make: Make, wall: Wall) -> None:
        log = make(Retention(entries=10, days=1.0))
        log.append([("r", drafts(A, 1, 10))])
        log.follow("r", 4)
        log.append([("r", drafts(A, 11, 50))])
        assert look(log, "r").floor == 5
        wall.now += 2 * DAY
        assert look(log, "r").floor == 5
        assert [record.seq for record in all_news(log)["r"]] == list(range(5, 51))
        assert look(log, "r").floor == 51

    def test_exempts_the_registry(self, make: Make, wall: Wall) -> None:
        log = make(Retention(entries=10, days=1.0))
        log.append([(REGISTRY, drafts(A, 1, 50))])
        wall.now += 100 * DAY
        log.append([(REGISTRY, drafts(A, 51, 60))])
        assert look(log, REGISTRY).floor == 1
        log.trim(REGISTRY, 60)
        assert look(log, REGISTRY).floor == 60


NAMES = [
    "lobby", "Lobby", "LOBBY", "lobby ", "", " ", "\u00e9", "e\u0301", "\u65e5\u672c\u8a9e", "\U0001f98a", "a\0b", "a\0c",
    "'; DROP TABLE room; --", "%", "_", "[a-z]*", "\u202e", "x" * 2000, REGISTRY,
]  # fmt: skip


def test_a_room_is_its_name_and_no_other(log: Log) -> None:
    for index, name in enumerate(NAMES):
        log.follow(name, 0)
        log.append([(name, drafts(A, 1, index + 1))])
    assert {room: len(records) for room, records in all_news(log).items()} == {
        name: index + 1 for index, name in enumerate(NAMES)
    }
    assert [look(log, name).last_n for name in NAMES] == [*range(1, len(NAMES) + 1)]
    assert len({look(log, name).origin for name in NAMES}) == len(NAMES)


def test_instances_are_opaque(log: Log) -> None:
    odd = [b"", b"\0", b"\0\0", b"a", b"\xff" * 300]
    assert log.append([("r", [Draft(each, 1, each) for each in odd])]) == [dict.fromkeys(odd, 1)]
    assert [record.instance for record in everything(log, "r")] == odd


# The stores against each other

SHARED = Path("/dev/shm")
rooms = st.sampled_from(["r", "s", "t", "\u00e9", REGISTRY])
instances = st.sampled_from([A, B, C])
payload = st.binary(max_size=12)


class Interleavings(RuleBasedStateMachine):
    """Whatever is done, in whatever order, with crashes and failures of the disk between: a
    SqliteLog is seen to be what a MemoryLog is that nothing happens to."""

    @initialize(entries=st.integers(1, 12), minutes=st.sampled_from([1, 10, 600]))
    def begin(self, entries: int, minutes: int) -> None:
        self.wall = Wall()
        self.retention = Retention(entries, minutes / 1440)
        # In memory where there is such a place: what a slow disk does is no question here.
        self.folder = Path(tempfile.mkdtemp(dir=SHARED if SHARED.is_dir() else None))
        self.source = random.Random(1)
        self.memory = MemoryLog(
            random=random.Random(1).randbytes, wall=self.wall, retention=self.retention
        )
        self.sqlite = self.opened()
        self.said: dict[str, int] = {}
        self.next: dict[tuple[str, bytes], int] = {}

    def opened(self) -> SqliteLog:
        return SqliteLog(
            self.folder,
            random=self.source.randbytes,
            wall=self.wall,
            retention=self.retention,
        )

    def teardown(self) -> None:
        if hasattr(self, "sqlite"):
            self.sqlite.close()
            shutil.rmtree(self.folder)

    def appends(self, data: st.DataObject) -> list[tuple[str, list[Draft]]]:
        """Mostly the next n of each, sometimes another."""
        appends = []
        expected = dict(self.next)
        for room in data.draw(st.lists(rooms, max_size=3)):
            batch = []
            for instance, n, body in data.draw(
                st.lists(st.tuples(instances, st.sampled_from([0, 0, 0, -1, 1]), payload))
            ):
                following = expected.get((room, instance), 1) + n
                batch.append(Draft(instance, following, body))
                if n == 0:
                    expected[room, instance] = following + 1
            appends.append((room, batch))
        return appends

    def committed(self, appends: list[tuple[str, list[Draft]]], result: Any) -> None:
        assert result == self.memory.append(appends)
        for (room, _), newest in zip(appends, result, strict=True):
            for instance, n in newest.items():
                self.next[room, instance] = n + 1

    @rule(data=st.data())
    def append(self, data: st.DataObject) -> None:
        appends = self.appends(data)
        self.committed(appends, self.sqlite.append(appends))

    @rule(data=st.data(), steps=st.integers(1, 400))
    def append_that_is_cut_short(self, data: st.DataObject, steps: int) -> None:
        """SQLite is interrupted after some of its steps, wherever that may be but in the commit,
        and stays so even while it rolls back."""
        appends = self.appends(data)
        drawn = self.source.getstate()
        left = steps

        def begins(statement: str) -> None:
            nonlocal left
            if statement == "COMMIT":
                left = sys.maxsize

        def interrupt() -> bool:
            nonlocal left
            left -= 1
            return left <= 0

        database: sqlite3.Connection = self.sqlite._file._db
        database.set_trace_callback(begins)
        database.set_progress_handler(interrupt, 1)
        try:
            result = self.sqlite.append(appends)
        except LogError:
            self.source.setstate(drawn)
        else:
            self.committed(appends, result)
        finally:
            database.set_progress_handler(None, 1)
            database.set_trace_callback(None)

    @rule(room=rooms, instance=instances, data=st.data())
    def open(self, room: str, instance: bytes, data: st.DataObject) -> None:
        records = everything(self.memory, room)
        origin = look(self.memory, room).origin
        assert everything(self.sqlite, room) == records
        points = [Point(0, origin), Point(1, b"wrong..."), Point(len(records) + 2, origin)]
        points += [Point(record.seq, record.digest) for record in records]
        points += [Point(first.seq, second.digest) for first, second in pairwise(records)]
        offered = data.draw(st.lists(st.sampled_from(points), max_size=4))
        assert self.sqlite.open(room, instance, offered) == self.memory.open(
            room, instance, offered
        )

    @rule(
        room=rooms,
        ranges=st.lists(st.builds(Range, st.integers(-2, 40), st.integers(-2, 40)), max_size=4),
        budget=st.integers(0, 200),
    )
    def fetch(self, room: str, ranges: list[Range], budget: int) -> None:
        assert self.sqlite.fetch(room, ranges, budget) == self.memory.fetch(room, ranges, budget)

    @rule(room=rooms, after=st.integers(0, 40))
    def follow(self, room: str, after: int) -> None:
        self.said[room] = after
        self.memory.follow(room, after)
        self.sqlite.follow(room, after)

    @rule(room=rooms)
    def unfollow(self, room: str) -> None:
        self.said.pop(room, None)
        self.memory.unfollow(room)
        self.sqlite.unfollow(room)

    @rule()
    def news(self) -> None:
        said = all_news(self.sqlite)
        assert said == all_news(self.memory)
        self.said.update({room: records[-1].seq for room, records in said.items()})

    @rule(room=rooms, before=st.integers(0, 40))
    def trim(self, room: str, before: int) -> None:
        self.memory.trim(room, before)
        self.sqlite.trim(room, before)

    @rule(seconds=st.integers(0, 300))
    def wait(self, seconds: int) -> None:
        self.wall.now += seconds * 1000

    @rule(softly=st.booleans())
    def restart(self, softly: bool) -> None:
        if softly:
            self.sqlite.close()
        else:
            self.sqlite.kill()
        self.sqlite = self.opened()
        for room, after in self.said.items():
            self.sqlite.follow(room, after)

    @invariant()
    def holds_no_more_than_is_unsaid(self) -> None:
        if hasattr(self, "sqlite"):
            tails = self.sqlite._tails
            assert self.sqlite._held == sum(map(len, tails.values()))
            assert tails.keys() <= self.said.keys()


Interleavings.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestInterleavings = Interleavings.TestCase
