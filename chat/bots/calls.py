"""Which entries call a bot, and how many of them it answers.

Bots never answer bots for ever. An answer refers to what it answers, and what refers to something
calls nobody, as a NOTICE on IRC (RFC 2812 §3.3.2). For bots that do not keep to that there is a
limit for each author and each room.
"""

import re
from enum import Enum

from chat.core.buckets import Bucket
from chat.core.names import is_public, same_name
from chat.core.types import Entry, Kind

AUTHOR = (0.5, 5.0)
"""Calls a second, and at once, of one author."""

ROOM = (2.0, 20.0)
"""And of all in one room."""

KNOWN = 1024
"""Authors and rooms that are remembered; of those beyond, the ones heard longest ago start anew."""

_MARKED = re.compile(r"[@!](\S+?)[:,]?(?:\s+(.*))?", re.DOTALL)
_NAMED = re.compile(r"(\S+?)[:,]\s*(.*)", re.DOTALL)


def called(entry: Entry, name: str) -> str | None:
    """What an entry says to the bot of this name; None: it is not said to it."""
    if entry.kind != Kind.MESSAGE or entry.refers:
        return None
    text = entry.text.strip()
    found = _MARKED.fullmatch(text) or _NAMED.fullmatch(text)
    if found is not None and same_name(found[1]) == same_name(name):
        return (found[2] or "").strip()
    return None if is_public(entry.room) else text


class Verdict(Enum):
    """On one call."""

    ANSWER = "answer"
    EXCUSE = "excuse"
    """Say that it is too much: the first one that is."""
    IGNORE = "ignore"


class Calls:
    """Counts those of one bot."""

    def __init__(self) -> None:
        self._buckets: dict[bytes | str, Bucket] = {}
        """Of authors by instance, of rooms by name; the one used last is the last."""
        self._excused: set[bytes | str] = set()

    def judge(self, entry: Entry, now: float) -> Verdict:
        """Counts it."""
        for key, rate in ((entry.instance, AUTHOR), (entry.room, ROOM)):
            if not self._bucket(key, rate).take(now):
                first = key not in self._excused
                self._excused.add(key)
                return Verdict.EXCUSE if first else Verdict.IGNORE
            self._excused.discard(key)
        return Verdict.ANSWER

    def _bucket(self, key: bytes | str, rate: tuple[float, float]) -> Bucket:
        bucket = self._buckets.pop(key, None) or Bucket(*rate)
        self._buckets[key] = bucket
        if len(self._buckets) > KNOWN:
            oldest = next(iter(self._buckets))
            del self._buckets[oldest]
            self._excused.discard(oldest)
        return bucket
