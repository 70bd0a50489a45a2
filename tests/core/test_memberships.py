from chat.core import asks
from chat.core.asking import Asking
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


def join(all_: Memberships, name: str, *, live: bool = True) -> None:
    all_.join(name, backlog=0, first=0, live=live)


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
    mine.let_go()
    assert (mine.shown(den), mine.get("den"), mine.by_tag) == (False, den, {7: den})
    den.outbox.ack(1)
    mine.let_go()
    assert (mine.shown(den), mine.get("den"), mine.by_tag) == (False, None, {})
    assert wishes(asking) == [("leave", "den")]


def test_only_the_newest_wish_about_a_room_is_asked_for() -> None:
    mine, asking = rooms()
    join(mine, "den")
    join(mine, "attic")
    mine.leave("den")
    mine.let_go()
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
    assert mine.drop("den") is den
    assert mine.drop("den") is None
    assert (mine.all(), mine.by_tag) == ([], {})
