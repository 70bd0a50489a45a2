"""What things cost the server, counted. Figures of time are in benchmarks/."""

import sys
from collections import Counter
from collections.abc import Callable
from random import Random
from types import FrameType

import pytest

from chat.core.names import LOBBY
from chat.core.types import Append, Draft, Effect, Path, Push, Send
from chat.log.api import Log

from .network import Faults
from .world import World, memory_store, settle, world_of

SESSION, PUSH = 0x84, 0x85
"""First bytes of datagrams."""


def effects_of_a_message(members: int, monkeypatch: pytest.MonkeyPatch) -> list[Effect]:
    """All that the hub asks for while one message goes through it."""
    world = World(4, clients=members, faults=Faults(delay=0.01))
    settle(world)
    world.run(world.clock.now + 60.0)
    hub = world.server.hub
    assert hub is not None
    drain, seen = hub.drain, []

    def watched() -> list[Effect]:
        effects = drain()
        seen.extend(effects)
        return effects

    monkeypatch.setattr(hub, "drain", watched)
    world.say(world.clients[0])
    world.run(world.clock.now + 0.1)
    return seen


def test_a_message_is_one_append_and_one_push_whatever_the_rooms_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for members in (2, 60):
        effects = effects_of_a_message(members, monkeypatch)
        assert [type(it) for it in effects if isinstance(it, Append)] == [Append]
        pushes = [it for it in effects if isinstance(it, Push)]
        assert len(pushes) == 1 or len(pushes) == 2, "entries, and receipts where they came in time"
        assert not [it for it in effects if isinstance(it, Send)]


def test_a_message_in_a_quiet_room_is_eight_pushes_and_one_report_of_each() -> None:
    """The message, that everybody has it, and six heads; the last of them is answered as all beats
    of a quiet room are."""
    world = World(4, clients=10, faults=Faults(delay=0.01))
    settle(world)
    world.run(world.clock.now + 60.0)
    sent: Counter[int] = Counter()
    send = world.network.send

    def counted(datagram: bytes, source: Path, target: Path) -> None:
        sent[datagram[0]] += 1
        send(datagram, source, target)

    world.network.send = counted
    world.say(world.clients[0])
    world.run(world.clock.now + 15.0)
    assert sent == {PUSH: 10 * 7, SESSION: 1 + 10}
    world.run(world.clock.now + 1.0)
    assert sent == {PUSH: 10 * 8, SESSION: 1 + 2 * 10}


def test_a_message_costs_no_more_in_an_old_room() -> None:
    def calls(history: int) -> int:
        """Of functions, while twenty messages go all the way."""

        def store(random: Random, wall: Callable[[], int]) -> Callable[[], Log]:
            past = [Draft(b"ancients", n, b"x" * 80) for n in range(1, history + 1)]
            reopen = memory_store(random, wall)

            def open_log() -> Log:
                log = reopen()
                log.append([(LOBBY, past)])
                return log

            return open_log

        world = world_of(3, store=store)
        count = 0

        def called(frame: FrameType, event: str, arg: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(called)
        for _ in range(20):
            world.say(world.clients[0])
            world.run(world.clock.now + 0.05)
        sys.setprofile(None)
        return count

    few, many = calls(500), calls(50_000)
    assert few > 1000, "nothing was counted"
    assert many < 1.1 * few
