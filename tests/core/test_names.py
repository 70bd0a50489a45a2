import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.names import (
    BYTES_MAX,
    NAME_MAX,
    BadNameError,
    Names,
    check_name,
    check_room,
    direct_parties,
    direct_room,
    is_public,
    same_name,
)
from chat.core.types import REGISTRY

ANN, BOB, EVE = object(), object(), object()
INSTANCES = st.binary(min_size=8, max_size=8)


def checked(text: str) -> str | None:
    try:
        return check_name(text)
    except BadNameError as error:
        assert str(error).isprintable()
        return None


@pytest.mark.parametrize(
    "name", ["alice", "Ann-Marie", "o'brien", "x_1.2+3", "4real", "José", "Ωmega", "李雷", "n" * 32]
)
def test_these_are_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "-ann",
        ".ann",
        "a:b",
        "[ann]",
        "a\tb",
        "a\nb",
        "a\x1b[31m",
        "a\u202eb",
        "@ann",
    ]
    + ["n" * 33, "\u0301", "a\u200bb", "a/b", "#ann", "李" * 22, "a\u2028b", "\ud800", "*", "~ann"],
)
def test_these_are_not(text: str) -> None:
    assert checked(text) is None


@pytest.mark.parametrize("text", ["\u3164", "bob\u3164", "a\u115fb", "a" + "\u0e47" * 5])
def test_what_one_cannot_see_is_no_name(text: str) -> None:
    assert checked(text) is None


def test_a_thousand_who_want_one_name_are_given_theirs_at_once() -> None:
    names, owners = Names(), [object() for _ in range(1000)]
    tried = 0

    class Counting(dict[str, object]):
        def __contains__(self, key: object) -> bool:
            nonlocal tried
            tried += 1
            return super().__contains__(key)

    names._owners = Counting()
    given = [names.claim(owner, "bot") for owner in owners]
    assert given == ["bot", *(f"bot{number}" for number in range(2, 1001))]
    assert tried < 3000
    names.release(owners[41])
    assert names.claim(object(), "bot") == "bot42"
    for owner in list(names._names):
        names.release(owner)
    assert not names._free
    assert not names._wanting


@given(st.text(max_size=40))
def test_whatever_passes_cannot_be_taken_for_anything_but_a_name(text: str) -> None:
    name = checked(text)
    if name is None:
        return
    assert name == unicodedata.normalize("NFC", text)
    assert checked(name) == name
    assert name[0].isalnum()
    assert 1 <= len(name) <= NAME_MAX
    assert len(name.encode()) <= BYTES_MAX
    assert not set(name) & set(' \t\n\r[]():*@#!/~,;"\\<>')
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in name)


def test_two_ways_to_write_a_name_are_one_name() -> None:
    assert check_name("Jose\u0301") == check_name("Jos\u00e9")


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("alice", "\uff41\uff4c\uff49\uff43\uff45"),
        ("straße", "STRASSE"),
        ("\u212bngstrom", "ångstrom"),
        ("file", "\ufb01le"),
    ],
)
def test_names_that_people_would_take_for_one_are_the_same(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


def test_other_names_are_not_the_same() -> None:
    assert same_name("alice") != same_name("alicе"), "the last letter is Cyrillic"
    assert same_name("alice") != same_name("alice2")


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


def test_the_first_to_come_has_the_name_and_the_others_get_one_like_it() -> None:
    names = Names()
    assert names.claim(ANN, "alice") == "alice"
    assert names.claim(BOB, "Alice") == "Alice2"
    assert names.claim(EVE, "\uff21lice") == "\uff21lice3"
    assert names.owner("ALICE2") is BOB


def test_who_has_a_name_keeps_it_when_it_asks_again() -> None:
    names = Names()
    names.claim(ANN, "alice")
    names.claim(BOB, "alice")
    assert names.claim(BOB, "alice") == "alice2"
    assert names.claim(ANN, "ALICE") == "ALICE"


def test_a_name_that_was_given_up_is_free() -> None:
    names = Names()
    names.claim(ANN, "alice")
    names.claim(ANN, "zoe")
    assert names.claim(BOB, "alice") == "alice"
    names.release(BOB)
    names.release(BOB)
    assert names.owner("alice") is None


@pytest.mark.parametrize("name", ["n" * NAME_MAX, "é" * NAME_MAX, "李" * 21])
def test_a_name_like_it_is_no_longer_than_a_name_may_be(name: str) -> None:
    names = Names()
    given = [names.claim(object(), name) for _ in range(12)]
    assert len({same_name(each) for each in given}) == 12
    for each in given:
        assert len(each) <= NAME_MAX
        assert len(each.encode()) <= BYTES_MAX


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["a", "A", "b", "a2", "", "B3"])), max_size=30
    )
)
def test_no_two_of_the_living_have_names_that_people_would_take_for_one(
    steps: list[tuple[int, str]],
) -> None:
    names, living = Names(), dict[int, str]()
    for owner, name in steps:
        if name:
            living[owner] = names.claim(owner, name)
            assert same_name(living[owner]).startswith(same_name(name))
        else:
            names.release(owner)
            living.pop(owner, None)
        assert len(set(map(same_name, living.values()))) == len(living)
        assert all(names.owner(given) == who for who, given in living.items())
        assert len(names._owners) == len(names._names) == len(living)
