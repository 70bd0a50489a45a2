from math import inf
from typing import Any

import pytest

from chat.core import asks, events
from chat.core.roles import Role
from chat.core.voice import Voice

FOR_GOOD = (1 << 32) - 1


def word(**fields: Any) -> asks.Standing:
    return asks.Standing(**{"room": 7, "role": 2, **fields})


def heard(now: float = 100.0, **fields: Any) -> Voice:
    voice = Voice("den")
    voice.saw(word(**fields), now)
    return voice


def test_everybody_may_speak() -> None:
    voice = Voice("den")
    assert voice.standing == events.Standing("den", Role.MEMBER)
    assert (voice.muted(0.0), voice.slow, voice.due) == (None, False, -inf)


def test_a_mute_holds_until_its_end_by_our_own_clock() -> None:
    voice = heard(role=1, muted=720, reason="spam")
    assert voice.standing == events.Standing("den", Role.MUTED, 820.0, "spam")
    assert voice.muted(100.0) == "you are muted in den for 12m more: spam"
    assert voice.muted(819.5) == "you are muted in den for 1s more: spam"
    assert voice.muted(820.0) is None


def test_a_mute_may_be_for_good() -> None:
    voice = heard(role=1, muted=FOR_GOOD)
    assert voice.standing.muted == inf
    assert voice.muted(1e9) == "you are muted in den"


def test_what_may_not_be_said_is_tried_all_the_same_now_and_then() -> None:
    assert heard(role=1, muted=5).due == 105.0
    assert heard(role=1, muted=FOR_GOOD).due == 130.0


def test_in_slow_mode_the_next_message_has_its_time() -> None:
    voice = heard(slow=30, wait=12_500)
    assert (voice.slow, voice.due, voice.muted(100.0)) == (True, 112.5, None)
    voice.said(112.6)
    assert (voice.due, voice.standing.ready) == (142.6, 142.6)
    assert heard(slow=300, wait=200_000).due == 300.0, "however long that is"


def test_a_role_that_nobody_knows_yet_is_a_members() -> None:
    assert heard(role=77).standing.role is Role.MEMBER
    assert heard(role=4).standing.role is Role.OWNER


def test_a_reason_is_harmless() -> None:
    assert heard(role=1, muted=9, reason="a\x1b[2Jb").standing.reason == "a[2Jb"


def test_what_has_changed_is_told_once() -> None:
    voice = heard(role=3)
    assert voice.news(100.0) == events.Standing("den", Role.MODERATOR)
    assert voice.news(100.0) is None
    voice.saw(word(role=3), 125.0)
    assert voice.news(125.0) is None


@pytest.mark.parametrize(
    ("fields", "later"),
    [({"role": 1, "muted": 600}, 575), ({"slow": 30, "wait": 600_000}, 575_000)],
)
def test_the_same_moment_said_again_is_no_news(fields: dict[str, int], later: int) -> None:
    voice = heard(100.0, **fields)
    assert voice.news(100.0) is not None
    counting = max(fields, key=lambda name: fields[name])
    voice.saw(word(**{**fields, counting: later}), 125.3)
    assert voice.news(125.3) is None
    voice.saw(word(**{**fields, counting: later + 60 * (later // 575)}), 125.3)
    assert voice.news(125.3) is not None


def test_what_we_were_before_a_reconnect_is_not_told_again() -> None:
    voice = heard(role=3)
    assert voice.news(100.0)
    voice.entered(200.0)
    assert voice.standing.role is Role.MEMBER
    assert voice.news(200.0) is None
    voice.saw(word(role=3), 200.1)
    assert (voice.news(200.1), voice.deadline) == (None, None)


def test_but_that_it_is_over_is_told_soon() -> None:
    voice = heard(role=3)
    assert voice.news(100.0)
    voice.entered(200.0)
    at = voice.deadline
    assert at is not None and 200.0 < at < 205.0
    assert voice.news(at) == events.Standing("den", Role.MEMBER)
    assert voice.deadline is None


def test_the_newest_word_counts_and_not_the_last_to_come() -> None:
    voice = heard(role=3)
    voice.entered(100.0, 7)
    voice.saw(word(role=4), 100.1, 9)
    voice.saw(word(role=1, muted=60), 100.2, 8)
    voice.entered(100.3, 8)
    assert voice.standing == events.Standing("den", Role.OWNER)
    voice.parted()
    voice.entered(200.0, 0)
    assert voice.standing == events.Standing("den", Role.MEMBER)


def test_who_never_was_anything_is_woken_for_nothing() -> None:
    voice = Voice("den")
    voice.entered(100.0)
    assert voice.deadline is None
