"""One random run: a seed decides everything that happens in it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest.mock import patch

from chat.core import ledger
from chat.core.names import LOBBY
from chat.log.api import Log
from chat.log.sqlite import SqliteLog

from .chaos import CHAOS, Chaos
from .network import Faults
from .rule import Rule
from .world import Store, World, retaining_store


@dataclass
class Outcome:
    """What a run did."""

    seed: int
    injected: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    entries: int = 0
    seconds: float = 0.0
    """Virtual, from the last fault until everybody had everything."""
    breaks: int = 0


def chaos(seed: int, folder: Path | None = None) -> Outcome:
    """A random run; one of an odd seed has moderators in it. Raises Violation."""
    random = Random(seed ^ 0x5EED)
    faults = Faults(
        loss=random.choice([0.0, 0.05, 0.15, 0.3]),
        duplication=random.choice([0.0, 0.05, 0.1]),
        corruption=random.choice([0.0, 0.01, 0.05]),
        delay=random.choice([0.001, 0.02, 0.2]),
        stray=random.choice([0.0, 0.02, 0.2]),
    )
    store = None
    if folder is not None:
        store = sqlite_store(folder)
    elif random.random() < 0.1:
        store = retaining_store(40)
    ruled = seed % 2 == 1
    clients = random.randint(4, 5) if ruled else random.randint(2, 5)
    world = World(seed, clients=clients, faults=faults, store=store)
    run = Rule(world) if ruled else Chaos(world)
    # A minute's topics are to be enough for the registry to be cleaned.
    small = patch.multiple(ledger, REGISTRY_SPARE=5, REGISTRY_TRIM=2)
    with small, world.watch.installed(), run.watched():
        run.begin()
        world.run(CHAOS)
        world.server.crash_at = None
        seconds = run.finish()
    log = world.server.log
    return Outcome(
        seed,
        world.injected,
        world.server.steps,
        log.open(LOBBY, b"", ()).head.seq,
        seconds,
        sum(len(client.breaks) for client in world.clients),
    )


def sqlite_store(folder: Path) -> Store:
    def make(random: Random, wall: Callable[[], int]) -> Callable[[], Log]:
        return lambda: SqliteLog(folder, random=random.randbytes, wall=wall)

    return make
