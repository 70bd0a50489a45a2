from hypothesis import given
from hypothesis import strategies as st

from chat.core.history import History, Older
from chat.core.inbox import Inbox
from chat.core.types import Point, Range

from .logs import Past


def reading(past: Past, backlog: int) -> tuple[Inbox, History]:
    """An inbox that has read the last `backlog` entries."""
    inbox = Inbox("lobby", backlog=backlog)
    inbox.joined(past.floor, past.head, past.origin, None)
    first = inbox.first
    inbox.page(past.floor, first, past.digests[first - 1], past.block(first, backlog))
    assert inbox.complete
    return inbox, History(inbox)


def answers(history: History, past: Past, size: int) -> list[Older]:
    """Everything that is asked for comes, page by page."""
    found = []
    for _ in range(100):
        for wanted in history.missing():
            for page in past.pages(wanted, size):
                older = history.page(*page)
                if older is not None:
                    found.append(older)
        if not history.asking:
            break
    return found


def texts(older: Older) -> list[str]:
    return [entry.text for entry in older.entries]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 20), st.integers(1, 9))
def test_scrolling_back_shows_the_whole_log_once_and_in_its_order(
    count: int, backlog: int, step: int, size: int
) -> None:
    past = Past(count)
    inbox, history = reading(past, backlog)
    screen = past.texts(inbox.first)
    for _ in range(100):
        done = history.ask(step)
        if done is not None:
            assert done == Older("lobby", (), True)
            break
        (older,) = answers(history, past, size)
        assert len(older.entries) <= step
        assert older.beginning is (older.entries[0].seq == 1)
        screen = texts(older) + screen
    assert screen == past.texts()
    assert not inbox.diverged


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6), st.booleans()), max_size=30))
def test_pages_may_come_in_any_order_twice_or_not_at_all(
    fates: list[tuple[int, int, bool]],
) -> None:
    past = Past(30)
    _, history = reading(past, 10)
    history.ask(15)
    found: list[Older] = []
    for which, size, lost in fates:
        pages = [page for wanted in history.missing() for page in past.pages(wanted, size)]
        if pages and not lost:
            older = history.page(*pages[which % len(pages)])
            found += [older] if older is not None else []
    found += answers(history, past, 4)
    assert [texts(older) for older in found] == [past.texts(6, 20)]


def test_what_retention_left_is_shown_and_said_to_be_the_beginning() -> None:
    past = Past(30)
    inbox, history = reading(past, 10)
    past.floor = 15
    history.ask(20)
    (older,) = answers(history, past, 3)
    assert texts(older) == past.texts(15, 20)
    assert older.beginning
    assert inbox.first == 15


def test_nothing_left_before_us_is_said_at_once() -> None:
    past = Past(30)
    _, history = reading(past, 10)
    past.floor = 21
    history.ask(20)
    assert answers(history, past, 3) == [Older("lobby", (), True)]


def test_a_past_that_does_not_meet_ours_is_not_shown() -> None:
    past, forged = Past(30), Past(30, origin=b"origin 2")
    inbox, history = reading(past, 10)
    history.ask(20)
    assert answers(history, forged, 7) == []
    assert inbox.diverged
    assert (inbox.first, history.asking) == (21, False)


def test_one_changed_entry_is_enough() -> None:
    past = Past(30)
    inbox, history = reading(past, 10)
    history.ask(5)
    bodies = list(past.block(16, 5))
    bodies[2] = bodies[2].replace(b"text", b"lies")
    assert history.page(1, 16, past.digests[15], tuple(bodies)) is None
    assert inbox.diverged


def test_one_request_is_under_way_at_a_time() -> None:
    past = Past(30)
    _, history = reading(past, 10)
    assert history.ask(3) is None
    assert history.ask(20) is None
    (older,) = answers(history, past, 9)
    assert texts(older) == past.texts(18, 20)


def test_a_page_that_nobody_asked_for_changes_nothing() -> None:
    past = Past(30)
    inbox, history = reading(past, 10)
    assert history.page(*past.pages(Range(1, 20), 20)[0]) is None
    assert inbox.first == 21


def test_nothing_is_asked_for_before_there_is_something_to_meet() -> None:
    """Without a digest of ours, no chain could be checked."""
    past = Past(30)
    inbox = Inbox("lobby", backlog=10)
    inbox.joined(1, past.head, past.origin, None)
    history = History(inbox)
    history.ask(5)
    assert history.missing() == ()
    inbox.page(1, 21, past.digests[20], past.block(21, 10))
    assert history.missing() != ()


def test_an_empty_log_has_nothing_older() -> None:
    inbox = Inbox("lobby")
    inbox.joined(1, Point(0, b"origin 1"), b"origin 1", None)
    assert History(inbox).ask(10) == Older("lobby", (), True)
