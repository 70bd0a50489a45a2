"""What /who, /rooms, /net and /help print."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence

from chat.core.asks import Member, RoomRow
from chat.core.commands import help_lines
from chat.core.membership import Membership
from chat.core.names import same_name
from chat.core.recovery import RoundTrip
from chat.core.sparkline import sparkline, squeezed
from chat.core.text import clean
from chat.net.impair import Tally

from .cells import width
from .desk import Uplink
from .health import SPAN, WINDOW, Health, LossMeter
from .keys import KEYS, Binding, Section
from .lines import Mark
from .units import counted, duration, percent, round_trip, trend_top

SLASH = "To say a line that begins with /, begin it with //."

MARKS = (
    f"What you say is {Mark.PENDING.value} on its way, {Mark.LOGGED.value} in the log, "
    f"{Mark.DELIVERED.value} with everybody, {Mark.FAILED.value} not sent."
)

_DAY = 86_400_000

_LABEL = 12
"""Columns before what there is to say."""

_COURSE = 20
"""Cells of a course, so that it fits a narrow screen."""

_LOSS_TOP = 0.2
"""The loss that the highest bar stands for."""


def help_answer(name: str, further: Iterable[Binding] = ()) -> list[str]:
    """`further`: keys that were bound besides those of the table."""
    if same_name(name) == "keys":
        return _keys(further)
    if name:
        return help_lines(name)
    added = [f"{binding.shown}  {binding.help}" for binding in further]
    return [*help_lines(), SLASH, "/help keys lists the keys.", *added, MARKS]


def _keys(further: Iterable[Binding]) -> list[str]:
    sections = [*KEYS, Section("Here", tuple(further))]
    lines: list[str] = []
    for section in sections:
        rows = [binding for binding in section.bindings if binding.shown]
        if rows:
            named = _columns([binding.shown for binding in rows])
            lines += [
                section.title,
                *(f"  {key}{row.help}" for key, row in zip(named, rows, strict=True)),
            ]
    return lines


def who_answer(
    label: str, members: Iterable[Member], count: int, wall: int, role: str = ""
) -> list[str]:
    """`count`: how many there are, which may be more than are known; `role`: ours."""
    known = sorted(members, key=lambda member: same_name(member.name))
    columns = [
        [clean(member.name) for member in known],
        [clean(member.endpoint) for member in known],
    ]
    if any(member.rtt is not None for member in known):
        columns.append([_reported(member.rtt) for member in known])
    ours = f"; you are {'an' if role[0] in 'aeiou' else 'a'} {role} here" if role else ""
    lines = [f"{counted(max(count, len(known)), 'member')} in {label}{ours}"]
    for member, row in zip(known, _columns(*columns), strict=True):
        plain = ", plain text" if member.text else ""
        verified = ", verified" if member.verified else ""
        lines.append(f"{row}since {_when(member.since, wall)}{plain}{verified}")
    return lines


def _reported(rtt: int | None) -> str:
    """In whole milliseconds."""
    if rtt is None:
        return ""
    return f"{rtt:,} ms" if rtt else "<1 ms"


def rooms_answer(rooms: Sequence[RoomRow]) -> list[str]:
    if not rooms:
        return ["there are no rooms; /join ROOM makes one"]
    names = [clean(room.name) for room in rooms]
    counts = [counted(room.members, "member") for room in rooms]
    rows = zip(_columns(names, counts), rooms, strict=True)
    return [(row + clean(room.topic)).rstrip() for row, room in rows]


def net_answer(
    uplink: Uplink, health: Health, loss: LossMeter, now: float, wall: int | None = None
) -> list[str]:
    """All that is known of the way to the server, and of what we do to it ourselves. `wall`:
    milliseconds since 1970 at `now`."""
    guest, network = uplink.guest, uplink.network
    lines = [_row("server", f"{uplink.link.host}, UDP port {uplink.link.port}")]
    lines += _session(health, now, wall)
    if health.endpoint:
        lines += [_row("endpoint", health.endpoint), _row("", "as the server sees us")]
    if uplink.local is not None:
        lines.append(_row("here", str(uplink.local)))
    lines += _round_trip(guest.rtt, health)
    lost = "nothing was pushed" if loss.loss is None else f"{percent(loss.loss)} of what was pushed"
    lines += [_row("loss", lost), _row("", f"in the last {WINDOW} s")]
    lines += _course([sample.loss for sample in health.samples], _LOSS_TOP)
    for room in guest.rooms.values():
        lines += _room(room)
    sent, received = network.outward.seen, network.inward.seen
    lines.append(_row("datagrams", f"{sent:,} sent, {received:,} received"))
    lines.append(_row("not taken", _counted(guest.dropped)))
    lines.append(_row("impairment", str(network.spec)))
    for way, tally in (("sent", network.outward), ("received", network.inward)):
        if tally.seen:
            lines.append(f"  {way:<9} {_tally(tally)}")
    return lines


def _session(health: Health, now: float, wall: int | None) -> list[str]:
    seconds = now - health.since
    lines = [_row("session", f"{health.phase.value} for {duration(seconds)}")]
    if wall is not None:
        lines.append(_row("", f"since {_when(wall - int(seconds * 1000), wall)}"))
    return lines


def _round_trip(rtt: RoundTrip, health: Health) -> list[str]:
    if not rtt.measured:
        return [_row("round trip", "not measured yet")]
    lines = [
        _row("round trip", f"{round_trip(rtt.latest)} the last"),
        _row("", f"{round_trip(rtt.smoothed, rtt.variation)} on average"),
    ]
    if health.least is not None:
        lines.append(_row("", f"{round_trip(health.least)} the least in {SPAN} s"))
    return lines + _course(health.round_trips, trend_top(health.round_trips))


def _course(values: Sequence[float | None], top: float) -> list[str]:
    """The last seconds as a picture, where there is something to see."""
    if all(value is None for value in values):
        return []
    drawn = sparkline(squeezed(values, _COURSE), top)
    return [_row("", f"{drawn} {len(values)} s")]


def _room(room: Membership) -> list[str]:
    """How what is said in one room comes to us, and goes out."""
    label = f"@{room.peer}" if room.name.startswith("@") else room.name
    lines = [_row("room", clean(label))]
    if not room.joined:
        return [*lines, _row("", "not joined at the moment")]
    how = "fetched: too much was lost" if room.polling.on else "pushed to us"
    missing = max(0, room.inbox.head - room.inbox.seq)
    pending = len(room.outbox)
    return [
        *lines,
        _row("", how),
        _row("", f"{counted(missing, 'entry', 'entries')} missing"),
        _row("", f"{counted(pending, 'draft')} pending"),
        _row("", f"{counted(room.outbox.window, 'draft')} may be on the way"),
    ]


def _row(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}{text}"


def _tally(tally: Tally) -> str:
    counts = {
        "lost": tally.lost,
        "blacked out": tally.blacked_out,
        "twice": tally.duplicated,
        "delayed": tally.delayed,
        "reordered": tally.reordered,
        "damaged": tally.corrupted,
    }
    happened = [f"{count:,} {what}" for what, count in counts.items() if count]
    return ", ".join((counted(tally.seen, "datagram"), *happened))


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counter.most_common()) or "nothing"


def _columns(*columns: Sequence[str]) -> list[str]:
    """Each row's texts, each filled up to its column's widest."""
    sizes = [max(map(width, column), default=0) for column in columns]
    return [
        "".join(
            text + " " * (size - width(text) + 2) for text, size in zip(row, sizes, strict=True)
        )
        for row in zip(*columns, strict=True)
    ]


def _when(milliseconds: int, wall: int) -> str:
    form = "%H:%M" if wall - milliseconds < _DAY else "%Y-%m-%d %H:%M"
    return time.strftime(form, time.localtime(min(milliseconds, wall) / 1000))
