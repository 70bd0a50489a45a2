from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import limits, wire
from chat.core.receiver import Receiver, Sample

Spoken = tuple[int, int | None]
"""Pushes received, and the number of those made by then, if that is known."""


class Ear:
    """A receiver, and a report of it each second."""

    def __init__(self, *reports: Spoken, epoch: int = 0) -> None:
        self.receiver = Receiver(1, 0)
        self.now = 100.0
        self.samples = [self.report(*report, epoch=epoch) for report in reports]

    def report(self, received: int, number: int | None, *, epoch: int = 0) -> Sample | None:
        self.now += 1
        report = wire.Report(7, 0, epoch, received, 0, 20)
        return self.receiver.take(report, number, self.now)


def test_the_first_report_says_where_it_counts_from() -> None:
    ear = Ear((5, 9), (8, 13))
    assert ear.samples == [None, Sample(9, 13, 3, 1.0)]
    assert (ear.receiver.covered, ear.receiver.rtt) == (13, 0.02)


def test_nothing_new_says_nothing() -> None:
    assert Ear((5, 9), (5, 9), (5, None)).samples == [None, None, None]


def test_one_that_was_overtaken_uncovers_nothing() -> None:
    ear = Ear((5, 9), (8, 13), (6, 10))
    assert ear.samples[-1] is None
    assert ear.receiver.covered == 13
    assert ear.report(9, 15) == Sample(13, 15, 1, 2.0), "of what the newest one said it had"


@pytest.mark.parametrize("again", [(1, 20, 1), (1, 20, 0)], ids=["another key", "joined again"])
def test_a_count_that_begins_anew_is_compared_with_nothing(again: tuple[int, int, int]) -> None:
    received, number, epoch = again
    ear = Ear((5, 9), (6, 13))
    assert ear.report(received, number, epoch=epoch) is None
    assert ear.receiver.samples == ()
    assert ear.report(received + 2, number + 3, epoch=epoch) == Sample(20, 23, 2, 1.0)


def test_what_was_pushed_while_it_was_out_is_not_lost() -> None:
    ear = Ear((5, 9), (9, 13))
    ear.receiver.begin(50)
    assert ear.receiver.covered == 50
    assert ear.report(10, 53) is None, "it says how many it got, not since when"
    assert ear.report(12, 55) == Sample(53, 55, 2, 1.0)


def test_loss_is_of_three_reports() -> None:
    ear = Ear((0, 0), (1, 4), (2, 8))
    assert ear.receiver.loss == 0
    ear.report(3, 12)
    assert ear.receiver.loss == pytest.approx(0.75)
    ear.report(7, 16)
    assert ear.receiver.loss == pytest.approx(0.5)


def test_who_loses_nothing_keeps_nothing() -> None:
    ear = Ear((0, 0), (4, 4), (8, 8))
    assert ear.receiver.samples == ()
    for count in range(3, 9):
        ear.report(4 * count - 1, 4 * count)
    assert ear.receiver.samples == ()
    assert ear.report(32, 37) is not None
    assert len(ear.receiver.samples) == 1


def test_what_was_forgiven_does_not_count() -> None:
    ear = Ear((0, 0), (1, 4), (2, 8), (3, 12))
    ear.receiver.forgive(0)
    assert ear.receiver.loss > 0
    ear.receiver.forgive(12)
    assert ear.receiver.loss == 0


def test_a_queue_is_what_takes_longer_than_the_way() -> None:
    receiver = Ear((0, 0)).receiver
    assert receiver.nearest == inf
    receiver.rtt = 0.3
    assert not receiver.queues(0.29 + limits.PACE_LAG)
    assert receiver.queues(0.31 + limits.PACE_LAG)
    assert not receiver.queues(0.0)


def test_a_way_that_has_become_longer_is_learned() -> None:
    receiver = Ear((0, 0)).receiver
    receiver.rtt = 0.05
    assert receiver.queues(0.8)
    late = [receiver.queues(0.8) for _ in range(50)]
    assert late[0]
    assert not late[-1]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 40), st.integers(0, 2)), max_size=60))
def test_whatever_is_reported_a_sample_makes_sense(steps: list[tuple[int, int, int]]) -> None:
    ear, end = Ear(), 0
    for received, number, epoch in steps:
        sample = ear.report(received, number, epoch=epoch)
        if sample is not None:
            assert end <= sample.first < sample.end
            assert 0 < sample.got <= sample.sent
            end = sample.end
        assert 0 <= ear.receiver.loss < 1
        assert len(ear.receiver.samples) <= 3
        assert ear.receiver.covered >= end
