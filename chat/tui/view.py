"""What is on the screen, given what the desk knows and what is being typed."""

from chat.core.membership import Membership
from chat.core.text import clean

from . import standing
from .cells import cut, width
from .desk import Desk
from .health import Phase, silence
from .inputline import InputLine
from .roombuffer import RoomBuffer
from .rows import Frame, Row
from .screen import Parts, compose
from .status import Facts, Tab, status_row


def compose_view(
    desk: Desk, line: InputLine, banner: str, columns: int, rows: int, *, bare: bool = False
) -> Frame:
    """Columns and rows of the terminal; `line`: what the keys edit."""
    buffer = desk.current
    buffer.viewport.bare = bare
    membership = desk.uplink.guest.rooms.get(buffer.room)
    members = membership.roster.members if membership is not None else {}
    hints = (desk.hint, ("class:hint", line.hint), ("class:trouble", _trouble(desk)))
    parts = Parts(
        banner=banner,
        header=_header(desk, buffer, columns),
        members_columns=buffer.members.columns(members, columns) if desk.settings.members else 0,
        members=lambda size, height: buffer.members.rows(
            members, _heading(membership, desk.health.phase), size, height
        ),
        messages=lambda size, height: buffer.view(size, height, membership),
        status=lambda size: status_row(_facts(desk, line), size),
        hint=next((hint for hint in hints if hint[1]), ("", "")),
        label=line.label,
        text=line.shown,
        cursor=line.cursor,
        bare=bare,
    )
    return compose(parts, columns, rows)


def window_title(desk: Desk) -> str:
    """Where we are, and how much waits to be read in all rooms."""
    unread = sum(buffer.unread for buffer in desk.buffers)
    return f"chat: {desk.current.label}" + (f" ({unread:,})" if unread else "")


def _header(desk: Desk, buffer: RoomBuffer, columns: int) -> Row:
    membership = desk.uplink.guest.rooms.get(buffer.room)
    topic = clean(membership.topic) if membership is not None else ""
    if buffer.direct:
        topic = f"only {buffer.peer} and you read this, and the server"
    label = cut(buffer.label, columns)
    return (("class:topic", label), ("", cut(f"  {topic}", columns - width(label))))


def _heading(membership: Membership | None, phase: Phase) -> int | str:
    """How many are here; or why that is not known."""
    if membership is not None and membership.joined:
        return membership.roster.count
    return "outside" if membership is None and phase is Phase.CONNECTED else "offline"


def _trouble(desk: Desk) -> str:
    guest, now = desk.uplink.guest, desk.now()
    trouble = desk.health.trouble(*silence(guest, now), now)
    buffer = desk.current
    if trouble or buffer.room in guest.rooms:
        return trouble
    return f"you are not in {buffer.title}; /join {buffer.room} to enter it"


def _facts(desk: Desk, line: InputLine) -> Facts:
    guest, now = desk.uplink.guest, desk.now()
    buffer = desk.current
    membership = guest.rooms.get(buffer.room)
    connected = desk.health.phase is Phase.CONNECTED
    known = guest.rtt.measured and connected
    here = guest.standing(buffer.room)
    return Facts(
        name=guest.name,
        tabs=[
            Tab(each.label, each.unread, each is buffer, each.direct, each.mentions)
            for each in desk.buffers
        ],
        state=desk.health.state(*silence(guest, now)),
        round_trip=guest.rtt.smoothed if known else None,
        loss=desk.loss.loss if connected else None,
        impaired=desk.impaired,
        pending=desk.pending if desk.health.phase is not Phase.REFUSED else 0,
        below=None if buffer.viewport.follows else buffer.below or None,
        size=len(line.text.encode(errors="replace")),
        jitter=guest.rtt.variation if known else None,
        trend=desk.health.round_trips if connected and desk.settings.sparkline else (),
        typing=_typing(desk),
        catching_up=buffer.catch_up.look(membership, now),
        role=standing.role(here),
        muted=standing.muted(here, now),
        slow=standing.slow(here),
    )


def _typing(desk: Desk) -> tuple[str, ...]:
    if not desk.settings.typing_show:
        return ()
    names = desk.typing.get(desk.current.room, ())
    return tuple(name for name in names if not desk.buffers.reader.ignores(name))
