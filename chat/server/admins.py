"""Who is an admin: keys of names, from the command line and from a file that may change."""

from collections.abc import Iterable
from pathlib import Path

KEY_SIZE = 32
_EXPECTED = f"a key has {2 * KEY_SIZE} hexadecimal digits, as `chat key` prints it"


class AdminsError(ValueError):
    """One line that says where, and what is expected."""


def parse_key(text: str) -> bytes:
    """An Ed25519 public key. Raises AdminsError."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE or len(text) != 2 * KEY_SIZE:
        raise AdminsError(_EXPECTED)
    return key


class Admins:
    """The operator's list."""

    def __init__(self, keys: Iterable[bytes] = (), file: str = "") -> None:
        """`file`: one with more keys, one a line; what stands after the key, and lines that begin
        with #, are for people."""
        self._keys = frozenset(keys)
        self.file = file

    def load(self) -> frozenset[bytes]:
        """All of them, as the file is now. Raises AdminsError."""
        return self._keys | self._read() if self.file else self._keys

    def _read(self) -> frozenset[bytes]:
        try:
            text = Path(self.file).read_text("utf-8-sig")
        except OSError as error:
            raise AdminsError(
                f"--admins {self.file}: {error.strerror}; name a file with one key a line"
            ) from error
        except UnicodeDecodeError as error:
            raise AdminsError(f"--admins {self.file}: that is no text; {_EXPECTED}") from error
        keys = set()
        for number, line in enumerate(text.splitlines(), 1):
            if (words := line.split()) and not words[0].startswith("#"):
                try:
                    keys.add(parse_key(words[0]))
                except AdminsError as error:
                    raise AdminsError(f"--admins {self.file}, line {number}: {error}") from error
        return frozenset(keys)
