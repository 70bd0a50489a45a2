"""What survives a restart besides the log: what a server is known by, and its secret."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chat.secure import files
from chat.secure.credentials import Credentials

SIZE = 32
NAME = "identity"
CREDENTIALS = "identity.pem"


class IdentityError(Exception):
    """The identity cannot be read or made. One line that says what to do."""


class Identity(NamedTuple):
    """A server's own."""

    secret: bytes
    """32 bytes that nobody else ever sees: what it derives, such as reset tokens, from one life to
    the next."""
    credentials: Credentials
    """The key that its pin is of, with the certificate."""


def new_identity() -> Identity:
    """For one life."""
    return Identity(secrets.token_bytes(SIZE), Credentials.generate())


def load_identity(folder: Path) -> Identity:
    """The folder's files `identity` (the secret's 32 bytes) and `identity.pem` (key and
    certificate); each drawn and written, readable by us alone, if it is not there yet. Raises
    IdentityError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise IdentityError(f"{folder} is not a folder; choose another --store DIR") from error
    except OSError as error:
        raise _unusable(folder, error) from error
    path = folder / NAME
    secret = _load(path, lambda: secrets.token_bytes(SIZE))
    if len(secret) != SIZE:
        raise IdentityError(
            f"{path} is damaged: it has {len(secret)} bytes, not {SIZE}; restore it, or delete "
            "it to have a new one"
        )
    path = folder / CREDENTIALS
    pem = _load(path, lambda: Credentials.generate().to_bytes())
    try:
        return Identity(secret, Credentials.from_bytes(pem))
    except ValueError as error:
        raise IdentityError(
            f"{path} is damaged: it holds no key with its certificate; restore it, or delete it to "
            "have new ones (then the old links lead nowhere, and people are warned of a changed key)"
        ) from error


def _load(path: Path, draw: Callable[[], bytes]) -> bytes:
    try:
        if not path.exists():
            files.create(path, draw())
        return path.read_bytes()
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> IdentityError:
    return IdentityError(f"{path} cannot be used: {error.strerror}; choose another --store DIR")
