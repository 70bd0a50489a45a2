import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chat.core.link import Link
from chat.tui import diaryfile
from chat.tui.diary import TakenBack
from chat.tui.diaryfile import Diary

from .entries import entry

LOG = b"\x5c" * 8
LINK = Link("192.0.2.1", 4000)


@contextmanager
def terminal(folder: Path, told: list[str] | None = None) -> Iterator[Diary]:
    said: list[str] = []
    diary = Diary(folder, LINK, (said if told is None else told).append)
    try:
        yield diary
    finally:
        diary.close()
    assert said == []


def text(folder: Path, room: str = "lobby") -> str:
    return (folder / "192.0.2.1+4000" / f"{room}.txt").read_text()


def seqs(folder: Path) -> list[int]:
    return [int(seq) for seq in re.findall(r"#(\d+) <", text(folder))]


def test_one_file_for_each_room(tmp_path: Path) -> None:
    with terminal(tmp_path / "logs") as diary:
        assert not (tmp_path / "logs").exists(), "nothing is opened before there is something"
        diary.write("lobby", LOG, [entry(1, "in the lobby")])
        diary.write("@bob", LOG, [entry(1, "to one")])
        diary.write("", LOG, [entry(1, "to nobody yet")])
        diary.write("dev", b"", [entry(1, "in no log")])
    assert text(tmp_path / "logs").endswith("<bob> in the lobby\n")
    assert text(tmp_path / "logs", "@bob").endswith("<bob> to one\n")
    assert text(tmp_path / "logs").startswith(f"-- log {LOG.hex()}: lobby at 192.0.2.1:4000\n")
    folder = tmp_path / "logs" / "192.0.2.1+4000"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "lobby.txt").stat().st_mode & 0o777 == 0o600


def test_after_a_restart_each_entry_is_there_once(tmp_path: Path) -> None:
    for first in (1, 5, 8):
        with terminal(tmp_path) as diary:
            diary.write("lobby", LOG, [*map(entry, range(first, first + 6))])
    assert seqs(tmp_path) == list(range(1, 14))


def test_two_terminals_write_each_entry_once(tmp_path: Path) -> None:
    with terminal(tmp_path) as other:
        with terminal(tmp_path) as one:
            for seq in range(1, 10):
                one.write("lobby", LOG, [entry(seq)])
                other.write("lobby", LOG, [entry(seq)])
        other.write("lobby", LOG, [entry(10)])
    assert seqs(tmp_path) == list(range(1, 11))


def test_who_takes_over_writes_what_the_other_one_did_not(tmp_path: Path) -> None:
    with terminal(tmp_path) as other:
        with terminal(tmp_path) as one:
            one.write("lobby", LOG, [entry(1)])
            other.write("lobby", LOG, [entry(1), entry(2)])
        other.flush()
        assert seqs(tmp_path) == [1, 2]


def test_a_line_that_was_not_finished_is_written_again(tmp_path: Path) -> None:
    with terminal(tmp_path) as diary:
        diary.write("lobby", LOG, [entry(1), entry(2, "long enough")])
    whole = text(tmp_path)
    (tmp_path / "192.0.2.1+4000" / "lobby.txt").write_text(whole[:-5])
    with terminal(tmp_path) as diary:
        diary.write("lobby", LOG, [entry(1), entry(2, "long enough"), entry(3)])
    assert seqs(tmp_path) == [1, 2, 3]
    assert text(tmp_path).count("<bob> long enough\n") == 1


@pytest.mark.parametrize("size", [10, 70_000, 2_000_000])
def test_the_end_is_found_in_a_large_file(tmp_path: Path, size: int) -> None:
    with terminal(tmp_path) as diary:
        diary.write("lobby", LOG, [entry(seq, "x" * 500) for seq in range(1, size // 500 + 2)])
        last = seqs(tmp_path)[-1]
    with terminal(tmp_path) as diary:
        diary.write("lobby", LOG, [entry(last, "x" * 500), entry(last + 1)])
    assert seqs(tmp_path) == list(range(1, last + 2))
    assert "not here" not in text(tmp_path)


def test_another_log_is_told_from_a_large_one(tmp_path: Path) -> None:
    with terminal(tmp_path) as diary:
        diary.write("lobby", LOG, [entry(seq, "x" * 500) for seq in range(1, 1000)])
    with terminal(tmp_path) as diary:
        diary.write("lobby", bytes(8), [entry(1, "of a server that was set up anew")])
    assert seqs(tmp_path)[-2:] == [999, 1]


def test_a_full_disk_is_said_once_and_what_came_meanwhile_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    write = os.write

    def full(descriptor: int, data: memoryview) -> int:
        if len(data) < 4:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    with terminal(tmp_path, told) as diary:
        diary.write("lobby", LOG, [entry(1)])
        before = text(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            diary.write("lobby", LOG, [entry(2)])
            diary.write("lobby", LOG, [entry(3)])
            assert text(tmp_path) == before, "not even half a line is left"
        folder = tmp_path / "192.0.2.1+4000"
        assert told == [f"the local log is not written: {folder}: No space left on device"]
        diary.flush()
        diary.write("lobby", LOG, [entry(4)])
    assert seqs(tmp_path) == [1, 2, 3, 4]
    assert len(told) == 1


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diaryfile, "WAITING", 3)
    with terminal(tmp_path) as other:
        with terminal(tmp_path) as one:
            one.write("lobby", LOG, [entry(1)])
            other.write("lobby", LOG, [*map(entry, range(2, 9))])
        other.flush()
    assert seqs(tmp_path) == [1, 6, 7, 8]
    assert "-- #2 to #5 are not here\n" in text(tmp_path)


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "192.0.2.1+4000" / "lobby.txt").mkdir(parents=True)
    with terminal(tmp_path, told) as diary:
        diary.write("lobby", LOG, [entry(1)])
        diary.write("dev", LOG, [entry(1)])
    assert len(told) == 1
    assert text(tmp_path, "dev").endswith("#1 <bob> message 1\n")


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    with terminal(tmp_path) as diary:
        diary.write("lobby", LOG, [entry(1)])
        file = tmp_path / "192.0.2.1+4000" / "lobby.txt"
        file.rename(file.with_suffix(".old"))
        diary.write("lobby", LOG, [entry(2)])
    assert seqs(tmp_path) == [2]


def test_what_was_taken_back(tmp_path: Path) -> None:
    with terminal(tmp_path) as diary:
        diary.write("lobby", LOG, [entry(1), entry(2)])
        diary.write("lobby", LOG, [TakenBack(2)])
        diary.write("lobby", LOG, [entry(2, "new")])
    assert text(tmp_path).count("taken back") == 1
    assert seqs(tmp_path) == [1, 2, 2]
