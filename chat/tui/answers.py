"""What /who, /rooms, /net and /help print."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence

from chat.core.asks import Member, RoomRow
from chat.core.commands import help_lines
from chat.core.names import same_name
from chat.core.text import clean
from chat.net.impair import Tally

from .cells import width
from .desk import Uplink
from .health import WINDOW, Health, LossMeter, Phase
from .lines import Mark

KEYS = (
    "Tab completes. Alt-Enter or Ctrl-J begins a new line. Up recalls.",
    "Page Up and Page Down scroll, Ctrl-Home and Ctrl-End to the ends.",
    "Alt-1 to Alt-9, Alt-Left and Alt-Right change rooms, Alt-A to unread.",
    "Ctrl-L draws the screen anew. Ctrl-C twice quits, and so does Ctrl-D.",
    (
        f"What you say is {Mark.PENDING.value} on its way, {Mark.LOGGED.value} in the log, "
        f"{Mark.DELIVERED.value} with everybody, {Mark.FAILED.value} not sent."
    ),
)

_DAY = 86_400_000


def help_answer(name: str, keys: Iterable[str] = ()) -> list[str]:
    """`keys`: those that are bound besides."""
    lines = help_lines(name)
    if name:
        return lines
    return [*lines, "To say a line that begins with /, begin it with //.", *KEYS, *keys]


def who_answer(label: str, members: Iterable[Member], count: int, wall: int) -> list[str]:
    """`count`: how many there are, which may be more than are known."""
    known = sorted(members, key=lambda member: same_name(member.name))
    names = [clean(member.name) for member in known]
    endpoints = [clean(member.endpoint) for member in known]
    lines = [f"{_count(max(count, len(known)), 'member')} in {label}"]
    for member, row in zip(known, _columns(names, endpoints), strict=True):
        plain = ", plain text" if member.text else ""
        verified = ", verified" if member.verified else ""
        lines.append(f"{row}since {_when(member.since, wall)}{plain}{verified}")
    return lines


def rooms_answer(rooms: Sequence[RoomRow]) -> list[str]:
    if not rooms:
        return ["there are no rooms; /join ROOM makes one"]
    names = [clean(room.name) for room in rooms]
    counts = [_count(room.members, "member") for room in rooms]
    rows = zip(_columns(names, counts), rooms, strict=True)
    return [(row + clean(room.topic)).rstrip() for row, room in rows]


def net_answer(uplink: Uplink, health: Health, loss: LossMeter, now: float) -> list[str]:
    """All that is known of the way to the server, and of what we do to it ourselves."""
    guest, network = uplink.guest, uplink.network
    lines = [f"server      {uplink.link.host}, UDP port {uplink.link.port}"]
    state = "connected for" if health.phase is Phase.CONNECTED else f"{health.phase.value} for"
    lines.append(f"session     {state} {_duration(now - health.since)}")
    if health.endpoint:
        local = f", here {uplink.local}" if uplink.local is not None else ""
        lines.append(f"endpoint    {health.endpoint} as the server sees us{local}")
    rtt = guest.rtt
    if rtt.measured:
        lines.append(
            f"round trip  {rtt.smoothed * 1000:.1f} ms, give or take {rtt.variation * 1000:.1f}"
        )
    lost = f"{loss.loss:.1%} of what was pushed" if loss.loss is not None else "nothing was pushed"
    lines.append(f"loss        {lost} in the last {WINDOW} s")
    lines.append(f"not taken   {_counted(guest.dropped)}")
    lines.append(f"impairment  {network.spec}")
    for way, tally in (("sent", network.outward), ("received", network.inward)):
        if tally.seen:
            lines.append(f"  {way:<9} {_tally(tally)}")
    return lines


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
    return ", ".join((f"{tally.seen:,} datagrams", *happened))


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counter.most_common()) or "nothing"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


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


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
