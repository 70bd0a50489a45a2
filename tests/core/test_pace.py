from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import limits
from chat.core.channel import PUSH_MAX
from chat.core.member import Member
from chat.core.pace import Pace

from .stub import Stub

FAST = 100_000.0


class Desk:
    """A pace that is looked at each second, in a room that pushes so many bytes a second."""

    def __init__(self, receivers: int = 20, made: float = FAST) -> None:
        self.pace = Pace()
        self.crowd = [Stub(f"m{n}") for n in range(receivers)]
        self.made = made
        self.now = 100.0

    def tick(self, late: float = 0.0) -> bool:
        self.now += 1
        return self.pace.tick(len(self.crowd), self.made, late, 3.0, self.now)

    def complain(self, *rates: float) -> bool:
        for member, rate in zip(self.crowd, rates, strict=False):
            self.pace.complain(member, rate, self.now)
        return self.tick()


def test_while_nobody_complains_there_is_no_limit_and_nothing_waits() -> None:
    desk = Desk()
    assert not any(desk.tick() for _ in range(100))
    assert (desk.pace.rate, desk.pace.budget, desk.pace.window) == (None, None, limits.WINDOW)


@pytest.mark.parametrize(
    ("receivers", "ignored"), [(1, 0), (2, 0), (3, 1), (10, 1), (20, 2), (100, 10)]
)
def test_the_slowest_tenth_does_not_count_and_no_single_one_of_three(
    receivers: int, ignored: int
) -> None:
    desk = Desk(receivers)
    rates = [110_000.0 + 1000 * n for n in range(receivers)]
    assert not desk.complain(*rates[:ignored])
    assert desk.pace.rate is None
    assert desk.complain(*rates)
    assert desk.pace.rate == rates[ignored]


def test_nobody_can_stop_a_room() -> None:
    for receivers, least in ((1, 110_000), (2, 55_000), (10, 11_000), (20, 5_500), (50, 5_500)):
        desk = Desk(receivers)
        nothing = [0.0] * receivers
        assert desk.complain(*nothing)
        assert desk.pace.rate == least
        assert not desk.complain(*nothing)


def test_who_takes_it_again_or_is_gone_does_not_count() -> None:
    desk = Desk(2)
    desk.pace.complain(desk.crowd[0], 1.0, desk.now)
    desk.pace.content(desk.crowd[0])
    assert not desk.tick()
    desk.pace.complain(desk.crowd[0], 1.0, desk.now - 3.0)
    assert not desk.tick(), "that was long ago"


def test_one_complaint_counts_once() -> None:
    desk = Desk(2)
    assert desk.complain(60_000.0)
    desk.pace.rate = FAST
    assert not desk.tick()


def test_it_opens_again_first_fast_then_carefully_and_in_the_end_altogether() -> None:
    desk, rates = Desk(2, made=200_000.0), list[float]()
    desk.complain(60_000.0)
    while desk.pace.rate is not None:
        rates.append(desk.pace.rate)
        desk.tick()
    factors = [after / before for before, after in pairwise(rates)]
    careful = [n for n, factor in enumerate(factors) if factor < 1.05]
    known = limits.PACE_KNOWN * 200_000
    assert factors[0] == pytest.approx(limits.PACE_MORE)
    assert min(rates[n] for n in careful) == pytest.approx(known, rel=0.1)
    assert careful[-1] <= limits.PACE_FORGET < len(rates) < 120


def test_a_server_that_is_late_twice_has_to_do_less() -> None:
    desk = Desk()
    assert not desk.tick(late=0.3)
    assert not desk.tick(late=0.1)
    assert not desk.tick(late=0.3)
    assert desk.tick(late=0.3)
    assert desk.pace.rate == pytest.approx(FAST * limits.PACE_LESS)
    slow = Desk(made=100.0)
    slow.tick(late=9.0)
    slow.tick(late=9.0)
    assert slow.pace.rate == limits.PACE_SERVER, "it was not the room"


def test_windows_are_what_is_gone_in_half_a_second() -> None:
    desk = Desk(20)
    for number in range(10):
        for _ in range(20):
            desk.pace.said(b"author %d" % number, 200)
    desk.complain(30_000.0, 30_000.0, 30_000.0)
    assert desk.pace.window == pytest.approx(limits.PACE_QUEUE * 30_000 / 200 / 10, abs=1)
    for _ in range(99):
        desk.pace.said(b"one", 200)
    desk.tick()
    assert desk.pace.window == limits.WINDOW, "it has 82 for itself"
    for number in range(1000):
        desk.pace.said(b"author %d" % number, 200)
    desk.tick()
    assert desk.pace.window == 1, "nobody is silenced"


def test_what_waits_goes_a_full_push_at_a_time() -> None:
    desk = Desk(2)
    desk.complain(60_000.0)
    assert desk.pace.budget == 0
    assert desk.pace.next == pytest.approx(desk.now + PUSH_MAX / 60_000)
    desk.pace.refill(desk.pace.next)
    assert desk.pace.budget == PUSH_MAX
    desk.pace.spend(100)
    assert desk.pace.budget == 0
    assert desk.pace.next < desk.now + 2 * PUSH_MAX / 60_000, "it was a small one"


@given(
    st.floats(limits.PACE_ALL, limits.PACE_MOST / 2),
    st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, PUSH_MAX)), max_size=60),
)
def test_never_more_than_the_pace(rate: float, steps: list[tuple[float, int]]) -> None:
    desk = Desk(1)
    desk.complain(rate)
    start, now, spent = desk.now, desk.now, 0
    for wait, size in steps:
        now += wait
        desk.pace.refill(now)
        budget = desk.pace.budget
        assert budget is not None
        taken = min(budget, size)
        desk.pace.spend(taken)
        spent += taken
        assert spent <= rate * (now - start) + max(PUSH_MAX, rate * 0.05) + 1e-3
        assert desk.pace.next >= now or desk.pace.budget


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1e7), st.floats(0, 2)), max_size=60))
def test_whatever_is_complained_of_rate_and_window_stay_within_their_bounds(
    steps: list[tuple[int, float, float]],
) -> None:
    desk = Desk(5)
    for number, rate, late in steps:
        member: Member = desk.crowd[number]
        desk.pace.complain(member, rate, desk.now)
        before = desk.pace.rate
        less = desk.tick(late)
        after = desk.pace.rate
        assert after is None or limits.PACE_LEAST <= after <= limits.PACE_MOST * 10
        assert not less or (after is not None and (before is None or after < before))
        assert 1 <= desk.pace.window <= limits.WINDOW
