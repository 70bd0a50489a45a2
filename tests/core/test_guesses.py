"""How often one may be wrong, and who need not be asked again: `chat.core.guesses` and `known`."""

from collections import deque
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core import limits
from chat.core.guesses import Guesses
from chat.core.known import Known
from chat.core.types import Path

ANN, NEXT_DOOR = Path(0, "192.0.2.1", 4000), Path(0, "192.0.2.2", 4000)
HERE = Path(0, "127.0.0.1", 5000)
RATE, BURST = limits.GUESSES
ALL_RATE, ALL_BURST = limits.GUESSES_ALL


def wrong(guesses: Guesses, path: Path = ANN, room: str = "den", now: float = 0.0) -> int:
    """How many wrong ones are tried of a hundred, one after the other."""
    tried = 0
    for _ in range(100):
        if guesses.begin(path, room, now):
            guesses.end(path, room, False, now)
            tried += 1
    return tried


# Wrong ones


@pytest.mark.parametrize("path", [ANN, HERE], ids=str)
def test_so_many_wrong_ones_at_once_and_then_one_now_and_then(path: Path) -> None:
    guesses = Guesses()
    assert wrong(guesses, path) == BURST
    assert guesses.begin(path, "den", 0.0) is False
    assert guesses.begin(path, "den", 0.9 / RATE) is False
    assert wrong(guesses, path, now=1.1 / RATE) == 1
    assert wrong(guesses, path, now=10_000.0) == BURST


def test_a_neighbour_is_who_a_provider_has_one_of() -> None:
    guesses = Guesses()
    assert wrong(guesses) == BURST
    assert wrong(guesses, ANN._replace(port=1, socket=3)) == 0
    assert wrong(guesses, NEXT_DOOR) == BURST
    assert wrong(guesses, Path(0, "2001:db8::1", 1)) == BURST
    assert wrong(guesses, Path(0, "2001:db8::ffff:2", 2)) == 0


def test_whoever_is_on_this_machine_has_a_million_addresses_and_ten_guesses() -> None:
    guesses = Guesses()
    assert wrong(guesses, HERE) == BURST
    for host in ("127.0.0.2", "127.200.3.4", "::1"):
        assert wrong(guesses, Path(0, host, 1)) == 0


def test_what_was_wrong_in_one_room_does_not_count_in_another() -> None:
    guesses = Guesses()
    assert wrong(guesses, room="den") == BURST
    assert wrong(guesses, room="cave") == BURST


def test_nobody_tries_a_thousand_rooms() -> None:
    guesses = Guesses()
    tried = sum(wrong(guesses, room=f"room{number}") for number in range(1000))
    assert tried == ALL_BURST
    assert wrong(guesses, NEXT_DOOR, "room1") == BURST
    assert sum(wrong(guesses, room=f"room{n}", now=20.0) for n in range(1000)) == 20 * ALL_RATE


# Right ones


def test_right_ones_cost_nothing() -> None:
    guesses = Guesses()
    for _ in range(1000):
        assert guesses.begin(ANN, "den", 0.0)
        guesses.end(ANN, "den", True, 0.0)
    assert wrong(guesses) == BURST


def test_what_nobody_looked_at_costs_nothing() -> None:
    guesses = Guesses()
    for _ in range(100):
        assert guesses.begin(ANN, "den", 0.0)
        guesses.end(ANN, "den", None, 0.0)


def test_who_was_right_once_has_no_more_guesses_for_that() -> None:
    """Else a member could go on guessing for somebody who is none."""
    guesses = Guesses()
    assert guesses.begin(ANN, "den", 0.0)
    guesses.end(ANN, "den", True, 0.0)
    assert wrong(guesses) == BURST
    assert not guesses.begin(ANN, "den", 0.0)


def test_a_class_with_the_right_password_gets_in_together() -> None:
    """Four hundred at the same moment, from one address, and none of them is refused."""
    guesses, now = Guesses(), 0.0
    asking, checking, inside = deque(range(400)), deque[int](), 0
    most = 0
    while asking or checking:
        for _ in range(len(asking)):
            pupil = asking.popleft()
            verdict = guesses.begin(ANN, "den", now)
            assert verdict is not False
            (checking if verdict else asking).append(pupil)
        most = max(most, len(checking))
        now += 0.05
        for _ in range(min(2, len(checking))):
            checking.popleft()
            guesses.end(ANN, "den", True, now)
            inside += 1
    assert inside == 400
    assert most == BURST


def test_who_comes_while_others_guess_is_asked_to_come_again_and_not_refused() -> None:
    guesses = Guesses()
    for _ in range(int(BURST)):
        assert guesses.begin(ANN, "den", 0.0)
    assert guesses.begin(ANN, "den", 0.0) is None
    guesses.end(ANN, "den", True, 0.1)
    assert guesses.begin(ANN, "den", 0.1) is True


def test_what_is_tried_in_one_room_keeps_no_other_one_undecided() -> None:
    guesses = Guesses()
    assert wrong(guesses) == BURST
    assert guesses.begin(ANN, "cave", 0.0)
    assert guesses.begin(ANN, "den", 0.0) is False


def test_rooms_in_which_nobody_is_wrong_are_open_while_others_are_tried() -> None:
    guesses = Guesses()
    rooms = [f"room{number}" for number in range(int(ALL_BURST))]
    assert all(guesses.begin(ANN, room, 0.0) for room in rooms)
    assert guesses.begin(ANN, "one more", 0.0) is None
    for room in rooms:
        guesses.end(ANN, room, False, 0.0)
    assert guesses.begin(ANN, "one more", 0.0) is False


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from([True, False, None])), max_size=200))
def test_never_more_wrong_ones_than_the_rate_allows(steps: list[tuple[float, bool | None]]) -> None:
    guesses, now, wrong_ones = Guesses(), 0.0, 0
    for pause, ok in steps:
        now += pause
        if guesses.begin(ANN, "den", now):
            guesses.end(ANN, "den", ok, now)
            wrong_ones += ok is False
    assert wrong_ones <= BURST + RATE * now + 1e-6


def test_only_so_many_are_remembered_and_who_guesses_is_not_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chat.core.guesses.NEIGHBOURS", 20)
    guesses, random = Guesses(), Random(1)
    assert wrong(guesses) == BURST
    for _ in range(1000):
        wrong(guesses, Path(0, f"192.0.2.{random.randrange(2, 256)}", 1))
        assert not guesses.begin(ANN, "den", 0.0)
    assert len(guesses._chances) == 20


def test_an_end_that_was_forgotten_or_never_begun_gives_nothing() -> None:
    guesses = Guesses()
    assert wrong(guesses) == BURST
    for _ in range(50):
        guesses.end(NEXT_DOOR, "den", True, 0.0)
    assert wrong(guesses, NEXT_DOOR) == BURST


# What was right before

PARTY, OTHER = b"ann's id", b"bob's id"


def test_what_was_right_is_known_for_this_room_verifier_and_password_alone() -> None:
    known = Known(bytes(32))
    assert not known.has("den", "v", "secret")
    known.remember("den", "v", "secret", PARTY)
    assert known.has("den", "v", "secret")
    for room, verifier, password in [
        ("den", "v", "secreT"),
        ("den", "v", ""),
        ("den", "other", "secret"),
        ("cave", "v", "secret"),
        ("den", "vs", "ecret"),
    ]:
        assert not known.has(room, verifier, password)
        assert not known.vouches(room, verifier, password, PARTY)


def test_who_came_in_before_is_known_and_nobody_else() -> None:
    known = Known(bytes(32))
    known.remember("den", "v", "secret", PARTY)
    assert known.vouches("den", "v", "secret", PARTY)
    assert not known.vouches("den", "v", "secret", OTHER)


def test_a_new_password_makes_everybody_prove_it_anew() -> None:
    known = Known(bytes(32))
    known.remember("den", "v", "secret", PARTY)
    known.remember("den", "w", "other", OTHER)
    assert known.has("den", "w", "other")
    assert not known.has("den", "v", "secret")
    assert not known.vouches("den", "w", "secret", PARTY)


def test_what_is_kept_is_no_password_and_differs_from_process_to_process() -> None:
    one, other = Known(bytes(32)), Known(bytes([1]) * 32)
    for known in (one, other):
        known.remember("den", "v", "secret", PARTY)
    assert one._rooms != other._rooms
    assert b"secret" not in one._rooms["den"]


def test_only_so_much_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.core.known.ROOMS", 3)
    monkeypatch.setattr("chat.core.known.MEMBERS_KNOWN", 5)
    known = Known(bytes(32))
    for number in range(10):
        known.remember("den", "v", "secret", PARTY)
        known.remember(f"room{number}", "v", "secret", PARTY)
        assert known.has("den", "v", "secret"), "who comes often is not forgotten"
        assert known.vouches("den", "v", "secret", PARTY)
    assert (len(known._rooms), len(known._parties)) == (3, 5)
    assert not known.has("room0", "v", "secret")
