from hypothesis import given
from hypothesis import strategies as st

from chat.core.limits import OUTBOX_BYTES, WINDOW
from chat.core.outbox import Draft, Outbox
from chat.core.types import SEQ_MAX, Kind


def outbox(count: int) -> Outbox:
    """A room that was joined, with so many drafts waiting."""
    box = Outbox()
    box.begin(0)
    for ticket in range(1, count + 1):
        add(box, ticket)
    return box


def add(box: Outbox, ticket: int, text: str = "hi") -> int:
    return box.add(Draft(ticket, 1, text, 0, False))


def sent(box: Outbox) -> list[int]:
    return [n for n, _ in box.to_send()]


def test_what_has_no_text_counts_too() -> None:
    box = outbox(0)
    while not box.full:
        add(box, 1, "")
    assert len(box) == OUTBOX_BYTES
    box.ack(1)
    assert not box.full


def test_what_refers_to_entries_that_are_gone_refers_to_nothing() -> None:
    box = outbox(0)
    for kind in (Kind.MESSAGE, Kind.EDIT):
        for refers in (0, 4, 5, 6):
            box.add(Draft(1, kind, "hi", refers, False))
    box.gone(5)
    left = [draft.refers for draft in box.pending]
    assert left == [0, 4, 0, 0, 0, 4, SEQ_MAX, SEQ_MAX], "an edit has to refer to something"


def tickets(drafts: list[tuple[int, Draft]]) -> list[int]:
    return [draft.ticket for _, draft in drafts]


def test_drafts_are_numbered_densely_from_one() -> None:
    box = outbox(0)
    assert [add(box, ticket) for ticket in (7, 8, 9)] == [1, 2, 3]


def test_each_draft_goes_once_until_a_time_out() -> None:
    box = outbox(3)
    assert sent(box) == [1, 2, 3]
    assert sent(box) == []
    box.timed_out(box.tries + 1)
    assert sent(box) == [1, 2, 3]


def test_an_acknowledgement_frees_everything_up_to_it() -> None:
    box = outbox(5)
    box.to_send()
    assert tickets(box.ack(3)) == [1, 2, 3]
    assert tickets(box.ack(3)) == []
    assert tickets(box.ack(2)) == []
    assert (box.acked, len(box)) == (3, 2)
    assert tickets(box.ack(5)) == [4, 5]


def test_no_more_than_the_window_is_under_way() -> None:
    box = outbox(3 * WINDOW)
    under_way: set[int] = set()
    for _ in range(20):
        under_way |= set(sent(box))
        assert max(under_way) <= box.acked + WINDOW
        box.ack(box.acked + 5)
    assert max(under_way) > WINDOW


def test_a_window_that_the_server_moves_holds_from_then_on() -> None:
    box = outbox(40)
    box.window = 4
    assert sent(box) == [1, 2, 3, 4]
    box.ack(2)
    assert sent(box) == [5, 6]
    box.window = 0
    box.ack(6)
    assert sent(box) == []


def test_a_time_out_halves_what_goes_at_once_and_answers_raise_it_again() -> None:
    box = outbox(200)
    assert len(sent(box)) == Outbox.INITIAL
    sizes = []
    for _ in range(5):
        box.timed_out(box.tries + 1)
        sizes.append(len(sent(box)))
    assert sizes == [8, 4, 2, 2, 2]
    assert box.tries == 5
    box.ack(2)
    assert box.tries == 0
    assert len(sent(box)) == 4


def test_numbering_goes_on_where_the_instance_left_off() -> None:
    box = Outbox()
    add(box, 1)
    add(box, 2)
    assert box.begin(41) == []
    assert sent(box) == [42, 43]


def test_a_second_join_acknowledges_what_the_log_has_by_now() -> None:
    box = outbox(5)
    box.to_send()
    assert tickets(box.begin(3)) == [1, 2, 3]
    assert sent(box) == [4, 5]


def test_after_a_join_what_is_pending_goes_again() -> None:
    box = outbox(3)
    box.to_send()
    box.begin(0)
    assert sent(box) == [1, 2, 3]


def test_somebody_new_numbers_what_is_pending_from_one() -> None:
    box = outbox(5)
    box.to_send()
    box.ack(3)
    box.renumber()
    assert [(n, draft.ticket) for n, draft in box.to_send()] == [(1, 4), (2, 5)]
    assert add(box, 6) == 3


def test_in_flight_is_what_was_sent_and_not_acknowledged() -> None:
    box = outbox(2)
    assert not box.in_flight
    box.to_send()
    assert box.in_flight
    box.ack(1)
    assert box.in_flight
    box.ack(2)
    assert not box.in_flight


def test_it_is_full_when_too_much_text_waits() -> None:
    box = outbox(0)
    while not box.full:
        add(box, 1, "x" * 900)
    assert len(box) == OUTBOX_BYTES // 900 + 1
    box.ack(2)
    assert not box.full


@given(st.lists(st.sampled_from(["add", "send", "ack", "time out", "join"]), max_size=60))
def test_pending_is_always_what_was_added_less_what_was_acknowledged(steps: list[str]) -> None:
    box, added = outbox(0), 0
    for step in steps:
        match step:
            case "add":
                added += 1
                assert add(box, added) == added
            case "send":
                box.to_send()
            case "ack" if box.in_flight:
                box.ack(box.acked + 1)
            case "time out":
                box.timed_out(box.tries + 1)
            case "join":
                box.begin(box.acked)
        assert [draft.ticket for draft in box.pending] == [*range(box.acked + 1, added + 1)]
        assert box._bytes == 2 * len(box)
