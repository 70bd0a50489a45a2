"""What rooms and servers are called on a disk: readable, safe on every system, each its own."""

import unicodedata
from hashlib import sha256

from chat.core.names import same_name

_PLAIN = frozenset("-_.@'")
_SWAPPED = {":": "+"}
"""Windows has no colons."""

_BYTES_MAX = 180
"""Most systems take 255, with what is put around it."""

_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
"""Files of Windows that are none, whatever they end in."""


def place(room: str, peer: str) -> str:
    """A room as the user knows it: a room of two is the other one's, whatever its number is this
    time. Empty: it has no name yet."""
    if not room.startswith("@"):
        return room
    return f"@{same_name(peer)}" if peer else ""


def file_name(text: str) -> str:
    """Another text has another one; what a file cannot be called is written as in URLs."""
    name = "".join(_part(char) for char in text)
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    if name.endswith("."):
        name = f"{name[:-1]}%2E"
    if not name or name.partition(".")[0].lower() in _DEVICES:
        name = f"%{name}"
    if len(name.encode()) > _BYTES_MAX:
        short = name.encode()[: _BYTES_MAX - 40].decode(errors="ignore")
        name = f"{short}%{sha256(text.encode(errors='replace')).hexdigest()[:32]}"
    return name


def _part(char: str) -> str:
    letter = char.isalnum() or unicodedata.category(char) in ("Mn", "Mc")
    if char in _PLAIN or (letter and char == char.casefold()):
        return char
    if char in _SWAPPED:
        return _SWAPPED[char]
    return "".join(f"%{byte:02X}" for byte in char.encode(errors="replace"))
