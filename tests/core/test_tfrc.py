from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.tfrc import tcp_rate


def test_where_nothing_is_lost_there_is_no_limit() -> None:
    assert tcp_rate(0.0, 0.1) == inf


@pytest.mark.parametrize(
    ("loss", "rtt", "rate"), [(0.01, 0.1, 112.0), (0.1, 0.1, 17.7), (0.5, 0.1, 0.416)]
)
def test_by_the_equation(loss: float, rtt: float, rate: float) -> None:
    """Worked out by hand from RFC 5348 §3.1 with s = 1, b = 1, t_RTO = 4 R."""
    assert tcp_rate(loss, rtt) == pytest.approx(rate, rel=0.01)


@given(st.floats(1e-6, 0.9), st.floats(0.001, 10), st.floats(1.01, 3))
def test_more_loss_or_a_longer_way_is_less(loss: float, rtt: float, factor: float) -> None:
    assert 0 < tcp_rate(min(1.0, loss * factor), rtt) < tcp_rate(loss, rtt)
    assert tcp_rate(loss, rtt * factor) == pytest.approx(tcp_rate(loss, rtt) / factor)
