"""What the members of one room report, and what follows from it: receipts for everybody, who is
pushed to, and how fast (RFC 8085 §3.1).

Nothing here is done for each member at each push: a report is looked at when it comes, and all
members now and then.
"""

from collections.abc import Callable, Iterator
from math import ceil

from . import limits, wire
from .channel import PUSH_MAX
from .marks import Mark, Marks
from .member import Member
from .pace import Pace
from .pushset import PushSet
from .receipts import Receipts
from .receiver import Receiver, Sample
from .roomkeys import RoomKeys
from .staging import Staging
from .types import Draft

TIMERS = ("receipts", "tick", "pace")


class Congestion:
    """Of the sealed members: plain text reports nothing. `timeout` is to be called with the TIMERS
    that `set_earlier` set."""

    def __init__(
        self,
        tag: int,
        direct: bool,
        keys: RoomKeys,
        set_earlier: Callable[[str, float], None],
        switch: Callable[[Member, bool], None],
    ) -> None:
        """`direct`: a room of two, in which nothing is pushed. `switch(member, on)` is called for
        who leaves the push set, or returns."""
        self.pace = Pace()
        self._tag = tag
        self._direct = direct
        self._keys = keys
        self._set_earlier = set_earlier
        self._switch = switch
        self._receivers: dict[Member, Receiver] = {}
        self._marks = Marks()
        self._set = PushSet(tag, self._marks)
        self._made = self._size = 0
        """Pushes up to now, and their bytes."""
        self._seq = 0
        """Where the log ended at the last one."""
        self._ticking: float | None = None
        """When the next tick is due."""
        self._ticked = (0.0, 0)
        """When the last one was, and the bytes pushed up to then."""
        self._slowest = (0.0, 0.0)
        """The longest interval that members may still go by, and until when."""
        self._covered_at = self._made_at = 0.0
        self._cut = 0
        """Pushes before this number were made before the pace was last reduced."""
        self._receipts = Receipts(tag, set_earlier)

    def __len__(self) -> int:
        return len(self._receivers)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._receivers)

    @property
    def pushing(self) -> bool:
        """There is somebody to push to."""
        return len(self._receivers) > self._set.out

    def enter(self, member: Member, ordinal: int, seq: int) -> None:
        self._receivers[member] = receiver = Receiver(ordinal, seq)
        receiver.begin(self._made)

    def joined(self, member: Member) -> None:
        """It is about to count pushes from here."""
        self._receivers[member].begin(self._made)

    def exit(self, member: Member, now: float) -> None:
        if self._receivers.pop(member, None) is not None:
            self._set.exit(member)
            self.pace.content(member)
            self._receipts.left(now)

    def pushed_to(self, member: Member) -> bool:
        return member in self._set

    # What is reported, and told

    def report(self, member: Member, report: wire.Report, head: int, now: float) -> None:
        """A receiver report; the log ends at `head`."""
        receiver = self._receivers[member]
        seq = min(report.seq, head)
        if seq > receiver.heard:
            receiver.heard = seq
            self._receipts.came(self._receivers.values(), head, now)
        if self._direct or member not in self._set:
            return
        number = self._keys.number(report.epoch, report.highest)
        sample = receiver.take(report, number, now)
        if sample is None:
            return
        behind = self._made - sample.end >= limits.PUSH_BEHIND
        if sample.got == sample.sent and not behind and not receiver.repairs:
            self.pace.content(member)
        elif sample.first >= self._cut:
            self._judge(member, receiver, seq, sample, now)
        if receiver.samples and self._set.loses(receiver):
            self._leave(member, now)

    def receipts(
        self, head: int, members: int, now: float, *, again: bool = False
    ) -> list[wire.Frame]:
        """How far each has come, if that is to be told now; `again`: also where it was."""
        every = interval(members) / 10
        told = self._receipts.due(self._receivers.values(), head, every, now)
        told = self._receipts.told if again else told
        return [] if told is None else [told]

    def apart(self, member: Member, asks: bool, now: float) -> list[wire.Frame]:
        """What goes with an answer to who is not pushed to; `asks`: it seems to think that it is
        not."""
        if self._direct or not (asks or self._set.knows(member)):
            return []
        frames: list[wire.Frame] = [self._set.state(member, now)]
        receiver = self._receivers[member]
        told = self._receipts.told
        if member not in self._set and told not in (None, receiver.told):
            receiver.told = told
            frames.append(told)
        return frames

    # What is pushed

    def release(self, staging: Staging) -> tuple[Draft, ...]:
        """What goes to the log now."""
        if not staging.waiting:
            return ()
        drafts = staging.flush(self.pace.budget)
        self.pace.spend(sum(len(draft.body) for draft in drafts))
        if staging.waiting:
            self._set_earlier("pace", self.pace.next)
        return drafts

    def pushed(self, head: int, members: int, now: float) -> None:
        """Some pushes may have been made, in a room of so many whose log ends at `head`."""
        made = self._keys.pushes
        if made == self._made:
            return
        self._marks.add(Mark(now, self._made, self._size, self._seq), interval(members) / 1000)
        if head > self._seq:
            self._receipts.pushed()
        self._made, self._size, self._seq = made, self._keys.size, head
        self._made_at = now
        if self._ticking is None:
            self._ticked = now, self._size
            self._next_tick(now)

    def timeout(self, name: str, members: int, now: float) -> None:
        """One of the TIMERS but "receipts"."""
        self.pace.refill(now)
        if name == "tick":
            self._tick(interval(members) / 10, now)

    def _tick(self, every: float, now: float) -> None:
        due = self._ticking if self._ticking is not None else now
        (then, before), self._ticked = self._ticked, (now, self._size)
        rate = (self._size - before) / max(now - then, limits.TICK / 2)
        receivers = len(self._receivers) - self._set.out
        if self.pace.tick(receivers, rate, now - due, 3 * every, now):
            self._cut = self._made
            for receiver in self._receivers.values():
                receiver.forgive(self._cut)
        if now >= self._covered_at + every:
            self._covered_at = now
            self._check(self._patience(every, now), now)
        for member in self._set.due(len(self._receivers), now):
            self._set.enter(member, now)
            self._receivers[member].begin(self._made)
            self._switch(member, True)
        active = now < self._made_at + (limits.PUSH_SILENT + 1) * every
        if active or self._set.out or self.pace.rate is not None:
            self._next_tick(now)
        else:
            self._ticking = None

    def _patience(self, every: float, now: float) -> float:
        """By which silence is judged: who was told a longer one has to hear of this one first."""
        longest, until = self._slowest
        if every >= longest or now >= until:
            self._slowest = every, now + limits.PUSH_SILENT * every
        return self._slowest[0]

    def _check(self, every: float, now: float) -> None:
        for member, receiver in self._receivers.items():
            if member in self._set and self._set.uncovered(receiver, self._made, every, now):
                self._leave(member, now)

    def _judge(
        self, member: Member, receiver: Receiver, seq: int, sample: Sample, now: float
    ) -> None:
        """How many bytes a second this receiver can take, by what it lost, by how long pushes are
        under way, and by whether it keeps up with its repairs."""
        first, end = self._marks.of(sample.first), self._marks.of(sample.end)
        loss = 1 - sample.got / sample.sent
        pushes = self._set.rate(sample.first, sample.end)
        rates = []
        if pushes > (fair := self._set.fair(loss, receiver.rtt)):
            rates.append(max(fair, limits.PACE_LESS * pushes * (1 - loss)))
        late = now - end.time if self._made - sample.end >= limits.PUSH_BEHIND else 0.0
        if receiver.queues(late):
            seconds = max(min(sample.seconds, now - first.time), limits.PUSH_BURST)
            rates.append(limits.PACE_DRAIN * sample.got / seconds)
        receiver.repairs = (receiver.repairs or loss > 0) and seq < self._marks.at(
            now - limits.PACE_REPAIR
        ).seq
        if receiver.repairs:
            rates.append(limits.PACE_LESS * pushes)
        if rates:
            size = (end.size - first.size) / (end.number - first.number or 1) or PUSH_MAX
            self.pace.complain(member, min(rates) * size, now)
        else:
            self.pace.content(member)

    def _leave(self, member: Member, now: float) -> None:
        self._set.leave(member, now)
        self.pace.content(member)
        self._switch(member, False)

    def _next_tick(self, now: float) -> None:
        self._ticking = now + limits.TICK
        self._set_earlier("tick", self._ticking)


def interval(members: int) -> int:
    """Tenths of a second between two reports of one of so many."""
    return ceil(max(limits.REPORT_INTERVAL, members / limits.REPORTS_CALM) * 10)
