import pytest

from chat.core import asks, events
from chat.core.asking import Asking
from chat.core.limits import ROOMS_PER_MEMBER
from chat.core.memberships import Memberships
from chat.core.outbox import Draft
from chat.core.recovery import RoundTrip


def rooms() -> tuple[Memberships, Asking]:
    rtt = RoundTrip()
    asking = Asking(rtt)
    return Memberships(asking, rtt), asking


def wishes(asking: Asking) -> list[tuple[str, str]]:
    found = [(ask.r, "join", ask.room) for ask in asking.asked(asks.Join)]
    found += [(ask.r, "leave", ask.room) for ask in asking.asked(asks.Leave)]
    return [(what, room) for _, what, room in sorted(found)]


def join(all_: Memberships, name: str, *, live: bool = True, secret: str = "") -> None:
    all_.join(name, backlog=0, first=0, live=live, secret=secret)


def test_a_room_is_asked_for_once_and_only_in_a_session() -> None:
    mine, asking = rooms()
    join(mine, "den")
    join(mine, "den")
    join(mine, "attic", live=False)
    assert wishes(asking) == [("join", "den")]
    mine.began()
    assert wishes(asking) == [("join", "den"), ("join", "attic")]


def test_a_room_that_was_left_is_kept_until_what_was_said_there_is_logged() -> None:
    mine, asking = rooms()
    join(mine, "den")
    den = mine.active["den"]
    mine.entered(den, 7)
    den.tag = 7
    den.outbox.begin(0)
    den.outbox.add(Draft(1, 1, "hi", 0, False))
    assert mine.leave("den")
    assert not mine.leave("den")
    mine.let_go(0.0)
    assert (mine.shown(den), mine.get("den"), mine.by_tag) == (False, den, {7: den})
    den.outbox.ack(1)
    mine.let_go(0.0)
    assert (mine.shown(den), mine.get("den"), mine.by_tag) == (False, None, {})
    assert wishes(asking) == [("leave", "den")]


def test_only_the_newest_wish_about_a_room_is_asked_for() -> None:
    mine, asking = rooms()
    join(mine, "den")
    join(mine, "attic")
    mine.leave("den")
    mine.let_go(0.0)
    assert wishes(asking) == [("join", "attic"), ("leave", "den")]
    join(mine, "den")
    assert wishes(asking) == [("join", "attic"), ("join", "den")]


def test_a_new_session_knows_nothing_of_our_rooms() -> None:
    mine, asking = rooms()
    join(mine, "den")
    den = mine.active["den"]
    mine.entered(den, 7)
    asking.forget(asks.Join)
    mine.ended()
    assert (mine.by_tag, den.joined) == ({}, False)
    mine.began()
    assert wishes(asking) == [("join", "den")]


def test_a_rooms_new_tag_takes_the_place_of_its_old_one_and_of_no_other_rooms() -> None:
    mine, _ = rooms()
    join(mine, "den")
    join(mine, "attic")
    den, attic = mine.active["den"], mine.active["attic"]
    mine.entered(den, 1)
    den.tag = 1
    mine.entered(attic, 2)
    attic.tag = 2
    mine.entered(den, 3)
    assert mine.by_tag == {2: attic, 3: den}


def test_a_room_that_the_server_will_not_have_us_in_is_gone() -> None:
    mine, _ = rooms()
    join(mine, "den")
    den = mine.active["den"]
    mine.entered(den, 7)
    den.tag = 7
    den.outbox.begin(0)
    den.outbox.add(Draft(1, 1, "hi", 0, False))
    assert mine.refused("den", "no", asks.Why.OTHER) == [events.Failed("den", 1, "no")]
    assert mine.refused("den", "no", asks.Why.OTHER) == []
    assert (mine.all(), mine.by_tag) == ([], {})


def test_what_opened_a_door_is_remembered_until_it_is_refused() -> None:
    mine, asking = rooms()
    join(mine, "den", secret="swordfish")
    join(mine, "attic")
    given = {ask.room: ask.secret for ask in asking.asked(asks.Join)}
    assert given == {"den": "swordfish", "attic": ""}
    mine.refused("den", "full", asks.Why.CLOSED)
    join(mine, "den")
    assert [ask.secret for ask in asking.asked(asks.Join)][-1] == "swordfish"
    mine.refused("den", "wrong", asks.Why.ENTRY)
    join(mine, "den")
    assert [ask.secret for ask in asking.asked(asks.Join)][-1] == ""


def test_another_secret_is_tried_at_once_unless_we_are_in() -> None:
    mine, asking = rooms()
    join(mine, "den")
    join(mine, "den", secret="swordfish")
    join(mine, "den", secret="swordfish")
    (ask,) = asking.asked(asks.Join)
    assert (ask.r, ask.secret) == (2, "swordfish")
    mine.active["den"].joined = True
    join(mine, "den", secret="halibut")
    assert asking.asked(asks.Join) == [ask]


def inside(name: str, ordinal: int) -> tuple[Memberships, Asking]:
    mine, asking = rooms()
    join(mine, name)
    asking.forget(asks.Join)
    room = mine.active[name]
    room.joined, room.ordinal, room.tag = True, ordinal, 7
    mine.entered(room, 7)
    return mine, asking


def test_who_is_put_out_is_out_and_says_that_it_knows() -> None:
    mine, asking = inside("den", 5)
    mine.active["den"].outbox.begin(0)
    mine.active["den"].outbox.add(Draft(1, 1, "hi", 0, False))
    assert mine.removed("den", (7, 5), "spam") == [events.Failed("den", 1, "spam")]
    assert (mine.all(), mine.by_tag) == ([], {})
    assert wishes(asking) == [("leave", "den")]


def test_who_is_told_again_says_so_again_once_at_a_time() -> None:
    mine, asking = rooms()
    assert mine.removed("den", (7, 5), "spam") == []
    assert mine.removed("den", (7, 5), "spam") == []
    assert wishes(asking) == [("leave", "den")]


def test_a_server_that_puts_us_out_of_everything_gets_so_many_answers_at_once() -> None:
    mine, asking = rooms()
    for number in range(1000):
        assert mine.removed(f"room{number}", (1, 1), "") == []
    assert len(wishes(asking)) == ROOMS_PER_MEMBER


@pytest.mark.parametrize("stay", [(7, 5), (6, 9)])
def test_an_old_word_puts_nobody_out(stay: asks.Stay) -> None:
    """Of an earlier stay, or of the room before it was empty and made again."""
    mine, asking = inside("den", 6)
    assert mine.removed("den", stay, "spam") is None
    assert mine.active["den"].joined
    assert wishes(asking) == []


def test_who_was_put_out_while_it_came_is_out() -> None:
    """The server takes no Join that was sent before that was known."""
    mine, asking = rooms()
    join(mine, "den")
    assert mine.removed("den", (7, 5), "spam") == []
    assert wishes(asking) == [("leave", "den")]


def test_who_knows_it_and_comes_again_says_so_until_it_is_in() -> None:
    mine, asking = inside("den", 5)
    mine.removed("den", (7, 5), "spam")
    join(mine, "den")
    assert mine.removed("den", (7, 5), "spam") is None
    (ask,) = asking.asked(asks.Join)
    assert ask.out == (7, 5)
    mine.entered(mine.active["den"], 8)
    assert mine.ask_join(mine.active["den"]).out == (0, 0)


def test_who_asks_to_stay_is_put_out_all_the_same() -> None:
    mine, asking = inside("den", 5)
    mine.ask_join(mine.active["den"])
    assert mine.removed("den", (7, 5), "spam") == []
    assert wishes(asking) == [("leave", "den")]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (asks.Standing(7, 1, 60), "you are muted in den for 1m more"),
        (asks.Standing(7, 2, slow=60, wait=30_000), "not said before you left, because of slow"),
    ],
)
def test_who_left_and_may_not_speak_is_let_go_at_once(word: asks.Standing, reason: str) -> None:
    mine, asking = inside("den", 5)
    den = mine.active["den"]
    den.outbox.begin(0)
    den.outbox.add(Draft(1, 1, "hi", 0, False))
    den.stands(word, 10.0)
    mine.leave("den")
    (failed,) = mine.let_go(10.0)
    assert (failed.room, failed.ticket) == ("den", 1)
    assert failed.reason.startswith(reason)
    assert wishes(asking) == [("leave", "den")]


def test_who_left_and_may_speak_soon_stays_until_it_has() -> None:
    mine, asking = inside("den", 5)
    den = mine.active["den"]
    den.outbox.begin(0)
    den.outbox.add(Draft(1, 1, "hi", 0, False))
    den.stands(asks.Standing(7, 2, slow=60, wait=3_000), 10.0)
    mine.leave("den")
    assert mine.let_go(10.0) == []
    assert wishes(asking) == []
