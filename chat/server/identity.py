"""What survives a restart besides the log: the secret that a server is known by."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

SIZE = 32
NAME = "identity"


class IdentityError(Exception):
    """The identity cannot be read or made. One line that says what to do."""


def load_identity(folder: Path) -> bytes:
    """The 32 bytes in the folder's file `identity`; drawn and written, readable by us alone, if
    there is none yet. Raises IdentityError."""
    path = folder / NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            _create(path)
        identity = path.read_bytes()
    except (FileExistsError, NotADirectoryError) as error:
        raise IdentityError(f"{folder} is not a folder; choose another --store DIR") from error
    except OSError as error:
        raise IdentityError(
            f"{path} cannot be used: {error.strerror}; choose another --store DIR"
        ) from error
    if len(identity) != SIZE:
        raise IdentityError(
            f"{path} is damaged: it has {len(identity)} bytes, not {SIZE}; restore it, or delete "
            "it to have a new one"
        )
    return identity


def _create(path: Path) -> None:
    """Whole or not at all, whoever else does the same at the same time."""
    if path.exists():
        return
    draft = path.with_name(f"{NAME}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
