"""The search for the most there can be, by counts that are given."""

from msgspec.structs import replace

from chat.bots.histogram import Histogram
from chat.bots.measure import Counts
from chat.bots.report import Report
from chat.bots.scenario import Phase, Scenario
from chat.bots.steps import Steps

from .test_report import REPORT

SCENARIO = Scenario(
    phase=(Phase("low", 10, hold=2), Phase(rate=20, hold=2), Phase(rate=40, hold=2))
)


def reporting(counts: Counts, seconds: float, histogram: Histogram) -> Report:
    return replace(
        REPORT,
        sent=counts.sent,
        acked=counts.acked,
        late_sends=counts.late_sends,
        latency_ms=histogram.latency(),
    )


def stepped(
    per_second: list[tuple[int, int, float]], *, late: int = 0, thresholds: tuple[str, ...] = ()
) -> tuple[Report, int]:
    """(sent, acknowledged, latency) of each second. Returns what it says, and after which it was
    enough, 0 if it never was."""
    steps, counts = Steps(SCENARIO, thresholds), Counts()
    for number, (sent, acked, latency) in enumerate(per_second, 1):
        counts += Counts(sent=sent, acked=acked, late_sends=late)
        histogram = Histogram()
        histogram.add(latency, sent)
        if steps.second(float(number), counts, histogram, reporting):
            return replace(REPORT, steps=steps.done).judged(()), number
    return replace(REPORT, steps=steps.done).judged(()), 0


def test_the_last_step_that_held_is_it() -> None:
    seconds = [(10, 10, 0.01)] * 2 + [(20, 20, 0.02)] * 2 + [(40, 40, 0.01), (40, 40, 0.2)]
    report, ended = stepped(seconds, thresholds=("p99<100ms",))
    assert (report.found_rate, ended, report.exit_code) == (20, 6, 0)
    assert [(step.name, step.held) for step in report.steps[:1]] == [("low", True)]
    assert report.verdict.startswith("20 messages a second hold; 40: p99<100ms is 2")


def test_a_step_that_is_not_over_is_not_judged() -> None:
    report, ended = stepped([(10, 10, 0.01)] * 2 + [(20, 20, 9.0)], thresholds=("p99<1s",))
    assert (report.found_rate, ended) == (10, 0)


def test_the_highest_step_may_hold() -> None:
    report, ended = stepped([(10, 10, 0.01)] * 6)
    assert (report.found_rate, ended) == (40, 0)
    assert "maybe more" in report.verdict


def test_what_is_not_acknowledged_any_more_does_not_hold() -> None:
    report, ended = stepped([(10, 10, 0.01)] * 2 + [(20, 12, 0.01)] * 2)
    assert (report.found_rate, ended) == (10, 4)
    assert "24 of 40 messages were acknowledged" in report.verdict


def test_if_the_bots_were_too_slow_it_is_invalid_whatever_was_found() -> None:
    report, ended = stepped([(20, 20, 0.01)] * 2, late=10)
    assert (report.valid, report.exit_code, ended) == (False, 98, 2)
    assert "20 of 40 messages were sent late" in report.verdict


def test_what_arrives_after_what_did_not_hold_is_no_step() -> None:
    steps, counts = Steps(SCENARIO, ()), Counts()
    for number, (sent, acked) in enumerate([(10, 5)] * 2 + [(0, 5)] * 4, 1):
        counts += Counts(sent=sent, acked=acked)
        steps.second(float(number), counts, Histogram(), reporting)
    assert [step.held for step in steps.done] == [False]


def test_if_nothing_holds_it_is_missed() -> None:
    report, _ = stepped([(20, 20, 0.5)] * 2, thresholds=("p50<1ms",))
    assert (report.found_rate, report.exit_code) == (None, 99)
