"""Finding the most: each phase is a step, and the run ends with the first that does not hold."""

from collections.abc import Callable, Sequence

from .histogram import Histogram
from .measure import Counts
from .report import Report, Step
from .scenario import Scenario
from .schedule import spans

ARRIVED = 0.9
"""Of what is said in a step, that has to be acknowledged in it: what waits more and more does not
hold, however late it is noticed elsewhere."""

Reporting = Callable[[Counts, float, Histogram], Report]


class Steps:
    """Of one run."""

    def __init__(self, scenario: Scenario, thresholds: Sequence[str]) -> None:
        self.done: tuple[Step, ...] = ()
        self._phases = list(zip(spans(scenario), scenario.phase, strict=True))
        self._thresholds = thresholds
        self._before = Counts()
        self._at = 0.0
        self._histogram = Histogram()

    def second(self, at: float, counts: Counts, histogram: Histogram, reporting: Reporting) -> bool:
        """What was counted until then, and the latencies of this second. Returns whether a step
        has ended that did not hold."""
        self._histogram.merge(histogram.counts.items(), histogram.most)
        broke = any(not step.held for step in self.done)  # What is on its way is still awaited.
        if broke or len(self.done) == len(self._phases):
            return False
        span, phase = self._phases[len(self.done)]
        if at < span.to_s - 1e-9:
            return False
        report = reporting(counts - self._before, at - self._at, self._histogram)
        why, valid = self._flaw(report.judged(self._thresholds))
        self.done += (Step(span.name, phase.rate, not why, why, valid),)
        self._before, self._at, self._histogram = counts, at, Histogram()
        return bool(why)

    def _flaw(self, report: Report) -> tuple[str, bool]:
        """Why a step did not hold, or nothing; and whether the bots themselves could keep up."""
        if not report.valid:
            return report.verdict, False
        missed = [f"{each.expr} is {each.value}" for each in report.thresholds if not each.ok]
        if missed:
            return ", ".join(missed), True
        if report.acked < ARRIVED * report.sent:
            return f"{report.acked} of {report.sent} messages were acknowledged", True
        return "", True
