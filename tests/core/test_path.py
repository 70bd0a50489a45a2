import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.path import Validation, allowance
from chat.core.types import Path

FOUR, SIX = Path(0, "192.0.2.1", 1), Path(0, "2001:db8::1", 1)
HEADERS = {FOUR: 20 + 8, SIX: 40 + 8}
"""IP and UDP."""


def test_one_byte_may_be_answered_by_59() -> None:
    assert allowance(FOUR, 1) == 59


@pytest.mark.parametrize("path", [FOUR, SIX])
@given(received=st.integers(0, 1200))
def test_an_answer_is_never_more_than_three_times_its_cause_on_the_wire(
    path: Path, received: int
) -> None:
    most = allowance(path, received)
    assert most + HEADERS[path] == 3 * (received + HEADERS[path])


def test_the_answer_from_the_challenged_path_proves_it_once() -> None:
    validation = Validation()
    token = validation.challenge(FOUR, b"token 01")
    assert token == b"token 01"
    assert validation.proven(FOUR, token)
    assert not validation.proven(FOUR, token)


def test_another_path_or_another_token_proves_nothing() -> None:
    validation = Validation()
    token = validation.challenge(FOUR, b"token 01")
    assert not validation.proven(SIX, token)
    assert not validation.proven(FOUR, b"token 02")
    assert validation.proven(FOUR, token)


def test_a_path_that_is_challenged_again_gets_the_same_token() -> None:
    """The answer to the first challenge may be on its way."""
    validation = Validation()
    first = validation.challenge(FOUR, b"token 01")
    assert validation.challenge(FOUR, b"token 02") == first
    assert validation.proven(FOUR, first)


def test_only_the_newest_path_is_being_validated() -> None:
    validation = Validation()
    old = validation.challenge(FOUR, b"token 01")
    new = validation.challenge(SIX, b"token 02")
    assert not validation.proven(FOUR, old)
    assert validation.proven(SIX, new)


def test_nothing_is_proven_that_nobody_asked_for() -> None:
    assert not Validation().proven(FOUR, b"")
