"""What only a store on a disk can get wrong: crashes, full disks, damaged files, two servers."""

import hashlib
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

import chat
from chat.core.types import REGISTRY, Draft, Point, Range, Record
from chat.log.api import (
    COUNTER_LIFE,
    DAY,
    RETENTION,
    STEP,
    DamagedLogError,
    Durability,
    LogError,
    Retention,
)
from chat.log.sqlite import ROOMS_CACHED, TAIL, SqliteLog
from chat.log.sqlite_file import VERSION
from chat.log.sqlite_tables import TABLES

from .test_conformance import (
    PLENTY,
    A,
    B,
    C,
    Wall,
    all_news,
    drafts,
    everything,
    look,
)

Start = Callable[..., SqliteLog]


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def start(folder: Path, wall: Wall) -> Iterator[Start]:
    """Opens the folder; whatever is left open at the end is closed."""
    logs: list[SqliteLog] = []

    def start(
        where: Path = folder,
        retention: Retention = RETENTION,
        durability: Durability = Durability.PROCESS,
    ) -> SqliteLog:
        log = SqliteLog(
            where, random=os.urandom, wall=wall, retention=retention, durability=durability
        )
        logs.append(log)
        return log

    yield start
    for log in logs:
        log.close()


@pytest.fixture
def log(start: Start) -> SqliteLog:
    return start()


def database(log: SqliteLog) -> sqlite3.Connection:
    return log._file._db


def pragma(log: SqliteLog, name: str) -> object:
    return database(log).execute(f"PRAGMA {name}").fetchone()[0]


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the index of the WAL, which SQLite makes anew, and the lock."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if not path.name.endswith(("-shm", ".lock")) and path.stat().st_size
    }


def only_line(caught: pytest.ExceptionInfo[LogError]) -> str:
    line = str(caught.value)
    assert line and "\n" not in line
    return line


class TestDurability:
    def test_a_crash_takes_nothing_that_append_returned_for(self, start: Start) -> None:
        log = start()
        untouched = look(log, "never written").origin
        log.append([("r", drafts(A, 1, 300)), ("s", drafts(B, 1, 2))])
        log.append([("r", drafts(A, 301, 301))])
        log.trim("r", 7)
        before = [(everything(log, room), look(log, room)) for room in "rs"]
        log.kill()
        log = start()
        assert [(everything(log, room), look(log, room)) for room in "rs"] == before
        assert look(log, "never written").origin == untouched
        assert log.append([("r", drafts(A, 300, 302))]) == [{A: 302}]

    def test_kill_writes_nothing(self, folder: Path, log: SqliteLog) -> None:
        log.append([("r", drafts(A, 1, 300))])
        before = contents(folder)
        assert before["log.sqlite3-wal"]
        log.kill()
        assert contents(folder) == before

    def test_close_leaves_one_file(self, folder: Path, start: Start) -> None:
        log = start()
        log.append([("r", drafts(A, 1, 300))])
        log.close()
        assert contents(folder).keys() == {"log.sqlite3"}
        assert len(everything(start(), "r")) == 300

    def test_closing_twice_does_no_harm_and_then_all_is_refused(self, log: SqliteLog) -> None:
        log.append([("r", drafts(A, 1, 1))])
        log.follow("r", 0)
        log.close()
        log.close()
        log.kill()
        for attempt in (
            lambda: log.append([("r", drafts(A, 2, 2))]),
            lambda: look(log, "r"),
            lambda: log.trim("r", 2),
            log.news,
        ):
            with pytest.raises(LogError) as caught:
                attempt()
            assert "closed" in only_line(caught)

    @pytest.mark.parametrize(("durability", "synchronous"), [("process", 1), ("power", 2)])
    def test_writes_as_far_as_it_says(
        self, start: Start, durability: str, synchronous: int
    ) -> None:
        log = start(durability=Durability(durability))
        assert pragma(log, "synchronous") == synchronous
        assert pragma(log, "fullfsync") == (durability == "power")
        assert pragma(log, "journal_mode") == "wal"

    def test_an_append_is_one_transaction(self, log: SqliteLog) -> None:
        statements: list[str] = []
        look(log, "r")
        database(log).set_trace_callback(statements.append)
        log.append([(room, drafts(A, 1, 50)) for room in ("r", "s", "t")])
        counted = Counter(statement.split()[0] for statement in statements)
        assert counted["BEGIN"] == counted["COMMIT"] == 1
        assert statements[0].startswith("BEGIN")
        assert statements[-1] == "COMMIT"

    def test_a_checkpoint_is_made_when_it_is_asked_for(
        self, folder: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chat.log.sqlite.JOURNAL", size := 1 << 18)
        journal = folder / "log.sqlite3-wal"
        n = 1
        while not log.untidy:
            assert journal.stat().st_size <= size
            log.append([("r", drafts(A, n, n + 9, size=900))])
            n += 10
        assert size < journal.stat().st_size < size + (1 << 17)
        log.tidy()
        assert journal.stat().st_size == 0
        assert not log.untidy
        assert look(log, "r").head.seq == n - 1

    def test_a_short_text_writes_little(self, folder: Path, log: SqliteLog) -> None:
        journal = folder / "log.sqlite3-wal"
        log.append([("r", drafts(A, 1, 1))])
        before = journal.stat().st_size
        log.append([("r", drafts(A, 2, 2, size=80))])
        assert journal.stat().st_size - before < 4096, "the pages of an entry, a counter, a room"

    def test_a_file_with_other_pages_is_read(self, tmp_path: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("chat.log.sqlite_file.PAGE", 4096)
            log = SqliteLog(tmp_path / "older", random=bytes, wall=lambda: 0)
        log.append([("r", drafts(A, 1, 5))])
        log.close()
        log = SqliteLog(tmp_path / "older", random=bytes, wall=lambda: 0)
        assert pragma(log, "page_size") == 4096
        log.append([("r", drafts(A, 6, 9))])
        assert look(log, "r").head.seq == 9
        log.close()

    def test_nobody_has_to_ask_for_a_checkpoint(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chat.log.sqlite_file._FORGOTTEN", 1 << 19)
        log = SqliteLog(tmp_path / "forgotten", random=bytes, wall=lambda: 0)
        for n in range(1, 3000, 10):
            log.append([("r", drafts(A, n, n + 9, size=900))])
        assert (tmp_path / "forgotten" / "log.sqlite3-wal").stat().st_size < 1 << 20
        log.close()


CHILD = """
import os, sys, time
from pathlib import Path
from chat.core.types import Draft
from chat.log.sqlite import SqliteLog

log = SqliteLog(Path(sys.argv[1]), random=os.urandom, wall=lambda: time.time_ns() // 1_000_000)
n = log.open("r", b"instance", ()).last_n
while True:
    n += 1
    draft = [Draft(b"instance", n, b"entry %d " % n * (n % 40 + 1))]
    if log.append([("r", draft), ("s", draft)]) != [{b"instance": n}] * 2:
        sys.exit("not taken")
    os.write(1, b"%d\\n" % n)
"""


def test_kill_9_takes_nothing_that_was_acknowledged(folder: Path, start: Start) -> None:
    acknowledged = 0
    for lines in (1, 7, 400, 50, 2000):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(chat.__file__).parents[1])},
        )
        with child:
            assert child.stdout is not None
            try:
                printed = [child.stdout.readline() for _ in range(lines)]
            finally:
                child.send_signal(signal.SIGKILL)
            printed += child.stdout.readlines()
        assert [int(line) for line in printed] == [
            *range(acknowledged + 1, acknowledged + len(printed) + 1)
        ]
        log = start()
        last = look(log, "r", b"instance").last_n
        assert last - acknowledged - len(printed) in (0, 1)
        for room in "rs":
            assert look(log, room, b"instance").last_n == look(log, room).head.seq == last
            assert [(record.seq, record.n, record.body) for record in everything(log, room)] == [
                (n, n, b"entry %d " % n * (n % 40 + 1)) for n in range(1, last + 1)
            ]
        log.kill()
        acknowledged = last


@contextmanager
def full(log: SqliteLog) -> Iterator[None]:
    """The file may not grow any more."""
    pages = pragma(log, "page_count")
    database(log).execute(f"PRAGMA max_page_count = {pages}")
    yield
    database(log).execute("PRAGMA max_page_count = 1000000000")


@contextmanager
def over_quota(log: SqliteLog) -> Iterator[None]:
    """No file of this process may grow: this fails when the transaction is written, not before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(path.stat().st_size for path in log._file.path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(log: SqliteLog) -> Iterator[None]:
    database(log).execute("PRAGMA query_only = ON")
    yield
    database(log).execute("PRAGMA query_only = OFF")


@contextmanager
def in_use(log: SqliteLog) -> Iterator[None]:
    """Another program, which knows nothing of our lock, writes to the file."""
    database(log).execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(log._file.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def moved(log: SqliteLog) -> Iterator[None]:
    """Its folder is elsewhere, and so would be what is written."""
    folder = log._file.path.parent
    folder.rename(folder.with_name("elsewhere"))
    yield
    folder.with_name("elsewhere").rename(folder)


@contextmanager
def replaced(log: SqliteLog) -> Iterator[None]:
    """There is another file in its place."""
    path = log._file.path
    path.rename(path.with_name("elsewhere"))
    path.touch()
    yield
    path.with_name("elsewhere").replace(path)


@contextmanager
def in_doubt(log: SqliteLog, step: int) -> Iterator[None]:
    """Commits are interrupted at one of the moments when SQLite lets them be. At the last one they
    have been ones already."""
    moments: int | None = None

    def begins(statement: str) -> None:
        nonlocal moments
        moments = 0 if statement == "COMMIT" else None

    def interrupt() -> bool:
        nonlocal moments
        if moments is None:
            return False
        moments += 1
        return moments >= step

    database(log).set_trace_callback(begins)
    database(log).set_progress_handler(interrupt, 1)
    try:
        yield
    except LogError as error:
        assert not isinstance(error, DamagedLogError)
    database(log).set_progress_handler(None, 1)
    database(log).set_trace_callback(None)


TROUBLES = [
    pytest.param(full, "the disk is full", id="full"),
    pytest.param(over_quota, "check the disk", id="quota"),
    pytest.param(read_only, "read-only", id="read-only"),
    pytest.param(in_use, "in use by another program", id="in-use"),
    pytest.param(moved, "was moved or deleted while it was in use: put it back", id="moved"),
    pytest.param(replaced, "was moved or deleted while it was in use", id="replaced"),
]


class TestTrouble:
    @pytest.mark.parametrize(("trouble", "words"), TROUBLES)
    def test_of_a_failed_append_nothing_is_seen(
        self, start: Start, trouble: Callable[[SqliteLog], AbstractContextManager[None]], words: str
    ) -> None:
        log = start()
        log.append([("r", drafts(A, 1, 3)), ("s", drafts(B, 1, 1))])
        for room in ("r", "s", "new"):
            log.follow(room, 0)
        all_news(log)
        before = [(everything(log, room), look(log, room)) for room in "rs"]
        # The first room fits, the rest does not.
        appends = [("r", drafts(A, 4, 4)), ("new", drafts(C, 1, 400, 900)), ("s", drafts(B, 2, 2))]
        with trouble(log):
            for _ in range(2):
                with pytest.raises(LogError) as caught:
                    log.append(appends)
                assert words in only_line(caught)
                assert not isinstance(caught.value, DamagedLogError)
                assert log.news() == []
                assert [(everything(log, room), look(log, room)) for room in "rs"] == before
        assert log.append(appends) == [{A: 4}, {C: 400}, {B: 2}]
        assert {room: len(records) for room, records in all_news(log).items()} == {
            "r": 1,
            "new": 400,
            "s": 1,
        }
        kept = [everything(log, room) for room in ("r", "new", "s")]
        log.kill()
        log = start()
        assert [everything(log, room) for room in ("r", "new", "s")] == kept

    def test_of_an_append_that_is_interrupted_nothing_is_seen(
        self, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log.append([("r", drafts(A, 1, 3))])
        log.follow("r", 3)

        def interrupted(size: int) -> bytes:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(log, "_random", interrupted)
            with pytest.raises(KeyboardInterrupt):
                log.append([("r", drafts(A, 4, 4)), ("new", [])])
        assert not database(log).in_transaction
        assert log.news() == []
        assert look(log, "r").last_n == len(everything(log, "r")) == 3
        assert log.append([("r", drafts(A, 4, 4)), ("new", [])]) == [{A: 4}, {}]
        assert [record.n for record in all_news(log)["r"]] == [4]

    @pytest.mark.parametrize("step", [1, 2, 3])
    def test_of_an_append_in_doubt_all_or_nothing_is_seen(self, log: SqliteLog, step: int) -> None:
        """Whoever sends again what was refused sends it once."""
        for room in ("s", "r"):
            log.follow(room, 0)
            assert len(all_news(log)) == (room == "r")
            log.append([(room, drafts(A, 1, 2))])
        appends = [("r", drafts(A, 3, 5)), ("s", drafts(A, 3, 4)), ("new", drafts(B, 1, 1))]
        with in_doubt(log, step):
            log.append(appends)
        heads = [look(log, room).head.seq for room in ("r", "s", "new")]
        assert heads in ([2, 2, 0], [5, 4, 1])
        assert log.append(appends) == [{A: 5}, {A: 4}, {B: 1}]
        assert log.append([("r", drafts(A, 6, 6))]) == [{A: 6}]
        assert [record.n for record in everything(log, "r")] == [1, 2, 3, 4, 5, 6]
        said = all_news(log)
        assert [record.n for record in said["r"]] == [1, 2, 3, 4, 5, 6]
        assert [record.n for record in said["s"]] == [3, 4]

    @pytest.mark.parametrize("step", [1, 2, 3])
    def test_a_trim_in_doubt_is_no_damage(self, start: Start, wall: Wall, step: int) -> None:
        log = start(retention=Retention(days=1.0))
        log.append([("r", drafts(A, 1, 9))])
        with in_doubt(log, step):
            log.trim("r", 5)
        assert [record.seq for record in everything(log, "r")][-5:] == [5, 6, 7, 8, 9]
        wall.now += 2 * DAY
        with in_doubt(log, step):
            assert look(log, "r").head.seq == 9
        assert look(log, "r").floor == 10
        with in_doubt(log, step):
            look(log, "new")
        assert look(log, "new").origin == look(log, "new").origin

    def test_a_failed_trim_changes_nothing(self, log: SqliteLog) -> None:
        log.append([("r", drafts(A, 1, 300))])
        with read_only(log), pytest.raises(LogError):
            log.trim("r", 100)
        assert len(everything(log, "r")) == 300
        log.trim("r", 100)
        assert len(everything(log, "r")) == 201

    def test_a_full_disk_keeps_nobody_from_reading(self, start: Start, wall: Wall) -> None:
        """Not even where an open would tidy up, if only it could."""
        log = start(retention=Retention(days=2.0))
        log.append([("r", drafts(A, 1, 5))])
        wall.now += 3 * DAY
        with read_only(log):
            snapshot = look(log, "r")
            assert (snapshot.floor, snapshot.head.seq, snapshot.last_n) == (1, 5, 5)
            assert len(everything(log, "r")) == 5
        assert look(log, "r").floor == 6

    def test_news_that_cannot_be_read_is_said_later(self, log: SqliteLog) -> None:
        log.append([("r", drafts(A, 1, 5))])
        log.follow("r", 0)
        database(log).set_progress_handler(lambda: True, 1)
        with pytest.raises(LogError):
            log.news()
        database(log).set_progress_handler(None, 1)
        assert [record.n for record in all_news(log)["r"]] == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize("part", ["", "file/below"])
    def test_a_folder_that_cannot_be(self, tmp_path: Path, start: Start, part: str) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(LogError) as caught:
            start(tmp_path / "file" / part)
        assert "choose a folder" in only_line(caught)

    def test_a_folder_that_cannot_be_written(self, start: Start) -> None:
        for folder in (Path("/proc"), Path("/proc/none")):
            with pytest.raises(LogError) as caught:
                start(folder)
            assert str(folder) in only_line(caught)

    def test_a_folder_in_the_place_of_the_file(self, folder: Path, start: Start) -> None:
        (folder / "log.sqlite3").mkdir(parents=True)
        with pytest.raises(LogError) as caught:
            start()
        assert "cannot be opened" in only_line(caught)

    def test_a_disk_that_is_full_from_the_start(self, folder: Path, start: Start) -> None:
        """What could not be made whole is made anew the next time."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
        try:
            with pytest.raises(LogError) as caught:
                start()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert "check the disk" in only_line(caught)
        assert not (folder / "log.sqlite3").exists()
        assert start().append([("r", drafts(A, 1, 1))]) == [{A: 1}]


def page_of(path: Path, *texts: bytes, last: bool = False) -> int:
    """The offset of the first page, or of the last, that has all of these in it."""
    data = path.read_bytes()
    pages = range(0, len(data), 4096)
    found = [at for at in pages if all(text in data[at : at + 4096] for text in texts)]
    return found[-1 if last else 0]


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def sql(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            for statement in statements:
                db.execute(statement)

    return change


def foreign(path: Path) -> None:
    path.unlink()
    sql("CREATE TABLE room (id INTEGER)", "INSERT INTO room VALUES (1)")(path)


DAMAGES = [
    pytest.param(lambda path: path.write_bytes(b"Dear diary,\n" * 900), id="not a database"),
    pytest.param(foreign, id="another program's"),
    pytest.param(lambda path: cut(path, 0), id="cut to nothing"),
    pytest.param(lambda path: cut(path, 99), id="cut in the header"),
    pytest.param(lambda path: cut(path, path.stat().st_size // 2), id="cut in the middle"),
    pytest.param(lambda path: overwrite(path, 0, bytes(4096)), id="no header"),
    pytest.param(lambda path: overwrite(path, 108, b"\xff" * 64), id="no tables"),
    pytest.param(lambda path: overwrite(path, page_of(path, b"lobby"), b"?" * 4096), id="rooms"),
    pytest.param(lambda path: overwrite(path, page_of(path, A, B), b"?" * 4096), id="counters"),
    pytest.param(
        lambda path: overwrite(path, page_of(path, b"lobby", last=True), b"?" * 4096),
        id="names of rooms",
    ),
    pytest.param(
        sql(
            "UPDATE room SET head = head - 1,"
            " digest = (SELECT digest FROM entry WHERE place = (id << 40 | head) - 1)"
        ),
        id="entries beyond the head",
    ),
    pytest.param(sql("UPDATE room SET head = head + 1"), id="a head beyond the entries"),
    pytest.param(sql("UPDATE room SET digest = x'00'"), id="another head"),
    pytest.param(sql("UPDATE room SET before = x'00'"), id="another origin"),
    pytest.param(sql("DELETE FROM entry"), id="no entries"),
    pytest.param(
        sql("DELETE FROM entry WHERE place IN (SELECT max(place) FROM entry)"), id="no last entry"
    ),
    pytest.param(sql("DROP TABLE counter"), id="no counters"),
    pytest.param(sql("ALTER TABLE entry RENAME body TO corpse"), id="another column"),
    pytest.param(sql("PRAGMA user_version = 0"), id="no version"),
]


class TestDamage:
    @pytest.fixture
    def file(self, folder: Path, start: Start) -> Path:
        """A log of two rooms, closed."""
        log = start()
        log.append([("lobby", drafts(A, 1, 100, 500)), ("other", drafts(B, 1, 10, 500))])
        log.close()
        return folder / "log.sqlite3"

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_is_refused_and_left_as_it_is(
        self, folder: Path, file: Path, start: Start, damage: Callable[[Path], None]
    ) -> None:
        good = file.read_bytes()
        damage(file)
        before = contents(folder)
        for _ in range(2):
            with pytest.raises(DamagedLogError) as caught:
                start()
            assert contents(folder) == before
            line = only_line(caught)
            assert str(file) in line
            assert "it was left as it is" in line
            assert "restore a backup" in line
        # And it goes on as the line says.
        folder.rename(folder.with_name("away"))
        folder.mkdir()
        assert look(start(), "lobby").head.seq == 0
        start(folder.with_name("restored")).close()
        (folder.with_name("restored") / "log.sqlite3").write_bytes(good)
        assert len(everything(start(folder.with_name("restored")), "lobby")) == 100

    def test_other_tables_are_another_version(self) -> None:
        """Without one, every log that there is would be taken for a damaged one."""
        tables = hashlib.sha256("\n".join(TABLES).encode()).hexdigest()
        assert (VERSION, tables[:16]) == (1, "42e6355380771aa8")

    @pytest.mark.parametrize("newer", [2, 1000])
    def test_a_newer_version_is_refused(
        self, folder: Path, file: Path, start: Start, newer: int
    ) -> None:
        sql("CREATE TABLE more (a)", f"PRAGMA user_version = {newer}")(file)
        before = contents(folder)
        with pytest.raises(LogError) as caught:
            start()
        assert not isinstance(caught.value, DamagedLogError)
        assert "newer chat" in only_line(caught) and "update" in only_line(caught)
        assert contents(folder) == before

    def test_another_programs_file_is_called_so(self, file: Path, start: Start) -> None:
        foreign(file)
        with pytest.raises(DamagedLogError) as caught:
            start()
        assert "is not a chat log" in only_line(caught)

    def test_what_a_crash_left_beside_an_empty_file_stays(
        self, folder: Path, file: Path, start: Start
    ) -> None:
        """Beside an empty file SQLite would throw it away."""
        log = start()
        log.append([("lobby", drafts(A, 101, 101))])
        log.kill()
        cut(file, 0)
        before = contents(folder)
        assert before.keys() == {"log.sqlite3-wal"}
        with pytest.raises(DamagedLogError):
            start()
        assert contents(folder) == before

    def test_what_a_crash_left_beside_a_damaged_file_stays(
        self, folder: Path, file: Path, start: Start
    ) -> None:
        log = start()
        log.append([("lobby", drafts(A, 101, 101))])
        log.kill()
        overwrite(file, 60, bytes(4))
        before = contents(folder)
        assert len(before["log.sqlite3-wal"]) > 1024
        with pytest.raises(DamagedLogError):
            start()
        assert contents(folder) == before
        overwrite(file, 60, (1).to_bytes(4, "big"))
        assert len(everything(start(), "lobby")) == 101

    def test_a_log_without_its_file_is_not_begun_anew(
        self, folder: Path, file: Path, start: Start
    ) -> None:
        """The rest would be taken for the new file's own."""
        log = start()
        log.append([("lobby", drafts(A, 101, 101))])
        log.kill()
        file.unlink()
        before = contents(folder)
        with pytest.raises(DamagedLogError) as caught:
            start()
        assert "log.sqlite3-wal" in only_line(caught)
        assert contents(folder) == before

    def test_a_changed_body_is_noticed_when_it_is_read(self, file: Path, start: Start) -> None:
        """SQLite would not notice. The other rooms go on."""
        body = drafts(A, 50, 50, 500)[0].body
        overwrite(file, file.read_bytes().index(body) + 480, b"9")
        log = start()
        with pytest.raises(DamagedLogError):
            everything(log, "lobby")
        log.follow("lobby", 0)
        log.follow("other", 0)
        log.append([("other", drafts(B, 11, 11))])
        said: list[Record] = []
        for _ in range(4):
            try:
                said += [record for _, records in log.news() for record in records]
            except DamagedLogError:
                continue
        assert [record.n for record in said] == list(range(1, 12))
        assert [record.n for record in log.fetch("lobby", [Range(51, 60)], PLENTY).runs[0].records]

    def test_a_missing_entry_is_noticed_when_it_is_read(self, file: Path, start: Start) -> None:
        sql("DELETE FROM entry WHERE place & 0xFFFFFFFFFF = 5")(file)
        log = start()
        for ranges in ([Range(1, 9)], [Range(5, 5)], [Range(6, 7)], [Range(4, 5)]):
            with pytest.raises(DamagedLogError):
                log.fetch("lobby", ranges, PLENTY)
        with pytest.raises(DamagedLogError):
            log.trim("lobby", 6)
        assert len(log.fetch("lobby", [Range(7, 20)], PLENTY).runs[0].records) == 14
        with pytest.raises(DamagedLogError):
            look(log, "lobby", A, [Point(5, b"whatever")])

    def test_damage_that_sqlite_meets_later(self, file: Path, start: Start) -> None:
        at = page_of(file, drafts(A, 40, 40, 500)[0].body)
        overwrite(file, at, os.urandom(4096))
        log = start()
        with pytest.raises(DamagedLogError) as caught:
            everything(log, "lobby")
        assert str(file) in only_line(caught)
        assert log.append([("other", drafts(B, 11, 11))]) == [{B: 11}]


class TestLock:
    def test_a_second_server_is_refused(self, folder: Path, start: Start) -> None:
        log = start()
        with pytest.raises(LogError) as caught:
            start()
        assert f"{folder} is in use by another server" in only_line(caught)
        assert log.append([("r", drafts(A, 1, 1))]) == [{A: 1}]

    @pytest.mark.parametrize("end", [SqliteLog.close, SqliteLog.kill])
    def test_is_free_after_the_end(self, start: Start, end: Callable[[SqliteLog], None]) -> None:
        for n in range(1, 4):
            log = start()
            assert log.append([("r", drafts(A, n, n))]) == [{A: n}]
            end(log)

    def test_is_free_after_a_failed_start(self, folder: Path, start: Start) -> None:
        folder.mkdir()
        (folder / "log.sqlite3").touch()
        for _ in range(3):
            with pytest.raises(DamagedLogError):
                start()

    def test_another_process_is_refused(self, folder: Path, log: SqliteLog) -> None:
        other = subprocess.run(
            [sys.executable, "-c", CHILD, str(folder)],
            capture_output=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(Path(chat.__file__).parents[1])},
        )
        assert b"in use by another server" in other.stderr.splitlines()[-1]
        assert other.stdout == b""

    def test_a_program_that_writes_is_met_at_once(self, folder: Path, start: Start) -> None:
        start().close()
        with closing(sqlite3.connect(folder / "log.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LogError) as caught:
                start()
        assert "in use by another program" in only_line(caught)
        start()

    def test_a_tool_may_read(self, folder: Path, tmp_path: Path, log: SqliteLog) -> None:
        log.append([("r", drafts(A, 1, 10))])
        with (
            closing(sqlite3.connect(folder / "log.sqlite3")) as tool,
            closing(sqlite3.connect(tmp_path / "copy")) as copy,
        ):
            tool.backup(copy)
            assert copy.execute("SELECT count(*) FROM entry").fetchone() == (10,)
        assert log.append([("r", drafts(A, 11, 11))]) == [{A: 11}]
        assert len(everything(log, "r")) == 11


def test_nobody_else_may_read_it(folder: Path, start: Start) -> None:
    mask = os.umask(0)
    try:
        start().append([("r", drafts(A, 1, 1))])
    finally:
        os.umask(mask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(
        ("log.sqlite3", "log.sqlite3-wal", "log.sqlite3-shm", "log.lock"), 0o600
    )


def test_a_folder_that_is_there_stays_as_it_is(folder: Path, start: Start) -> None:
    folder.mkdir(0o750)
    (folder / "log.sqlite3.new").write_bytes(b"left by a crash")
    (folder / "log.sqlite3-wal").touch()
    start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


class TestBounds:
    def test_news_comes_from_memory(self, log: SqliteLog) -> None:
        """After an append the file is not read again."""
        log.follow("r", 0)
        log.append([("r", drafts(A, 1, 1))])
        all_news(log)
        statements: list[str] = []
        log.append([("r", drafts(A, 2, 50))])
        database(log).set_trace_callback(statements.append)
        assert len(all_news(log)["r"]) == 49
        assert statements == []

    def test_what_was_said_or_is_not_wanted_is_not_kept(self, log: SqliteLog) -> None:
        for room in ("r", "s"):
            log.follow(room, 0)
            log.append([(room, drafts(A, 1, 50))])
        log.unfollow("s")
        assert (log._held, set(log._tails)) == (50, {"r"})
        all_news(log)
        assert (log._held, log._tails, log._unsaid) == (0, {}, {})

    def test_memory_for_news_is_bounded(self, log: SqliteLog) -> None:
        """Twenty megabytes are said, five at most are in memory until then."""
        log.follow("r", 0)
        size, count = 1000, 5 * TAIL
        tracemalloc.start()
        try:
            for n in range(1, count, 100):
                log.append([("r", drafts(A, n, n + 99, size))])
            _, peak = tracemalloc.get_traced_memory()
            assert peak < 1.5 * TAIL * size
            tracemalloc.reset_peak()
            said = 0
            while found := log.news():
                said += sum(len(records) for _, records in found)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert said == (count + 99) // 100 * 100
        assert peak < 1.5 * TAIL * size

    def test_memory_for_rooms_is_bounded(self, log: SqliteLog) -> None:
        rooms = [str(number) for number in range(2 * ROOMS_CACHED)]
        for first in range(0, len(rooms), 100):
            log.append([(room, drafts(A, 1, 1)) for room in rooms[first : first + 100]])
        for room in rooms:
            look(log, room)
        assert len(log._rooms) == ROOMS_CACHED
        assert log.append([(rooms[0], drafts(A, 1, 2))]) == [{A: 2}]
        assert [record.seq for record in everything(log, rooms[0])] == [1, 2]

    def test_the_file_does_not_grow_with_what_was_forgotten(self, start: Start) -> None:
        log = start(retention=Retention(entries=1000))
        sizes = []
        for n in range(1, 20_000, 100):
            log.append([("r", drafts(A, n, n + 99, 200))])
            sizes.append(pragma(log, "page_count"))
        assert sizes[-1] == sizes[len(sizes) // 4]

    def test_what_was_forgotten_is_gone_from_the_disk(self, folder: Path, start: Start) -> None:
        log = start()
        secrets = [b"<%d, said in confidence>" % n for n in range(1, 501)]
        log.append([("r", [Draft(A, n, secret) for n, secret in enumerate(secrets, 1)])])
        log.close()
        assert all(secret in contents(folder)["log.sqlite3"] for secret in secrets)
        log = start()
        log.trim("r", 451)
        log.close()
        left = contents(folder)["log.sqlite3"]
        assert [secret for secret in secrets if secret in left] == secrets[450:]

    def test_no_append_forgets_more_than_a_step(self, start: Start, wall: Wall) -> None:
        log = start(retention=Retention(days=1.0))
        log.append([("r", drafts(A, 1, 4 * STEP))])
        wall.now += 2 * DAY
        log.append([("r", drafts(B, 1, 1))])
        assert log.fetch("r", [], 0).floor == STEP + 2

    def test_unused_counters_go(self, log: SqliteLog, wall: Wall) -> None:
        log.append([(room, drafts(A, 1, 3)) for room in ("r", "s")])
        for week in range(20):
            wall.now += COUNTER_LIFE + 1
            for each in range(100):
                name = week.to_bytes(4, "big") + each.to_bytes(4, "big")
                log.append([("r", [Draft(name, 1, name)])])
        count = database(log).execute("SELECT count(*) FROM counter").fetchone()[0]
        assert count <= 2 * 100 + 2
        assert [look(log, room).last_n for room in "rs"] == [0, 0]

    def test_used_counters_stay(self, log: SqliteLog, wall: Wall) -> None:
        """An open is a use, which is noted when a day has passed since the last one."""
        log.append([("r", [*drafts(A, 1, 3), *drafts(B, 1, 2), *drafts(C, 1, 1)])])
        for week in range(10):
            wall.now += COUNTER_LIFE
            assert look(log, "r", A).last_n == 3
            log.append([("r", drafts(B, week + 3, week + 3))])
            wall.now += 1
            names = [week.to_bytes(4, "big") + each.to_bytes(4, "big") for each in range(100)]
            log.append([("r", [Draft(name, 1, name) for name in names])])
        assert [look(log, "r", each).last_n for each in (A, B, C)] == [3, 12, 0]


def test_a_batch_comes_to_a_room_again_whatever_is_remembered(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.log.sqlite.COUNTERS_CACHED", 0)
    for n in (1, 3, 5):
        batch = [("r", drafts(A, n, n)), ("s", drafts(B, n, n + 1)), ("r", drafts(A, n, n + 1))]
        assert log.append(batch) == [{A: n}, {B: n + 1}, {A: n + 1}]
    assert [record.n for record in everything(log, "r")] == [1, 2, 3, 4, 5, 6]


def test_starts_with_what_retention_left(start: Start, wall: Wall) -> None:
    """A room that is trimmed to nothing is no damage, and neither is one that never had any."""
    log = start(retention=Retention(days=1.0))
    log.append([("r", drafts(A, 1, 5)), ("s", []), (REGISTRY, drafts(A, 1, 2))])
    wall.now += 2 * DAY
    head = look(log, "r").head
    log.kill()
    log = start()
    snapshot = look(log, "r", A, [head])
    assert (snapshot.floor, snapshot.head, snapshot.matched) == (6, head, 5)
    assert look(log, REGISTRY).floor == 1
    assert log.append([("r", drafts(A, 6, 6))]) == [{A: 6}]
