import random
from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chat.core import asks
from chat.core.outbox import Draft
from chat.core.recovery import RoundTrip
from chat.core.speaker import Speaker
from chat.core.types import Kind

FOR_GOOD = (1 << 32) - 1


def speaker(*texts: str, more: tuple[int, ...] = (), kind: int = Kind.MESSAGE) -> Speaker:
    """In the room since 100.0, on a path of 0.1 s; `more`: drafts that the next one continues."""
    rtt = RoundTrip()
    rtt.sample(0.1)
    found = Speaker("den", rtt)
    found.enter(0, 100.0)
    for n, text in enumerate(texts, 1):
        found.outbox.add(Draft(n, kind, text, 0, n in more))
    return found


def said(speaker: Speaker, now: float) -> list[int]:
    return [n for n, _ in speaker.say(now)]


def stands(speaker: Speaker, now: float, **fields: int) -> None:
    word: dict[str, Any] = {"room": 7, "role": 2, **fields}
    speaker.voice.saw(asks.Standing(**word), now)
    speaker.withheld(now)


def ack(speaker: Speaker, n: int, now: float) -> None:
    speaker.logged(speaker.outbox.ack(n), now)


def test_what_is_not_acknowledged_in_time_is_said_again() -> None:
    one = speaker("a")
    assert said(one, 100.0) == [1]
    at = one.deadline
    assert at is not None and 100.0 < at < 101.0
    assert not one.overdue(at - 0.01)
    assert one.overdue(at)
    assert said(one, at) == [1]
    ack(one, 1, at + 0.1)
    assert one.deadline is None


def test_what_the_server_withholds_waits_for_its_time_and_is_not_repeated_until_then() -> None:
    one = speaker("a", "b")
    stands(one, 100.0, slow=30, wait=20_000)
    assert said(one, 100.0) == []
    assert one.deadline == 120.0
    assert said(one, 119.9) == []
    assert said(one, 120.0) == [1]


def test_what_was_on_its_way_and_withheld_is_not_taken_for_lost() -> None:
    one = speaker("a")
    assert said(one, 100.0) == [1]
    stands(one, 100.1, slow=30, wait=20_000)
    assert not one.outbox.in_flight
    assert said(one, 100.1) == []
    assert one.deadline == 120.1
    assert not one.overdue(110.0)
    assert said(one, 120.1) == [1]


def test_it_goes_on_even_where_the_word_that_it_may_is_lost() -> None:
    one = speaker("a")
    stands(one, 100.0, role=1, muted=FOR_GOOD)
    assert said(one, 100.0) == []
    times: list[float] = []
    now = 100.0
    while len(times) < 3:
        at = one.deadline
        assert at is not None and at > now
        now = at
        one.overdue(now)
        if said(one, now):
            times.append(now)
            stands(one, now + 0.1, role=1, muted=FOR_GOOD)
            said(one, now + 0.1)
    assert [later - earlier > 25 for earlier, later in pairwise(times)] == [True, True]
    stands(one, now + 0.2)
    assert said(one, now + 0.2) == [1]


def test_in_slow_mode_one_message_goes_at_once_with_all_of_its_parts() -> None:
    one = speaker("a", "b", "c", "d", more=(1, 2))
    stands(one, 100.0, slow=30)
    assert said(one, 100.0) == [1, 2, 3]
    ack(one, 1, 100.1)
    assert said(one, 100.1) == []
    ack(one, 3, 100.2)
    assert said(one, 100.2) == []
    assert one.deadline == 130.2
    assert said(one, 130.2) == [4]


def test_what_takes_a_message_back_costs_no_time() -> None:
    one = speaker("", "", kind=Kind.DELETE)
    stands(one, 100.0, slow=30)
    assert said(one, 100.0) == [1]
    ack(one, 1, 100.1)
    assert said(one, 100.1) == [2]


def test_a_wait_is_no_round_trip() -> None:
    one = speaker("a")
    assert said(one, 100.0) == [1]
    stands(one, 100.1, slow=30, wait=20_000)
    said(one, 100.1)
    one.overdue(120.1)
    assert said(one, 120.1) == [1]
    before = one._rtt.latest
    ack(one, 1, 120.2)
    assert one._rtt.latest == before


def converse(one: Speaker, took: float, lost: Callable[[], bool]) -> Counter[int]:
    """With a server at the end of the path, which needs `took` seconds for its log, until that has
    everything. Returns how often each draft was said."""
    times: Counter[int] = Counter()
    early: set[int] = set()
    staged = last = 0
    coming: list[tuple[float, str, list[int]]] = []
    now = 100.0
    while one.outbox.in_flight or one.outbox.waiting:
        if (drafts := said(one, now)) and not lost():
            heappush(coming, (now + 0.05, "comes", drafts))
        times.update(drafts)
        assert one.deadline is not None
        now = min([one.deadline, *(at for at, *_ in coming)])
        while coming and coming[0][0] <= now:
            match heappop(coming):
                case _, "comes", drafts:
                    known = drafts[0] <= staged
                    early.update(drafts)
                    while staged + 1 in early:
                        staged += 1
                        heappush(coming, (now + took, "is logged", [staged]))
                    if known and not lost():
                        heappush(coming, (now + 0.05, "is answered", [last]))
                case _, "is logged", [last]:
                    if not lost():
                        heappush(coming, (now + 0.05, "is pushed", [last]))
                case _, what, [n]:
                    one._rtt.heard(now)
                    one.answered(n, now) if what == "is answered" else ack(one, n, now)
        one.overdue(now)
    return times


def test_what_is_late_is_not_said_again_and_again() -> None:
    times = converse(speaker(*["x"] * 1000), 0.6, lambda: False)
    assert [n for n in times if times[n] > 1] == list(range(1, 9))
    assert max(times.values()) == 2


@given(st.integers())
def test_what_is_lost_is_not_taken_for_late(seed: int) -> None:
    chance = random.Random(seed)
    one = speaker(*["x"] * 300)
    converse(one, 0.01, lambda: chance.random() < 0.3)
    assert one._rtt.smoothed < 0.2


def test_the_time_of_what_was_lost_is_none_of_the_path() -> None:
    one = speaker("a", "b")
    assert said(one, 100.0) == [1, 2]
    at = one.deadline
    assert at is not None and one.overdue(at)
    assert said(one, at) == [1, 2]
    one.answered(2, at + 0.1)
    assert one._rtt.latest == 0.1
    assert one.deadline is None


def test_nothing_wakes_who_has_nothing_to_say_or_is_not_there() -> None:
    one = speaker()
    stands(one, 100.0, slow=30, wait=20_000)
    assert said(one, 100.0) == []
    assert one.deadline is None
    one.outbox.add(Draft(1, Kind.MESSAGE, "a", 0, False))
    said(one, 101.0)
    assert one.deadline == 120.0
    one.part()
    assert one.deadline is None


def test_a_time_that_is_over_wakes_nobody_again() -> None:
    one = speaker("a")
    stands(one, 100.0, slow=30, wait=20_000)
    said(one, 100.0)
    one.overdue(120.0)
    assert one.deadline is None
