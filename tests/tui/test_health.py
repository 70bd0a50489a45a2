from typing import cast

import pytest

from chat.core.events import Connected
from chat.core.membership import Membership
from chat.tui.health import WINDOW, Health, LossMeter, Phase

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
    assert health.trouble(5.0, True, 5.0) == "the server has been silent for 5 s"
    assert health.trouble(40.0, False, 40.0) == "the server has been silent for 40 s"


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
    room.opener.received, room.opener.highest = 19, 20
    meter.look(rooms, 2.0)
    assert meter.loss == pytest.approx(0.05)
    room.opener = Opener()
    room.opener.received = room.opener.highest = 20
    meter.look(rooms, 3.0)
    assert meter.loss == pytest.approx(1 - 39 / 40)
    room.opener = None
    meter.look(rooms, 3.0 + WINDOW)
    assert meter.loss == 0.0
    meter.look(rooms, 4.0 + WINDOW)
    assert meter.loss is None


def test_what_is_refused_for_good_does_not_say_that_it_is_tried_again() -> None:
    health = Health(0.0)
    health.unreachable("no answer", 1.0)
    health.refused("the key of h:1 has changed", 2.0)
    assert health.trouble(None, False, 60.0) == "nothing more is tried; /quit leaves"
    assert health.reason == "the key of h:1 has changed"
