"""What every tier of tests shares: the time that each took, printed at the end."""

from collections import Counter, defaultdict
from pathlib import PurePosixPath

import pytest


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
