"""`chat bots report` as a process."""

import sys
from collections.abc import Sequence
from pathlib import Path

from .compare import table
from .merge import merged
from .report import INVALID, check_thresholds
from .saved import Outputs, read
from .summary import summary


def show(files: Sequence[str], thresholds: Sequence[str], outputs: Outputs) -> int:
    """One run, or several as one. Returns its exit code. Raises ThresholdError, ReportError,
    MergeError and OSError."""
    check_thresholds(thresholds)
    report = merged([read(file) for file in files], thresholds)
    print("\n".join(summary(report)), file=sys.stderr if outputs.on_stdout else sys.stdout)
    outputs.write(report)
    return report.exit_code


def compare(first: str, second: str) -> int:
    """Returns the exit code. Raises ReportError."""
    before, after = read(first), read(second)
    print("\n".join(table(_names(first, second), before, after)))
    return 0 if before.valid and after.valid else INVALID


def _names(first: str, second: str) -> tuple[str, str]:
    """Of files without their folders, if that is enough to tell them apart."""
    names = Path(first).stem, Path(second).stem
    return names if names[0] != names[1] else (first, second)
