import pytest
from msgspec.structs import replace

from chat.bots.measure import Latency
from chat.bots.merge import MergeError, merged
from chat.bots.report import Report, Step
from chat.bots.series import squeezed

from .reports import made

ONE, TWO = made(1), made(2, slow=3.0)


def test_one_report_stays_what_it_is() -> None:
    assert merged([ONE]) == ONE


def test_counts_are_added_and_percentiles_are_those_of_all_deliveries() -> None:
    both = merged([ONE, TWO])
    assert (both.bots, both.rooms, both.workers) == (100, 1, 2)
    assert both.sent == ONE.sent + TWO.sent
    assert both.offered_rate == 200
    assert both.delivered == sum(count for _, count in both.histogram) == 600_000
    assert both.latency_ms is not None
    assert ONE.latency_ms is not None
    assert TWO.latency_ms is not None
    assert ONE.latency_ms.p50 < both.latency_ms.p50 < TWO.latency_ms.p50
    below = sum(count for bound, count in both.histogram if bound <= both.latency_ms.p90)
    assert below == pytest.approx(540_000, rel=0.02)
    assert both.latency_ms.max == TWO.latency_ms.max


def test_what_cannot_be_known_of_all_is_the_highest_or_nothing() -> None:
    slow = replace(TWO, join_ms=Latency(1.0, 90.0, 91.0, 92.0, 93.0), kernel_drops=None)
    both = merged([ONE, slow])
    assert both.join_ms == Latency(3.2, 90.0, 91.0, 92.0, 93.0)
    assert both.server_cpu_us_per_delivery is both.server_cpu is None
    assert both.kernel_drops is None
    assert merged([ONE, TWO]).kernel_drops == 0
    assert merged([ONE, slow]).generator_cpu == ONE.generator_cpu


def test_seconds_are_laid_over_one_another_by_the_clock() -> None:
    later = replace(TWO, started=ONE.started + 10.2)
    both = merged([ONE, later])
    assert [each.at_s for each in both.series] == [float(at) for at in range(1, 71)]
    assert both.series[5] == ONE.series[5]
    assert both.series[20].delivered == 2 * 4950
    assert both.series[20].members == ONE.series[20].members + TWO.series[10].members
    assert both.series[20].p99_ms == max(ONE.series[20].p99_ms or 0, TWO.series[10].p99_ms or 0)
    assert both.series[65].sent == TWO.series[55].sent


def test_settings_that_differ_are_all_told() -> None:
    assert merged([ONE, TWO]).settings["seed"] == "1, 2"
    assert merged([ONE, TWO]).settings["rate"] == 100.0


def test_all_is_judged_by_every_threshold() -> None:
    both = merged([ONE.judged(["p50<2ms", "lost==0"]), TWO.judged(["lost==0"])], ["p99<5ms"])
    assert [(each.expr, each.ok) for each in both.thresholds] == [
        ("p50<2ms", False),
        ("lost==0", True),
        ("p99<5ms", False),
    ]
    assert both.exit_code == 99


def test_what_is_invalid_or_cut_short_in_one_is_so_in_all() -> None:
    invalid = replace(TWO, valid=False, verdict="invalid: too slow")
    both = merged([ONE, invalid], ["lost==0"])
    assert (both.valid, both.verdict, both.exit_code) == (False, "invalid: too slow", 98)
    assert merged([ONE, replace(TWO, cut_short=True)]).cut_short


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_runs_of_different_times_are_no_run(order: tuple[int, int]) -> None:
    runs: list[Report] = [ONE, replace(TWO, started=ONE.started + 61)]
    with pytest.raises(MergeError, match=r"^they did not run together: .*; give only"):
        merged([runs[at] for at in order])


def test_no_peak_is_hidden_where_seconds_are_drawn_as_one() -> None:
    groups = squeezed(ONE.series, 7)
    assert len(groups) == 7
    assert groups[-1].at_s == 60
    assert sum(each.delivered for each in groups) == 60 * 4950
    assert max(each.max_ms or 0 for each in groups) == max(each.max_ms or 0 for each in ONE.series)
    assert squeezed(ONE.series, 60) == list(ONE.series)


def test_a_search_for_the_most_is_no_part_of_a_run() -> None:
    search = replace(TWO, steps=(Step("one", 50.0, True),)).judged(())
    assert merged([search]) == search
    with pytest.raises(MergeError, match="use one, with --workers$"):
        merged([ONE, search])


def test_the_price_of_a_delivery_is_that_of_all() -> None:
    dear = replace(TWO, generator_cpu_us_per_delivery=40.0, delivered=100_000)
    cheap = replace(ONE, generator_cpu_us_per_delivery=20.0, delivered=300_000)
    assert merged([cheap, dear]).generator_cpu_us_per_delivery == 25.0
    assert merged([ONE, TWO]).generator_cpu_us_per_delivery is None
