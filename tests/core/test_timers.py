from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat.core.timers import Timers, earliest


def test_what_is_cancelled_is_not_kept_until_its_time() -> None:
    timers: Timers[int] = Timers()
    for number in range(5000):
        timers.set(number, 1e9)
        timers.cancel(number)
        timers.set(-1, float(number))
    assert len(timers) == 1
    assert len(timers._heap) < 100
    assert timers.deadline() == 4999.0


@given(st.lists(st.none() | st.floats(-1e9, 1e9)))
def test_the_earliest_of_several_that_may_not_be(times: list[float | None]) -> None:
    there = [time for time in times if time is not None]
    assert earliest(*times) == (min(there) if there else None)


KEYS = st.sampled_from("abcdef")
TIMES = st.integers(0, 30)


class AgainstASortedList(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.timers: Timers[str] = Timers()
        self.naive: dict[str, float] = {}

    @rule(key=KEYS, when=TIMES)
    def set(self, key: str, when: float) -> None:
        self.timers.set(key, when)
        self.naive[key] = when

    @rule(key=KEYS, when=TIMES)
    def set_earlier(self, key: str, when: float) -> None:
        self.timers.set_earlier(key, when)
        self.naive[key] = min(when, self.naive.get(key, when))

    @rule(key=KEYS)
    def cancel(self, key: str) -> None:
        self.timers.cancel(key)
        self.naive.pop(key, None)

    @rule(now=TIMES)
    def fire(self, now: float) -> None:
        expected = sorted((when, key) for key, when in self.naive.items() if when <= now)
        fired = [(self.naive[key], key) for key in self.timers.due(now)]
        assert [when for when, _ in fired] == [when for when, _ in expected]
        assert sorted(fired) == expected
        for _, key in fired:
            del self.naive[key]

    @rule(now=TIMES, again=TIMES)
    def fire_and_set_again_meanwhile(self, now: float, again: float) -> None:
        due = sum(when <= now for when in self.naive.values())
        fired = []
        for key in self.timers.due(now):
            fired.append(key)
            del self.naive[key]
            if len(fired) == 1:
                self.timers.set(key, again)
                self.naive[key] = again
        assert len(fired) == due + (due > 0 and again <= now)

    @invariant()
    def agrees(self) -> None:
        assert self.timers.deadline() == min(self.naive.values(), default=None)
        assert len(self.timers) == len(self.naive)
        for key in "abcdef":
            assert self.timers.armed(key) is (key in self.naive)


TestTimersAgainstASortedList = AgainstASortedList.TestCase


def test_what_a_timer_does_may_cancel_the_next_one() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.set("b", 2.0)
    fired = []
    for key in timers.due(5.0):
        fired.append(key)
        timers.cancel("b")
    assert fired == ["a"]
