from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.limits import TICKET_LIFE
from chat.core.tickets import NO_TICKET, TICKET_SIZE, Tickets

WALL = 1_700_000_000_000
SECRET = bytes(range(32))
LIFE = int(TICKET_LIFE * 1000)


def server(identity: bytes = b"identity", *, seed: int = 1) -> Tickets:
    """A process of it."""
    return Tickets(identity, Random(seed).randbytes)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 1 << 45))
def test_what_was_issued_stands_for_its_secret(secret: bytes, wall: int) -> None:
    ticket = server().issue(secret, wall)
    assert len(ticket) == TICKET_SIZE
    assert server().secret(ticket, wall) == secret


def test_every_process_of_the_same_identity_takes_it_and_no_other() -> None:
    ticket = server(seed=1).issue(SECRET, WALL)
    assert server(seed=2).secret(ticket, WALL) == SECRET
    assert server(b"another identity").secret(ticket, WALL) is None


@given(st.integers(0, TICKET_SIZE - 1), st.integers(0, 7))
def test_a_damaged_one_is_none(index: int, bit: int) -> None:
    ticket = bytearray(server().issue(SECRET, WALL))
    ticket[index] ^= 1 << bit
    assert server().secret(bytes(ticket), WALL) is None


@given(st.binary(min_size=TICKET_SIZE, max_size=TICKET_SIZE))
def test_what_nobody_issued_is_none(ticket: bytes) -> None:
    assert server().secret(ticket, WALL) is None
    assert server().secret(NO_TICKET, WALL) is None


@pytest.mark.parametrize(
    ("age", "good"),
    [(0, True), (LIFE, True), (LIFE + 1, False), (-LIFE, True), (-LIFE - 1, False)]
    + [(400 * LIFE, False)],
)
def test_it_is_good_for_a_day_before_and_after_by_the_wall_clock(age: int, good: bool) -> None:
    """Before, too: a clock that was set back must not make tickets last."""
    ticket = server().issue(SECRET, WALL)
    assert (server().secret(ticket, WALL + age) == SECRET) is good


def test_no_two_are_sealed_under_one_nonce() -> None:
    one = server()
    tickets = [one.issue(SECRET, WALL) for _ in range(100)]
    assert len({ticket[:12] for ticket in tickets}) == 100
    assert len({ticket[12:] for ticket in tickets}) == 100


def test_it_says_nothing_about_its_secret() -> None:
    ticket = server().issue(SECRET, WALL)
    assert not any(SECRET[at : at + 4] in ticket for at in range(29))
    assert WALL.to_bytes(8, "big") not in ticket
