"""What Tab makes of the word before the cursor."""

from collections.abc import Sequence
from typing import NamedTuple

from chat.core.commands import COMMANDS
from chat.core.names import same_name

from .settings import NAMES, choices

IMPAIRMENTS = (
    "loss=",
    "burst=",
    "dup=",
    "delay=",
    "reorder=",
    "corrupt=",
    "blackout=",
    "off",
    "on",
)
"""Words of /net."""

_ROOMS = frozenset(("join", "leave", "who"))

_WORDS = {
    "password": ("off",),
    "slow": ("off",),
    "limit": ("off",),
    "invite": ("list", "revoke"),
}
"""What else than numbers these take."""


class Known(NamedTuple):
    """What there is to complete to."""

    names: Sequence[str] = ()
    """Those who spoke last first."""
    rooms: Sequence[str] = ()


class Completions(NamedTuple):
    """Each of `words` may stand in place of what begins at `start` and ends at the cursor."""

    start: int
    words: tuple[str, ...]


def complete(before: str, known: Known) -> Completions:
    """`before`: the text up to the cursor."""
    start = max(before.rfind(" "), before.rfind("\n")) + 1
    word = before[start:]
    if before.startswith("/") and not before.startswith("//") and "\n" not in before:
        command, *words = before[1:].split(" ")
        words = [*filter(None, words[:-1]), *words[-1:]]
        if not words:
            return _matching(start, word, [f"/{row.name}" for row in COMMANDS], " ")
        return _argument(command.lower(), words, start, word, known)
    if word.startswith("#"):
        return _matching(start, word, [f"#{room}" for room in known.rooms], " ")
    if not word:
        return Completions(start, ())
    return _matching(start, word, known.names, " " if start else ": ")


def asks_for_room(before: str) -> bool:
    """Whether the rooms' names are what is wanted."""
    command, *words = before[1:].split(" ")
    return before.startswith("/") and command.lower() in _ROOMS and len(words) == 1


def _argument(
    command: str, words: Sequence[str], start: int, word: str, known: Known
) -> Completions:
    count = len(words)
    match command:
        case "join" | "leave" | "who" if count == 1:
            return _matching(start, word, _hashed(word, known.rooms), "")
        case "msg" if count == 1:
            return _matching(start, word, known.names, " ")
        case "help" if count == 1:
            return _matching(start, word, [*(row.name for row in COMMANDS), "keys"], "")
        case "ignore" | "unban" | "unmute" | "deop" if count == 1:
            return _matching(start, word, known.names, "")
        case "kick" | "ban" | "mute" | "op" if count == 1:
            return _matching(start, word, known.names, " ")
        case "op" if count == 2:
            return _matching(start, word, ("moderator", "owner"), "")
        case "password" | "slow" | "limit" | "invite" if count == 1:
            return _matching(start, word, _WORDS[command], "")
        case "set" if count == 1:
            return _matching(start, word, NAMES, " ")
        case "set" if count == 2:
            return _matching(start, word, choices(words[0]), "")
        case "net":
            return _matching(start, word, IMPAIRMENTS, "")
        case "me" | "topic" | "msg" | "kick" | "ban" | "mute" | "delete" if word:
            return _matching(start, word, known.names, " ")
    return Completions(start, ())


def _hashed(word: str, rooms: Sequence[str]) -> list[str]:
    return [f"#{room}" for room in rooms] if word.startswith("#") else list(rooms)


def _matching(start: int, word: str, candidates: Sequence[str], after: str) -> Completions:
    found = [each for each in candidates if same_name(each).startswith(same_name(word))]
    return Completions(start, tuple(each + after for each in dict.fromkeys(found)))
