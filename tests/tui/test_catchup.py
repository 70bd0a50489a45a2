from hypothesis import given
from hypothesis import strategies as st

from chat.core.membership import Membership
from chat.core.recovery import RoundTrip
from chat.tui.catchup import FEW, LATE, CatchUp, Progress


class Scene:
    """A room that we are in."""

    def __init__(self, shown: int, head: int) -> None:
        self.room = Membership("lobby", RoundTrip())
        self.room.joined = True
        self.inbox = self.room.inbox
        self.inbox.shown, self.inbox.head = shown, head
        self.catch_up = CatchUp()

    def look(self, shown: int, head: int, now: float) -> Progress | None:
        self.inbox.shown, self.inbox.head = shown, head
        return self.catch_up.look(self.room, now)


def test_a_reconnect_after_many() -> None:
    scene = Scene(100, 100)
    assert scene.look(100, 100, 0.0) is None
    assert scene.look(100, 1300, 1.0) == Progress(0, 1200)
    assert scene.look(440, 1300, 1.1) == Progress(340, 1200)
    assert scene.look(440, 1310, 1.2) == Progress(340, 1200), "what comes meanwhile is not counted"
    assert scene.look(1300, 1310, 2.0) is None, "the rest are few"
    assert scene.look(1310, 1310, 2.1) is None


def test_a_few_are_worth_a_word_only_if_they_do_not_come() -> None:
    scene = Scene(0, 0)
    assert scene.look(0, FEW, 0.0) is None
    assert scene.look(3, FEW, LATE) is None
    assert scene.look(3, FEW, LATE + 0.1) == Progress(3, FEW)
    assert scene.look(FEW, FEW, 1.0) is None


def test_a_steady_stream_of_which_a_little_is_always_on_its_way_is_not_behind() -> None:
    scene = Scene(0, 0)
    for number in range(100):
        assert scene.look(number * 2, number * 2 + 3, number * 0.2) is None


def test_a_log_that_went_back_is_another_one() -> None:
    scene = Scene(0, 0)
    assert scene.look(500, 600, 0.0) == Progress(0, 100)
    assert scene.look(400, 600, 0.1) == Progress(0, 200)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.floats(0, 1)), max_size=60))
def test_it_is_never_done_and_never_beyond_and_ends(steps: list[tuple[int, int, float]]) -> None:
    """Of each step: entries said, entries read, seconds."""
    scene, now = Scene(0, 0), 0.0
    before: Progress | None = None
    for said, read, seconds in steps:
        head = scene.inbox.head + said
        now += seconds
        found = scene.look(min(scene.inbox.shown + read, head), head, now)
        if found is not None:
            assert 0 <= found.done < found.total
            if before is not None and before.total == found.total:
                assert found.done >= before.done or found.done == 0
        before = found
    assert scene.look(scene.inbox.head, scene.inbox.head, now) is None


def test_while_we_are_away_nothing_comes() -> None:
    scene = Scene(0, 0)
    assert scene.look(0, 100, 0.0) == Progress(0, 100)
    scene.room.parted()
    assert scene.look(40, 100, 1.0) is None
    scene.room.joined = True
    assert scene.look(40, 300, 2.0) == Progress(0, 260)
    assert scene.catch_up.look(None, 3.0) is None
