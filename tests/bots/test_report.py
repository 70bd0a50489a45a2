"""What a run says: verdict, thresholds, exit code, JSON."""

import msgspec
import pytest
from msgspec.structs import replace

from chat.bots.measure import Latency
from chat.bots.report import Report, Second, Span, Step, ThresholdError, check_thresholds

REPORT = Report(
    bots=10,
    rooms=1,
    duration_s=10.0,
    offered_rate=20.0,
    achieved_rate=20.0,
    sent=200,
    acked=200,
    delivered=2000,
    expected=2000,
    lost=0,
    duplicates=0,
    reordered=0,
    repaired=0,
    late_sends=0,
    refused_sends=0,
    latency_ms=Latency(1.0, 2.0, 30.0, 40.0, 50.0),
    server_cpu_us_per_delivery=1.5,
    generator_cpu=0.2,
    network_datagrams=0,
    network_dropped=0,
    join_ms=Latency(5.0, 6.0, 1500.0, 1600.0, 1700.0),
    kernel_drops=0,
)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("p99<50ms", True),
        ("p99<0.02s", False),
        ("p99 <= 30000us", True),
        ("max<50", False),
        ("lost==0", True),
        ("duplicates==0", True),
        ("join_p99<2s", True),
        ("join_max<1.6s", False),
        ("server_cpu_us_per_delivery<2", True),
        ("kernel_drops==0", True),
        ("delivered>=2000", True),
        ("acked>200", False),
    ],
)
def test_thresholds(expression: str, holds: bool) -> None:
    report = REPORT.judged([expression])
    assert [each.ok for each in report.thresholds] == [holds]
    assert report.exit_code == (0 if holds else 99)
    assert report.verdict == (
        "every message reached everybody" if holds else f"missed: {expression}"
    )


def test_a_figure_that_there_is_not_holds_nothing() -> None:
    report = replace(REPORT, join_ms=None, server_cpu_us_per_delivery=None)
    judged = report.judged(["join_p99<2s", "server_cpu_us_per_delivery<2"])
    assert [(each.ok, each.value) for each in judged.thresholds] == [(False, None)] * 2


@pytest.mark.parametrize(
    "expression", ["", "p99", "p98<3", "lost==0ms", "p99<-1", "p99=5", "p99<5m"]
)
def test_what_is_no_threshold_is_refused_in_one_line(expression: str) -> None:
    with pytest.raises(ThresholdError, match=r"^'[^\n]*is no threshold: use one like p99<50ms"):
        check_thresholds([expression])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"late_sends": 4}, "4 of 200 messages were sent late"),
        ({"generator_still_s": 0.5, "late_sends": 9}, "the bots stood still for 0.5 s"),
        ({"generator_cpu": 0.96}, "the bots used 96% of a core"),
        ({"kernel_drops": 1}, "no room for 1 datagrams"),
    ],
)
def test_a_generator_that_was_the_bottleneck_makes_it_invalid(
    change: dict[str, float], why: str
) -> None:
    report = replace(REPORT, **change).judged(["p99<1ms"])
    assert (report.valid, report.exit_code) == (False, 98)
    assert report.verdict.startswith("invalid: ")
    assert why in report.verdict


def test_a_few_late_sends_are_no_bottleneck() -> None:
    assert replace(REPORT, late_sends=3).judged([]).valid
    assert replace(REPORT, sent=1000, acked=1000, late_sends=10).judged([]).valid
    assert replace(REPORT, duration_s=60.0, generator_still_s=0.5).judged([]).valid


def test_what_is_missing_is_said() -> None:
    lost = replace(REPORT, lost=3, delivered=1997).judged([])
    assert lost.verdict == "3 of 2000 deliveries are missing"
    assert replace(REPORT, acked=198).judged([]).verdict.startswith("2 of 200 messages were not")


def test_a_run_in_which_nobody_spoke_says_so() -> None:
    idle = replace(REPORT, sent=0, acked=0, delivered=0, expected=0).judged(["lost==0"])
    assert (idle.verdict, idle.exit_code) == ("everybody was there, and nothing was said", 0)


def test_what_was_cut_short_says_so_before_all_else() -> None:
    report = replace(REPORT, cut_short=True, late_sends=100).judged(["p99<1ms"])
    assert report.exit_code == 130
    assert report.verdict.startswith("cut short")


def test_json_is_read_back_as_it_was() -> None:
    report = replace(
        REPORT,
        settings={"seed": 7, "rate": 1.5, "name": "storm"},
        phases=(Span("storm", 0.0, 2.0),),
        series=(Second(1.0, 20, 20, 20, 200, 0, 0, 10, 1.0, 2.0, 3.0),),
        steps=(Step("storm", 20.0, True),),
        histogram=((1.5, 3), (2.0, 1)),
    ).judged(["lost==0"])
    assert msgspec.json.decode(report.as_json(), type=Report) == report
