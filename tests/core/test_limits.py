from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.buckets import Allowance, Bucket


class Exact:
    """A token bucket in exact numbers: its level is counted anew from the beginning each time."""

    def __init__(self, rate: int, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self.events: list[tuple[Fraction, int]] = []

    def take(self, now: Fraction, amount: int) -> bool:
        level, at = Fraction(self.burst), Fraction(0)
        for when, taken in self.events:
            level = min(Fraction(self.burst), level + (when - at) * self.rate) - taken
            at = when
        level = min(Fraction(self.burst), level + (now - at) * self.rate)
        if level < amount:
            return False
        self.events.append((now, amount))
        return True


STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), max_size=30)


@given(STEPS, st.integers(0, 8), st.integers(1, 8))
def test_a_bucket_gives_what_an_exact_one_gives(
    steps: list[tuple[int, int]], rate: int, burst: int
) -> None:
    """Times are eighths of a second, so that floating point is exact, too."""
    bucket, exact = Bucket(rate, burst), Exact(rate, burst)
    now = 0
    for eighths, amount in steps:
        now += eighths
        assert bucket.take(now / 8, amount) == exact.take(Fraction(now, 8), amount)


def test_a_bucket_is_full_at_first_and_fills_at_its_rate() -> None:
    bucket = Bucket(rate=10.0, burst=3.0)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(100.05)
    assert bucket.take(100.11)
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_refused_amount_takes_nothing() -> None:
    bucket = Bucket(rate=0.0, burst=5.0)
    assert not bucket.take(0.0, 6.0)
    assert bucket.take(0.0, 5.0)


@given(st.lists(st.integers(0, 50), max_size=30))
def test_an_allowance_is_never_overdrawn(sizes: list[int]) -> None:
    allowance, held = Allowance(100), 0
    for size in sizes:
        if allowance.take(size):
            held += size
        else:
            assert held + size > 100
        assert held <= 100
        assert allowance.left == 100 - held


def test_what_is_given_back_may_be_taken_again() -> None:
    allowance = Allowance(10)
    assert allowance.take(10)
    assert not allowance.take(1)
    allowance.give(4)
    assert allowance.take(4)


@pytest.mark.parametrize("size", [0, 10])
def test_all_of_an_allowance_may_be_taken_at_once(size: int) -> None:
    assert Allowance(size).take(size)
