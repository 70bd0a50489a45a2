from typing import cast

import pytest

from chat.core.events import Connected, Disconnected
from chat.core.membership import Membership
from chat.core.recovery import RoundTrip
from chat.tui.health import SPAN, WINDOW, Health, LossMeter, Phase, Sample, silence

from ..core.host import Host

CONNECTED = Connected("ann", "ann", "192.0.2.1:4000", False)


def test_before_the_first_connection() -> None:
    health = Health(0.0)
    assert health.trouble(None, False, 0.5) == "connecting…"
    assert health.trouble(None, False, 4.0) == "connecting for 4 s"
    health.unreachable("nobody listens at there, UDP port 9", 4.0)
    assert health.trouble(None, False, 5.0) == (
        "nobody listens at there, UDP port 9, for 5 s; trying again"
    )
    health.unreachable("no answer", 64.0)
    assert health.trouble(None, False, 64.0) == "no answer for 64 s; trying again"


def test_connected_and_lost() -> None:
    health = Health(0.0)
    assert health.connected(CONNECTED, 2.0) == 2.0
    assert (health.phase, health.endpoint) == (Phase.CONNECTED, "192.0.2.1:4000")
    assert health.trouble(0.1, False, 3.0) == ""
    health.lost("the server was \x1brestarted", 10.0)
    assert health.trouble(None, False, 12.0) == "the server was restarted, for 2 s; trying again"
    assert health.connected(CONNECTED, 17.0) == 7.0


def test_silence_counts_sooner_where_an_answer_is_owed() -> None:
    health = Health(0.0)
    health.connected(CONNECTED, 0.0)
    assert health.trouble(5.0, False, 5.0) == ""
    assert health.trouble(5.0, True, 5.0) == "the server was last heard 5 s ago"
    assert health.trouble(40.0, False, 40.0) == "the server was last heard 40 s ago"


def test_the_state_in_a_word() -> None:
    health = Health(0.0)
    assert health.state(None, False) == "connecting"
    health.connected(CONNECTED, 0.0)
    assert health.state(1.0, True) == ""
    assert health.state(4.0, True) == "silent 4 s"
    assert health.state(4.0, False) == ""
    health.lost("the server is silent", 8.0)
    assert health.state(None, False) == "reconnecting"


def test_a_sample_each_second_and_none_of_what_is_not_heard() -> None:
    health, rtt = Health(0.0), RoundTrip()
    health.sample(rtt, None, None, False)
    health.connected(CONNECTED, 1.0)
    health.sample(rtt, None, 0.1, False)
    rtt.sample(0.1)
    rtt.sample(0.02)
    health.sample(rtt, 0.25, 0.1, False)
    health.sample(rtt, None, 4.0, True)
    health.sample(rtt, None, 4.0, False)
    known = Sample(0.02, rtt.variation, None)
    nothing = Sample(None, None, None)
    assert list(health.samples) == [
        nothing,
        nothing,
        known._replace(loss=0.25),
        nothing,
        known,
    ]
    assert health.round_trips == [None, None, 0.02, None, 0.02]
    rtt.sample(0.01)
    health.sample(rtt, None, 0.1, False)
    assert health.least == 0.01
    for _ in range(SPAN):
        health.sample(rtt, None, None, False)
    assert len(health.samples) == SPAN
    rtt.sample(0.5)
    for _ in range(SPAN):
        health.sample(rtt, None, None, False)
    assert health.least == 0.5


def test_a_reason_that_says_more_is_kept_for_a_while() -> None:
    health = Health(0.0)
    health.unreachable("nobody listens", 1.0)
    health.unreachable("no answer", 2.0)
    assert health.reason == "nobody listens"
    health.unreachable("no answer", 30.0)
    assert health.reason == "no answer"


class Opener:
    def __init__(self) -> None:
        self.received = self.highest = 0


class Room:
    name = "lobby"

    def __init__(self) -> None:
        self.opener: Opener | None = Opener()


def test_loss_is_what_was_pushed_and_did_not_come() -> None:
    meter, room = LossMeter(), Room()
    rooms = [cast(Membership, room)]
    meter.look(rooms, 0.0)
    assert meter.loss is None
    assert room.opener is not None
    room.opener.received, room.opener.highest = 8, 10
    meter.look(rooms, 1.0)
    assert meter.loss == pytest.approx(0.2)
    assert meter.latest == pytest.approx(0.2)
    room.opener.received, room.opener.highest = 19, 20
    meter.look(rooms, 2.0)
    assert meter.loss == pytest.approx(0.05)
    assert meter.latest == 0.0, "what was late has come"
    room.opener = Opener()
    room.opener.received = room.opener.highest = 20
    meter.look(rooms, 3.0)
    assert meter.loss == pytest.approx(1 - 39 / 40)
    room.opener = None
    meter.look(rooms, 3.0 + WINDOW)
    assert meter.loss == 0.0
    meter.look(rooms, 4.0 + WINDOW)
    assert meter.loss is None
    assert meter.latest is None


def test_what_is_refused_for_good_does_not_say_that_it_is_tried_again() -> None:
    health = Health(0.0)
    health.unreachable("no answer", 1.0)
    health.refused("the key of h:1 has changed", 2.0)
    assert health.trouble(None, False, 60.0) == "nothing more is tried; /quit leaves"
    assert health.reason == "the key of h:1 has changed"


@pytest.mark.parametrize("seconds", [0.001, 0.1, 0.4])
def test_in_a_room_that_is_talked_in_a_blackout_is_noticed_by_who_says_nothing(
    seconds: float,
) -> None:
    host = Host("lobby")
    health = Health(host.now)

    def state() -> str:
        for event in host.told:
            if isinstance(event, Connected):
                health.connected(event, host.now)
            elif isinstance(event, Disconnected):
                health.lost(event.reason, host.now)
        host.told.clear()
        return health.state(*silence(host.guest, host.now))

    for _ in range(20):
        host.guest.rtt.sample(seconds)
    for seq in range(1, 20):
        host.pasts["lobby"].append(1)
        host.push("lobby", seq)
        host.wait(0.2)
        assert state() == ""
    host.silent, began = True, host.now
    while not state():
        host.wait(0.1)
        assert host.now < began + 5.0
    assert host.now > began + 2.5, "nor is every hiccup one"
