"""A copy is all of what was committed when it began, or there is none."""

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.log.sqlite import SqliteLog
from chat.log.sqlite_backup import STEP, BackupError, back_up
from chat.log.sqlite_file import SqliteFile

from .test_conformance import A, B, Wall, drafts, everything, look

PAGE = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def log(folder: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(folder, random=os.urandom, wall=Wall())
    yield log
    log.close()


def open_copy(file: Path) -> SqliteLog:
    folder = file.with_name(f"{file.name}-opened")
    folder.mkdir()
    os.link(file, folder / "log.sqlite3")
    return SqliteLog(folder, random=os.urandom, wall=Wall())


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def only_line(caught: pytest.ExceptionInfo[BackupError]) -> str:
    line = str(caught.value)
    assert line and "\n" not in line
    return line


def test_a_copy_is_the_log_as_it_was_when_the_copy_began(
    tmp_path: Path, folder: Path, log: SqliteLog
) -> None:
    log.append([("r", drafts(A, 1, 3000, size=900)), ("s", drafts(B, 1, 5))])
    before = everything(log, "r"), everything(log, "s"), look(log, "r", A)
    steps: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        n = 3001 + len(steps)
        steps.append((done, total))
        log.append([("r", drafts(A, n, n, size=900))])
        log.tidy()
        return True

    size = back_up(folder, tmp_path / "copy", progress)
    assert size == (tmp_path / "copy").stat().st_size > 3000 * 900
    assert len(steps) > 3000 * 900 / PAGE / STEP
    assert len(everything(log, "r")) == 3000 + len(steps)
    copy = open_copy(tmp_path / "copy")
    assert (everything(copy, "r"), everything(copy, "s"), look(copy, "r", A)) == before
    assert copy.append([("r", drafts(A, 3000, 3001))]) == [{A: 3001}]
    copy.close()


def test_a_copy_is_one_file_that_only_its_owner_reads(
    tmp_path: Path, folder: Path, log: SqliteLog
) -> None:
    log.append([("r", drafts(A, 1, 10))])
    files = left_in(folder)
    back_up(folder, tmp_path / "copy")
    assert left_in(tmp_path) == ["copy", "store"]
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert left_in(folder) == files
    log.close()
    assert left_in(folder) == ["log.lock", "log.sqlite3"]


def test_what_is_there_is_never_written_over(tmp_path: Path, folder: Path, log: SqliteLog) -> None:
    file = tmp_path / "copy"
    file.write_text("precious")
    with pytest.raises(BackupError) as caught:
        back_up(folder, file)
    assert only_line(caught) == f"{file} is there already: choose another name"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(BackupError, match="is there already"):
        back_up(folder, link)

    def progress(done: int, total: int) -> bool:
        (tmp_path / "late").write_text("precious")
        return True

    with pytest.raises(BackupError, match="is there already"):
        back_up(folder, tmp_path / "late", progress)
    assert file.read_text() == (tmp_path / "late").read_text() == "precious"
    assert left_in(tmp_path) == ["copy", "late", "link", "store"]


def test_where_there_are_no_hard_links_nothing_is_written_over_either(
    tmp_path: Path, folder: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object) -> None:
        raise PermissionError

    log.append([("r", drafts(A, 1, 10))])
    monkeypatch.setattr(os, "link", link)
    back_up(folder, tmp_path / "copy")
    monkeypatch.undo()
    copy = open_copy(tmp_path / "copy")
    assert len(everything(copy, "r")) == 10
    copy.close()
    assert left_in(tmp_path) == ["copy", "copy-opened", "store"]


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, folder: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([("r", drafts(A, 1, 1000, size=900))])
    connect = sqlite3.connect

    def small(name: str, *, uri: bool, timeout: float, isolation_level: None) -> sqlite3.Connection:
        db = connect(name, uri=uri, timeout=timeout, isolation_level=isolation_level)
        if "mode=rw" in name:
            db.execute("PRAGMA max_page_count = 20")
        return db

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(BackupError) as caught:
        back_up(folder, tmp_path / "copy")
    assert only_line(caught).startswith(f"the disk is full: make room for {tmp_path / 'copy'}")
    assert left_in(tmp_path) == ["store"]


@pytest.mark.parametrize("when", [1, 2, -1])
def test_who_is_told_to_stop_leaves_nothing_behind(
    tmp_path: Path, folder: Path, log: SqliteLog, when: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is copied, and while the copy is checked."""
    monkeypatch.setattr("chat.log.sqlite_backup._OFTEN", 10)
    log.append([("r", drafts(A, 1, 3000, size=900))])
    steps: list[int] = []

    def progress(done: int, total: int) -> bool:
        steps.append(total)
        return len(steps) < when if when > 0 else total > 1

    with pytest.raises(BackupError) as caught:
        back_up(folder, tmp_path / "copy", progress)
    assert "the server is going down" in only_line(caught)
    assert left_in(tmp_path) == ["store"]
    assert len(everything(log, "r")) == 3000


def test_a_damaged_log_has_no_backup(tmp_path: Path, folder: Path, log: SqliteLog) -> None:
    log.append([("r", drafts(A, 1, 3000, size=900))])
    log.close()
    with (folder / "log.sqlite3").open("r+b") as file:
        file.seek(100 * PAGE)
        file.write(bytes(20 * PAGE))
    with pytest.raises(BackupError) as caught:
        back_up(folder, tmp_path / "copy")
    assert only_line(caught).endswith("is damaged: its copy was not kept")
    assert left_in(tmp_path) == ["store"]


@pytest.mark.parametrize("where", ["nowhere/copy", "store/log.sqlite3/copy"])
def test_a_place_that_is_none_is_refused(
    tmp_path: Path, folder: Path, log: SqliteLog, where: str
) -> None:
    with pytest.raises(BackupError) as caught:
        back_up(folder, tmp_path / where)
    assert only_line(caught).endswith("is no folder: make it first")


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "trouble")])
def test_a_place_that_cannot_be_looked_at_is_refused(
    tmp_path: Path,
    folder: Path,
    log: SqliteLog,
    error: OSError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the home of root is for a server that has a user of its own."""
    looked = os.stat

    def look(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == tmp_path / "home" / "copy":
            raise error
        return looked(path, follow_symlinks=follow_symlinks)

    (tmp_path / "home").mkdir()
    monkeypatch.setattr(os, "stat", look)
    with pytest.raises(BackupError) as caught:
        back_up(folder, tmp_path / "home" / "copy")
    assert f"home/copy cannot be written ({error.strerror}): choose" in only_line(caught)


@pytest.mark.parametrize("where", ["{}", "{}/copy"])
def test_a_name_that_is_too_long_is_refused(
    tmp_path: Path, folder: Path, log: SqliteLog, where: str
) -> None:
    with pytest.raises(BackupError) as caught:
        back_up(folder, tmp_path / where.format(300 * "x"))
    assert "(File name too long): choose a place" in only_line(caught)


def test_nobody_waits_for_who_reads(folder: Path, log: SqliteLog) -> None:
    log.append([("r", drafts(A, 1, 3000, size=900))])
    file: SqliteFile = log._file
    with sqlite3.connect(folder / "log.sqlite3", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM room").fetchone()
        log.append([("r", drafts(A, 3001, 3010))])
        log.tidy()
        began = time.monotonic()
        log.tidy()
        assert time.monotonic() - began < 0.5
        assert file.journal > 0
        log.append([("r", drafts(A, 3011, 3020))])
        reader.execute("ROLLBACK")
    reader.close()
    log.tidy()
    assert file.journal == 0
    assert len(everything(log, "r")) == 3020
