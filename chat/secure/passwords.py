"""Passwords of rooms, and what a server keeps of them: Argon2id (RFC 9106), done by OpenSSL.

What is kept, a *verifier*, is a PHC string: the function, its parameters, a salt, the hash. Whoever
steals it has to guess, and each guess takes as long and as much memory as it took to make it.
"""

import os
import re
import unicodedata

from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY = 19 * 1024
"""KiB, with ITERATIONS and LANES the least that OWASP's cheat sheet on password storage names: 25
to 50 ms, and 38 MB where two are done at once."""
ITERATIONS = 2
LANES = 1

MEMORY_MOST = 64 * 1024
ITERATIONS_MOST = 8
LANES_MOST = 4
"""Of verifiers that another version made: one that asks for more would be an attack on us."""

_SALT = 16
_HASH = 32

_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)"
    r"\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}",
    re.ASCII,
)

_NOBODYS = f"$argon2id$v=19$m={MEMORY},t={ITERATIONS},p={LANES}${22 * 'A'}${43 * 'A'}"


class UnsupportedError(Exception):
    """There is no Argon2id here. One line that says what to do."""


def check_supported() -> None:
    """Raises UnsupportedError."""
    try:
        _function(bytes(_SALT))
    except UnsupportedAlgorithm as error:
        raise UnsupportedError(
            "this OpenSSL knows no Argon2id, so rooms can have no passwords: install cryptography "
            "from its wheels, or OpenSSL 3.2 or newer"
        ) from error


def harden(password: str) -> str:
    """A verifier, another one each time. Raises UnsupportedError."""
    check_supported()
    return _function(os.urandom(_SALT)).derive_phc_encoded(_octets(password))


def matches(password: str, verifier: str) -> bool:
    """Whether it is the password that the verifier was made of. What is no verifier, or one that
    asks for too much, belongs to no password; to say so takes as long, so that the time does not
    tell whether there is one. Raises UnsupportedError."""
    check_supported()
    known = _usable(verifier)
    try:
        Argon2id.verify_phc_encoded(_octets(password), verifier if known else _NOBODYS)
    except (InvalidKey, ValueError):  # ValueError: parameters that do not go together.
        return False
    return known


def _function(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=_HASH, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY)


def _usable(verifier: str) -> bool:
    found = _PHC.fullmatch(verifier)
    if found is None:
        return False
    memory, iterations, lanes = map(int, found.groups())
    return memory <= MEMORY_MOST and iterations <= ITERATIONS_MOST and lanes <= LANES_MOST


def _octets(password: str) -> bytes:
    """However the keyboard composed its letters (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password).encode()
