"""The keys of one's names: each name has an Ed25519 key, made when it is first used.

A file each, `HASH.pem`: PKCS8 in PEM, readable by us alone, the name in a comment above. The hash
is of what names have in common that people take for one (`same_name`), so that Ann and ann are one
key. It is a hash because not every name is one for a file: Windows keeps `con` for itself, and file
systems have ideas of their own about how letters with accents are written.
"""

from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chat.core.names import check_name, same_name
from chat.core.signatures import Signer

from . import files


class NameKeyError(Exception):
    """A name's key cannot be read or made. One line that says what to do; one may go on without a
    key, and then has the name only as long as nobody else has it."""


class NameKeys:
    """One user's keys."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where they are; by default `keys` in the user's data of `chat`."""
        self._folder = folder

    def path(self, name: str) -> Path:
        """The file of the key of this name. Raises BadNameError."""
        if self._folder is None:
            from platformdirs import user_data_path

            self._folder = user_data_path("chat", appauthor=False) / "keys"
        return self._folder / f"{sha256(same_name(check_name(name)).encode()).hexdigest()[:32]}.pem"

    def key(self, name: str) -> Signer:
        """The key of this name, drawn and written if there is none yet; of several processes that
        do so at once all get the same. Raises NameKeyError, and BadNameError for what is no name."""
        path = self.path(name)
        try:
            if not path.exists():
                files.create(path, _draw(name))
            pem = path.read_bytes()
        except OSError as error:
            raise NameKeyError(
                f"the key of {name} is not to be had: {path}: {error.strerror or error}; make that "
                "folder yours to write"
            ) from error
        try:
            private = load_pem_private_key(pem, None)
        except (ValueError, TypeError) as error:  # No PEM; a password.
            raise _damaged(path, name) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise _damaged(path, name)
        return Signer(private.private_bytes_raw())


def _draw(name: str) -> bytes:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return f"# The key of the name {name} in chat. Who has it can speak as {name}.\n".encode() + pem


def _damaged(path: Path, name: str) -> NameKeyError:
    return NameKeyError(
        f"the key of {name} is damaged: {path}; restore it, or move it away to have a new one (but "
        "where the name is registered, only the old one speaks for it)"
    )
