from hypothesis import given
from hypothesis import strategies as st

from chat.core.marks import Mark, Marks


def marks(*times: float, spacing: float = 0.0) -> Marks:
    """A push at each of these times, of 100 bytes and one entry each."""
    kept = Marks()
    for number, time in enumerate(times):
        kept.add(Mark(time, number, 100 * number, number), spacing)
    return kept


def test_each_push_is_found_by_number_and_by_time() -> None:
    kept = marks(1.0, 2.0, 4.0)
    assert [kept.of(number).time for number in range(4)] == [1.0, 2.0, 4.0, 4.0]
    assert [kept.at(time).number for time in (0.5, 1.0, 3.9, 4.0, 9.0)] == [0, 0, 1, 2, 2]


def test_those_that_follow_soon_share_a_mark() -> None:
    kept = marks(1.0, 1.05, 1.09, 1.1, 1.3, spacing=0.1)
    assert [kept.of(number).number for number in range(5)] == [0, 0, 0, 3, 4]


def test_what_is_too_long_ago_counts_as_the_oldest_there_is() -> None:
    kept = marks(*map(float, range(10_000)))
    assert len(kept._marks) <= 512
    assert 9000 < kept.of(0).number < kept.of(9999).number == 9999
    assert kept.at(0.0) == kept.of(0)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=300), st.floats(0, 1))
def test_a_mark_is_at_most_a_spacing_too_early(gaps: list[float], spacing: float) -> None:
    times = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    kept = marks(*times, spacing=spacing)
    for number, time in enumerate(times):
        found = kept.of(number)
        assert found.number <= number
        assert time - spacing <= found.time + 1e-9
        assert found.time <= time
