from hypothesis import given
from hypothesis import strategies as st

from chat.tui.lines import Look
from chat.tui.query import Query
from chat.tui.search import Search
from chat.tui.timeline import Timeline

from .entries import NOON, entry

END = (1 << 62, 0)


def made(texts: list[str], typed: str = "x") -> tuple[Timeline, Search]:
    timeline = Timeline()
    for seq, text in enumerate(texts, 1):
        timeline.add(entry(seq, text))
    return timeline, Search(timeline.shown, Query(typed))


def test_one_line_at_a_step_while_the_budget_is_small() -> None:
    _, search = made(["x", "-", "-", "x", "-"])
    search.want(-1, (4, 0))
    steps = 0
    while (line := search.step(False, 1)) is None:
        assert search.busy
        assert search.status == "searching…"
        steps += 1
    assert (steps, line.key) == (4, (1, 0))
    assert search.status == "2 of 2"


def test_what_is_near_is_found_before_all_is_counted() -> None:
    _, search = made(["x"] * 10)
    search.want(-1, END)
    line = search.step(False, 1)
    assert line is not None
    assert search.status == "1 of 1+"
    while search.busy:
        search.step(False, 100)
    assert search.status == "1 of 10"


def test_what_is_gone_is_not_found() -> None:
    timeline, search = made(["x", "x", "x"])
    search.want(-1, END)
    search.step(False)
    timeline.take_back(3)
    search.want(-1, END)
    line = search.step(False)
    assert line is timeline[2]
    assert search.status == "1 of 2"


def test_only_what_was_said() -> None:
    timeline, _ = made(["-"])
    timeline.note(Look.NOTICE, "x", NOON)
    timeline.wait(1, Look.TALK, "x", "x", NOON)
    search = Search(timeline.shown, Query("x"))
    search.want(-1, END)
    assert search.step(False) is None
    assert search.status == "not found"


@given(
    st.lists(st.sampled_from(["x", "-"]), max_size=30),
    st.lists(st.tuples(st.sampled_from([-1, 1]), st.integers(0, 31)), max_size=10),
    st.integers(1, 500),
)
def test_it_finds_the_nearest(texts: list[str], steps: list[tuple[int, int]], budget: int) -> None:
    _, search = made(texts)
    hits = [seq for seq, text in enumerate(texts, 1) if text == "x"]
    for by, origin in steps:
        before = [seq for seq in hits if seq < origin][-1:]
        after = [seq for seq in hits if seq > origin][:1]
        around = hits[-1:] if by < 0 else hits[:1]
        expected = (before if by < 0 else after) or around
        search.want(by, (origin, 0))
        found = search.step(False, budget)
        while found is None and search.busy:
            found = search.step(False, budget)
        assert ([found.key[0]] if found is not None else []) == expected
        while search.busy:
            search.step(False, budget)
        if found is not None:
            place = len(hits) - hits.index(found.key[0])
            assert search.status.startswith(f"{place} of {len(hits)}")
