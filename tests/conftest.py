"""What every tier of tests shares: a user's folders that are not the user's, and the time that each
took, printed at the end."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest


@pytest.fixture(scope="session", autouse=True)
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys, known_hosts and the last link of a test run are nobody's."""
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setenv(name, os.fspath(tmp_path_factory.mktemp(name.lower())))
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    seconds: defaultdict[str, float] = defaultdict(float)
    count: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                parts = PurePosixPath(report.nodeid.partition("::")[0]).parts[1:]
                tier = parts[0] if len(parts) > 1 else "house"
                seconds[tier] += report.duration
                count[tier] += report.when == "call"
    for tier, took in sorted(seconds.items(), key=lambda item: -item[1]):
        terminalreporter.write_line(f"{tier:<10} {count[tier]:>5} tests {took:>7.1f} s")
