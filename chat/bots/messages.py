"""What the engine and its workers say to each other."""

import msgspec
from msgspec import Struct

from chat.core.link import Link

from .measure import Counts
from .scenario import Scenario


class Task(Struct, frozen=True, tag=True):
    """The first order: what to do, and which part of it."""

    link: Link
    scenario: Scenario
    run: str
    """Marks what is said in it; see `stamp`."""
    impair: str = ""
    impair_seed: str = "0"
    insecure: bool = False
    password: str = ""
    """The room's."""
    repair: bool = True
    worker: int = 0
    workers: int = 1

    def is_ours(self, bot: int) -> bool:
        return bot * self.workers // self.scenario.bots == self.worker

    def room(self, bot: int) -> str:
        """Where a bot is."""
        rooms, room = self.scenario.rooms, self.link.room
        return room if rooms == 1 else f"{room}-{bot % rooms + 1}"


class Start(Struct, frozen=True, tag=True):
    """Everybody is there."""

    at: float
    """Of the monotonic clock, which is the same one in all processes."""


class Stop(Struct, frozen=True, tag=True):
    """It is enough: what is on its way may still arrive, unless there is a hurry."""

    hurry: bool = False


Order = Task | Start | Stop


class Present(Struct, frozen=True, tag=True):
    """How many of a worker's bots could join, and why not more."""

    joined: int
    reason: str = ""


class Tick(Struct, frozen=True, tag=True):
    """A second has passed: all that was counted so far, and the latencies of this second."""

    number: int
    counts: Counts
    latencies: list[tuple[int, int]]
    most: float


class Outcome(Struct, frozen=True, tag=True):
    """The end of a worker's part."""

    counts: Counts
    latencies: list[tuple[int, int]]
    """Since the last tick."""
    most: float
    joins: list[tuple[int, int]]
    joins_most: float
    seconds: float
    """From the start until nothing was to be sent any more."""
    cpu: float
    """Seconds of this process in them."""
    still: float
    """Seconds since the start for which it stood still."""
    heads: dict[str, tuple[int, int]]
    """Of each room, the newest entry that was heard of, and how many bots are still there."""
    drops: int | None
    network_datagrams: int
    network_dropped: int


class Trouble(Struct, frozen=True, tag=True):
    """A line for the user."""

    line: str


class Failed(Struct, frozen=True, tag=True):
    """The worker cannot go on."""

    reason: str


Message = Present | Tick | Outcome | Trouble | Failed

encode = msgspec.msgpack.encode
decode_order = msgspec.msgpack.Decoder(Order).decode
decode_message = msgspec.msgpack.Decoder(Message).decode
