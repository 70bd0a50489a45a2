"""A log that went back: a power cut, a replica promoted without its tail. Who held what it lost finds
out, and nobody says anything twice."""

import pytest

from chat.core.names import LOBBY
from chat.core.types import Path
from chat.log.memory import MemoryLog

from .world import going_back, settle, world_of


def test_a_log_that_went_back_is_noticed_by_everybody_who_held_what_it_lost() -> None:
    world = world_of(3)
    alice, bob, carol = world.clients
    for _ in range(5):
        world.say(alice)
    settle(world)
    with going_back(world):
        for client in (alice, bob, alice):
            world.say(client)
        settle(world)
        held_by_all = [client.screens[LOBBY][-1].seq for client in world.clients]
    assert held_by_all == [8, 8, 8]
    world.say(carol)
    world.run(world.clock.now + 5.0)
    for client in world.clients:
        assert [broken.seq for broken in client.breaks] == [6]
    for client in (alice, bob, carol):
        world.say(client)
    world.settle()
    shown = [[entry.text for entry in client.screens[LOBBY]] for client in world.clients]
    assert shown[0] == shown[1] == shown[2]
    assert len(shown[0]) == len(set(shown[0])) == 9


def test_a_log_that_went_back_while_nobody_speaks_is_noticed() -> None:
    world = world_of(2)
    alice, bob = world.clients
    world.say(alice)
    settle(world)
    with going_back(world):
        world.say(alice)
        settle(world)
    world.run(world.clock.now + 30.0)
    assert [broken.seq for broken in bob.breaks] == [2]
    assert [broken.seq for broken in alice.breaks] == [2]
    assert [entry.seq for entry in bob.screens[LOBBY]] == [1]


def test_what_was_pending_when_the_log_went_back_is_said_once_under_a_new_instance() -> None:
    world = world_of(2)
    alice, bob = world.clients
    world.say(alice)
    settle(world)
    before = alice.guest.instance
    with going_back(world):
        world.say(alice)
        settle(world)
        world.network.cut.add(alice.path)
        world.say(alice)
        world.run(world.clock.now + 0.2)
    world.network.cut.clear()
    world.settle()
    assert alice.guest.instance != before
    texts = [entry.text for entry in bob.screens[LOBBY]]
    assert texts == ["<0-1>", "<0-3>"]


def test_another_log_altogether_is_shown_as_a_break() -> None:
    world = world_of(1)
    (alice,) = world.clients
    world.say(alice)
    settle(world)
    assert isinstance(world.server.log, MemoryLog)
    world.server.log._rooms.clear()
    world.went_back = True
    world.server.crash()
    world.server.archive.clear()
    world.run(world.clock.now + 5.0)
    assert [broken.seq for broken in alice.breaks] == [1]


def test_what_was_buffered_of_the_lost_log_does_not_join_the_new_one() -> None:
    world = world_of(2)
    alice, bob = world.clients
    world.say(alice)
    settle(world)
    send = world.network.send
    lost = 0

    def lose_the_first(datagram: bytes, source: Path, target: Path) -> None:
        nonlocal lost
        if target == bob.path and datagram[0] == 0x85 and not lost:
            lost += 1
        elif target != bob.path or datagram[0] == 0x85:
            send(datagram, source, target)

    with going_back(world):
        world.network.send = lose_the_first
        world.say(alice)
        world.run(world.clock.now + 0.1)
        world.say(alice)
        world.run(world.clock.now + 0.1)
        assert bob.guest.rooms[LOBBY].inbox.missing()
    world.network.send = send
    world.run(world.clock.now + 5.0)
    for _ in range(3):
        world.say(alice)
    world.settle()
    assert [entry.text for entry in bob.screens[LOBBY]] == ["<0-1>", "<0-4>", "<0-5>", "<0-6>"]


@pytest.mark.parametrize("seed", range(5))
def test_what_another_room_kept_is_not_said_again_there(seed: int) -> None:
    """Only one room's log lost something of ours; the other's has what was not acknowledged yet.
    Which of them is heard of first is up to the network."""
    world = world_of(2, rooms=(LOBBY, "den"), seed=seed)
    alice, bob = world.clients
    world.say(alice, "den")
    world.say(alice)
    settle(world)
    log = world.server.log
    assert isinstance(log, MemoryLog)
    send = world.network.send
    world.network.send = lambda datagram, source, target: (
        None if target == alice.path else send(datagram, source, target)
    )
    world.say(alice, "den")
    world.run(world.clock.now + 0.2)
    world.server.crash()
    lobby = log._rooms[LOBBY]
    lobby.records.pop()
    lobby.counters.clear()
    world.server.archive[LOBBY].clear()
    world.went_back = True
    world.network.send = send
    world.settle()
    world.run(world.clock.now + 1.0)
    assert [entry.text for entry in bob.screens["den"]] == ["<0-1>", "<0-3>"]
    assert [entry.text for entry in alice.screens["den"]] == ["<0-1>", "<0-3>"]


def test_an_author_whom_the_log_has_forgotten_goes_on_as_somebody_new() -> None:
    """Connected, but silent for longer than the log keeps count of its authors."""
    world = world_of(2)
    alice, bob = world.clients
    world.say(alice)
    settle(world)
    before = alice.guest.instance
    log = world.server.log
    assert isinstance(log, MemoryLog)
    log._rooms[LOBBY].counters.clear()
    world.went_back = True
    world.say(alice)
    world.settle()
    assert alice.guest.instance != before
    assert [entry.text for entry in bob.screens[LOBBY]] == ["<0-1>", "<0-2>"]
