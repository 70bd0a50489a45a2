"""One scripted run, crashed at every single step of the server's. Random seeds are not enough."""

from functools import cache

import pytest

from chat.core.types import REGISTRY

from .script import LENGTH, scripted
from .world import SETTLE, World

SLICES = 4


def crashed_at(step: int | None) -> World:
    world = scripted()
    with world.watch.installed():
        world.server.crash_at = step
        world.server.down_for = 0.3
        world.run(LENGTH)
        world.server.crash_at = None
        assert world.finish() < SETTLE
    return world


@cache
def steps() -> int:
    return crashed_at(None).server.steps


def test_the_script_does_something() -> None:
    world = crashed_at(None)
    assert world.server.crashes == 0
    assert steps() > 150
    assert {len(log) for name, log in world.server.archive.items() if name != REGISTRY} >= {1, 2}


@pytest.mark.parametrize("slice_", range(SLICES))
def test_a_crash_at_any_step_loses_nothing(slice_: int) -> None:
    for step in range(1 + slice_, steps() + 1, SLICES):
        world = crashed_at(step)
        assert world.server.crashes == 1, f"step {step} was never reached"
