import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.inbox import Inbox
from chat.core.limits import BUFFERED_ENTRIES, JOIN_BACKLOG, RANGES
from chat.core.types import Entry, Point, Range, chained

from .logs import Past
from .reader import STEPS, Reader, Step, perform


@given(st.integers(0, 40), st.sampled_from([0, 1, 5, JOIN_BACKLOG]), STEPS)
def test_whatever_comes_in_whatever_order_the_log_is_shown_once_and_in_its_order(
    count: int, backlog: int, steps: list[Step]
) -> None:
    reader = Reader(Past(count), backlog=backlog)
    reader.join()
    begin = reader.inbox.first
    for step in steps:
        perform(reader, step)
    reader.finish()
    assert not reader.inbox.diverged
    assert reader.inbox.first == begin
    assert (reader.breaks, reader.expired) == ([], [])


@given(
    st.integers(0, 40),
    st.lists(st.tuples(STEPS, st.integers(0, 40), st.integers(0, 10)), min_size=1, max_size=3),
)
def test_a_log_that_goes_back_breaks_exactly_where_it_went_back(
    count: int, lives: list[tuple[list[Step], int, int]]
) -> None:
    """After each life of the log, the next one knows only its first `kept` entries."""
    reader = Reader(Past(count))
    reader.join()
    for steps, kept, more in lives:
        for step in steps:
            perform(reader, step)
        shown, before = len(reader.screen), len(reader.breaks)
        kept = min(kept, reader.past.head.seq)
        reader.past.go_back(kept)
        reader.parted()
        reader.past.append(more)
        reader.join()
        reader.finish()
        assert reader.breaks[before:] == ([kept + 1] if kept < shown else [])


@given(st.integers(1, 60), st.integers(0, 59), st.integers(1, 60), st.integers(0, 20), STEPS)
def test_each_entry_is_shown_once_or_said_to_be_gone(
    count: int, read: int, floor: int, more: int, steps: list[Step]
) -> None:
    reader = Reader(Past(min(read, count)))
    reader.join()
    reader.finish()
    reader.past.append(count - reader.past.head.seq)
    reader.past.floor = min(floor, reader.past.head.seq + 1)
    reader.join()
    reader.past.append(more)
    for step in steps:
        perform(reader, step)
    reader.finish()
    expired = [seq for first, last in reader.expired for seq in range(first, last + 1)]
    shown = [entry.seq for entry in reader.screen]
    assert sorted(shown + expired) == list(range(1, reader.past.head.seq + 1))
    assert all(seq < reader.past.floor for seq in expired)
    assert reader.breaks == []


def test_what_retention_took_while_we_were_away_is_said() -> None:
    reader = Reader(Past(5))
    reader.join()
    reader.finish()
    reader.past.append(20)
    reader.past.floor = 11
    reader.join()
    reader.finish()
    assert reader.expired == [(6, 10)]
    assert [entry.seq for entry in reader.screen] == [*range(1, 6), *range(11, 26)]


def test_reading_begins_a_backlog_before_the_end() -> None:
    reader = Reader(Past(300))
    reader.join()
    assert (reader.inbox.first, reader.inbox.seq) == (101, 100)
    reader.finish()


@pytest.mark.parametrize(
    ("wanted", "floor", "first"),
    [(1, 1, 1), (250, 1, 250), (5, 20, 20), (301, 1, 301), (900, 1, 301)],
)
def test_reading_begins_where_it_was_told_to(wanted: int, floor: int, first: int) -> None:
    reader = Reader(Past(300), first=wanted)
    reader.past.floor = floor
    reader.join()
    assert reader.inbox.first == first
    reader.finish()
    assert reader.expired == []


def test_with_no_backlog_only_what_comes_is_shown() -> None:
    reader = Reader(Past(30), backlog=0)
    reader.join()
    assert reader.inbox.complete
    reader.past.append(1)
    reader.push(31, 1)
    assert [entry.seq for entry in reader.screen] == [31]


def test_nothing_is_shown_or_asked_for_before_the_join_is_answered() -> None:
    reader = Reader(Past(5))
    reader.push(1, 5)
    reader.take(reader.inbox.page(1, 1, reader.past.origin, reader.past.block(1, 5)))
    assert (reader.screen, reader.inbox.missing(), reader.inbox.offer()) == ([], (), ())
    assert not reader.inbox.complete


def test_what_is_missing_is_asked_for_and_nothing_else() -> None:
    reader = Reader(Past(0))
    reader.join()
    reader.past.append(20)
    reader.push(3, 2)
    reader.push(8, 1)
    reader.inbox.saw_head(10, None)
    assert [tuple(each) for each in reader.inbox.missing()] == [(1, 2), (5, 7), (9, 10)]
    reader.push(1, 2)
    assert [tuple(each) for each in reader.inbox.missing()] == [(5, 7), (9, 10)]


def test_no_more_ranges_are_missed_than_one_fetch_may_name() -> None:
    reader = Reader(Past(0))
    reader.join()
    reader.past.append(200)
    for seq in range(2, 200, 2):
        reader.push(seq, 1)
    assert len(reader.inbox.missing()) == RANGES
    assert len(reader.inbox.missing(3)) == 3


def test_what_is_kept_beyond_a_gap_is_bounded() -> None:
    reader = Reader(Past(0))
    reader.join()
    reader.past.append(BUFFERED_ENTRIES + 500)
    reader.push(2, BUFFERED_ENTRIES + 499)
    assert len(reader.inbox._buffer) == BUFFERED_ENTRIES - 1
    reader.finish()


def test_a_late_lower_head_proves_nothing() -> None:
    reader = Reader(Past(10))
    reader.join()
    reader.finish()
    reader.inbox.saw_head(4, reader.past.digests[4])
    reader.inbox.saw_head(0, None)
    assert (reader.inbox.head, reader.inbox.diverged) == (10, False)


def test_another_digest_where_we_have_one_means_to_join_again() -> None:
    reader = Reader(Past(10))
    reader.join()
    reader.finish()
    reader.inbox.saw_head(4, b"another!")
    assert reader.inbox.diverged
    assert len(reader.screen) == 10, "only a fresh answer may say that the log has gone back"


def test_a_push_that_does_not_fit_the_heads_digest_is_found_out() -> None:
    reader = Reader(Past(0))
    reader.join()
    reader.past.append(2)
    reader.inbox.saw_head(1, b"another!")
    reader.push(1, 1)
    assert reader.inbox.diverged


def test_a_page_whose_chain_is_not_ours_is_thrown_away() -> None:
    reader = Reader(Past(5))
    reader.join()
    reader.finish()
    reader.past.append(1)
    reader.take(reader.inbox.page(1, 6, b"another!", reader.past.block(6, 1)))
    assert reader.inbox.diverged
    assert reader.inbox.seq == 5


def test_another_log_altogether_breaks_at_its_beginning() -> None:
    reader = Reader(Past(5))
    reader.join()
    reader.finish()
    before = reader.inbox.origin
    reader.past = Past(3, origin=b"origin 2")
    reader.past._texts = 100
    reader.past.go_back(0)
    reader.past.append(3)
    reader.join()
    reader.finish()
    assert reader.breaks == [1]
    assert (before, reader.inbox.origin) == (Past(0).origin, b"origin 2")
    assert [entry.text for entry in reader.screen] == ["text 101", "text 102", "text 103"]


def test_an_entry_that_nobody_can_read_is_passed_over_and_the_chain_goes_on() -> None:
    past = Past(1)
    past.bodies.append(b"\xff")
    past.digests.append(chained(past.digests[1], b"\xff"))
    past.append(1)
    inbox = Inbox("lobby")
    inbox.joined(1, Point(0, past.origin), past.origin, None)
    news = inbox.pushed(1, tuple(past.bodies))
    assert [item.seq for item in news if isinstance(item, Entry)] == [1, 3]
    assert inbox.seq == 3


def test_points_are_the_newest_and_then_farther_and_farther_apart() -> None:
    reader = Reader(Past(700), first=1)
    reader.join()
    assert [point.seq for point in reader.inbox.offer()] == [0]
    reader.finish()
    points = reader.inbox.offer()
    assert [point.seq for point in points] == [700, 699, 698, 696, 692, 684, 668, 636, 572, 0]
    assert all(point.digest == reader.past.digests[point.seq] for point in points)


def test_what_a_fetch_brought_because_no_push_did_is_counted() -> None:
    reader = Reader(Past(0))
    reader.join()
    reader.past.append(5)
    reader.push(1, 2)
    reader.push(4, 1)
    reader.finish()
    assert reader.inbox.repaired == 2


def test_who_is_not_pushed_to_asks_for_whatever_may_be_new() -> None:
    inbox = Inbox("lobby")
    inbox.joined(1, Point(0, b"origin.."), b"origin..", None)
    assert inbox.missing() == ()
    assert inbox.missing(beyond=True) == (Range(1, BUFFERED_ENTRIES),)
