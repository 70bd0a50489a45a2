import pytest

from chat.tui.lines import Look
from chat.tui.order import Order
from chat.tui.rows import Row
from chat.tui.timeline import Timeline
from chat.tui.viewport import View, Viewport

from .corpus import SHOWN
from .entries import NOON, OWN, entry

DAY = 86_400_000


def plain(rows: tuple[Row, ...]) -> list[str]:
    return ["".join(text for _, text in row) for row in rows]


def shown(view: View) -> list[str]:
    """The texts alone."""
    return [row[-1][1] if row else "" for row in view.rows]


class Scene:
    def __init__(
        self, first: int = 1, last: int = 100, *, columns: int = 60, height: int = 5
    ) -> None:
        self.timeline = Timeline()
        self.viewport = Viewport(self.timeline)
        self.size = (columns, height)
        self.newest = first - 1
        self.add(last - first + 1)
        self.see()

    def add(self, count: int, text: str = "") -> None:
        for _ in range(count):
            self.newest += 1
            self.timeline.add(entry(self.newest, text))

    def see(self) -> list[str]:
        return shown(self.viewport.view(*self.size))

    def older(self, first: int, last: int) -> None:
        before = self.timeline.first
        entries = [entry(seq) for seq in range(first, last + 1)]
        self.viewport.came_before(before, self.timeline.add_older(entries, first == 1))


def messages(first: int, last: int) -> list[str]:
    return [f"message {seq}" for seq in range(first, last + 1)]


def test_it_follows_the_end() -> None:
    scene = Scene()
    assert scene.see() == messages(96, 100)
    scene.add(1)
    assert scene.see() == messages(97, 101)


def test_few_lines_begin_at_the_top() -> None:
    view = Scene(1, 2, height=10).viewport.view(60, 10)
    assert shown(view)[1:] == messages(1, 2)
    assert view.near_top
    assert view.below == 0


def test_new_messages_never_move_a_scrolled_view() -> None:
    scene = Scene()
    scene.viewport.scroll(-20)
    assert scene.see() == messages(76, 80)
    scene.add(1000)
    view = scene.viewport.view(*scene.size)
    assert shown(view) == messages(76, 80)
    assert view.below == 1020


def test_a_line_that_goes_on_below_is_counted() -> None:
    scene = Scene()
    scene.add(1, "one\ntwo\nthree")
    scene.viewport.scroll(-1)
    assert scene.viewport.view(*scene.size).below == 1
    scene.viewport.scroll(-2)
    assert scene.viewport.view(*scene.size).below == 1
    scene.viewport.scroll(-1)
    assert scene.viewport.view(*scene.size).below == 2


def test_it_follows_again_at_the_end() -> None:
    scene = Scene()
    scene.viewport.scroll(-3)
    scene.viewport.scroll(2)
    assert not scene.viewport.follows
    scene.viewport.scroll(1)
    assert scene.viewport.follows
    scene.viewport.scroll(-50)
    scene.viewport.to_end()
    assert scene.see() == messages(96, 100)


def test_it_stops_at_the_top() -> None:
    scene = Scene()
    scene.viewport.scroll(-10_000)
    at_top = scene.see()
    assert messages(1, 3) == at_top[-3:] or messages(1, 4) == at_top[-4:]
    scene.viewport.scroll(-1)
    assert scene.see() == at_top
    scene.viewport.to_end()
    scene.viewport.to_top()
    assert scene.see() == at_top


def test_what_all_fits_cannot_be_scrolled() -> None:
    scene = Scene(1, 3, height=10)
    scene.viewport.scroll(-5)
    assert scene.viewport.follows
    scene.viewport.to_top()
    assert scene.viewport.follows


def test_older_messages_do_not_move_it() -> None:
    scene = Scene(200, 300)
    scene.viewport.scroll(-60)
    before = scene.see()
    scene.older(100, 199)
    assert scene.see() == before
    scene.viewport.scroll(-100)
    assert scene.see() == messages(136, 140)


def test_older_messages_while_at_the_top() -> None:
    """The row that says "loading" goes; all that was below it stays where it was."""
    scene = Scene(200, 300)
    scene.timeline.top.say("loading")
    scene.viewport.to_top()
    before = scene.see()
    assert before[:2] == ["loading", before[1]]
    assert before[2:] == messages(200, 202)
    scene.older(100, 199)
    after = scene.see()
    assert after[0] == "message 199" or after[1] == "message 199"
    assert [row for row in after if row >= "message 200"] == messages(200, 203)[: len(after) - 1]


def test_the_rest_of_a_long_text_at_the_top() -> None:
    """What it was held by became a part of something older: the same words stay at the top."""
    scene = Scene(1, 0, columns=40)
    scene.timeline.add(entry(10, "second " * 20, n=2))
    scene.newest = 10
    scene.add(50)
    scene.viewport.view(*scene.size)
    scene.viewport.to_top()
    scene.viewport.scroll(2)
    assert scene.viewport.anchor is not None
    offset = scene.viewport.anchor.offset
    before = scene.timeline.first
    merged = scene.timeline.add_older([entry(9, "first " * 20, n=1, more=True)], True)
    scene.viewport.came_before(before, merged)
    assert scene.viewport.anchor.key == (9, 0)
    assert scene.viewport.anchor.offset == offset + len("first " * 20)
    assert scene.see()[0].startswith("second")


def test_eviction_above_does_not_move_it() -> None:
    scene = Scene()
    scene.viewport.scroll(-20)
    scene.timeline.evict(60)
    assert scene.see() == messages(76, 80)
    scene.timeline.evict(10)
    assert scene.see()[1:] == messages(91, 94), "what it showed is gone: the oldest there is"


def test_what_it_showed_was_taken_back() -> None:
    scene = Scene()
    scene.viewport.scroll(-20)
    scene.timeline.take_back(50)
    assert scene.see() == messages(45, 49)


@pytest.mark.parametrize("columns", [20, 33, 70])
def test_another_width_keeps_the_same_words_at_the_top(columns: int) -> None:
    scene = Scene(1, 1, columns=60, height=4)
    words = " ".join(f"w{number:04}" for number in range(400))
    scene.timeline.add(entry(2, words))
    scene.newest = 2
    scene.add(20)
    scene.see()
    scene.viewport.to_top()
    scene.viewport.scroll(12)
    first = scene.see()[0].split()[0]
    scene.size = (columns, 4)
    assert first in scene.see()[0]
    scene.size = (60, 4)
    assert scene.see()[0].split()[0] == first


def test_a_line_in_view_that_grows_does_not_move_it() -> None:
    scene = Scene()
    scene.timeline.add(entry(101, "long ", n=1, instance=OWN, more=True))
    scene.newest = 101
    scene.add(20)
    scene.viewport.scroll(-22)
    before = scene.see()
    scene.timeline.add(entry(122, "more " * 50, n=2, instance=OWN))
    scene.timeline.note(Look.QUIET, "noted", NOON)
    assert scene.see()[:3] == before[:3]


def test_each_day_has_a_line() -> None:
    timeline = Timeline()
    for seq, time in enumerate((NOON, NOON, NOON + DAY), 1):
        timeline.add(entry(seq, time=time))
    rows = plain(Viewport(timeline).view(60, 10).rows)
    days = [row for row in rows if row.startswith("──")]
    assert days == ["── Tuesday 14 November 2023 ──", "── Wednesday 15 November 2023 ──"]
    assert rows.index(days[1]) == 3


def test_no_row_is_wider_than_the_screen() -> None:
    timeline = Timeline()
    for seq, text in enumerate(SHOWN, 1):
        timeline.add(entry(seq, text))
    for columns in (20, 40, 63, 80, 200):
        viewport = Viewport(timeline)
        viewport.view(columns, 10)
        viewport.to_top()
        view = viewport.view(columns, 10_000)
        assert len(view.rows) > len(SHOWN)


def test_a_view_costs_the_rows_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the length of the history: counted in lines that are looked at."""
    looked = 0
    lay = Order.__getitem__

    def counted(self: Order, index: int) -> object:
        nonlocal looked
        looked += 1
        return lay(self, index)

    monkeypatch.setattr(Order, "__getitem__", counted)
    costs = []
    for size in (100, 20_000):
        scene = Scene(1, size, height=20)
        scene.viewport.scroll(-40)
        scene.see()
        looked = 0
        scene.see()
        scene.add(1)
        scene.see()
        costs.append(looked)
    assert costs[0] == costs[1] < 200
