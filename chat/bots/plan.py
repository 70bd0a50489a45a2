"""What a crowd is to do: how many, where, how often, for how long."""

from random import Random
from typing import NamedTuple

from chat.core.entry import TEXT_MAX
from chat.core.link import Link

STAMP = 24
"""Bytes at the start of each text that say which message of the run it is."""


class PlanError(ValueError):
    """One line that says what is wrong with a plan."""


class Message(NamedTuple):
    """One message of the plan."""

    number: int
    at: float
    """Seconds after the start: the intended time, from which its latency runs."""
    bot: int


class Plan(NamedTuple):
    """An open model: messages come at their times, whether or not earlier ones have arrived."""

    link: Link
    bots: int = 10
    rooms: int = 1
    rate: float = 10.0
    """Messages a second, of all bots together."""
    duration: float = 10.0
    ramp: float = 0.0
    """Seconds over which the bots join."""
    size: int = 80
    """Bytes of a text."""
    seed: int = 0
    insecure: bool = False
    """Keys from the published secret."""

    def check(self) -> None:
        """Raises PlanError."""
        if self.bots < self.rooms:
            raise PlanError(f"{self.bots} bots cannot fill {self.rooms} rooms: use more --bots")
        if not STAMP <= self.size <= TEXT_MAX:
            raise PlanError(f"--size is from {STAMP} to {TEXT_MAX} bytes")

    def room(self, bot: int) -> str:
        """Where a bot is."""
        return self.link.room if self.rooms == 1 else f"{self.link.room}-{bot % self.rooms + 1}"

    def members(self, bot: int) -> int:
        """Bots in the room of this one, itself included."""
        return len(range(bot % self.rooms, self.bots, self.rooms))

    def joins_at(self, bot: int) -> float:
        """Seconds after the beginning of the ramp."""
        return self.ramp * bot / self.bots

    def messages(self) -> list[Message]:
        """The same ones for the same seed. Evenly spaced: what bursts there are, the network made."""
        random = Random(self.seed)
        count = int(self.rate * self.duration)
        return [Message(i, i / self.rate, random.randrange(self.bots)) for i in range(count)]

    def text(self, message: Message) -> str:
        """Its text; `number_of` reads it."""
        stamp = f"{self.seed}:{message.number}:".ljust(STAMP, "-")
        return stamp + "x" * (self.size - len(stamp))

    def number_of(self, text: str) -> int | None:
        """Which message of this plan a text is; None for anybody else's."""
        seed, _, rest = text.partition(":")
        number, colon, _ = rest.partition(":")
        if not colon or seed != str(self.seed) or not number.isdecimal():
            return None
        return int(number)
