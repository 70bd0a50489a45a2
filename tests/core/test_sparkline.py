from hypothesis import given
from hypothesis import strategies as st

from chat.core.sparkline import ASCII_BARS, BARS, GAP, progress_bar, sparkline, squeezed
from chat.tui.cells import width

VALUES = st.lists(st.none() | st.floats(0, 1e6), max_size=80)


def test_each_value_is_a_bar_up_to_the_highest() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([0.5, None, 1.0], top=2.0) == "▃ ▅"
    assert sparkline([1, 9, -1], top=2) == "▅█▁"
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert sparkline([None, None]) == "  "
    assert sparkline([]) == ""


def test_a_terminal_without_them_gets_ascii() -> None:
    assert sparkline([0, 7, None], ascii=True) == "_# "
    assert progress_bar(1, 4, 4, ascii=True) == "#..."
    assert (ASCII_BARS + progress_bar(1, 2, 9, ascii=True)).isascii()


@given(VALUES, st.none() | st.floats(0, 1e6), st.booleans())
def test_a_cell_for_each_and_a_gap_for_nothing_else(
    values: list[float | None], top: float | None, ascii: bool
) -> None:
    drawn = sparkline(values, top, ascii=ascii)
    assert width(drawn) == len(values)
    assert [cell == GAP for cell in drawn] == [value is None for value in values]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_what_is_higher_is_not_drawn_lower(values: list[float]) -> None:
    drawn = sparkline(sorted(values))
    assert list(drawn) == sorted(drawn, key=BARS.index)


@given(VALUES, st.integers(1, 80))
def test_squeezing_hides_no_peak(values: list[float | None], size: int) -> None:
    found = squeezed(values, size)
    assert len(found) <= size
    known = [value for value in values if value is not None]
    assert max((it for it in found if it is not None), default=None) == max(known, default=None)


def test_squeezing_keeps_gaps_that_fill_a_cell() -> None:
    assert squeezed([1, 2, None, None, None, 3], 3) == [2, None, 3]
    assert squeezed([1, 2], 3) == [1, 2]


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 40))
def test_a_bar_is_full_when_all_is_done_and_not_before(done: int, total: int, size: int) -> None:
    bar = progress_bar(done, total, size)
    assert width(bar) == size
    assert (bar == "▓" * size) is (done >= total)
