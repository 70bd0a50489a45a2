import statistics
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.net.impair import (
    CLEAR,
    EXAMPLE,
    HELD,
    Blackout,
    Impairer,
    Impairment,
    ImpairmentError,
    Tally,
)

fractions = st.integers(0, 10_000).map(lambda n: n / 10_000)
seconds = st.integers(0, 60_000).map(lambda n: n / 1000)


@st.composite
def specs(draw: st.DrawFn) -> Impairment:
    loss = draw(fractions)
    burst = draw(st.sampled_from([0.0, 1.5, 3.0, 10.0]))
    if not loss or loss == 1 or burst < loss / (1 - loss):
        burst = 0.0
    delay = draw(seconds)
    windows = draw(st.lists(st.tuples(seconds, seconds), max_size=3))
    return Impairment(
        loss=loss,
        burst=burst,
        dup=draw(fractions),
        delay=delay,
        jitter=draw(st.sampled_from([0.0, delay / 2, delay])),
        reorder=draw(fractions),
        corrupt=draw(fractions),
        blackouts=tuple(sorted(Blackout(a, b) for a, b in windows if a < b)),
    )


def judged(
    spec: str | Impairment, count: int, seed: int = 1, size: int = 50
) -> tuple[list[list[tuple[float, bytes]]], Tally]:
    """What becomes of `count` datagrams, ten a second, each another."""
    parsed = Impairment.parse(spec) if isinstance(spec, str) else spec
    impairer = Impairer(parsed, seed, start=100.0)
    results = [impairer.judge(datagram(n, size), 100.0 + n / 10) for n in range(count)]
    return results, impairer.tally


def datagram(n: int, size: int = 50) -> bytes:
    return n.to_bytes(4, "big").rjust(size, b"\0")


# The grammar


def test_the_example_is_canonical() -> None:
    spec = Impairment.parse(EXAMPLE)
    assert str(spec) == EXAMPLE
    assert spec == Impairment(
        loss=0.2,
        burst=3,
        dup=0.05,
        delay=0.08,
        jitter=0.04,
        reorder=0.1,
        corrupt=0.01,
        blackouts=(Blackout(10, 15),),
    )


@given(specs())
def test_grammar_round_trip(spec: Impairment) -> None:
    text = str(spec)
    assert Impairment.parse(text) == spec
    assert str(Impairment.parse(text)) == text
    assert Impairment.parse(" ".join(reversed(text.split()))) == spec


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", "off"),
        (" off ", "off"),
        ("loss=0%", "off"),
        ("delay=80ms+-40", "delay=80ms±40"),
        ("delay=80ms±40ms", "delay=80ms±40"),
        ("delay=1s±200ms", "delay=1000ms±200"),
        ("delay=1.5s±1", "delay=1500ms±1000"),
        ("delay=0.25ms", "delay=0.25ms"),
        ("blackout=9s..9.5s blackout=0s..500ms", "blackout=0s..0.5s blackout=9s..9.5s"),
        ("loss=7%", "loss=7%"),
        ("loss=0.1% burst=1", "loss=0.1% burst=1"),
        ("loss=100% burst=3", "loss=100% burst=3"),
    ],
)
def test_other_ways_to_say_it(text: str, canonical: str) -> None:
    assert str(Impairment.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "bad", "example"),
    [
        ("los=20%", "'los=20%'", EXAMPLE),
        ("jitter=4ms", "'jitter=4ms'", EXAMPLE),
        ("delay=80ms±40 jitter=4ms", "'jitter=4ms'", EXAMPLE),
        ("on", "'on'", EXAMPLE),
        ("loss", "'loss'", "loss=20%"),
        ("dup=5% loss=20", "'loss=20'", "loss=20%"),
        ("loss=-1%", "'loss=-1%'", "loss=20%"),
        ("loss=nan%", "'loss=nan%'", "loss=20%"),
        ("loss=١%", "'loss=١%'", "loss=20%"),
        ("loss=120%", "'loss=120%'", "loss=20%"),
        ("loss=20% loss=30%", "'loss=30%'", "loss=20%"),
        ("burst=3", "'burst=3'", "loss=20% burst=3"),
        ("loss=20% burst=0.5", "'burst=0.5'", "loss=20% burst=3"),
        ("loss=20% burst=x", "'burst=x'", "burst=3"),
        ("loss=80% burst=2", "'burst=2'", "burst=4"),
        ("delay=80", "'delay=80'", "delay=80ms±40"),
        ("delay=80ms±90", "'delay=80ms±90'", "delay=80ms±40"),
        ("delay=61s", "'delay=61000ms'", "delay=80ms±40"),
        ("delay=" + "9" * 400 + "s", "'delay=", "delay=80ms±40"),
        ("blackout=10..15s", "'blackout=10..15s'", "blackout=10s..15s"),
        ("blackout=15s..10s", "'blackout=15s..10s'", "blackout=10s..15s"),
        ("blackout=5s..5s", "'blackout=5s..5s'", "blackout=10s..15s"),
    ],
)
def test_errors_name_the_word_and_show_a_good_one(text: str, bad: str, example: str) -> None:
    with pytest.raises(ImpairmentError) as caught:
        Impairment.parse(text)
    line = str(caught.value)
    assert line.startswith(bad)
    assert line.endswith(f"write it like {example}")
    assert "\n" not in line
    Impairment.parse(
        example if "loss" in example or "burst" not in example else f"loss=1% {example}"
    )


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        Impairment.parse(text)
    except ImpairmentError as error:
        assert len(str(error).splitlines()) == 1


# What becomes of datagrams


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("loss", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("burst", [0, 1, 3, 8])
def test_loss_is_as_told_whatever_the_burst(loss: float, burst: float, seed: int) -> None:
    results, tally = judged(Impairment(loss=loss, burst=burst), 60_000, seed)
    assert tally.lost / tally.seen == pytest.approx(loss, abs=0.02)
    lost = [len(list(run)) for gone, run in groupby(results, key=lambda r: not r) if gone]
    mean = burst or 1 / (1 - loss)
    assert statistics.mean(lost) == pytest.approx(mean, rel=0.08)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rates(seed: int) -> None:
    _, tally = judged("dup=5% reorder=10% corrupt=1%", 40_000, seed)
    copies = tally.seen + tally.duplicated
    assert tally.duplicated / tally.seen == pytest.approx(0.05, abs=0.005)
    assert tally.reordered / copies == pytest.approx(0.10, abs=0.007)
    assert tally.corrupted / copies == pytest.approx(0.01, abs=0.003)
    assert tally.dropped == 0


def test_delay_and_jitter() -> None:
    results, tally = judged("delay=80ms±40", 20_000)
    delays = [delay for result in results for delay, _ in result]
    assert min(delays) == pytest.approx(0.04, abs=0.001)
    assert max(delays) == pytest.approx(0.12, abs=0.001)
    assert statistics.mean(delays) == pytest.approx(0.08, abs=0.001)
    assert tally.delayed == tally.seen == len(delays)


@pytest.mark.parametrize(
    ("spec", "delays"),
    [
        ("reorder=50%", {0.0, HELD}),
        ("reorder=50% delay=1ms", {0.001, 0.001 + HELD}),
        ("reorder=50% delay=80ms", {0.08, 0.16}),
    ],
)
def test_reordered_ones_are_held_back(spec: str, delays: set[float]) -> None:
    results, tally = judged(spec, 1000)
    assert {delay for result in results for delay, _ in result} == delays
    held = sum(delay == max(delays) for result in results for delay, _ in result)
    assert tally.reordered == held


def test_blackouts_count_from_the_start() -> None:
    results, tally = judged("blackout=1s..2s blackout=5s..5.5s", 100)
    gone = [n for n, result in enumerate(results) if not result]
    assert gone == [*range(10, 20), *range(50, 55)]
    assert tally == Tally(seen=100, blacked_out=15)


def test_a_blackout_now() -> None:
    impairer = Impairer(CLEAR, 1, start=0.0)
    impairer.blackout(3.0, now=10.0)
    assert [bool(impairer.judge(b"x", now)) for now in (9.9, 10.0, 12.9, 13.0)] == [
        True,
        False,
        False,
        True,
    ]
    assert impairer.tally.dropped == 2


def test_a_change_is_from_now_on_and_the_counters_go_on() -> None:
    impairer = Impairer(Impairment(loss=1.0), 1, start=0.0)
    assert impairer.judge(b"x", 1.0) == []
    impairer.change(Impairment(blackouts=(Blackout(1, 2),)), now=5.0)
    assert impairer.judge(b"x", 5.5) == [(0.0, b"x")]
    assert impairer.judge(b"x", 6.5) == []
    impairer.change(CLEAR, now=6.6)
    assert impairer.judge(b"x", 6.6) == [(0.0, b"x")]
    assert impairer.tally == Tally(seen=4, lost=1, blacked_out=1)


@pytest.mark.parametrize("size", [1, 2, 50, 1200])
def test_corruption_flips_one_to_three_bits_of_a_copy(size: int) -> None:
    impairer = Impairer(Impairment(corrupt=1.0), 1, start=0.0)
    given_bytes = bytes(size)
    seen = set()
    for _ in range(200):
        ((_, copy),) = impairer.judge(given_bytes, 0.0)
        assert len(copy) == size
        seen.add(sum(byte.bit_count() for byte in copy))
    assert seen == {1, 2, 3}
    assert given_bytes == bytes(size)


def test_an_empty_datagram_has_no_bit_to_flip() -> None:
    impairer = Impairer(Impairment(corrupt=1.0), 1, start=0.0)
    assert impairer.judge(b"", 0.0) == [(0.0, b"")]
    assert impairer.tally.corrupted == 0


@given(specs(), st.integers())
def test_same_seed_same_outcome(spec: Impairment, seed: int) -> None:
    assert judged(spec, 50, seed) == judged(spec, 50, seed)


def test_another_seed_another_outcome() -> None:
    assert judged("loss=50%", 100, seed=1) != judged("loss=50%", 100, seed=2)


@given(specs(), st.integers(0, 9))
def test_nothing_happens_that_is_not_counted(spec: Impairment, seed: int) -> None:
    count = 80
    results, tally = judged(spec, count, seed)
    copies = [
        (delay, copy != datagram(n)) for n, result in enumerate(results) for delay, copy in result
    ]
    assert tally.seen == count
    assert tally.dropped == sum(not result for result in results)
    assert tally.duplicated == sum(len(result) == 2 for result in results)
    assert tally.corrupted == sum(changed for _, changed in copies)
    assert tally.delayed == sum(delay > 0 for delay, _ in copies)
    assert tally.reordered <= tally.delayed
    assert all(0 <= delay <= 2 * spec.delay + spec.jitter + HELD for delay, _ in copies)
    dark = [any(a <= n / 10 < b for a, b in spec.blackouts) for n in range(count)]
    assert tally.blacked_out == pytest.approx(sum(dark), abs=1)


def test_tallies_add_up() -> None:
    _, one = judged("loss=20% dup=5% corrupt=10%", 100)
    both = one + one
    assert (both.seen, both.lost, both.dropped) == (200, 2 * one.lost, 2 * one.lost)
