"""Who is typing, over a network that loses, delays and reorders."""

import pytest

from chat.core import events, limits
from chat.core.names import LOBBY

from .network import Faults
from .world import World, world_of

LOSSY = Faults(loss=0.15, duplication=0.05, delay=0.03, stray=0.05, stray_delay=1.0)

PATIENCE = 2 * limits.TYPING_LIFE
"""Seconds after which a mark that still stands is a ghost: each end keeps it for one life."""


def typed(world: World, seconds: float) -> list[set[str]]:
    """The first client types so long; who the others see typing, at each tenth of a second."""
    alice, *others = world.clients
    seen = []
    for _ in range(round(seconds * 10)):
        alice.guest.typing(LOBBY, world.clock.now)
        alice.drain()
        world.run(world.clock.now + 0.1)
        seen += [seen_by(world, number) for number in range(1, len(others) + 1)]
    return seen


def seen_by(world: World, number: int) -> set[str]:
    told = [it for it in world.clients[number].told if isinstance(it, events.Typing)]
    return set(told[-1].names) if told else set()


@pytest.mark.parametrize("seed", range(5))
def test_typing_shows_and_disappears_whatever_is_lost(seed: int) -> None:
    world = world_of(4, seed=seed)
    world.network.faults = LOSSY
    seen = typed(world, 30.0)
    assert {name for names in seen for name in names} == {"guest0"}
    assert sum(names == {"guest0"} for names in seen) > 0.5 * len(seen)
    assert seen_by(world, 0) == set(), "nobody else types"
    world.run(world.clock.now + PATIENCE)
    assert [seen_by(world, number) for number in range(4)] == [set()] * 4


def test_without_loss_it_shows_all_the_time_and_ends_with_what_is_said() -> None:
    world = world_of(3)
    seen = typed(world, 20.0)
    assert all(names == {"guest0"} for names in seen[2:])
    bob = world.clients[1]
    there: list[set[str]] = []
    bob.heard = lambda entry: there.append(seen_by(world, 1))
    world.say(world.clients[0])
    world.run(world.clock.now + 0.2)
    assert there == [{"guest0"}]
    assert seen_by(world, 1) == seen_by(world, 2) == set()
    world.run(world.clock.now + PATIENCE)
    assert seen_by(world, 1) == set()


def test_typing_changes_nothing_of_what_is_said() -> None:
    """Everybody types and talks at once, in the worst weather."""
    world = world_of(4)
    world.network.faults = LOSSY
    for turn in range(120):
        for client in world.clients:
            client.guest.typing(LOBBY, world.clock.now)
            client.drain()
        if turn % 5 == 0:
            world.say(world.clients[turn % 4])
        world.run(world.clock.now + 0.2)
    with world.watch.installed():
        world.finish()
    assert len(world.clients[0].screens[LOBBY]) == 24
    world.run(world.clock.now + PATIENCE)
    assert [seen_by(world, number) for number in range(4)] == [set()] * 4


def test_a_server_that_goes_away_takes_the_marks_along() -> None:
    world = world_of(3)
    typed(world, 1.0)
    assert seen_by(world, 1) == {"guest0"}
    world.server.down_for = 0.1
    world.server.crash()
    world.run(world.clock.now + limits.BEAT + 3.0)
    assert seen_by(world, 1) == set()
    assert typed(world, 4.0)[-1] == {"guest0"}
