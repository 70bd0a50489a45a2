from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.confusables import skeleton
from chat.core.names import (
    BYTES_MAX,
    NAME_MAX,
    BadNameError,
    Deed,
    Names,
    check_room,
    direct_parties,
    direct_room,
    is_public,
    same_name,
)
from chat.core.types import REGISTRY

ANN, BOB, EVE, ZOE = (type(name, (), {})() for name in ("Ann", "Bob", "Eve", "Zoe"))
ONE, TWO = bytes(range(32)), bytes(32)
INSTANCES = st.binary(min_size=8, max_size=8)


@pytest.mark.parametrize("text", ["Lobby", "#lobby", "LOBBY", "#LoBBy"])
def test_a_room_is_the_same_one_whatever_its_letters_case(text: str) -> None:
    assert check_room(text) == "lobby"


@given(st.text(max_size=20))
def test_a_rooms_normal_form_is_its_own_normal_form(text: str) -> None:
    try:
        room = check_room(text)
    except BadNameError:
        return
    assert check_room(room) == room
    assert is_public(room)


@pytest.mark.parametrize("text", ["", "#", "##a", "a b", "!registry", "@ann", "../x"])
def test_no_room_is_called_like_this(text: str) -> None:
    with pytest.raises(BadNameError, match=r"^a room's name "):
        check_room(text)


@given(INSTANCES, INSTANCES)
def test_a_direct_room_is_named_after_its_two_whoever_asks(one: bytes, other: bytes) -> None:
    room = direct_room(one, other)
    assert room == direct_room(other, one)
    assert direct_parties(room) == tuple(sorted((one, other)))
    assert not is_public(room)


@pytest.mark.parametrize(
    "room",
    [
        "",
        "@",
        "@a.b",
        "@aa",
        "lobby",
        "@aa.bb.cc",
        "@bb.aa",
        "@AA.BB",
        "@ aa.bb",
        "@aa .bb",
        "@zz.zz",
    ],
)
def test_nothing_else_is_a_direct_room(room: str) -> None:
    assert direct_parties(room) is None


def test_the_registry_is_not_public() -> None:
    assert not is_public(REGISTRY)


class Book:
    """Deeds, as the registry has them."""

    def __init__(self, *deeds: Deed) -> None:
        self.deeds = list(deeds)

    def deed(self, name: str) -> Deed | None:
        return next((it for it in self.deeds if same_name(it.name) == same_name(name)), None)

    def look_alike(self, name: str) -> Deed | None:
        for deed in self.deeds:
            if skeleton(deed.name) == skeleton(name) and same_name(deed.name) != same_name(name):
                return deed
        return None


def empty(names: Names) -> bool:
    tables = (names._names, names._owners, names._looks, names._shared, names._stems)
    return not any(tables)


def test_the_first_to_come_has_the_name_and_the_others_get_one_like_it() -> None:
    names = Names()
    assert names.claim(ANN, "alice") == "alice"
    assert names.claim(BOB, "Alice") == "Alice2"
    assert names.claim(EVE, "ALICE") == "ALICE3"
    assert names.owner("alice2") is BOB
    assert names.owners("alice2") == (BOB,)
    assert names.owners("alice4") == ()


def test_who_has_a_name_keeps_it_when_it_asks_again() -> None:
    names = Names()
    names.claim(ANN, "alice")
    names.claim(BOB, "alice")
    for _ in range(3):
        assert names.claim(BOB, "alice") == "alice2"
    assert names.claim(ANN, "ALICE") == "ALICE"
    assert names.claim(EVE, "alice") == "alice3"
    names.release(ANN)
    assert names.claim(EVE, "alice") == "alice"
    names.release(BOB)
    names.release(EVE)
    assert empty(names)


def test_a_name_that_was_given_up_is_free() -> None:
    names = Names()
    names.claim(ANN, "alice")
    names.claim(ANN, "zoe")
    assert names.claim(BOB, "alice") == "alice"
    names.release(BOB)
    names.release(BOB)
    assert names.owner("alice") is None


def test_a_number_that_was_given_up_is_free() -> None:
    names = Names()
    for owner in (ANN, BOB, EVE):
        names.claim(owner, "alice")
    names.release(BOB)
    assert names.claim(ZOE, "alice") == "alice2"
    assert names.claim(BOB, "alice") == "alice4"


class Counting(dict[str, Any]):
    """A table of names that counts how often it is asked."""

    tried = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.tried += 1
        return super().get(key, default)


def test_a_thousand_who_want_one_name_are_given_theirs_at_once() -> None:
    names, owners = Names(), [object() for _ in range(1000)]
    names._owners = count = Counting()
    given = [names.claim(owner, "bot") for owner in owners]
    assert given == ["bot", *(f"bot{number}" for number in range(2, 1001))]
    assert count.tried < 4000
    names.release(owners[41])
    assert names.claim(object(), "bot") == "bot42"
    for owner in list(names._names):
        names.release(owner)
    assert empty(names)


def test_so_they_are_when_they_come_and_go() -> None:
    names, owners = Names(), [object() for _ in range(1000)]
    for owner in owners:
        names.claim(owner, "bot")
    names._owners = count = Counting(names._owners)
    for _ in range(100):
        names.release(owners[1])
        assert names.claim(owners[1], "bot") == "bot2"
        assert names.claim(BOB, "bot") == "bot1001"
        names.release(BOB)
    assert count.tried < 1000
    assert len(names._stems["bot"].freed or ()) <= 2


def test_a_name_whose_numbers_are_all_taken_is_not_tried_for_ever() -> None:
    taken = (Deed(f"alice{number}", ONE) for number in range(2, 2000))
    names = Names(Book(Deed("alice", ONE), *taken))
    names.claim(EVE, "zoe")
    names._owners = count = Counting(names._owners)
    with pytest.raises(BadNameError, match="alice is taken, and so are the names like it"):
        names.claim(EVE, "alice")
    assert count.tried < 1000
    assert names.owner("zoe") is EVE


@pytest.mark.parametrize("name", ["n" * NAME_MAX, "é" * NAME_MAX, "李" * 21])
def test_a_name_like_it_is_no_longer_than_a_name_may_be(name: str) -> None:
    names = Names()
    given = [names.claim(object(), name) for _ in range(12)]
    assert len({same_name(each) for each in given}) == 12
    for each in given:
        assert len(each) <= NAME_MAX
        assert len(each.encode()) <= BYTES_MAX


# Names that look like others'


def test_a_name_that_looks_like_a_living_ones_is_refused() -> None:
    names = Names()
    names.claim(ANN, "alice")
    names.claim(BOB, "bob")
    with pytest.raises(BadNameError, match=r"^a1ice looks like alice, who is here$"):
        names.claim(BOB, "a1ice")
    assert names.owner("bob") is BOB, "nothing has changed"
    names.release(ANN)
    assert names.claim(BOB, "a1ice") == "a1ice"
    with pytest.raises(BadNameError, match=r"^alice looks like a1ice, who is here$"):
        names.claim(ANN, "alice", ONE)


def test_one_may_take_a_name_that_looks_like_ones_own() -> None:
    names = Names()
    names.claim(ANN, "alice")
    assert names.claim(ANN, "a1ice") == "a1ice"
    with pytest.raises(BadNameError):
        names.claim(BOB, "aIice")
    assert names.claim(BOB, "A1ICE") == "A1ICE2", "the same name is not one that looks like it"


def test_so_may_all_who_have_its_key() -> None:
    names = Names()
    names.claim(ANN, "alice", ONE)
    assert names.claim(BOB, "a1ice", ONE) == "a1ice"
    for key in (b"", TWO):
        with pytest.raises(BadNameError):
            names.claim(EVE, "aIice", key)


def test_no_number_makes_a_name_that_looks_like_anothers() -> None:
    names = Names(Book(Deed("bob\u01a7", ONE)))
    assert skeleton("bob\u01a7") == skeleton("bob2")
    names.claim(ANN, "bob")
    assert names.claim(BOB, "bob") == "bob3"
    names.claim(EVE, "bob\u01bc")
    assert skeleton("bob\u01bc") == skeleton("bob5")
    assert [names.claim(object(), "bob") for _ in range(2)] == ["bob4", "bob6"]


def test_a_name_is_spelled_as_its_only_owner_did_last() -> None:
    names = Names()
    names.claim(ANN, "\u039d\u0399\u039a", b"")
    assert names.claim(ANN, "\u03bd\u03b9\u03ba") == "\u03bd\u03b9\u03ba"
    assert names.claim(BOB, "NIK") == "NIK", "only in capitals did it look like that"
    names.release(ANN)
    names.release(BOB)
    assert empty(names)


# Names that belong to keys


def test_who_has_the_key_has_the_name_too() -> None:
    names = Names()
    assert names.claim(ANN, "alice", ONE) == "alice"
    assert names.claim(BOB, "ALICE", ONE) == "alice", "one name, however often"
    assert names.owners("Alice") == (ANN, BOB)
    assert names.owner("alice") is ANN
    assert names.claim(EVE, "alice", TWO) == "alice2"
    assert names.claim(ZOE, "alice") == "alice3"
    names.release(ANN)
    assert names.owner("alice") is BOB
    assert names.claim(ZOE, "alice") == "alice3"
    names.release(BOB)
    assert names.claim(ZOE, "alice") == "alice"


def test_who_has_the_key_has_the_number_too() -> None:
    names = Names()
    names.claim(ANN, "alice")
    assert names.claim(BOB, "alice", ONE) == "alice2"
    assert names.claim(EVE, "alice", ONE) == "alice2"
    assert names.claim(ZOE, "alice", TWO) == "alice3"
    for owner in (ANN, BOB, EVE, ZOE):
        names.release(owner)
    assert empty(names)


def test_a_name_without_a_key_is_nobody_elses() -> None:
    names = Names()
    names.claim(ANN, "alice")
    assert names.claim(BOB, "alice", ONE) == "alice2"
    assert names.claim(EVE, "alice") == "alice3"
    assert names.claim(ANN, "alice", ONE) == "alice", "it has shown a key now"
    assert names.claim(BOB, "alice", ONE) == "alice"


def test_who_shares_a_name_and_shows_no_key_any_more_has_another() -> None:
    names = Names()
    names.claim(ANN, "alice", ONE)
    names.claim(BOB, "alice", ONE)
    assert names.claim(BOB, "alice") == "alice2"
    assert names.owners("alice") == (ANN,)


def test_a_registered_name_is_its_keys() -> None:
    names = Names(Book(Deed("Alice", ONE)))
    assert names.claim(ANN, "alice") == "alice2"
    assert names.claim(BOB, "alice", TWO) == "alice3"
    assert names.claim(EVE, "ALICE", ONE) == "Alice", "as it was registered"
    assert names.claim(ZOE, "alice", ONE) == "Alice"
    assert names.owners("alice") == (EVE, ZOE)


def test_what_looks_like_a_registered_name_is_its_keys_too() -> None:
    names = Names(Book(Deed("alice", ONE)))
    for key in (b"", TWO):
        with pytest.raises(
            BadNameError, match=r"^a1ice looks like alice, which belongs to somebody$"
        ):
            names.claim(ANN, "a1ice", key)
    assert names.claim(BOB, "a1ice", ONE) == "a1ice"


def test_registered_names_are_not_given_to_others_with_a_number() -> None:
    names = Names(Book(Deed("alice", ONE), Deed("Alice2", ONE), Deed("alice4", TWO)))
    assert names.claim(ANN, "alice") == "alice3"
    assert names.claim(BOB, "alice", TWO) == "alice4"
    assert names.claim(EVE, "alice") == "alice5"


def test_a_key_has_its_registered_name_whatever_there_is_that_looks_like_it() -> None:
    names = Names(book := Book())
    names.claim(EVE, "a1ice")
    book.deeds.append(Deed("alice", ONE))
    assert names.claim(ANN, "alice", ONE) == "alice"


def test_whoever_has_a_name_that_another_registers_keeps_it_until_it_goes() -> None:
    names = Names(book := Book())
    names.claim(EVE, "alice")
    book.deeds.append(Deed("alice", ONE))
    assert names.claim(ANN, "alice", ONE) == "alice2"
    assert names.claim(EVE, "alice") == "alice3", "or asks for it again"
    assert names.claim(ANN, "alice", ONE) == "alice"


OWNERS = st.sampled_from(range(6))
KEYS = st.sampled_from([b"", b"", ONE, TWO])
WANTED = st.sampled_from(
    ["al", "a1", "AI", "Al", "al2", "a1\u01a7", "b", "B3", "vik", "\u03bd\u0399", ""]
)
BOOKS = st.sampled_from(
    [(), (Deed("Al", ONE),), (Deed("al2", TWO), Deed("a1\u01a7", TWO), Deed("b", ONE))]
)


@given(BOOKS, st.lists(st.tuples(OWNERS, WANTED, KEYS), max_size=40))
def test_nobody_can_be_taken_for_another(
    deeds: tuple[Deed, ...], steps: list[tuple[int, str, bytes]]
) -> None:
    """A naive model: what the living have, checked pair by pair."""
    book = Book(*deeds)
    names, living = Names(book), dict[int, tuple[str, bytes]]()
    for owner, wanted, key in steps:
        if not wanted:
            names.release(owner)
            living.pop(owner, None)
        else:
            try:
                living[owner] = names.claim(owner, wanted, key), key
                assert same_name(living[owner][0]).startswith(same_name(wanted))
            except BadNameError:
                pass
        for who, (name, its) in living.items():
            assert who in names.owners(name)
            for other, (another, theirs) in living.items():
                if who != other and not (its and its == theirs):
                    assert same_name(name) != same_name(another)
                    assert skeleton(name) != skeleton(another)
            for deed in deeds:
                if its != deed.key:
                    assert same_name(name) != same_name(deed.name)
                    assert skeleton(name) != skeleton(deed.name)
                elif same_name(name) == same_name(deed.name):
                    assert name == deed.name
        assert names._names.keys() == living.keys()
        assert names._owners.keys() == {same_name(name) for name, _ in living.values()}
        assert sum(map(len, names._looks.values())) == len(names._owners)
        assert sum(stem.names for stem in names._stems.values()) == len(names._owners)
        for stem in names._stems.values():
            assert len(stem.freed or ()) == len(set(stem.freed or ()))
    for owner in living:
        names.release(owner)
    assert empty(names)


@given(st.lists(st.tuples(OWNERS, WANTED), max_size=30))
def test_without_keys_a_name_is_refused_only_for_how_it_looks(steps: list[tuple[int, str]]) -> None:
    names, living = Names(), dict[int, str]()
    for owner, wanted in steps:
        if not wanted:
            names.release(owner)
            living.pop(owner, None)
            continue
        others = [name for who, name in living.items() if who != owner]
        taken = same_name(wanted) in map(same_name, others)
        like = skeleton(wanted) in map(skeleton, others)
        if like and not taken:
            with pytest.raises(BadNameError):
                names.claim(owner, wanted)
        else:
            living[owner] = names.claim(owner, wanted)
            assert (living[owner] == wanted) is not taken
