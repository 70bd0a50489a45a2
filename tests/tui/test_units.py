import pytest

from chat.tui.units import counted, duration, loss, round_trip, trend_top


@pytest.mark.parametrize(
    ("seconds", "jitter", "said"),
    [
        (None, None, ""),
        (None, 0.1, ""),
        (0.0042, None, "4.2 ms"),
        (0.0042, 0.0011, "4.2 ms ±1.1"),
        (0.0123, 0.0031, "12 ms ±3"),
        (1.5, 0.25, "1,500 ms ±250"),
    ],
)
def test_round_trips(seconds: float | None, jitter: float | None, said: str) -> None:
    assert round_trip(seconds, jitter) == said


def test_loss() -> None:
    assert [loss(each) for each in (None, 0.0, 0.004, 0.054, 0.3, 1.0)] == [
        *("", "0% lost", "0.4% lost", "5.4% lost", "30% lost", "100% lost")
    ]


def test_durations_and_counts() -> None:
    assert [duration(each) for each in (0.0, 119.0, 120.0, 7199.0, 7200.0)] == [
        *("0 s", "119 s", "2 min", "120 min", "2 h")
    ]
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(1200, "entry", "entries") == "1,200 entries"
    assert counted(0, "draft") == "0 drafts"


def test_a_steady_round_trip_is_drawn_low_and_a_peak_high() -> None:
    assert trend_top([0.01, None, 0.01]) == 0.04
    assert trend_top([0.01, 0.5]) == 0.5
    assert trend_top([None]) == trend_top([]) == 0.0
