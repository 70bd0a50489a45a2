import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("7d", 604_800),
        ("1w", 604_800),
        ("1h30m", 5400),
        ("1H30M", 5400),
        (99 * "0" + "90s", 90),
        ("3650d", durations.MOST),
    ],
)
def test_durations_as_people_write_them(text: str, seconds: int) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0s",
        "10",
        "m",
        "h1",
        "-1h",
        "1.5h",
        "1y",
        "3651d",
        "9" * 99 + "s",
        99 * "0" + 99 * "9" + "s",
        "1h 30m",
        "²s",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    assert durations.seconds(text) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (90, "1m 30s"), (3600, "1h"), (3601, "1h"), (5400, "1h 30m"), (691_200, "1w 1d")],
)
def test_durations_as_people_read_them(seconds: int, words: str) -> None:
    assert durations.words(seconds) == words


@given(st.integers(1, durations.MOST))
def test_what_is_said_is_at_most_what_was_meant(total: int) -> None:
    said = durations.seconds(durations.words(total).replace(" ", ""))
    assert said is not None and 0.85 * total <= said <= total
