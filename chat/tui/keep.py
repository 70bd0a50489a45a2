"""What was sent and what is being typed, as bytes that are kept on disk."""

import json
from collections.abc import Iterable, Mapping

from chat.core.text import clean

from .recall import KEPT, is_secret

HISTORY_BYTES = 1 << 20
"""Of one room's history; the newest that fit are kept."""

TEXT_MAX = 1 << 16
"""Characters of one text; a longer one is not kept."""

DRAFTS_MAX = 100
"""Rooms whose drafts are kept."""


def worth_keeping(line: str) -> bool:
    """Whether a line may be written to a disk."""
    return bool(line.strip()) and len(line) <= TEXT_MAX and not is_secret(line)


def packed(texts: Iterable[str]) -> bytes:
    """Lines to append to a history, oldest first."""
    return b"".join(json.dumps(text).encode() + b"\n" for text in texts)


def history(data: bytes) -> list[str]:
    """The texts of a history, oldest first: the last ones, and no more than are kept. What is no
    text is left out: the disk may have been full, and people edit files."""
    lines: list[str] = []
    room = HISTORY_BYTES
    for line in reversed(data.split(b"\n")):
        text = _text(line)
        if text is None:
            continue
        room -= len(line)
        if room < 0 or len(lines) == KEPT:
            break
        lines.append(text)
    return lines[::-1]


def packed_drafts(drafts: Mapping[str, str]) -> bytes:
    """By room; empty ones are not kept, nor more than there is room for."""
    kept = {room: text for room, text in drafts.items() if text and len(text) <= TEXT_MAX}
    return json.dumps(dict(list(kept.items())[-DRAFTS_MAX:])).encode()


def drafts(data: bytes) -> dict[str, str]:
    """None, if this is not what `packed_drafts` gave."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        room: clean(text, lines=True)
        for room, text in list(found.items())[-DRAFTS_MAX:]
        if isinstance(text, str) and 0 < len(text) <= TEXT_MAX
    }


def _text(line: bytes) -> str | None:
    try:
        text = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(text, str) or len(text) > TEXT_MAX:
        return None
    return clean(text, lines=True) or None
