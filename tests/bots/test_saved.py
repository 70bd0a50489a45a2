"""`chat bots report`: files in, tables and files out."""

import errno
import io
import os
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chat.bots.distribution import hgrm
from chat.bots.page import page
from chat.bots.report import Report
from chat.bots.saved import Outputs, ReportError, read
from chat.cli import run

from .reports import made

ONE, TWO = made(1), made(2, slow=3.0)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.json").write_bytes(ONE.as_json())
    Path("two.json").write_bytes(TWO.as_json())


def test_what_was_written_is_read() -> None:
    assert read("one.json") == ONE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "truncated"),
        ("{}", "missing required field"),
        ("[1]", "Expected `object`"),
        (b"\xff\xfe", "not what chat bots --json writes"),
    ],
)
def test_what_is_no_report_is_refused_in_a_line(text: str | bytes, why: str) -> None:
    Path("x.json").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ReportError, match=why) as caught:
        read("x.json")
    assert str(caught.value).startswith("x.json is not what chat bots --json writes: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "broken",
    [
        replace(ONE, histogram=((2.0, 1), (1.0, 1))),
        replace(ONE, histogram=((0.0, 1),)),
        replace(ONE, histogram=((1.0, -1), (2.0, 1))),
        replace(ONE, series=(ONE.series[1], ONE.series[0])),
        replace(ONE, thresholds=(msgspec.structs.replace(ONE.judged(["lost==0"]).thresholds[0],
                                                         expr="lost"),)),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused(broken: Report) -> None:
    Path("x.json").write_bytes(broken.as_json())
    with pytest.raises(ReportError, match=r"^x\.json is not what chat bots --json writes"):
        read("x.json")


def test_all_that_was_asked_for_is_written(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    outputs = Outputs(json="o.json", html="o.html", hgrm="o.hgrm")
    assert not outputs.on_stdout
    outputs.check()
    outputs.write(ONE)
    assert read("o.json") == ONE
    assert Path("o.html").read_text() == page(ONE)
    assert Path("o.hgrm").read_text() == hgrm(ONE.histogram)
    Outputs(hgrm="-").write(ONE)
    assert capfdbinary.readouterr().out.decode() == hgrm(ONE.histogram)


def test_what_cannot_be_written_is_found_before_the_run() -> None:
    with pytest.raises(OSError, match="no such folder|No such file"):
        Outputs(html="no such folder/o.html").check()


def done(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["bots", "report", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_one_run_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = done(capsys, "one.json", "--html", "one.html")
    assert (code, err) == (0, "")
    assert "every message reached everybody" in out
    assert Path("one.html").read_text() == page(ONE)


def test_two_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = done(capsys, "one.json", "two.json")
    assert code == 0
    assert any(line.startswith("p50 ") and line.endswith("worse") for line in out.splitlines())


def test_several_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = done(
        capsys, "--merge", "one.json", "two.json", "--threshold", "p50<1ms", "--json", "all.json"
    )
    assert code == 99
    assert "bots        100 in one room" in out
    assert read("all.json").bots == 100


def test_data_on_stdout_stays_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = done(capsys, "one.json", "--json", "-")
    assert code == 0
    assert msgspec.json.decode(out, type=Report) == ONE
    assert "every message" in err


def test_a_report_comes_from_stdin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ONE.as_json())))
    assert done(capsys, "-")[0] == 0


def test_an_invalid_run_makes_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.json").write_bytes(replace(ONE, late_sends=3000).judged(()).as_json())
    assert done(capsys, "bad.json")[0] == 98
    assert done(capsys, "one.json", "bad.json")[0] == 98
    assert done(capsys, "--merge", "one.json", "bad.json")[0] == 98


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        ((), 2, "Missing argument 'FILE...'"),
        (("one.json",) * 3, 2, "3 files: compare two, or add --merge"),
        (("one.json", "two.json", "--html", "x"), 2, "a comparison is a table and nothing else"),
        (("one.json", "--threshold", "p98<1"), 2, "'p98<1' is no threshold"),
        (("no.json",), 1, "chat: cannot read no.json: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line(
    words: tuple[str, ...], code: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, out, err = done(capsys, *words)
    assert (ended, out) == (code, "")
    assert why in err
    assert len(err.splitlines()) == 1


def test_a_host_called_report_has_a_link(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bots", "chat://report", "--bots", "0"]) == 2
    assert "0 is not in the range" in capsys.readouterr().err


def test_a_full_disk_is_said_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        """As a write fails: unlike an open, it names no file."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    page = str(tmp_path / "page.html")
    with pytest.raises(OSError, match="No space left") as caught:
        Outputs(html=page).write(made(1))
    assert caught.value.filename == page
