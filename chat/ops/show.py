"""What is answered at the admin socket, for people and for programs."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from wcwidth import wcswidth

from chat.core.audit import AuditRow
from chat.core.durations import words
from chat.core.snapshot import RoomRow, SessionRow
from chat.core.text import VERIFIED, clean, escaped

_SESSIONS = ["ENDPOINT", "PROTOCOL", "RTT", "RECV-Q", "SEND-Q", "DROPS", "AGE", "NAME", "ROOMS"]
_ROOMS = ["NAME", "MEMBERS", "ENTRIES", "POLICY", "TOPIC"]
_AUDIT = ["TIME", "ROOM", "ACT", "WHOM", "BY", "UNTIL", "WHY"]
_RIGHT = frozenset(("RTT", "RECV-Q", "SEND-Q", "DROPS", "AGE", "MEMBERS", "ENTRIES"))
"""Columns of figures."""


def session_table(rows: Iterable[SessionRow]) -> Iterator[str]:
    """In the manner of `netstat -nuap`."""
    return _table(_SESSIONS, (_session(row) for row in rows))


def room_table(rows: Iterable[RoomRow]) -> Iterator[str]:
    return _table(_ROOMS, (_room(row) for row in rows))


def audit_table(rows: Iterable[AuditRow]) -> Iterator[str]:
    return _table(_AUDIT, (_ruling(row) for row in rows))


def json_line(row: object) -> str:
    """One object, in which nothing can act on a terminal."""
    return escaped(msgspec.json.encode(row).decode())


def outcome(text: str, *, as_json: bool) -> str:
    """What there is to say of what was done, as it was said."""
    if as_json:
        return escaped(json.dumps({"ok": True, "text": text}, ensure_ascii=False))
    return clean(text, lines=True)


def _session(row: SessionRow) -> list[str]:
    return [
        row.endpoint,
        row.protocol,
        "-" if row.round_trip is None else f"{row.round_trip} ms",
        f"{row.recv_queue}",
        f"{row.send_queue}",
        f"{row.drops}",
        words(row.age).replace(" ", ""),
        row.name + (VERIFIED if row.verified else ""),
        ",".join(row.rooms) or "-",
    ]


def _room(row: RoomRow) -> list[str]:
    policy = [name for name in ("locked", "password", "hidden") if getattr(row, name)]
    policy += [f"slow={words(row.slow).replace(' ', '')}"] if row.slow else []
    policy += [f"limit={row.limit}"] if row.limit else []
    entries = "-" if row.entries is None else f"{row.entries}"
    return [row.name, f"{row.members}", entries, ",".join(policy) or "-", row.topic]


def _ruling(row: AuditRow) -> list[str]:
    return [
        _clock(row.time),
        row.room or "everywhere",
        f"{row.act} {row.value}".rstrip(),
        row.whom or "-",
        row.by or "-",
        _clock(row.until) if row.until else "-",
        row.why or "-",
    ]


def _clock(milliseconds: int) -> str:
    """Here, as people write it."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(milliseconds / 1000))
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    cells = [head, *([clean(cell) for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = (_set(*each) for each in zip(head, row, widths, strict=True))
        yield "  ".join(line).rstrip()


def _set(head: str, cell: str, width: int) -> str:
    blank = " " * (width - _width(cell))
    return blank + cell if head in _RIGHT else cell + blank


def _width(cell: str) -> int:
    return max(0, wcswidth(cell))
