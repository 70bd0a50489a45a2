"""Each break must be found by the test that it names: a test that cannot fail proves nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import breaks, moderation
from .breaks import Break

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "sabotage", breaks.BREAKS + moderation.BREAKS, ids=lambda sabotage: sabotage.name
)
def test_the_test_it_names_finds_it(sabotage: Break, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for part in ("chat", "tests", "docs"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    file = copy / sabotage.file
    text = file.read_text()
    assert text.count(sabotage.line) == 1, f"this line does not stand once in {sabotage.file}"
    file.write_text(text.replace(sabotage.line, sabotage.instead))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, sabotage.test],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout[-2000:] + run.stderr[-2000:]
