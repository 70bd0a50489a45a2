import pytest

from chat.core.asks import Member
from chat.core.delivery import Tally, tally
from chat.core.events import Receipts

MEMBERS = {n: Member(n, f"guest{n}", "", 0, False) for n in range(1, 5)}


def receipts(head: int, **marks: int) -> Receipts:
    return Receipts("lobby", head, {int(who[1:]): mark for who, mark in marks.items()})


def test_it_counts_the_others_who_have_it() -> None:
    found = tally(7, receipts(9, m1=9, m2=7, m3=6, m4=0), MEMBERS, 1)
    assert found == Tally(1, 3, ("guest3", "guest4"))
    assert not found.complete


def test_our_own_mark_does_not_count() -> None:
    found = tally(7, receipts(9, m1=0, m2=8), MEMBERS, 1)
    assert found == Tally(1, 1, ())
    assert found.complete


def test_who_came_later_does_not_count_and_who_is_there_twice_is_named_once() -> None:
    members = {
        2: Member(2, "bob", "", 100, False),
        3: Member(3, "bob", "", 200, False),
        4: Member(4, "carol", "", 201, False),
    }
    told = receipts(7, m1=7, m2=6, m3=6, m4=7)
    assert tally(7, told, members, 1, 200) == Tally(0, 2, ("bob",))
    assert tally(7, told, members, 1) == Tally(1, 3, ("bob",))


def test_alone_everybody_has_it() -> None:
    found = tally(7, receipts(7, m1=7), MEMBERS, 1)
    assert found == Tally(0, 0, ())
    assert found.complete


@pytest.mark.parametrize(("head", "known"), [(6, False), (7, True)])
def test_receipts_older_than_the_entry_say_nothing(head: int, known: bool) -> None:
    assert (tally(7, receipts(head, m2=7), MEMBERS, 1) is not None) is known


def test_whose_name_is_not_known_is_missed_without_one() -> None:
    assert tally(7, receipts(7, m2=7, m9=1), MEMBERS, 1) == Tally(1, 2, ())
