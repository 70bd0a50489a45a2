import pytest

from chat.core import asks
from chat.core.asking import Asking
from chat.core.recovery import RoundTrip


def nick(asking: Asking, name: str = "ann") -> asks.Nick:
    return asking.ask(lambda r: asks.Nick(r, name))


def due(asking: Asking, now: float) -> list[asks.Request]:
    return [message for message, _ in asking.due(now)]


def test_a_request_goes_at_once_and_again_until_it_is_answered() -> None:
    rtt = RoundTrip()
    asking = Asking(rtt)
    request = nick(asking)
    assert asking.deadline() == 0.0
    assert due(asking, 100.0) == [request]
    assert due(asking, 100.0) == []
    assert asking.deadline() == 100.0 + rtt.timeout()
    assert due(asking, 100.0 + rtt.timeout()) == [request]
    assert asking.answered(request.r, 101.0) == request
    assert asking.deadline() is None
    assert due(asking, 1000.0) == []


def test_what_moderates_a_room_is_asked_for_one_after_the_other() -> None:
    asking = Asking(RoundTrip())
    lock = asking.ask(lambda r: asks.Act(r, "lobby", "lock"))
    unlock = asking.ask(lambda r: asks.Act(r, "lobby", "unlock"))
    other = asking.ask(lambda r: asks.Act(r, "den", "lock"))
    assert due(asking, 100.0) == [lock, other]
    deadline = asking.deadline()
    assert deadline is not None and deadline > 100.0, "what waits for another wakes nobody"
    asking.answered(lock.r, 100.1)
    assert due(asking, 100.1) == [unlock]


def test_what_moderates_a_room_waits_until_we_are_in_it() -> None:
    asking = Asking(RoundTrip())
    lock = asking.ask(lambda r: asks.Act(r, "den", "lock"))
    join = asking.ask(lambda r: asks.Join(r, "den", ()))
    assert due(asking, 100.0) == [join]
    asking.answered(join.r, 100.1)
    assert due(asking, 100.1) == [lock]


@pytest.mark.parametrize(
    ("request_", "quick"),
    [
        (asks.Join(1, "den", ()), True),
        (asks.Join(1, "den", (), "sword fish"), False),
        (asks.Act(1, "den", "lock"), False),
    ],
)
def test_what_takes_the_server_its_time_measures_no_path(
    request_: asks.Request, quick: bool
) -> None:
    rtt = RoundTrip()
    asking = Asking(rtt)
    asking.ask(lambda _: request_)
    due(asking, 100.0)
    asking.answered(1, 100.2)
    assert rtt.measured is quick


def test_the_wait_doubles_as_long_as_nothing_is_heard() -> None:
    rtt = RoundTrip()
    asking = Asking(rtt)
    nick(asking)
    now, gaps = 100.0, []
    for _ in range(4):
        list(asking.due(now))
        deadline = asking.deadline()
        assert deadline is not None
        gaps.append(deadline - now)
        now = deadline
    assert gaps == pytest.approx([rtt.timeout(tries) for tries in range(4)])


def test_on_a_path_that_is_merely_bad_it_does_not() -> None:
    rtt = RoundTrip()
    asking = Asking(rtt)
    nick(asking)
    now = 100.0
    for _ in range(6):
        list(asking.due(now))
        rtt.heard(now + 0.1)
        deadline = asking.deadline()
        assert deadline is not None
        assert deadline - now <= rtt.timeout(1) + 1e-6
        now = deadline


def test_an_answer_counts_once() -> None:
    asking = Asking(RoundTrip())
    request = nick(asking)
    assert asking.answered(request.r, 1.0) == request
    assert asking.answered(request.r, 1.0) is None
    assert asking.answered(99, 1.0) is None


def test_no_two_requests_share_a_number() -> None:
    asking = Asking(RoundTrip())
    numbers = [nick(asking).r for _ in range(3)]
    asking.forget(asks.Nick)
    asking.restart(1.0, [])
    assert [*numbers, nick(asking).r] == [1, 2, 3, 4]


def test_only_what_was_sent_once_measures_the_path() -> None:
    """Karn: of two sendings, nobody knows which one the answer is to."""
    rtt = RoundTrip()
    asking = Asking(rtt)
    once, twice = nick(asking), nick(asking)
    list(asking.due(100.0))
    asking.answered(once.r, 100.5)
    assert rtt.smoothed == 0.5
    list(asking.due(200.0))
    asking.answered(twice.r, 200.1)
    assert rtt.smoothed == 0.5


def test_what_makes_no_sense_any_more_is_forgotten() -> None:
    asking = Asking(RoundTrip())
    nick(asking)
    joins = [
        asking.ask(lambda r: asks.Join(r, "den", ())),
        asking.ask(lambda r: asks.Join(r, "attic", ())),
    ]
    asking.forget(asks.Join, lambda join: join.room == "den")
    assert asking.asked(asks.Join) == joins[1:]
    asking.forget(asks.Join)
    assert asking.asked(asks.Join) == []
    assert len(asking.asked(asks.Nick)) == 1


def test_in_a_new_session_everything_is_asked_again_but_what_came_with_the_opening() -> None:
    rtt = RoundTrip()
    asking = Asking(rtt)
    join = asking.ask(lambda r: asks.Join(r, "den", ()))
    request = nick(asking)
    list(asking.due(100.0))
    asking.restart(200.0, [join.r])
    assert due(asking, 200.0) == [request]
    assert due(asking, 200.0 + rtt.timeout()) == [join, request]
