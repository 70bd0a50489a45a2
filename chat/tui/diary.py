"""The local log: one text file for each room, which other programs can read and search.

    -- log 5c3f9a0e11223344: lobby at 192.0.2.1:9999
    2026-11-23 14:03:05 #123 <ann> good morning
        a further line of the same message
    2026-11-23 14:03:09 #124 * bob waves
    -- #125 to #130 are not here

An entry begins with its time, here, and its place in the room's log; what goes on is indented; what
begins with -- is the writer's. So no text can look like another line. Each entry is there once: what
the file has is read from its end. Each log has an identity: a server that was set up anew counts
from 1 again, and what it says is not mistaken for what was there.
"""

import re
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from chat.core.text import VERIFIED, clean, render
from chat.core.types import Entry, Kind

from .lines import LAST_TIME

INDENT = " " * 4

_DEEDS = frozenset((Kind.ACTION, Kind.TOPIC, Kind.EDIT, Kind.DELETE, Kind.REACTION))
"""What is told of somebody, and not said by them."""

_ENTRY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d #(\d{1,19}) (.*)")
_LOG = re.compile(r"-- log ([0-9a-f]+)")
_BACK = re.compile(r"-- #(\d{1,19}) and what followed was taken back")


class Place(NamedTuple):
    """How far a file has come."""

    log: str = ""
    """Which log it is of; empty: of none."""
    last: int = 0
    """The newest entry's seq; 0: there is none."""
    known: Mapping[int, str] = {}
    """Without their times, the first lines of some entries that were there when it was opened."""
    announced: bool = False
    """The log's identity was written since then."""


class TakenBack(NamedTuple):
    """The log has lost this entry, and all that followed."""

    seq: int


def read_tail(text: str) -> Place:
    """Where a file is that ends so. Without a log's name in it, `log` is empty."""
    log, last = "", 0
    known: dict[int, str] = {}
    for line in text.split("\n"):
        if (found := _LOG.match(line)) is not None:
            if found[1] != log:
                last, known = 0, {}
            log = found[1]
        elif (found := _BACK.match(line)) is not None:
            last = int(found[1]) - 1
            known = {seq: body for seq, body in known.items() if seq <= last}
        elif (found := _ENTRY.match(line)) is not None:
            last = int(found[1])
            known[last] = found[2]
    return Place(log, last, known)


def continued(
    place: Place, log: str, where: str, news: Iterable[Entry | TakenBack]
) -> tuple[str, Place]:
    """What is to be written after `place`, and the place after that. `log`: which one the news are
    of, in hexadecimal; `where`: the room and the server, for people."""
    place = place._replace(log=log) if place.log in ("", log) else Place(log)
    lines: list[str] = []
    for item in news:
        if isinstance(item, TakenBack):
            if item.seq <= place.last:
                lines.append(_taken_back(item.seq))
                place = place._replace(last=item.seq - 1, known={})
            continue
        body = _body(item)
        if item.seq <= place.last:
            if place.known.get(item.seq, body[0]) == body[0]:
                continue
            # The log went back while nobody here looked.
            lines.append(_taken_back(item.seq))
            place = place._replace(known={})
        elif place.last and item.seq > place.last + 1:
            lines.append(_missing(place.last + 1, item.seq - 1))
        lines.append(f"{_stamp(item.time)} #{item.seq} {body[0]}")
        lines += body[1:]
        place = place._replace(last=item.seq)
    if lines and not place.announced:
        lines.insert(0, f"-- log {log}: {clean(where)}")
        place = place._replace(announced=True)
    return "".join(f"{line}\n" for line in lines), place


def _body(entry: Entry) -> list[str]:
    """Its lines as they are in the file, without the time."""
    name = clean(entry.name).strip() or "?"
    verified = VERIFIED if entry.key else ""
    if entry.kind == Kind.MODERATION:
        return [f"-- {name}{verified} {clean(entry.text)}"]
    if entry.kind in _DEEDS:
        return render(replace(entry, name=name), numbered=True, where=False).split("\n")
    text = clean(entry.text, lines=True).replace("\n", f"\n{INDENT}")
    return f"<{name}{verified}> {text}".split("\n")


def _stamp(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(min(milliseconds, LAST_TIME) / 1000))


def _missing(first: int, last: int) -> str:
    return f"-- #{first} is not here" if first == last else f"-- #{first} to #{last} are not here"


def _taken_back(seq: int) -> str:
    return f"-- #{seq} and what followed was taken back by the server"
