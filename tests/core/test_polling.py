import pytest

from chat.core import limits
from chat.core.polling import Polling
from chat.core.recovery import RoundTrip

LEAST, MOST = limits.POLL


def polling(rtt: float = 0.05) -> Polling:
    way = RoundTrip()
    way.sample(rtt)
    poll = Polling(way)
    poll.start(100.0)
    return poll


def test_it_asks_at_once_and_then_as_often_as_something_is_said() -> None:
    poll = polling()
    assert poll.due == 100.0
    for now in (100.1, 100.4, 101.0):
        poll.answered(True, now)
        assert poll.due == pytest.approx(now + LEAST)


def test_not_more_often_than_once_a_round_trip() -> None:
    poll = polling(rtt=0.9)
    poll.answered(True, 101.0)
    assert poll.due == pytest.approx(101.9)


def test_in_a_quiet_room_ever_more_rarely() -> None:
    poll, waits = polling(), []
    for _ in range(8):
        poll.answered(False, 200.0)
        assert poll.due is not None
        waits.append(poll.due - 200.0)
    assert waits == [LEAST, 2 * LEAST, 4 * LEAST, 8 * LEAST, MOST, MOST, MOST, MOST]
    poll.hurry(200.0)
    assert poll.due == pytest.approx(200.0 + LEAST), "we have said something ourselves"
    poll.answered(False, 201.0)
    assert poll.due == pytest.approx(201.0 + LEAST)


def test_an_answer_that_does_not_come_is_missed_once() -> None:
    poll = polling()
    assert not poll.overdue(1000.0)
    poll.asked(101.0)
    assert poll.missed_at is not None
    assert not poll.overdue(101.0)
    assert [poll.overdue(poll.missed_at) for _ in range(2) if poll.missed_at] == [True]
    poll.asked(102.0)
    poll.answered(False, 102.1)
    assert not poll.overdue(1000.0)


def test_who_is_pushed_to_does_not_ask() -> None:
    poll = polling()
    poll.stop()
    poll.asked(101.0)
    assert (poll.due, poll.missed_at) == (None, None)
