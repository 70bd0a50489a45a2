import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from chat.secure import files
from chat.tui import keep
from chat.tui import kept as module
from chat.tui.kept import SLOTS, Kept
from chat.tui.recall import KEPT


@contextmanager
def terminal(folder: Path, told: list[str] | None = None) -> Iterator[Kept]:
    """One that ends well, or by being left; what it tells is a failure, unless it is looked for."""
    said: list[str] = []
    kept = Kept(folder, (said if told is None else told).append)
    kept.open()
    try:
        yield kept
    finally:
        kept.close()
    assert said == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "server"


def test_what_was_sent_is_there_the_next_time(folder: Path) -> None:
    with terminal(folder) as kept:
        assert kept.history("lobby") == []
        kept.sent("lobby", ["one", "two\nlines"])
        kept.sent("dev", ["else"])
    with terminal(folder) as kept:
        assert kept.history("lobby") == ["one", "two\nlines"]
        assert kept.history("dev") == ["else"]


def test_two_terminals_keep_both_histories(folder: Path) -> None:
    with terminal(folder) as one, terminal(folder) as other:
        for number in range(3):
            one.sent("lobby", [f"one {number}"])
            other.sent("lobby", [f"other {number}"])
    with terminal(folder) as kept:
        assert len(kept.history("lobby")) == 6


def test_a_history_is_bounded_on_disk(folder: Path) -> None:
    with terminal(folder) as kept:
        kept.sent("lobby", (f"text {number}" for number in range(3 * KEPT)))
        found = kept.history("lobby")
        assert found == [f"text {number}" for number in range(2 * KEPT, 3 * KEPT)]
        assert len((folder / "lobby.history").read_bytes().splitlines()) == KEPT
        assert kept.history("lobby") == found


def test_drafts_come_back_once(folder: Path) -> None:
    with terminal(folder) as kept:
        kept.save({"lobby": "hello", "dev": ""})
    with terminal(folder) as kept:
        assert kept.draft("lobby") == "hello"
        assert kept.draft("dev") == ""
        kept.save({"dev": "else"})
    with terminal(folder) as kept:
        assert [kept.draft("lobby"), kept.draft("dev")] == ["hello", "else"]
        kept.save({"lobby": ""})
    with terminal(folder) as kept:
        assert [kept.draft("lobby"), kept.draft("dev")] == ["", "else"]


def test_each_terminal_has_its_own_drafts(folder: Path) -> None:
    with terminal(folder) as one:
        one.save({"lobby": "from one"})
        with terminal(folder) as other:
            assert other.draft("lobby") == ""
            other.save({"lobby": "from the other", "dev": "more"})
            one.save({"lobby": "from one, longer"})
    with terminal(folder) as kept:
        assert kept.draft("lobby") == "from one, longer"
        assert kept.history("lobby") == ["from the other"], "Up brings it back"
        assert kept.draft("dev") == "more"
    with terminal(folder) as kept:
        assert kept.history("lobby") == ["from the other"]


def test_more_terminals_than_slots(folder: Path) -> None:
    with ExitStack() as stack:
        for _ in range(SLOTS + 1):
            kept = stack.enter_context(terminal(folder))
        kept.save({"lobby": "nowhere to be kept"})
        kept.sent("lobby", ["but this is"])
    with terminal(folder) as kept:
        assert kept.draft("lobby") == ""
        assert kept.history("lobby") == ["but this is"]


def test_what_is_unchanged_is_not_written_again(folder: Path) -> None:
    with terminal(folder) as kept:
        kept.save({"lobby": "hello"})
        before = (folder / "drafts-0").stat().st_mtime_ns
        kept.save({"lobby": "hello"})
        assert (folder / "drafts-0").stat().st_mtime_ns == before


def test_it_is_the_users_alone(folder: Path) -> None:
    with terminal(folder) as kept:
        kept.save({"lobby": "hello"})
        kept.sent("lobby", ["hello"])
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_killed_at_any_moment_the_last_save_is_there(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from chat.tui.kept import Kept\n"
        "kept = Kept(Path(sys.argv[1]), print); kept.open()\n"
        "for number in range(10**9):\n"
        "    kept.save({'lobby': 'x' * 5000 + str(number)})\n"
        "    sys.stdout.write(f'{number}\\n'); sys.stdout.flush()\n"
    )
    for kill_after in (1, 7, 40):
        with subprocess.Popen(
            [sys.executable, "-c", script, folder], stdout=subprocess.PIPE, text=True
        ) as program:
            assert program.stdout is not None
            for _ in range(kill_after):
                program.stdout.readline()
            program.send_signal(signal.SIGKILL)
            last = int(([str(kill_after - 1), *program.stdout.read().split()])[-1])
        with terminal(folder) as kept:
            number = int(kept.draft("lobby").lstrip("x"))
            assert number in (last, last + 1)


def test_nothing_waits_for_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fsync")
    with terminal(folder) as kept:
        kept.save({"lobby": "x"})
        kept.sent("lobby", ["x"])


def test_a_full_disk_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def full(*words: object, **more: object) -> None:
        raise OSError(28, "No space left on device", f"random name {len(told)}")

    with terminal(folder, told) as kept:
        kept.save({"lobby": "before"})
        with monkeypatch.context() as patch:
            patch.setattr(files, "replace", full)
            patch.setattr(module, "append", full)
            for number in range(3):
                kept.save({"lobby": f"draft {number}"})
                kept.sent("lobby", ["lost"])
        line = f"what you send and type is not kept: {folder}: No space left on device"
        assert told == [line]
        kept.save({"lobby": "draft 2"})
        kept.sent("lobby", ["kept"])
        with monkeypatch.context() as patch:
            patch.setattr(files, "replace", full)
            kept.save({"lobby": "draft 3"})
        assert told == [line, line], "it was right meanwhile"
    with terminal(folder) as kept:
        assert kept.draft("lobby") == "draft 2"
        assert kept.history("lobby") == ["kept"]


def test_no_folder_is_said_once_and_nothing_more(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    told: list[str] = []
    with terminal(folder, told) as kept:
        kept.save({"lobby": "x"})
        assert kept.history("lobby") == []
        assert kept.draft("lobby") == "x"
    assert len(told) >= 1
    assert all(line.startswith("what you send and type is not kept: ") for line in told)


def test_a_folder_that_comes_later_is_used(folder: Path) -> None:
    with terminal(folder) as kept:
        kept.save({"lobby": "from before", "dev": "too"})
    away = folder.rename(folder.with_name("away"))
    folder.write_text("a file")
    told: list[str] = []
    with terminal(folder, told) as kept:
        for _ in range(3):
            kept.save({"lobby": "x", "dev": ""})
        assert len(told) == 1
        folder.unlink()
        away.rename(folder)
        kept.save({"lobby": "x", "dev": ""})
        assert keep.drafts((folder / "drafts-0").read_bytes()) == {"lobby": "x"}
    with terminal(folder) as kept:
        assert kept.draft("lobby") == "x"
        assert kept.history("lobby") == ["from before"]
        assert kept.history("dev") == ["too"]


def test_what_was_damaged_is_not_there(folder: Path) -> None:
    with terminal(folder) as kept:
        kept.save({"lobby": "x"})
        kept.sent("lobby", ["one"])
    (folder / "drafts-0").write_bytes(b"\xff{")
    with (folder / "lobby.history").open("ab") as file:
        file.write(b"\x00\xff\n")
    with terminal(folder) as kept:
        assert kept.draft("lobby") == ""
        assert kept.history("lobby") == ["one"]
        kept.sent("lobby", ["two"])
        assert kept.history("lobby") == ["one", "two"]


def test_names_cannot_leave_the_folder(folder: Path) -> None:
    with terminal(folder) as kept:
        kept.sent("../../x", ["one"])
        assert kept.history("../../x") == ["one"]
    assert not list(folder.parent.parent.glob("x*"))
    assert os.sep not in "".join(path.name for path in folder.iterdir())
