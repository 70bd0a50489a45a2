"""Reports in files: written in each form that was asked for, and read again."""

import sys
from itertools import pairwise
from pathlib import Path

import msgspec
from msgspec import Struct

from .distribution import hgrm
from .page import page
from .report import Report, ThresholdError, check_thresholds


class ReportError(Exception):
    """One line that says what is wrong with a file."""


class Outputs(Struct, frozen=True):
    """Where to; None: not at all. `-` is standard output."""

    json: str | None = None
    html: str | None = None
    hgrm: str | None = None

    def check(self) -> None:
        """Raises OSError for what cannot be written: before a run, not after it."""
        for file in (self.json, self.html, self.hgrm):
            if file not in (None, "-"):
                Path(file).touch()

    @property
    def on_stdout(self) -> bool:
        """Whether standard output is for one of them, and the table is to go elsewhere."""
        return "-" in (self.json, self.html, self.hgrm)

    def write(self, report: Report) -> None:
        """Raises OSError."""
        if self.json is not None:
            _write(self.json, report.as_json())
        if self.html is not None:
            _write(self.html, page(report).encode())
        if self.hgrm is not None:
            _write(self.hgrm, hgrm(report.histogram).encode())


def read(file: str) -> Report:
    """What `--json` has written. Raises ReportError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        report = msgspec.json.decode(data, type=Report)
        check_thresholds([each.expr for each in report.thresholds])
    except OSError as error:
        raise ReportError(f"cannot read {file}: {error.strerror or error}") from error
    except (msgspec.DecodeError, ThresholdError) as error:
        raise ReportError(f"{file} is not what chat bots --json writes: {error}") from error
    bounds = [0.0, *(bound for bound, _ in report.histogram)]
    ends = [0.0, *(each.at_s for each in report.series)]
    if any(one >= other for one, other in (*pairwise(bounds), *pairwise(ends))) or any(
        count < 0 for _, count in report.histogram
    ):
        raise ReportError(f"{file} is not what chat bots --json writes: its counts go back")
    return report


def _write(file: str, data: bytes) -> None:
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(file).write_bytes(data)
    except OSError as error:  # Of a write, Python does not say to which file.
        raise OSError(error.errno, error.strerror, file) from error
