"""A room by itself, and what it says."""

from random import Random

from chat.core import wire
from chat.core.buckets import Allowance
from chat.core.channel import PushOpener
from chat.core.room import Room
from chat.core.staging import Verdict
from chat.core.timers import Timers
from chat.core.turn import Turn
from chat.core.types import (
    Append,
    Draft,
    Effect,
    Form,
    Group,
    Point,
    Push,
    Record,
    Snapshot,
    chained,
)

from .stub import Stub

TAG = 7
EMPTY = Snapshot(1, Point(0, bytes(8)), bytes(8), 0, None, b"")
SEALED, TEXT = Group("lobby", Form.SEALED), Group("lobby", Form.TEXT)


class Stage:
    """Time begins two seconds after `members` came."""

    def __init__(self, *members: Stub, name: str = "lobby") -> None:
        self.turn = Turn()
        self.timers: Timers[tuple[object, str]] = Timers()
        self.allowance = Allowance(10_000)
        self.topics: list[tuple[str, str, str, int]] = []
        self.now = 100.0
        self.seq, self.digest = 0, bytes(8)
        self.room = Room(
            name,
            TAG,
            self.turn,
            self.timers,
            Random(1).randbytes,
            None,
            self.allowance,
            lambda *topic: self.topics.append(topic),
        )
        self.room.start(EMPTY)
        for member in members:
            self.room.enter(member, EMPTY, self.now, 0)
        self.reporting = True
        """Members say that they got all that was pushed, and nothing else."""
        self.quiet()

    def quiet(self) -> None:
        """Whatever came of the joins is over."""
        self.wait(2.0)
        self.effects()

    def effects(self) -> list[Effect]:
        return self.turn.drain()

    def say(
        self, member: Stub, n: int, text: str = "hi", *, wall: int = 0, kind: int = 1
    ) -> Verdict:
        return self.room.draft(member, wire.Draft(TAG, n, kind, 0, 0, text.encode()), wall)

    def appends(self) -> list[Draft]:
        return [d for effect in self.effects() if isinstance(effect, Append) for d in effect.drafts]

    def log(self, *bodies: bytes, instance: bytes = b"somebody", n: int = 1) -> None:
        records = []
        for data in bodies:
            self.seq, self.digest = self.seq + 1, chained(self.digest, data)
            records.append(Record(self.seq, self.digest, instance, n, data))
        self.room.logged(tuple(records), self.now)

    def wait(self, seconds: float) -> list[tuple[float, list[wire.Frame]]]:
        """The sealed frames of that time, and when they came."""
        found, until, start = [], self.now + seconds, self.now
        while (deadline := self.timers.deadline()) is not None and deadline <= until:
            self.now = deadline
            self._report()
            for _, name in self.timers.due(self.now):
                self.room.timeout(name, self.now)
            frames = self.frames()
            if frames:
                found.append((round(self.now - start, 3), frames))
        self.now = until
        return found

    def _report(self) -> None:
        sealer = self.room.keys.sealer
        for member in self.room.members if self.reporting else ():
            if member.form is Form.SEALED:
                said = wire.Report(TAG, 0, sealer.epoch, sealer.counter, sealer.counter, 0)
                self.room.heard(member, said, self.now)

    def frames(self) -> list[wire.Frame]:
        sealer, found = self.room.keys.sealer, list[wire.Frame]()
        for effect in self.effects():
            if isinstance(effect, Push) and effect.group.form is Form.SEALED:
                header = wire.decode_header(effect.datagram)
                assert isinstance(header, wire.Push)
                found += PushOpener(0, sealer.key, 0).open(header, effect.datagram) or []
        return found


def pushes(effects: list[Effect], form: Form) -> list[bytes]:
    return [e.datagram for e in effects if isinstance(e, Push) and e.group.form is form]
