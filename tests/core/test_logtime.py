import pytest

from chat.core.limits import LEAP
from chat.core.logtime import LogTime

WALL = 1_700_000_000_000
YEAR = 365 * 86_400_000


def began(last: int, wall: int) -> int:
    time = LogTime()
    time.begin(last, 50.0, wall)
    return time.read(50.0)


def test_it_goes_on_with_the_monotonic_clock() -> None:
    time = LogTime()
    assert not time.known
    time.begin(0, 50.0, WALL)
    assert time.known
    assert time.read(50.0) == WALL
    assert time.read(51.5) == WALL + 1500
    assert time.read(49.0) == WALL


@pytest.mark.parametrize(
    ("away", "counts"), [(0, True), (3_600_000, True), (-1, False), (-YEAR, False), (YEAR, False)]
)
def test_between_two_runs_it_believes_the_machine_only_what_can_be(away: int, counts: bool) -> None:
    assert began(WALL, WALL + away) == (WALL + away if counts else WALL)


def test_a_leap_is_the_longest_that_it_believes() -> None:
    assert began(WALL, WALL + int(LEAP * 1000)) == WALL + int(LEAP * 1000)
    assert began(WALL, WALL + int(LEAP * 1000) + 1) == WALL


def test_before_the_log_was_read_nobody_knows_it() -> None:
    with pytest.raises(ValueError, match="not known"):
        LogTime().read(1.0)
