"""Latencies in buckets, against the values themselves."""

from random import Random

import pytest

from chat.bots.histogram import STEP, Histogram, bucket, upper


def test_percentiles_are_those_of_the_values_to_half_a_percent() -> None:
    random = Random(1)
    values = sorted(random.lognormvariate(-6, 2) for _ in range(5000))
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    for share in (0.5, 0.9, 0.99, 0.999):
        exact = values[int(share * len(values) - 1e-9)] * 1000
        assert exact - 1e-3 <= histogram.percentile(share) <= exact * (1 + STEP) + 1e-3
    latency = histogram.latency()
    assert latency is not None
    assert latency.max == round(values[-1] * 1000, 3)


def test_the_sum_of_two_is_that_of_both() -> None:
    random = Random(2)
    one, other, both = Histogram(), Histogram(), Histogram()
    for part in (one, other):
        for _ in range(1000):
            value = random.expovariate(10)
            part.add(value)
            both.add(value)
    one.merge(other.counts.items(), other.most)
    assert (one.counts, one.total, one.most) == (both.counts, both.total, both.most)
    assert one.latency() == both.latency()


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-9, 1e-6])
def test_what_took_no_time_is_in_the_first(seconds: float) -> None:
    assert bucket(seconds) == 0


def test_a_value_is_below_the_bound_of_its_bucket_and_above_the_one_before() -> None:
    for exponent in range(-55, 30):
        seconds = 1.27**exponent
        index = bucket(seconds)
        assert upper(index - 1) < seconds <= upper(index) * (1 + 1e-12)


def test_rows_count_everything_once() -> None:
    histogram = Histogram()
    for value in (0.001, 0.001, 0.5, 3.0):
        histogram.add(value)
    rows = histogram.rows()
    assert [count for _, count in rows] == [2, 1, 1]
    for (bound, _), value in zip(rows, (1, 500, 3000), strict=True):
        assert value <= bound <= value * (1 + STEP)


def test_nothing_has_no_latency() -> None:
    assert Histogram().latency() is None
