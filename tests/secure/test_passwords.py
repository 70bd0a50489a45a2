"""Passwords and their verifiers: `chat.secure.passwords`."""

import time
from types import SimpleNamespace

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from chat.secure import passwords
from chat.secure.passwords import UnsupportedError, harden, matches

SECRET = "correct horse"
VERIFIER = (
    "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg"
    "$fAlsCUV/vUMXHOs+paUefplEtKZAuFk8kB4wqc9Gicg"
)
PARAMETERS = f"m={passwords.MEMORY},t={passwords.ITERATIONS},p={passwords.LANES}"


def test_a_password_matches_its_verifier_and_no_other() -> None:
    assert matches(SECRET, VERIFIER)
    assert matches(SECRET, harden(SECRET))
    for other in ("", "correct hors", "Correct horse", "correct horse ", SECRET + "\0"):
        assert not matches(other, VERIFIER)


def test_a_verifier_says_how_it_was_made_and_never_twice_the_same() -> None:
    made = harden(SECRET)
    assert made.startswith(f"$argon2id$v=19${PARAMETERS}$")
    assert SECRET not in made
    assert harden(SECRET) != made


def test_what_another_program_made_is_taken() -> None:
    """Out of the tests of Argon2's reference implementation."""
    theirs = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    assert matches("password", theirs)
    assert not matches("differentpassword", theirs)


@pytest.mark.parametrize("password", ["", "pässwörd", "пароль", "密码", "🔑", "x" * 128, "a\0b"])
def test_any_text_may_be_one(password: str) -> None:
    assert matches(password, harden(password))


def test_it_does_not_matter_how_the_keyboard_composes_a_letter() -> None:
    assert matches("cafe\u0301", harden("caf\u00e9"))


@pytest.mark.parametrize(
    "verifier",
    [
        "",
        "plain:correct horse",
        VERIFIER[:-1],
        VERIFIER[:-5] + "AAAAA",
        VERIFIER + "\n",
        VERIFIER.replace("argon2id", "argon2i"),
        VERIFIER.replace("v=19", "v=16"),
        VERIFIER.replace(PARAMETERS, "m=1,t=1,p=4"),
        VERIFIER.replace(PARAMETERS, "m=0,t=0,p=0"),
        VERIFIER.replace(PARAMETERS, f"m={passwords.MEMORY},t={passwords.ITERATIONS}"),
        "$2b$12$KIXQ4Sx0xHrZ8yVqGJZB0uE6Qq1QqQqQqQqQqQqQqQqQqQqQqQqQq",
        "$argon2id$v=19$",
        "\udcff",
    ],
)
def test_what_is_no_verifier_belongs_to_no_password(verifier: str) -> None:
    assert not matches(SECRET, verifier)


@pytest.mark.parametrize("greedy", ["m=1048576,t=2,p=1", "m=19456,t=90,p=1", "m=19456,t=2,p=64"])
def test_a_verifier_that_asks_for_too_much_is_not_done(greedy: str) -> None:
    start = time.thread_time()
    assert not matches(SECRET, VERIFIER.replace(PARAMETERS, greedy))
    assert time.thread_time() - start < 1.0


def test_nothing_but_the_answer_tells_that_there_is_no_verifier() -> None:
    def took(verifier: str) -> float:
        times = []
        for _ in range(5):
            start = time.thread_time()
            matches("guess", verifier)
            times.append(time.thread_time() - start)
        return min(times)

    assert 0.5 < took("") / took(VERIFIER) < 2.0


def test_where_openssl_cannot_it_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def old(**_: object) -> SimpleNamespace:
        raise UnsupportedAlgorithm("This version of OpenSSL does not support argon2id")

    monkeypatch.setattr(passwords, "Argon2id", old)
    for attempt in (lambda: harden(SECRET), lambda: matches(SECRET, VERIFIER)):
        with pytest.raises(UnsupportedError, match="install cryptography from its wheels") as error:
            attempt()
        assert "\n" not in str(error.value)
