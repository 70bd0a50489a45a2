from itertools import pairwise

import pytest
from msgspec.structs import replace

from chat.bots.compare import BETTER, NOISE, SAME, UNKNOWN, WORSE, compared, table
from chat.bots.report import Report

from .reports import made

BASE = made(1)


def judged(before: Report, after: Report) -> dict[str, str]:
    return {each.figure.name: each.judged for each in compared(before, after)}


def test_the_same_run_is_the_same() -> None:
    assert set(judged(BASE, BASE).values()) == {SAME}


def test_chance_is_noise() -> None:
    """Of a hundred pairs of runs of one kind about five look different, and no more."""
    runs = [made(seed, seconds=20) for seed in range(2, 103)]
    found = [judged(one, other)[name] for one, other in pairwise(runs) for name in ("p50", "p99")]
    assert found.count(BETTER) + found.count(WORSE) < 20
    assert found.count(NOISE) + found.count(SAME) > 180


@pytest.mark.parametrize("seed", range(2, 12))
def test_a_tenth_more_is_no_chance(seed: int) -> None:
    slower = made(seed, slow=1.1)
    assert judged(BASE, slower)["p50"] == WORSE
    assert judged(slower, BASE)["p50"] == BETTER


def test_more_a_second_is_better() -> None:
    more = replace(
        BASE,
        achieved_rate=150.0,
        delivered=450_000,
        series=tuple(replace(it, sent=150, delivered=7400) for it in BASE.series),
    )
    found = judged(BASE, more)
    assert (found["achieved"], found["delivered"]) == (BETTER, BETTER)
    assert judged(more, BASE)["delivered"] == WORSE


def test_one_stall_is_told_in_what_it_changed() -> None:
    found = judged(BASE, made(1, stall=30))
    assert found["p99"] == WORSE
    assert found["p50"] in (NOISE, SAME)


def test_any_loss_is_worse() -> None:
    assert judged(BASE, replace(BASE, lost=1))["lost"] == WORSE
    assert judged(replace(BASE, duplicates=1), BASE)["duplicates"] == BETTER


def test_what_one_run_does_not_tell_is_said_to_be_unknown() -> None:
    found = judged(BASE, made(2, slow=2.0, seconds=4))
    assert {found["p50"], found["p90"], found["max"]} == {UNKNOWN}
    lines = table(("a", "b"), BASE, made(2, slow=2.0))
    assert lines[-1].startswith("?: a run has one such figure")


def test_the_table_says_what_was_different_to_begin_with() -> None:
    lines = table(("before", "after"), BASE, made(2, slow=1.5))
    assert lines[:2] == ["they differ in seed: 1, 2", ""]
    assert lines[2].split() == ["before", "after", "change"]
    row = next(line for line in lines if line.startswith("p99 "))
    assert row.split()[-1] == "worse"
    assert "%" in row
    assert len({line.find(" ms") for line in lines if line.startswith("p")}) == 1


def test_what_is_not_valid_or_not_whole_says_so_first() -> None:
    invalid = replace(BASE, valid=False, verdict="invalid: too slow")
    short = replace(BASE, cut_short=True, duration_s=12.0)
    lines = table(("a", "b"), invalid, short)
    assert lines[0] == "a is not valid, so that nothing can be said: invalid: too slow"
    assert lines[1] == "b was cut short after 12 s"


def test_figures_that_nobody_has_are_left_out() -> None:
    nothing = replace(BASE, latency_ms=None, join_ms=None, kernel_drops=None)
    assert "p50" not in judged(nothing, nothing)
    assert judged(BASE, nothing)["p50"] == UNKNOWN


def test_a_name_in_a_file_does_nothing_to_the_terminal() -> None:
    odd = replace(BASE, settings={"evil\x1b[2J": "\x9b2J"})
    assert all(line.isprintable() for line in table(("a", "b"), BASE, odd))
