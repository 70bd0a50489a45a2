import re

import pytest
from msgspec.structs import replace

from chat.bots.figures import microseconds, milliseconds, number, rate, share
from chat.bots.report import Step
from chat.bots.summary import summary

from .reports import made

RUN = made(1)


def test_the_table_has_all_that_counts() -> None:
    lines = summary(RUN.judged(["p99<1ms", "lost==0", "server_cpu_us_per_delivery<2"]))
    assert "rate        99.5/s of 100/s offered" in lines
    latency = RUN.latency_ms
    assert latency is not None
    row = next(line for line in lines if line.startswith("latency")).split()
    assert [float(value) for value in row[1::2]] == [
        float(f"{value:.3g}")
        for value in (latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max)
    ]
    assert f"MISSED  p99<1ms                       {latency.p99:.3g} ms" in lines
    assert "held    lost==0                       0" in lines
    assert "server      1.42 us of CPU a delivery, 0.71 % of a core" in lines
    assert "held    server_cpu_us_per_delivery<2  1.42 us" in lines
    assert lines[-1] == "verdict     missed: p99<1ms"


def test_columns_are_under_one_another() -> None:
    rows = [line for line in summary(RUN) if line.startswith(("   ", "latency", "joining"))]
    assert len(rows) == 3
    assert len(set(map(len, rows))) == 1


def test_what_is_not_known_is_left_out() -> None:
    silent = replace(RUN, latency_ms=None, join_ms=None, server_cpu_us_per_delivery=None)
    assert "server      0.71 % of a core" in summary(silent)
    lines = summary(replace(silent, server_cpu=None))
    assert "nothing was delivered" in lines
    assert not any(line.startswith(("joining", "server")) for line in lines)


def test_a_run_that_was_cut_short_says_so() -> None:
    lines = summary(replace(RUN, cut_short=True, duration_s=12.2).judged(()))
    assert re.match(r"verdict     cut short.* \(after 12 s\)$", lines[-1])


def test_steps_say_which_held() -> None:
    steps = (Step("one", 50.0, True), Step("two", 100.0, False, "p99<5ms is 7.1"))
    lines = summary(replace(RUN, steps=steps).judged(()))
    assert "held     50/s  one" in lines
    assert "BROKE   100/s  p99<5ms is 7.1" in lines


def test_drops_of_the_own_kernel_are_told() -> None:
    assert "here        the kernel dropped 7 datagrams" in summary(replace(RUN, kernel_drops=7))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0.0, "0 us"),
        (0.0123, "12.3 us"),
        (0.9994, "999 us"),
        (0.9996, "1 ms"),
        (12.34, "12.3 ms"),
        (999.4, "999 ms"),
        (999.6, "1 s"),
        (1999.0, "2 s"),
        (999_600.0, "1,000 s"),
    ],
)
def test_times_have_three_digits(value: float | None, shown: str) -> None:
    assert milliseconds(value) == shown


def test_numbers_have_few_digits() -> None:
    assert number(1234567) == "1,234,567"
    assert number(99.54) == "99.5"
    assert number(0.123456) == "0.123"
    assert number(1234.5) == "1,234"
    assert (rate(None), share(0.01234), microseconds(1.4182)) == ("-", "1.23 %", "1.42 us")
