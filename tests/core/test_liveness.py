import pytest

from chat.core import limits
from chat.core.liveness import Liveness
from chat.core.recovery import RoundTrip


def alive(chance: float = 0.5) -> tuple[Liveness, RoundTrip]:
    rtt = RoundTrip()
    rtt.sample(0.1)
    return Liveness(rtt, lambda: chance, 100.0), rtt


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_a_keepalive_is_due_after_a_silence_of_ours_that_is_drawn_anew(chance: float) -> None:
    live, _ = alive(chance)
    least, most = limits.KEEPALIVE
    assert live.keepalive_at == 100.0 + least + (most - least) * chance
    live.sent(110.0)
    assert live.keepalive_at == 110.0 + least + (most - least) * chance


def test_a_beat_is_answered_soon_by_who_has_been_silent_for_long() -> None:
    live, _ = alive()
    quiet = limits.KEEPALIVE_LEAST
    live.beat(1000, 100.0 + quiet - 0.1)
    assert live.keepalive_at > 100.0 + quiet + 1.0
    live.beat(1000, 100.0 + quiet)
    assert live.keepalive_at == pytest.approx(100.0 + quiet + 1.5 * 1000 / limits.KEEPALIVE_RATE)
    live.beat(1000, 100.0 + quiet + 0.01)
    assert live.keepalive_at < 100.0 + quiet + 0.5, "the next beat does not put it off"


def test_a_crowd_answers_a_beat_after_those_who_report() -> None:
    live, _ = alive(1.0)
    live.beat(1_000_000, 117.0)
    assert live.keepalive_at == 117.0 + 2 * limits.KEEPALIVE_SPREAD


def test_an_answer_ends_the_probing_and_measures_the_path() -> None:
    live, rtt = alive()
    token = live.ping(100.0)
    assert token is not None
    assert live.probing
    live.pong(token, 100.3)
    assert not live.probing
    assert rtt.smoothed == pytest.approx(0.1 + 0.2 / 8)


def test_an_answer_to_nothing_of_ours_says_nothing() -> None:
    live, rtt = alive()
    token = live.ping(100.0)
    assert token is not None
    live.pong(token + 1, 105.0)
    assert live.probing
    live.pong(token, 100.1)
    live.ping(101.0)
    live.pong(token, 109.0)
    assert live.probing, "the same answer twice"
    assert rtt.smoothed == pytest.approx(0.1)


def test_probes_follow_each_other_at_time_outs_that_double() -> None:
    live, rtt = alive()
    now, gaps = 100.0, []
    for _ in range(limits.PROBES):
        live.ping(now)
        assert live.probe_at is not None
        gaps.append(live.probe_at - now)
        now = live.probe_at
    assert gaps == pytest.approx([rtt.timeout(tries) for tries in range(limits.PROBES)])


def test_after_five_in_vain_and_some_seconds_of_silence_it_is_over() -> None:
    live, _ = alive()
    now = 100.0
    for _ in range(limits.PROBES):
        assert live.ping(now) is not None
        now += 0.1
    assert live.ping(now) is not None, "on a fast path that took less than a hiccup"
    assert live.ping(100.0 + limits.SILENCE) is None


def test_something_heard_meanwhile_means_that_the_path_is_merely_bad() -> None:
    live, _ = alive()
    for second in range(limits.PROBES):
        live.ping(100.0 + second)
    live.heard(106.0)
    assert live.heard_at == 106.0
    assert live.probing, "it is not what was waited for"
    for second in range(limits.PROBES - 1):
        assert live.ping(110.0 + second) is not None
    assert live.ping(115.0) is None


def test_only_the_newest_probes_are_remembered() -> None:
    live, rtt = alive()
    tokens = [live.ping(100.0) for _ in range(30)]
    live.heard(100.0)
    live.pong(tokens[0] or 0, 200.0)
    assert rtt.smoothed == pytest.approx(0.1)
    assert len(live._pings) <= 8
