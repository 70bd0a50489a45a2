import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.bots.distribution import curve, hgrm, quantile, together, total

TEN = [(1.0, 4), (2.0, 5), (8.0, 1)]


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.4, 1.0), (0.41, 2.0), (0.9, 2.0), (0.99, 8.0), (1.0, 8.0)]
)
def test_a_quantile_is_the_bound_that_so_many_are_below(share: float, value: float) -> None:
    assert quantile(TEN, share) == value


@given(st.lists(st.integers(1, 50), min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_are_those_of_the_sorted_values(values: list[int], share: float) -> None:
    histogram = [(float(value), values.count(value)) for value in sorted(set(values))]
    exact = sorted(values)[max(0, -int(-round(share * len(values), 9) // 1) - 1)]
    assert quantile(histogram, share) == exact


def test_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="empty"):
        quantile([], 0.5)


def test_several_are_one_with_all_that_is_in_them() -> None:
    both = together([TEN, [(0.5, 3), (2.0, 1)]])
    assert both == ((0.5, 3), (1.0, 4), (2.0, 6), (8.0, 1))
    assert total(both) == 14
    assert list(curve(TEN)) == [(0.0, 0.4, 1.0), (0.4, 0.9, 2.0), (0.9, 1.0, 8.0)]


def test_hgrm_is_hdrhistograms_text() -> None:
    """As its Java code prints these ten values, with five lines a halving."""
    assert hgrm(TEN).splitlines() == [
        "       Value     Percentile TotalCount 1/(1-Percentile)",
        "",
        "       1.000 0.000000000000          4           1.00",
        "       1.000 0.100000000000          4           1.11",
        "       1.000 0.200000000000          4           1.25",
        "       1.000 0.300000000000          4           1.43",
        "       1.000 0.400000000000          4           1.67",
        "       2.000 0.500000000000          9           2.00",
        "       2.000 0.550000000000          9           2.22",
        "       2.000 0.600000000000          9           2.50",
        "       2.000 0.650000000000          9           2.86",
        "       2.000 0.700000000000          9           3.33",
        "       2.000 0.750000000000          9           4.00",
        "       2.000 0.775000000000          9           4.44",
        "       2.000 0.800000000000          9           5.00",
        "       2.000 0.825000000000          9           5.71",
        "       2.000 0.850000000000          9           6.67",
        "       2.000 0.875000000000          9           8.00",
        "       2.000 0.887500000000          9           8.89",
        "       2.000 0.900000000000          9          10.00",
        "       8.000 0.912500000000         10          11.43",
        "       8.000 1.000000000000         10",
        "#[Mean    =        2.200, StdDeviation   =        1.990]",
        "#[Max     =        8.000, Total count    =           10]",
    ]


@given(
    st.dictionaries(st.floats(0.001, 1e5), st.integers(1, 10**7), min_size=1, max_size=60).map(
        lambda found: sorted(found.items())
    )
)
def test_hgrm_ends_and_never_goes_back(histogram: list[tuple[float, int]]) -> None:
    rows = [
        tuple(map(float, line.split()[:3]))
        for line in hgrm(histogram).splitlines()[2:]
        if not line.startswith("#")
    ]
    for one, other in pairwise(rows):
        assert one[0] <= other[0]
        assert one[1] <= other[1]
        assert one[2] <= other[2]
    assert rows[-1][1:] == (1.0, total(histogram))
    assert len(rows) < 300


def test_nothing_is_written_as_nothing() -> None:
    assert re.search(r"Total count    = +0\]", hgrm([]))
