import re
from typing import cast

import pytest

from chat.core import wire
from chat.core.asks import Member
from chat.core.events import Connected
from chat.core.keyring import Keyring
from chat.core.membership import Membership
from chat.core.outbox import Draft
from chat.core.types import Path
from chat.net.impair import Impairment, Tally
from chat.tui.answers import net_answer, who_answer
from chat.tui.cells import width
from chat.tui.health import SPAN, Health, LossMeter
from chat.tui.layout import Context, lay_out
from chat.tui.lines import Look
from chat.tui.timeline import Timeline

from .entries import NOON
from .guests import Line


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


class Opener:
    """As much of a keyring as is looked at."""

    received = highest = 0


class Scene:
    """A guest that was connected 10 minutes ago."""

    def __init__(self) -> None:
        self.line = Line("ann", "lobby")
        self.guest = self.line.guest
        self.room = self.guest.join("lobby", 0.0)
        self.health, self.loss = Health(0.0), LossMeter()
        self.health.connected(Connected("ann", "ann", "203.0.113.7:4000", False), 0.0)

    def live(self) -> None:
        """A minute, in which there is always something to measure."""
        self.room.joined = True
        self.line.local = Path(0, "192.168.1.5", 4000)
        self.line.network.outward = Tally(seen=1204, lost=301)
        self.line.network.inward = Tally(seen=3410, lost=852, delayed=1)
        self.line.network.spec = Impairment.parse("loss=20% delay=80ms±40 reorder=10%")
        opener = Opener()
        self.room.opener = cast(Keyring, opener)
        self.loss.look([self.room], 0.0)
        opener.received, opener.highest = 8, 10
        self.loss.look([self.room], 1.0)
        for second in range(SPAN):
            self.guest.rtt.sample(0.1 if second == 30 else 0.0123)
            self.health.sample(self.guest.rtt, 0.004, 0.1, False)

    def net(self, wall: int | None = NOON) -> list[str]:
        return net_answer(self.line, self.health, self.loss, 600.0, wall)


def test_net_before_anything_is_known() -> None:
    assert Scene().net(None) == [
        "server      192.0.2.9, UDP port 9999",
        "session     connected for 10 min",
        "endpoint    203.0.113.7:4000",
        "            as the server sees us",
        "round trip  not measured yet",
        "loss        nothing was pushed",
        "            in the last 30 s",
        "room        lobby",
        "            not joined at the moment",
        "datagrams   0 sent, 3 received",
        "not taken   nothing",
        "impairment  off",
        "  received  3 datagrams, 1 lost",
    ]


def test_net_when_all_is_known() -> None:
    scene = Scene()
    scene.live()
    scene.room.outbox.add(Draft(1, 1, "hi", 0, False))
    scene.room.inbox.head = 1
    smoothed, *text = [line for line in scene.net() if "on average" in line] + scene.net()
    assert re.fullmatch(r" {12}1\d ms ±\d on average", smoothed)
    text.remove(smoothed)
    assert text == [
        "server      192.0.2.9, UDP port 9999",
        "session     connected for 10 min",
        "            since 22:03",
        "endpoint    203.0.113.7:4000",
        "            as the server sees us",
        "here        192.168.1.5:4000",
        "round trip  12 ms the last",
        "            12 ms the least in 60 s",
        "            ▁▁▁▁▁▁▁▁▁▁█▁▁▁▁▁▁▁▁▁ 60 s",
        "loss        20% of what was pushed",
        "            in the last 30 s",
        "            ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ 60 s",
        "room        lobby",
        "            pushed to us",
        "            1 entry missing",
        "            1 draft pending",
        "            64 drafts may be on the way",
        "datagrams   1,204 sent, 3,410 received",
        "not taken   nothing",
        "impairment  loss=20% delay=80ms±40 reorder=10%",
        "  sent      1,204 datagrams, 301 lost",
        "  received  3,410 datagrams, 852 lost, 1 delayed",
    ]


def test_net_says_who_fetches_and_in_which_rooms() -> None:
    scene = Scene()
    scene.room.joined = True
    scene.room.frame(wire.Pushing(scene.room.tag, 1, 0, 100), 1.0, b"")
    direct = scene.guest.join("@0011223344556677.8899aabbccddeeff", 0.0)
    direct.peer = "b\x1bob"
    text = scene.net()
    assert text[text.index("room        lobby") + 1] == " " * 12 + "fetched: too much was lost"
    assert "room        @bob" in text


def test_net_can_be_read_on_40_columns() -> None:
    scene = Scene()
    scene.live()
    lines = scene.net()
    shown = Timeline().note(Look.OUTPUT, "\n".join(lines), NOON)
    rows = ["".join(text for _, text in row) for row in lay_out(shown, Context(40)).rows]
    assert all(width(row) <= 40 for row in rows)
    assert all(f" {line}" in rows for line in lines[: lines.index("not taken   nothing")])
    assert " " * 13 + "reorder=10%" in rows, "what is wrapped stays in its column"


UNITS = re.compile(
    r"[\d.]+:\d+|[\d.]+, UDP port \d+|since [\d:]+"  # Where, and when.
    r"|[\d,.]+ (ms|s|min)( ±[\d,.]+)?"
    r"|[\d,.]+%"
    r"|loss=\d+%.*"
    r"|[\d,]+ (sent|received|datagrams?|lost|delayed|entry|entries|drafts?)"
    r"|impairment .*"
)


def test_every_number_has_its_unit() -> None:
    scene = Scene()
    scene.live()
    for line in scene.net():
        assert not re.search(r"\d", UNITS.sub("", line)), line


def test_who() -> None:
    members = [
        Member(1, "bob", "192.0.2.1:4000", NOON, True),
        Member(2, "An\x1bn", "192.0.2.22:4000", NOON - 86_400_000, False, True),
    ]
    assert who_answer("lobby", members, 3, NOON) == [
        "3 members in lobby",
        "Ann  192.0.2.22:4000  since 2023-11-13 22:13, verified",
        "bob  192.0.2.1:4000   since 22:13, plain text",
    ]
    assert who_answer("lobby", members[:1], 1, NOON)[0] == "1 member in lobby"


def test_who_says_round_trips_where_they_are_known() -> None:
    members = [
        Member(1, "bob", "192.0.2.1:4000", NOON, True),
        Member(2, "ann", "192.0.2.22:4000", NOON, False, True, 1204),
        Member(3, "cleo", "192.0.2.3:4000", NOON, False, False, 0),
    ]
    assert who_answer("lobby", members, 3, NOON)[1:] == [
        "ann   192.0.2.22:4000  1,204 ms  since 22:13, verified",
        "bob   192.0.2.1:4000             since 22:13, plain text",
        "cleo  192.0.2.3:4000   <1 ms     since 22:13",
    ]


def test_an_unused_room_has_nothing_missing() -> None:
    scene = Scene()
    scene.room.joined = True
    scene.room.inbox.seq = 5
    assert isinstance(scene.room, Membership)
    assert " " * 12 + "0 entries missing" in scene.net()
