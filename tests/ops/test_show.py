"""Columns stand below each other whatever is in them, and nothing in them acts on a terminal."""

import json
import re
from typing import Any

from msgspec.structs import replace
from wcwidth import wcswidth

from chat.core.audit import AuditRow
from chat.core.snapshot import RoomRow, SessionRow
from chat.ops.show import audit_table, json_line, outcome, room_table, session_table

EVIL = "a\x1b[2Jb\nc\u202ed"


SESSION = SessionRow(
    endpoint="192.0.2.7:5000",
    protocol="sealed",
    name="ann",
    verified=False,
    rooms=("lobby",),
    round_trip=12,
    recv_queue=0,
    send_queue=0,
    drops=0,
    age=3700,
    since=1.5,
)
ROOM = RoomRow(
    name="lobby",
    members=1,
    entries=7,
    locked=False,
    password=False,
    slow=0,
    limit=0,
    hidden=False,
    topic="",
)


def ruling(**other: Any) -> AuditRow:
    row = AuditRow(3, 1_700_000_000_000, "dev", "op", "ann", "bob", 0, "owner", "")
    return replace(row, **other)


def session(name: str, **changed: Any) -> SessionRow:
    return replace(SESSION, name=name, **changed)


def room(name: str, **changed: Any) -> RoomRow:
    return replace(ROOM, name=name, **changed)


def test_sessions() -> None:
    rows = [
        session("ann", verified=True, rooms=("lobby", "dev")),
        session("李小龙", endpoint="[2001:db8::1]:12345", round_trip=None, send_queue=123_456),
        session("x", rooms=(), age=59, drops=10, protocol="text in DTLS"),
    ]
    lines = list(session_table(rows))
    assert lines == [
        "ENDPOINT             PROTOCOL        RTT  RECV-Q  SEND-Q  DROPS   AGE  NAME    ROOMS",
        "192.0.2.7:5000       sealed        12 ms       0       0      0  1h1m  ann*    lobby,dev",
        "[2001:db8::1]:12345  sealed            -       0  123456      0  1h1m  李小龙  lobby",
        "192.0.2.7:5000       text in DTLS  12 ms       0       0     10   59s  x       -",
    ]
    assert wcswidth(lines[2][: lines[2].index("lobby")]) == lines[0].index("ROOMS")


def test_nobody_is_there() -> None:
    assert len(list(session_table([]))) == 1
    assert len(list(room_table([]))) == 1


def test_rooms() -> None:
    closed = room("dev", locked=True, password=True, hidden=True, slow=90, limit=20, topic="tests")
    rows = [closed, room("lobby", entries=None)]
    assert list(room_table(rows)) == [
        "NAME   MEMBERS  ENTRIES  POLICY                                      TOPIC",
        "dev          1        7  locked,password,hidden,slow=1m30s,limit=20  tests",
        "lobby        1        -  -",
    ]


def test_what_was_done() -> None:
    ended = ruling(room="", until=9 << 58, by="", value="", why="done")
    lines = list(audit_table([ruling(), ended]))
    assert lines[0].split() == ["TIME", "ROOM", "ACT", "WHOM", "BY", "UNTIL", "WHY"]
    assert re.search(r" dev +op owner +bob +ann +- +-$", lines[1])
    assert re.search(r" everywhere +op +bob +- .+ done$", lines[2])


def test_nothing_acts_on_a_terminal() -> None:
    shown = [
        *session_table([session(EVIL, rooms=(EVIL,))]),
        *room_table([room(EVIL, topic=EVIL)]),
        outcome(EVIL, as_json=True),
        *audit_table([ruling(whom=EVIL, by=EVIL, why=EVIL, room=EVIL, value=EVIL)]),
        json_line(ruling(why=EVIL)),
        json_line(session(EVIL)),
        json_line(room("r", topic=EVIL)),
    ]
    assert all(line.isprintable() for line in shown), shown
    assert outcome(EVIL, as_json=False) == "a[2Jb\ncd"


def test_programs_get_what_was_said() -> None:
    assert json.loads(json_line(room("r", topic=EVIL)))["topic"] == EVIL
    assert json.loads(outcome(EVIL, as_json=True)) == {"ok": True, "text": EVIL}
    row = json.loads(json_line(session("ann", rooms=("lobby", "dev"))))
    assert row["rooms"] == ["lobby", "dev"]
    assert (row["recv_queue"], row["send_queue"], row["round_trip"]) == (0, 0, 12)
