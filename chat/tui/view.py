"""What is on the screen, given what the desk knows and what is being typed."""

from chat.core.text import clean

from .cells import cut, width
from .desk import Desk
from .health import Phase
from .inputline import InputLine
from .roombuffer import RoomBuffer
from .rows import Frame, Row
from .screen import Parts, compose
from .status import Facts, Tab, status_row


def compose_view(desk: Desk, line: InputLine, banner: str, columns: int, rows: int) -> Frame:
    """Columns and rows of the terminal; `line`: what the keys edit."""
    buffer = desk.current
    membership = desk.uplink.guest.rooms.get(buffer.room)
    members = membership.roster.members if membership is not None else {}
    count = membership.roster.count if membership is not None and membership.joined else None
    trouble = _trouble(desk)
    hints = (desk.hint, ("class:hint", line.hint), ("class:trouble", trouble))
    parts = Parts(
        banner=banner,
        header=_header(desk, buffer, columns),
        members_columns=buffer.members.columns(members, columns),
        members=lambda size, height: buffer.members.rows(members, count, size, height),
        messages=lambda size, height: buffer.view(size, height, membership),
        status=lambda size: status_row(_facts(desk, line, trouble), size),
        hint=next((hint for hint in hints if hint[1]), ("", "")),
        label=line.label,
        text=line.text,
        cursor=line.cursor,
    )
    return compose(parts, columns, rows)


def _header(desk: Desk, buffer: RoomBuffer, columns: int) -> Row:
    membership = desk.uplink.guest.rooms.get(buffer.room)
    topic = clean(membership.topic) if membership is not None else ""
    if buffer.direct:
        topic = f"only {buffer.peer} and you read this, and the server"
    label = cut(buffer.label, columns)
    return (("class:topic", label), ("", cut(f"  {topic}", columns - width(label))))


def _trouble(desk: Desk) -> str:
    guest, now = desk.uplink.guest, desk.now()
    silence = now - guest.heard_at if guest.heard_at is not None else None
    overdue = any(room.outbox.in_flight for room in guest.rooms.values())
    return desk.health.trouble(silence, overdue, now)


def _facts(desk: Desk, line: InputLine, trouble: str) -> Facts:
    guest, phase = desk.uplink.guest, desk.health.phase
    buffer = desk.current
    connected = phase is Phase.CONNECTED
    state = ("silent" if trouble else "") if connected else phase.value
    return Facts(
        name=guest.name,
        tabs=[Tab(each.label, each.unread, each is buffer, each.direct) for each in desk.buffers],
        state=state,
        round_trip=guest.rtt.smoothed if guest.rtt.measured and connected else None,
        loss=desk.loss.loss if connected else None,
        impaired=desk.impaired,
        pending=desk.pending,
        below=None if buffer.viewport.follows else buffer.below,
        size=len(line.text.encode(errors="replace")),
    )
