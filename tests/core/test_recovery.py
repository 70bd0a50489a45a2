import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.recovery import ANSWER_DELAY, INITIAL_RTT, PTO_MAX, FetchWindow, RoundTrip

SECONDS = st.floats(0.0, 10.0)


@given(st.lists(SECONDS, min_size=1, max_size=20))
def test_the_round_trip_is_smoothed_as_rfc_9002_says(samples: list[float]) -> None:
    rtt = RoundTrip()
    smoothed, variation = samples[0], samples[0] / 2
    rtt.sample(samples[0])
    for sample in samples[1:]:
        rtt.sample(sample)
        variation = 3 / 4 * variation + 1 / 4 * abs(smoothed - sample)
        smoothed = 7 / 8 * smoothed + 1 / 8 * sample
    assert math.isclose(rtt.smoothed, smoothed, abs_tol=1e-9)
    assert math.isclose(rtt.variation, variation, abs_tol=1e-9)


@given(st.lists(SECONDS, max_size=10))
def test_the_time_out_doubles_up_to_its_bound(samples: list[float]) -> None:
    rtt = RoundTrip()
    for sample in samples:
        rtt.sample(sample)
    first = rtt.timeout()
    assert first > min(rtt.smoothed, PTO_MAX - ANSWER_DELAY)
    for tries in range(100):
        assert math.isclose(rtt.timeout(tries), min(first * 2**tries, PTO_MAX))


def test_before_the_first_sample_a_third_of_a_second_is_assumed() -> None:
    rtt = RoundTrip()
    assert math.isclose(rtt.timeout(), INITIAL_RTT + 4 * INITIAL_RTT / 2 + ANSWER_DELAY)


@pytest.mark.parametrize(("smoothed", "expected"), [(0.0, 0.001), (0.008, 0.001), (0.8, 0.1)])
def test_what_seems_lost_may_be_an_eighth_of_a_round_trip_late(
    smoothed: float, expected: float
) -> None:
    rtt = RoundTrip()
    rtt.sample(smoothed)
    assert math.isclose(rtt.reordering, expected)


def test_the_shortest_round_trip_is_that_of_one_path() -> None:
    rtt = RoundTrip()
    rtt.sample(0.01)
    rtt.sample(0.2)
    assert rtt.least < 0.02
    rtt.elsewhere()
    rtt.sample(0.2)
    assert rtt.least == 0.2
    assert rtt.smoothed < 0.2, "what else is known is better than nothing"


@given(st.lists(st.booleans(), max_size=60))
def test_the_fetch_window_stays_within_its_bounds(outcomes: list[bool]) -> None:
    window = FetchWindow()
    for complete in outcomes:
        before = window.size
        if complete:
            window.complete(64, 0.0)
            assert before <= window.size <= 2 * before
        else:
            window.lost()
            assert window.size == max(before // 2, window.LEAST)
        assert window.LEAST <= window.size <= window.MOST


def test_the_window_doubles_until_the_first_loss_and_then_grows_by_a_page() -> None:
    window = FetchWindow()
    window.complete(64, 0.0)
    assert window.size == 20 * 1200
    window.lost()
    assert window.size == 10 * 1200
    window.complete(64, 0.0)
    assert window.size == 11 * 1200


def test_the_window_never_asks_for_less_than_two_pages() -> None:
    window = FetchWindow()
    for _ in range(20):
        window.lost()
    assert window.size == 2 * 1200


def test_a_path_that_has_become_longer_is_learned_slowly() -> None:
    rtt = RoundTrip()
    for seconds in (0.1, 0.05, 0.2):
        rtt.sample(seconds)
    assert 0.05 < rtt.least < 0.06
    for _ in range(500):
        rtt.sample(0.2)
    assert rtt.least == pytest.approx(0.2, abs=0.001)


def test_a_window_that_was_not_used_does_not_grow_and_a_queue_makes_it_smaller() -> None:
    window = FetchWindow()
    window.complete(1, 0.0)
    assert window.size == 10 * 1200
    window.complete(10, 0.2)
    assert window.size == 5 * 1200
