"""What one says in a room: sent when it may be, and again when it seems lost."""

from collections.abc import Iterator

from .outbox import Draft, Outbox
from .recovery import RoundTrip
from .timers import earliest
from .types import Kind
from .voice import Voice


class Speaker:
    """Of one room; what is acknowledged in time tells how long the path is."""

    def __init__(self, room: str, rtt: RoundTrip) -> None:
        self.outbox = Outbox()
        self.voice = Voice(room)
        self.highest = 0
        """The highest n that ever went out."""
        self._rtt = rtt
        self._resend_at: float | None = None
        """When what was said counts as lost; None: nothing is on its way."""
        self._said_at = 0.0
        self._timed: tuple[int, float] | None = None
        """A draft that went out once, and when."""
        self._doubted: tuple[int, float] | None = None
        """The same of when something seemed lost: it may merely be late."""
        self._repeated = 0
        """The oldest that was said again then."""
        self._wakes_at: float | None = None
        """When something may be said that may not be yet."""

    @property
    def deadline(self) -> float | None:
        """When `overdue` and `say` are to be asked next."""
        return earliest(self._resend_at, self._wakes_at)

    def enter(self, last_n: int, now: float) -> list[tuple[int, Draft]]:
        """The room's log has our entries up to `last_n`: returns the drafts this acknowledges."""
        self._timed = self._doubted = None
        return self.logged(self.outbox.begin(last_n), now)

    def part(self) -> None:
        """The session is gone; what was said stays."""
        self._resend_at = self._wakes_at = None
        self.voice.parted()

    def say(self, now: float) -> Iterator[tuple[int, Draft]]:
        """What may be said now, or has to be said again, by n."""
        self._wakes_at = None
        if now < self.voice.due:
            self._wakes_at = self.voice.due if self.outbox.waiting else None
            return
        for n, draft in self.outbox.to_send(one=self.voice.slow):
            yield n, draft
            if self._resend_at is None:
                self._said_at = now
                self._resend_at = now + self._rtt.timeout(self.outbox.tries)
            if n > self.highest:
                self.highest = n
                self._timed = self._timed or (n, now)

    def withheld(self, now: float) -> None:
        """The server has said what we may do: what we may not is said again when we may."""
        if now < self.voice.due:
            self._resend_at = self._timed = self._doubted = None
            self.outbox.hold()

    def overdue(self, now: float) -> bool:
        """Whether an acknowledgement has not come in time."""
        if self._wakes_at is not None and self._wakes_at <= now:
            self._wakes_at = None
        if self._resend_at is None or now < self._resend_at:
            return False
        self._resend_at = None
        self._doubted, self._timed = self._timed or self._doubted, None
        self._repeated = self.outbox.acked + 1
        self.outbox.timed_out(self._rtt.again(self.outbox.tries, self._said_at))
        return True

    def answered(self, n: int, now: float) -> list[tuple[int, Draft]]:
        """What was said again is known, and up to `n` it is in the log: returns the drafts that this
        acknowledges. If not even the oldest is, it was late, not lost, and what was timed tells how
        late (RFC 3708 §3). To say it a third time would make a busy server later still."""
        drafts = self.logged(self.outbox.ack(n), now)
        late, self._doubted = self._doubted, None
        if late is not None and self.outbox.acked < self._repeated and self.outbox.in_flight:
            self._timed = late
            self._resend_at = now + self._rtt.timeout(self.outbox.tries + 1)
        return drafts

    def logged(self, drafts: list[tuple[int, Draft]], now: float) -> list[tuple[int, Draft]]:
        """These were acknowledged."""
        if self._timed is not None and self._timed[0] <= self.outbox.acked:
            self._rtt.sample(now - self._timed[1])
            self._timed = None
        if drafts:
            self._resend_at = now + self._rtt.timeout() if self.outbox.in_flight else None
        if any(not draft.more and draft.kind != Kind.DELETE for _, draft in drafts):
            self.voice.said(now)
        return drafts

    def renew(self) -> None:
        """We are somebody new: what is pending is numbered from 1."""
        self._resend_at = self._timed = self._doubted = None
        self.highest = 0
        self.outbox.renumber()
