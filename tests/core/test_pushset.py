import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat.core import limits, wire
from chat.core.marks import Mark, Marks
from chat.core.pushset import PushSet
from chat.core.receiver import Receiver

from .stub import Stub

LEAST, MOST = limits.PUSH_AGAIN


class Desk:
    """A push set, and a room that makes so many pushes a second from second 0 on, each with an
    entry."""

    def __init__(self, rate: float = 50.0, seconds: int = 100) -> None:
        self.marks = Marks()
        self.set = PushSet(7, self.marks)
        self.made = int(rate * seconds)
        for number in range(self.made):
            self.marks.add(Mark(number / rate, number, 0, number), 0.25)

    def receiver(self, *got: int, of: int, rtt: int = 50) -> Receiver:
        """One that reported so many each time, of so many."""
        receiver = Receiver(1, 0)
        receiver.take(wire.Report(7, 0, 0, 0, 0, rtt), 0, 0.0)
        receiver.take(wire.Report(7, 0, 0, 1, 1, rtt), 1, 1.0)
        total = 1
        for index, count in enumerate(got, 1):
            total += count
            report = wire.Report(7, 0, 0, total, 0, rtt)
            receiver.take(report, 1 + of * index, float(1 + index))
        return receiver


@pytest.mark.parametrize(
    ("got", "rtt", "loses"),
    [
        ((40, 40, 40), 50, True),
        ((40, 40), 50, False),
        ((46, 45, 45), 50, False),
        ((40, 40, 40), 2, False),
        ((20, 20, 50), 50, False),
    ],
    ids=["a fifth", "not yet three reports", "less than a tenth", "TCP would", "not any more"],
)
def test_who_loses_more_than_a_tenth_at_a_rate_that_tcp_would_not_have(
    got: tuple[int, ...], rtt: int, loses: bool
) -> None:
    desk = Desk()
    assert desk.set.loses(desk.receiver(*got, of=50, rtt=rtt)) is loses


def test_two_pushes_a_second_are_never_too_many() -> None:
    slow, fast = Desk(rate=1.9), Desk(rate=3.0)
    assert not slow.set.loses(slow.receiver(1, 1, 1, of=5, rtt=5000))
    assert fast.set.loses(fast.receiver(1, 1, 1, of=5, rtt=5000))


def test_silence_is_counted_in_pushes_that_no_report_speaks_of() -> None:
    desk = Desk(rate=2.0)
    receiver = Receiver(1, 0)
    receiver.begin(100)
    at = desk.marks.of(100).time

    def uncovered(made: int, seconds: float) -> bool:
        return desk.set.uncovered(receiver, made, 1.0, at + seconds)

    assert not uncovered(100 + limits.PUSH_UNCOVERED - 1, 1000.0), "a quiet room proves nothing"
    assert not uncovered(150, limits.PUSH_SILENT - 0.1)
    assert uncovered(100 + limits.PUSH_UNCOVERED, limits.PUSH_SILENT + 0.1)
    assert not desk.set.uncovered(receiver, 150, 2.0, at + limits.PUSH_SILENT + 0.1)


def test_who_has_said_that_it_has_everything_owes_no_report_for_heads() -> None:
    desk = Desk(rate=2.0)
    receiver = Receiver(1, 0)
    receiver.begin(100)
    now = desk.marks.of(150).time
    due = desk.marks.at(now - limits.PUSH_SILENT).seq
    receiver.heard = due
    assert not desk.set.uncovered(receiver, 150, 1.0, now)
    receiver.heard = due - 1
    assert desk.set.uncovered(receiver, 150, 1.0, now)


def test_the_time_out_doubles_and_is_forgotten_after_a_good_time() -> None:
    desk, ann, now, pauses = Desk(), Stub("ann"), 1000.0, []
    for _ in range(7):
        desk.set.leave(ann, now)
        assert ann not in desk.set
        (standing,) = desk.set._out.values()
        assert standing.until is not None
        pauses.append(standing.until - now)
        now = standing.until
        assert list(desk.set.due(10, now - 0.1)) == []
        assert list(desk.set.due(10, now)) == [ann]
        desk.set.enter(ann, now)
        assert ann in desk.set
        now += 20.0
    assert pauses == [10, 20, 40, 80, 160, 160, 160]
    desk.set.leave(ann, now + MOST)
    assert desk.set.state(ann, now + MOST).again == LEAST * 10


def test_they_return_one_after_the_other() -> None:
    desk, crowd = Desk(), [Stub(f"m{n}") for n in range(50)]
    for member in crowd:
        desk.set.leave(member, 0.0)
    assert list(desk.set.due(50, LEAST)) == crowd[:5]
    assert list(desk.set.due(5, LEAST)) == crowd[:1]


def test_each_is_told_how_it_stands_and_what_came_later_counts() -> None:
    desk, ann, bob = Desk(), Stub("ann"), Stub("bob")
    assert desk.set.state(ann, 0.0).on
    assert not desk.set.knows(ann)
    desk.set.leave(ann, 0.0)
    desk.set.leave(bob, 0.0)
    first = desk.set.state(ann, 4.0)
    assert first == wire.Pushing(7, 1, 0, int(10 * (LEAST - 4)))
    desk.set.enter(ann, 10.0)
    back = desk.set.state(ann, 10.0)
    assert (back.on, back.again) == (1, 0)
    assert back.change > first.change
    desk.set.exit(bob)
    assert desk.set.out == 0
    assert desk.set.state(bob, 10.0).change > back.change, "it comes again and knows the old one"


class Comings(RuleBasedStateMachine):
    """Whoever leaves and returns, and in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.set = PushSet(7, Marks())
        self.crowd = [Stub(f"m{n}") for n in range(4)]
        self.until: dict[Stub, float] = {}
        self.told: dict[Stub, wire.Pushing] = {}
        self.now = 0.0

    @rule(number=st.integers(0, 3))
    def leave(self, number: int) -> None:
        member = self.crowd[number]
        if member in self.set:
            self.set.leave(member, self.now)
            self._told(member, on=False)

    @rule(number=st.integers(0, 3))
    def gone(self, number: int) -> None:
        self.set.exit(self.crowd[number])

    @rule(seconds=st.floats(0, 200))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for member in self.set.due(4, self.now):
            assert isinstance(member, Stub)
            self.set.enter(member, self.now)
            self._told(member, on=True)

    def _told(self, member: Stub, *, on: bool) -> None:
        state, before = self.set.state(member, self.now), self.told.get(member)
        assert bool(state.on) is on
        assert on or 10 * LEAST <= state.again <= 10 * MOST
        assert before is None or state.change > before.change
        self.told[member] = state

    @invariant()
    def who_is_out_is_out_for_a_time(self) -> None:
        out = [member for member in self.crowd if member not in self.set]
        assert len(out) == self.set.out
        for member in out:
            standing = self.set._out[member]
            assert standing.until is not None
            assert standing.until <= self.now + MOST


TestComings = Comings.TestCase
TestComings.settings = settings(max_examples=50, stateful_step_count=30)
