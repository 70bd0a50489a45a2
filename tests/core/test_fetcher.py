import pytest

from chat.core import wire
from chat.core.fetcher import Answer, Fetcher
from chat.core.limits import RANGES
from chat.core.membership import Membership
from chat.core.recovery import FetchWindow, RoundTrip
from chat.core.types import Point, Range

from .logs import Past


class Desk:
    """A fetcher, and rooms that miss something."""

    def __init__(self, *names: str, entries: int = 20) -> None:
        self.rtt = RoundTrip()
        self.rtt.sample(0.1)
        self.fetcher = Fetcher(self.rtt)
        self.rooms = [Membership(name, self.rtt) for name in names or ("lobby",)]
        self.past = Past(entries)
        self.sent: list[wire.Fetch] = []
        for tag, room in enumerate(self.rooms, 1):
            room.joined, room.tag, room._gap_at = True, tag, 0.0
            room.inbox.joined(1, Point(0, self.past.origin), self.past.origin, None)
            room.inbox.saw_head(*self.past.head)

    def poll(self, now: float) -> list[wire.Fetch]:
        """What is asked for now."""
        before = len(self.sent)
        self.fetcher.poll(self.rooms, now, self.sent.append)
        return self.sent[before:]

    def page(
        self, request: int, now: float, *, index: int = 0, pages: int = 1, empty: bool = False
    ) -> Answer | None:
        bodies = () if empty else (b"body",)
        head = self.past.head
        return self.fetcher.page(
            wire.Page(request, index, pages, 1, 1, *head, 1, bytes(8), bodies), now
        )


def test_what_is_missing_is_asked_for_as_far_as_the_window_goes() -> None:
    desk = Desk()
    (fetch,) = desk.poll(100.0)
    assert (fetch.room, fetch.ranges, fetch.budget) == (1, (Range(1, 20),), FetchWindow().size)
    assert desk.fetcher.deadline == 100.0 + desk.rtt.timeout()


def test_one_request_is_under_way_at_a_time() -> None:
    desk = Desk("lobby", "den")
    (fetch,) = desk.poll(100.0)
    assert desk.poll(100.1) == []
    desk.page(fetch.request, 100.1)
    assert len(desk.poll(100.1)) == 1


def test_rooms_take_turns() -> None:
    desk, asked = Desk("lobby", "den", "attic"), []
    for second in range(6):
        (fetch,) = desk.poll(100.0 + second)
        asked.append(fetch.room)
        desk.page(fetch.request, 100.0 + second)
    assert asked == [1, 2, 3, 1, 2, 3]


def test_a_request_without_an_answer_is_given_up_and_another_one_made() -> None:
    desk = Desk()
    (first,) = desk.poll(100.0)
    assert desk.fetcher.deadline is not None
    (second,) = desk.poll(desk.fetcher.deadline)
    assert second.request != first.request
    assert second.budget < first.budget
    assert desk.fetcher.tries == 1


def test_each_page_counts_once_and_says_whose_it_is() -> None:
    desk = Desk()
    (fetch,) = desk.poll(100.0)
    room = desk.rooms[0]
    assert desk.page(fetch.request, 100.1, index=0, pages=2) == Answer(room, False)
    assert desk.page(fetch.request, 100.1, index=0, pages=2) is None
    assert desk.page(fetch.request + 1, 100.1, index=1, pages=2) is None
    assert desk.page(fetch.request, 100.1, index=1, pages=2) == Answer(room, False)
    assert desk.page(fetch.request, 100.1, index=1, pages=2) is None


def test_an_answer_that_is_whole_widens_the_window_and_measures_the_path() -> None:
    desk = Desk()
    (fetch,) = desk.poll(100.0)
    desk.page(fetch.request, 100.12, index=4, pages=5)
    assert desk.rtt.smoothed == pytest.approx(0.1 + 0.02 / 8)
    for index in range(4):
        desk.page(fetch.request, 103.0, index=index, pages=5)
    assert desk.rtt.smoothed == pytest.approx(0.1 + 0.02 / 8)
    (following,) = desk.poll(103.1)
    assert following.budget == 2 * fetch.budget


def test_when_the_last_page_came_the_others_are_late_or_lost() -> None:
    desk = Desk()
    (fetch,) = desk.poll(100.0)
    desk.page(fetch.request, 100.1, index=2, pages=3)
    assert desk.fetcher.deadline == pytest.approx(100.1 + desk.rtt.reordering)
    desk.page(fetch.request, 100.1, index=0, pages=3)
    assert desk.fetcher.deadline == pytest.approx(100.1 + desk.rtt.timeout())
    assert desk.poll(200.0)
    assert desk.fetcher.tries == 0, "it brought something"


def test_what_seems_lost_may_merely_be_late() -> None:
    desk = Desk()
    desk.rooms[0]._gap_at = 100.0
    assert desk.poll(100.0) == []
    assert desk.fetcher.deadline == pytest.approx(100.0 + desk.rtt.reordering)
    assert len(desk.poll(100.0 + desk.rtt.reordering)) == 1


def test_nothing_is_asked_where_nothing_is_missing_or_we_are_not_in() -> None:
    desk = Desk("lobby", "den")
    desk.rooms[0]._gap_at = None
    desk.rooms[1].joined = False
    assert desk.poll(100.0) == []
    assert desk.fetcher.deadline is None


def test_the_past_is_asked_for_when_nothing_of_the_present_is_missing() -> None:
    desk = Desk(entries=20)
    room = desk.rooms[0]
    room.inbox = type(room.inbox)("lobby", backlog=5)
    room.inbox.joined(1, desk.past.head, desk.past.origin, None)
    room.inbox.page(1, 16, desk.past.digests[15], desk.past.block(16, 5))
    room.history = type(room.history)(room.inbox)
    room.history.ask(10)
    room._gap_at = None
    (fetch,) = desk.poll(100.0)
    assert fetch.ranges == (Range(6, 15),)
    assert desk.page(fetch.request, 100.1) == Answer(room, True)


def test_no_fetch_names_more_ranges_than_it_may() -> None:
    desk = Desk(entries=200)
    for seq in range(2, 200, 2):
        desk.rooms[0].inbox.pushed(seq, desk.past.block(seq, 1))
    (fetch,) = desk.poll(100.0)
    assert len(fetch.ranges) == RANGES


def test_in_a_new_session_what_was_asked_in_the_old_one_does_not_count() -> None:
    desk = Desk()
    (old,) = desk.poll(100.0)
    desk.fetcher.reset()
    assert desk.page(old.request, 100.1) is None
    assert len(desk.poll(100.1)) == 1


def test_an_answer_that_comes_after_it_was_given_up_is_taken_and_teaches_the_way() -> None:
    desk = Desk()
    (first,) = desk.poll(100.0)
    assert desk.fetcher.deadline is not None
    (second,) = desk.poll(desk.fetcher.deadline)
    before = desk.rtt.smoothed
    assert desk.page(first.request, 102.0) == Answer(desk.rooms[0], False)
    assert desk.rtt.smoothed > before
    assert desk.page(first.request, 102.0) is None, "once"
    assert desk.page(second.request, 102.1) == Answer(desk.rooms[0], False)


def test_who_queues_on_the_way_asks_for_less_and_rests() -> None:
    desk = Desk()
    (fetch,) = desk.poll(100.0)
    desk.page(fetch.request, 100.1)
    (fetch,) = desk.poll(100.1)
    desk.page(fetch.request, 100.4)
    queued = 0.3 - desk.rtt.least
    assert desk.poll(100.4) == []
    assert desk.fetcher.deadline is not None
    assert desk.fetcher.deadline == pytest.approx(100.4 + 4 * queued)
    (following,) = desk.poll(desk.fetcher.deadline)
    assert following.budget < fetch.budget


def test_who_is_not_pushed_to_asks_past_the_end_again_and_again() -> None:
    desk = Desk()
    room = desk.rooms[0]
    room._gap_at = None
    room.polling.start(100.0)
    (fetch,) = desk.poll(100.0)
    assert fetch.ranges[-1].last > desk.past.head.seq
    desk.page(fetch.request, 100.05, empty=True)
    assert desk.fetcher.tries == 0, "an empty answer is one"
    assert desk.poll(100.1) == []
    assert desk.fetcher.deadline == room.polling.due
    assert len(desk.poll(100.4)) == 1
