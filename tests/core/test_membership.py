from typing import Any

import pytest

from chat.core import asks, events, limits, wire
from chat.core.channel import PushSealer
from chat.core.delivery import Tally
from chat.core.entry import decode_entry
from chat.core.inbox import Broken
from chat.core.membership import Membership
from chat.core.outbox import Draft
from chat.core.presence import Presence
from chat.core.recovery import RoundTrip
from chat.core.types import SEQ_MAX, Entry, Kind, chained

from .logs import AUTHOR, Past, body

TAG = 7
OTHERS = b"not ours"


class Seat:
    """A membership, and the log of its room."""

    def __init__(self, entries: int = 0) -> None:
        self.rtt = RoundTrip()
        self.rtt.sample(0.1)
        self.room = Membership("lobby", self.rtt)
        self.past = Past(entries)

    def joined(self, **changed: Any) -> asks.Joined:
        past = self.past
        fields: dict[str, Any] = {
            "r": 1,
            "room": "lobby",
            "tag": TAG,
            "epoch": 0,
            "key": bytes(16),
            "counter": 0,
            "floor": past.floor,
            "head": past.head.seq,
            "digest": past.head.digest,
            "origin": past.origin,
            "matched": past.match(self.room.offer()),
            "last_n": 0,
            "window": 64,
            "interval": 10,
            "ordinal": 3,
            "topic": "old things",
            "peer": "",
        }
        return asks.Joined(**{**fields, **changed})

    def enter(self, now: float = 100.0, **changed: Any) -> list[Any]:
        return list(self.room.enter(self.joined(**changed), now))

    def frame(self, frame: wire.Frame, now: float = 100.0, first: int = 0) -> list[Any]:
        return list(self.room.frame(frame, now, AUTHOR, first))

    def push(self, first: int, count: int = 1, now: float = 100.0) -> list[Any]:
        return self.frame(wire.Entries(self.past.block(first, count)), now, first)

    def page(
        self, first: int, count: int, now: float = 100.0, *, history: bool = False
    ) -> list[Any]:
        past = self.past
        found = wire.Page(
            1,
            0,
            1,
            TAG,
            past.floor,
            *past.head,
            first,
            past.digests[first - 1],
            past.block(first, count),
        )
        return list(self.room.page(found, history, now, OTHERS))

    def say(self, *tickets: int) -> None:
        for ticket in tickets:
            self.room.outbox.add(Draft(ticket, 1, f"text {ticket}", 0, False))

    def said(self, now: float = 100.0) -> list[int]:
        return [draft.n for draft in self.room.say(now)]


def kinds(news: list[Any]) -> list[str]:
    return [type(each).__name__ for each in news]


def test_who_enters_is_told_where_it_is_and_whether_it_was_there_before() -> None:
    seat = Seat()
    assert seat.enter() == [
        events.Entered("lobby", "old things", "", False),
        events.CaughtUp("lobby"),
    ]
    assert (seat.room.tag, seat.room.ordinal, seat.room.topic) == (TAG, 3, "old things")
    assert seat.enter()[0] == events.Entered("lobby", "old things", "", True)


def test_it_has_caught_up_when_all_that_was_there_was_told() -> None:
    seat = Seat(3)
    assert kinds(seat.enter()) == ["Entered"]
    assert kinds(seat.page(1, 2)) == ["Entry", "Entry"]
    assert kinds(seat.page(3, 1)) == ["Entry", "CaughtUp"]
    seat.past.append(1)
    assert kinds(seat.push(4)) == ["Entry"]


def test_our_own_entry_is_its_acknowledgement() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    assert seat.said() == [1, 2]
    seat.past.append(2)
    assert seat.push(1) == [
        events.Logged("lobby", 41, 1),
        decode_entry("lobby", 1, seat.past.bodies[0]),
    ]
    assert kinds(seat.push(2)) == ["Logged", "Entry"]


def test_an_acknowledgement_may_come_by_itself() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    seat.said()
    assert seat.frame(wire.Ack(TAG, 2)) == [
        events.Logged("lobby", 41, 1),
        events.Logged("lobby", 42, 2),
    ]
    assert seat.frame(wire.Ack(TAG, 2)) == []


def test_a_second_join_acknowledges_what_got_into_the_log_meanwhile() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    seat.said()
    seat.room.parted()
    news = seat.enter(last_n=1)
    assert events.Logged("lobby", 41, 1) in news
    assert seat.said() == [2]


def test_a_log_that_has_less_of_ours_than_it_acknowledged_disowns_us() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    seat.said()
    seat.frame(wire.Ack(TAG, 1))
    assert not seat.room.disowned
    seat.enter(last_n=0)
    assert seat.room.disowned


def test_an_answer_is_compared_with_what_was_acknowledged_when_it_was_asked_for() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    seat.said()
    answer = seat.joined(last_n=0)
    seat.frame(wire.Ack(TAG, 1))
    seat.room.enter(answer, 100.0)
    assert not seat.room.disowned
    seat.room.renew()
    assert not seat.room.disowned
    assert seat.said() == [1]


def test_what_is_not_acknowledged_in_time_is_said_again() -> None:
    seat = Seat()
    seat.enter()
    seat.room._head_due = None
    seat.room._reporter._said = (0, 0)
    seat.say(41)
    assert seat.said(100.0) == [1]
    assert seat.room.deadline() == pytest.approx(100.0 + seat.rtt.timeout())
    assert not seat.room.overdue(100.0 + seat.rtt.timeout() / 2)
    assert seat.said(100.1) == []
    assert seat.room.overdue(100.0 + seat.rtt.timeout())
    assert seat.said(101.0) == [1]
    assert seat.room.deadline() == pytest.approx(101.0 + seat.rtt.timeout(1))


def test_the_wait_starts_over_with_each_acknowledgement_and_ends_with_the_last() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    seat.said(100.0)
    seat.frame(wire.Ack(TAG, 1), 100.2)
    seat.room._head_due = None
    assert seat.room.deadline() == pytest.approx(100.2 + seat.rtt.timeout())
    seat.frame(wire.Ack(TAG, 2), 100.3)
    seat.room._reporter._said = (0, 0)
    assert seat.room.deadline() is None


def test_a_head_that_does_not_come_in_time_is_missed() -> None:
    seat = Seat()
    seat.enter(100.0)
    due = 100.0 + limits.HEADS[0]
    assert not seat.room.overdue(due)
    assert seat.room.overdue(due + 0.11)
    assert not seat.room.overdue(due + 10.0), "it is missed once"
    seat.frame(wire.Head(TAG, 0, seat.past.origin, 500, 10), 101.0)
    assert not seat.room.overdue(101.5)
    assert seat.room.overdue(101.61)
    seat.frame(wire.Head(TAG, 0, seat.past.origin, 0, 10), 102.0)
    assert not seat.room.overdue(1000.0), "no other one was announced"


def test_what_a_head_knows_and_we_do_not_is_fetched_after_a_moment() -> None:
    seat = Seat()
    seat.enter()
    assert seat.room.fetch_due() is None
    seat.past.append(1)
    seat.frame(wire.Head(TAG, *seat.past.head, 500, 10), 100.0)
    assert seat.room.fetch_due() == pytest.approx(100.0 + seat.rtt.reordering)
    seat.push(1, now=100.01)
    assert seat.room.fetch_due() is None


def test_a_backlog_is_fetched_at_once() -> None:
    seat = Seat(3)
    seat.enter(100.0)
    due = seat.room.fetch_due()
    assert due is not None
    assert due < 100.0


def test_reports_come_when_there_is_something_to_report_and_not_too_often() -> None:
    seat = Seat()
    seat.enter(100.0)
    assert seat.room.report(100.5) is None
    first = seat.room.report(101.0)
    assert first == wire.Report(TAG, 0, 0, 0, 0, 100)
    assert seat.room.report(200.0) is None
    seat.past.append(1)
    seat.push(1)
    assert seat.room.report(200.0) == wire.Report(TAG, 1, 0, 0, 0, 100)
    seat.past.append(1)
    seat.push(2)
    assert seat.room.report(200.9) is None
    assert seat.room.report(201.0) is not None


def test_a_report_that_the_receipts_do_not_show_is_said_again() -> None:
    seat = Seat()
    seat.enter(100.0)
    seat.past.append(1)
    seat.push(1)
    assert seat.room.report(102.0) is not None
    known = wire.Receipts(TAG, 1, ((seat.room.ordinal, 1),))
    lost = wire.Receipts(TAG, 1, ((seat.room.ordinal, 0),))
    for frame, again in ((known, False), (lost, True)):
        seat.frame(frame, 103.0)
        report = seat.room.report(103.0)
        assert (report is not None) is again


def test_a_report_says_how_many_pushes_came_of_how_many() -> None:
    seat, sealer = Seat(), PushSealer(TAG, 0, bytes(16))
    sealer.seal(0, 0, b"")
    seat.enter(100.0, counter=sealer.counter)
    for number in range(4):
        datagram = sealer.seal(0, 0, b"")
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Push)
        assert seat.room.opener is not None
        if number != 1:
            seat.room.opener.open(header, datagram, 100.0)
    report = seat.room.report(101.0)
    assert report is not None
    assert (report.epoch, report.received, report.highest) == (0, 3, 5), "of which one was before"


def test_the_server_says_how_often_to_report() -> None:
    seat = Seat()
    seat.enter(100.0, interval=50)
    assert seat.room.report(104.9) is None
    assert seat.room.report(105.0) is not None
    seat.frame(wire.Head(TAG, 0, seat.past.origin, 0, 5))
    assert seat.room._reporter.interval == limits.REPORT_INTERVAL, "but not more often than is good"


def test_without_a_key_there_is_nothing_to_open() -> None:
    seat = Seat()
    seat.enter(key=b"", peer="bob")
    assert seat.room.opener is None
    assert seat.room.peer == "bob"
    seat.past.append(1)
    assert kinds(seat.frame(wire.Direct(TAG, 1, seat.past.block(1, 1)))) == ["Entry"]


def test_a_topic_that_is_read_is_the_topic() -> None:
    seat = Seat()
    seat.enter()
    seat.past.bodies.append(body("new things", kind=Kind.TOPIC))
    seat.push(1)
    assert seat.room.topic == "new things"


def test_who_has_an_entry_is_known_from_the_latest_receipts_of_this_session() -> None:
    seat = Seat(1)
    seat.enter()
    assert seat.room.tally(1) is None
    seat.frame(wire.Receipts(TAG, 1, ((3, 1), (4, 0))))
    assert seat.room.tally(1) is None, "whose ordinals these are is not known yet"
    seat.frame(wire.Presence(TAG, 1, 2, bytes(8)))
    rows = tuple(asks.Member(n, name, "", 50, False) for n, name in ((3, "ann"), (4, "bob")))
    seat.room.members(asks.Members(1, TAG, 0, 1, rows, (), False))
    assert seat.room.tally(1) == Tally(0, 1, ("bob",))
    assert seat.room.tally(1, 49) == Tally(0, 0, ())
    assert seat.room.tally(2) is None
    seat.room.parted()
    assert seat.room.tally(1) is None
    seat.enter()
    assert seat.room.tally(1) is None


def test_a_head_that_does_not_come_is_owed_until_something_does() -> None:
    seat = Seat(1)
    seat.enter(100.0)
    assert not seat.room.awaits
    seat.page(1, 1)
    assert seat.room.overdue(101.0)
    assert seat.room.awaits
    seat.frame(wire.Head(TAG, *seat.past.head, 0, 10), 101.0)
    assert not seat.room.awaits
    seat.past.append(1)
    seat.push(2, now=102.0)
    assert not seat.room.overdue(102.2)
    assert seat.room.overdue(102.5)
    assert seat.room.awaits
    seat.page(2, 1, 102.6)
    assert not seat.room.awaits


def test_what_we_say_is_owed_an_answer() -> None:
    seat = Seat()
    seat.enter()
    seat.say(1)
    assert not seat.room.awaits
    seat.said()
    assert seat.room.awaits
    seat.room.parted()
    assert not seat.room.awaits, "without a session nobody owes anything"


def test_receipts_and_windows_are_passed_on() -> None:
    seat = Seat()
    seat.enter()
    assert seat.frame(wire.Receipts(TAG, 9, ((1, 4), (2, 5)))) == [
        events.Receipts("lobby", 9, {1: 4, 2: 5})
    ]
    seat.frame(wire.Window(TAG, 3))
    seat.say(1, 2, 3, 4, 5)
    assert seat.said() == [1, 2, 3]


def test_who_is_not_pushed_to_polls_and_misses_no_head() -> None:
    seat = Seat(5)
    seat.enter(100.0, matched=None)
    seat.page(1, 5)
    assert seat.room.fetch_due() is None
    told = seat.frame(wire.Pushing(TAG, 3, 0, 100), 101.0)
    assert told == [events.Pushing("lobby", False, 10.0)]
    assert seat.room.fetch_due() == 101.0
    assert seat.room.wanted(101.0)[-1].last > 5
    seat.frame(wire.Head(TAG, 5, seat.past.digests[5], 500, 10), 101.0)
    assert not seat.room.overdue(200.0)
    assert seat.frame(wire.Pushing(TAG, 3, 0, 50), 102.0) == [], "the same, again"
    assert seat.frame(wire.Pushing(TAG, 2, 1, 0), 102.0) == [], "that was before"
    assert seat.frame(wire.Pushing(TAG, 4, 1, 0), 103.0) == [events.Pushing("lobby", True, 0.0)]
    assert (seat.room.fetch_due(), seat.room.wanted(200.0)) == (None, ())
    seat.frame(wire.Head(TAG, 5, seat.past.digests[5], 500, 10), 103.0)
    assert seat.room.overdue(104.0)


def test_an_answer_to_a_poll_that_does_not_come_is_missed() -> None:
    seat = Seat()
    seat.enter()
    seat.frame(wire.Pushing(TAG, 1, 0, 100))
    seat.room.polling.asked(100.0)
    assert seat.room.deadline() == pytest.approx(100.0 + seat.rtt.timeout())
    assert seat.room.overdue(100.0 + seat.rtt.timeout())


def test_in_a_new_session_we_are_pushed_to_until_told_otherwise() -> None:
    seat = Seat()
    seat.enter()
    seat.frame(wire.Pushing(TAG, 9, 0, 100))
    seat.room.parted()
    seat.enter()
    assert seat.room.fetch_due() is None
    assert seat.frame(wire.Pushing(TAG, 1, 0, 100)) != [], "another server counts anew"


def test_what_is_said_once_and_acknowledged_tells_the_round_trip() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    seat.said(100.0)
    seat.frame(wire.Ack(TAG, 2), 100.2)
    assert seat.rtt.smoothed == pytest.approx(0.1 + 0.1 / 8)
    seat.frame(wire.Ack(TAG, 2), 109.0)
    seat.say(43)
    seat.past.append(1)
    seat.said(110.0)
    seat.frame(wire.Ack(TAG, 3), 110.1)
    assert seat.rtt.smoothed == pytest.approx(0.1 + 0.1 / 8 * 7 / 8)


def test_what_is_said_again_or_was_on_its_way_meanwhile_tells_nothing() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41, 42)
    seat.said(100.0)
    assert seat.room.overdue(105.0)
    seat.said(105.0)
    seat.frame(wire.Ack(TAG, 1), 105.01)
    seat.room.parted()
    seat.enter(now=106.0, last_n=1)
    seat.said(106.0)
    seat.frame(wire.Ack(TAG, 2), 106.01)
    assert seat.rtt.smoothed == pytest.approx(0.1)


def test_a_session_that_ends_takes_its_measurement_along() -> None:
    seat = Seat()
    seat.enter()
    seat.say(41)
    seat.said(100.0)
    seat.room.parted()
    seat.enter(now=160.0, last_n=1)
    assert seat.rtt.smoothed == pytest.approx(0.1)


def test_the_members_of_a_room_are_followed() -> None:
    seat = Seat()
    seat.enter()
    rows = tuple(asks.Member(n, f"guest{n}", "", 0, False) for n in (1, 2))
    seat.frame(wire.Presence(TAG, 2, 2, bytes(8)))
    first = seat.room.members(asks.Members(1, TAG, 0, 1, rows[:1], (), False))
    assert first == [events.Presence("lobby", 0, ())]
    second = seat.room.members(asks.Members(2, TAG, 1, 1, rows[1:], (1,), False))
    assert second == [events.Presence("lobby", 0, ())]
    assert seat.room.roster.members == {2: rows[1]}
    assert seat.room.members(asks.Members(2, TAG, 9, 9, rows, (), False)) == []


def typing(seat: Seat, version: int, *ordinals: int, now: float = 100.0) -> list[Any]:
    return seat.frame(wire.Typists(TAG, version, ordinals), now)


def peopled(*names: str) -> Seat:
    """Their ordinals count from 1; ours is 3."""
    seat = Seat(entries=2)
    seat.enter()
    seat.page(1, 2)
    presence = Presence()
    for ordinal, name in enumerate(names, 1):
        presence.put(asks.Member(ordinal, name, "", 0, False))
    seat.frame(presence.digest(TAG))
    seat.room.members(presence.answer(asks.Who(1, TAG, 0, 0)))
    return seat


def test_who_is_typing_is_told_and_forgotten() -> None:
    seat = peopled("bob", "eve", "me")
    assert typing(seat, 1, 2, 1, 3) == [events.Typing("lobby", ("eve", "bob"))]
    assert typing(seat, 2, 2, 1, now=103.0) == []
    until = 103.0 + limits.TYPING_LIFE
    assert seat.room.deadline() is not None
    assert seat.room.forget(until - 0.1) == []
    assert seat.room.forget(until) == [events.Typing("lobby", ())]


def test_our_own_typing_is_not_told() -> None:
    assert typing(peopled("bob", "eve", "me"), 1, 3) == []


def test_the_entry_of_who_was_typing_ends_it() -> None:
    seat = peopled("ann", "bob", "me")
    assert typing(seat, 1, 1, 2) == [events.Typing("lobby", ("ann", "bob"))]
    seat.past.append(1)
    entry, *told = seat.push(3)
    assert (entry.name, told) == ("ann", [events.Typing("lobby", ("bob",))])


def test_typing_follows_names_and_ends_with_who_leaves() -> None:
    seat = peopled("ann", "bob", "me")
    typing(seat, 1, 1, 2)
    rob = asks.Member(2, "rob", "", 0, False)
    (_, told) = seat.room.members(asks.Members(2, TAG, 3, 5, (rob,), (1,), False))
    assert told == events.Typing("lobby", ("rob",))


def test_typing_ends_with_the_session() -> None:
    seat = peopled("ann", "bob", "me")
    typing(seat, 9, 1)
    assert seat.room.parted() == [events.Typing("lobby", ())]
    seat.enter()
    assert typing(seat, 1, 2) == [events.Typing("lobby", ("bob",))], "versions begin anew"


def test_that_our_user_types_is_said_now_and_then_where_somebody_is_to_know() -> None:
    seat = Seat()
    seat.room.types(100.0)
    assert seat.room.typing() is None, "we are not in there yet"
    seat.enter(last_n=4)
    seat.room.types(100.0)
    assert seat.room.typing() == wire.Typing(TAG, 5)
    seat.room.types(102.9)
    assert seat.room.typing() is None
    seat.room.types(103.0)
    assert seat.room.typing() == wire.Typing(TAG, 5)
    seat.frame(wire.Presence(TAG, 1, limits.MEMBERS_SMALL + 1, bytes(8)))
    seat.room.types(110.0)
    assert seat.room.typing() is None
    seat.frame(wire.Presence(TAG, 2, limits.MEMBERS_SMALL, bytes(8)))
    seat.room.types(110.0)
    seat.say(41)
    assert seat.room.typing() is None, "it has been said"


def test_the_other_one_of_two_is_known_by_the_newest_name() -> None:
    seat = Seat()
    seat.enter(key=b"", peer="bob", ordinal=2)
    ann = asks.Member(2, "ann", "", 0, False)
    bob, rob = (asks.Member(1, name, "", 0, False) for name in ("bob", "rob"))
    seat.frame(wire.Presence(TAG, 2, 2, bytes(8)))
    seat.room.members(asks.Members(1, TAG, 0, 1, (bob, ann), (), False))
    told = seat.room.members(asks.Members(2, TAG, 1, 2, (rob,), (), False))
    assert told == [events.Presence("lobby", 0, ((bob, rob),))]
    assert seat.room.peer == "rob"


def test_where_we_are_not_listed_nobody_is_the_other_one() -> None:
    seat = Seat()
    seat.enter(key=b"", peer="bob", ordinal=3)
    rows = tuple(asks.Member(n, name, "", 0, False) for n, name in ((1, "ann"), (2, "bob2")))
    seat.frame(wire.Presence(TAG, 9, 2, bytes(8)))
    seat.room.members(asks.Members(1, TAG, 0, 1, rows, (), False))
    assert seat.room.peer == "bob"


def test_the_other_one_of_two_is_nobody_else_after_a_restart() -> None:
    """We are the first to come back, under the number that was the other one's."""
    seat = Seat()
    ann, bob = (asks.Member(n, name, "", 0, False) for n, name in ((1, "ann"), (2, "bob")))
    seat.enter(key=b"", peer="bob", ordinal=1)
    seat.frame(wire.Presence(TAG, 2, 2, bytes(8)))
    seat.room.members(asks.Members(1, TAG, 0, 2, (ann, bob), (), False))
    assert seat.enter(key=b"", ordinal=2)[0] == events.Entered("lobby", "old things", "bob", True)
    seat.frame(wire.Presence(TAG, 9, 2, bytes(8)))
    now = asks.Member(2, "ann", "", 0, False)
    told = seat.room.members(asks.Members(2, TAG, 0, 1, (now,), (), False))
    assert told == [events.Presence("lobby", 0, ())]
    assert seat.room.peer == "bob"
    bob = asks.Member(3, "bob2", "", 0, False)
    seat.room.members(asks.Members(3, TAG, 1, 2, (bob,), (), False))
    assert seat.room.peer == "bob2"


def test_a_page_of_the_past_is_older() -> None:
    seat = Seat(300)
    seat.enter()
    seat.page(101, 200)
    assert seat.room.history.ask(10) is None
    (older,) = seat.page(91, 10, history=True)
    assert [entry.seq for entry in older.entries] == [*range(91, 101)]


def test_after_a_break_the_log_is_read_again() -> None:
    seat = Seat(3)
    seat.enter()
    seat.page(1, 3)
    seat.past.go_back(1)
    seat.past.append(3)
    news = seat.enter()
    news += seat.page(2, 3)
    assert [each for each in news if isinstance(each, Broken)] == [Broken("lobby", 2)]
    assert [each.seq for each in news if isinstance(each, Entry)] == [2, 3, 4]
    assert kinds(news)[-1] == "CaughtUp"


@pytest.mark.parametrize("told_by", ["the join", "a page"])
def test_what_is_yet_to_be_said_does_not_fall_on_what_came_instead(told_by: str) -> None:
    """It refers to entries that the log has lost, maybe: whose place others take."""
    seat = Seat(3)
    seat.enter()
    seat.page(1, 3)
    for refers in (1, 2, 3):
        seat.room.outbox.add(Draft(refers, Kind.DELETE, "", refers, False))
    seat.past.go_back(1)
    if told_by == "a page":
        seat.past.append(3)
    news = seat.enter()
    news += seat.page(2, 3) if told_by == "a page" else []
    assert [each for each in news if isinstance(each, Broken)] == [Broken("lobby", 2)]
    assert [draft.refers for draft in seat.room.say(100.0)] == [1, SEQ_MAX, SEQ_MAX]


def test_who_parted_keeps_its_place_and_waits_for_nothing() -> None:
    seat = Seat(3)
    seat.enter()
    seat.page(1, 3)
    seat.say(41)
    seat.said()
    seat.room.parted()
    assert (seat.room.deadline(), seat.room.fetch_due(), seat.room.report(999.0)) == (None,) * 3
    assert not seat.room.overdue(999.0)
    assert seat.room.offer()[0] == seat.past.head
    assert len(seat.room.outbox) == 1


def test_a_topic_that_was_read_is_not_undone_by_an_answer_that_took_its_time() -> None:
    seat = Seat()
    assert seat.enter()[0] == events.Entered("lobby", "old things", "", False)
    answer = seat.joined()
    text = "new things"
    seat.past.bodies.append(body(text, kind=3))
    seat.past.digests.append(chained(seat.past.digests[-1], seat.past.bodies[-1]))
    seat.push(1)
    assert seat.room.topic == text
    seat.room.enter(answer, 100.0)
    assert seat.room.topic == text


def test_what_expired_unread_may_have_been_a_topic_so_the_room_is_to_be_joined_again() -> None:
    seat = Seat()
    seat.enter()
    seat.past.append(20)
    page = wire.Page(1, 0, 1, TAG, 11, *seat.past.head, 0, bytes(8), ())
    seat.room.page(page, False, 100.0, AUTHOR)
    assert seat.room.outdated
    seat.enter(topic="what was missed")
    assert not seat.room.outdated
    assert seat.room.topic == "what was missed"
