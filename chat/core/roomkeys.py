"""The keys of one room, on the server: each is handed out before it is used.

A key ends after an hour, or when somebody who had it is to read no more. At more than 2,300 pushes
a second it is used up before: then the next one is used at once, and members ask for it.
"""

from collections import deque
from collections.abc import Callable, Iterable

from . import limits, wire
from .channel import PushSealer
from .member import Member
from .protect import COUNTER_MAX, KEY_SIZE
from .signatures import Signer

_EPOCHS = 256


class RoomKeys:
    """`sealer` is the one in use. `timeout` is to be called with the names set by `set_timer`."""

    def __init__(
        self,
        tag: int,
        random: Callable[[int], bytes],
        signer: Signer | None,
        set_timer: Callable[[str, float], None],
    ) -> None:
        self._random = random
        self._signer = signer
        self._set_timer = set_timer
        self._next: PushSealer | None = None
        self._waiting: deque[Member] = deque()
        """Who is yet to be handed the next one."""
        self.sealer = PushSealer(tag, 0, random(KEY_SIZE), signer)
        self.replacing = False
        """The key in use is yet to be handed out: nothing is to be pushed for that long."""
        self.size = 0
        """Bytes in all pushes so far."""
        self._base = 0
        """Pushes under all keys before this one."""
        self._before: tuple[int, int, int] | None = None
        """The key before: its epoch, its pushes, and those before it."""

    @property
    def upcoming(self) -> wire.RoomKey | None:
        """The next key, for who joins now."""
        new = self._next
        return wire.RoomKey(new.tag, new.epoch, new.key) if new is not None else None

    @property
    def pushes(self) -> int:
        """All that were ever made."""
        return self._base + self.sealer.counter

    def number(self, epoch: int, highest: int) -> int | None:
        """How many had been made with the one that has the counter `highest - 1` under the key of
        this epoch. None: that is not known any more, or not so."""
        if epoch == self.sealer.epoch and highest <= self.sealer.counter:
            return self._base + highest
        if self._before is not None and epoch == self._before[0] and highest <= self._before[1]:
            return self._before[2] + highest
        return None

    def begin(self, now: float) -> None:
        """The key in use is a new one."""
        self._set_timer("key", now + limits.ROOM_KEY_LIFE)

    def renew(self, members: Iterable[Member], now: float) -> None:
        """A new key for these, and for who joins from now on."""
        self._next = self._successor()
        self._waiting = deque(members)
        self._hand_out(now)

    def replace(self, members: Iterable[Member], now: float) -> None:
        """As renew, and nothing more is sealed with the keys before it: pushes wait until it was
        handed out, which takes a moment."""
        self._next = self._successor()
        self._switch()
        self.begin(now)
        self.replacing = True
        self._waiting = deque(members)
        self._hand_out(now)

    def seal(self, first: int, count: int, plaintext: bytes) -> bytes:
        """A push."""
        if self.sealer.counter >= COUNTER_MAX:
            self._switch()
        self.size += len(plaintext)
        return self.sealer.seal(first, count, plaintext)

    def timeout(self, name: str, members: Iterable[Member], now: float) -> None:
        if name == "key":
            self.renew(members, now)
        elif self._waiting:
            self._hand_out(now)
        elif self.replacing:
            self.replacing = False
            if self._next is not None:
                self._set_timer("next key", now + limits.ROOM_KEY_LEAD)
        elif self._next is not None:
            self._switch()
            self.begin(now)

    def _hand_out(self, now: float) -> None:
        new = self._next or self.sealer
        key = wire.RoomKey(new.tag, new.epoch, new.key)
        for _ in range(min(limits.ROOM_KEY_BATCH, len(self._waiting))):
            member = self._waiting.popleft()
            if key.room in member.rooms:
                member.rekeyed(key)
        soon = self._waiting or self.replacing
        pause = limits.ROOM_KEY_PAUSE if soon else limits.ROOM_KEY_LEAD
        self._set_timer("next key", now + pause)

    def _switch(self) -> None:
        old = self.sealer
        self._before, self._base = (old.epoch, old.counter, self._base), self.pushes
        self.sealer, self._next = self._next or self._successor(), None
        self._waiting.clear()

    def _successor(self) -> PushSealer:
        """Another one even than that which was handed out, and to whom, but not used yet."""
        before = self._next or self.sealer
        key = self._random(KEY_SIZE)
        return PushSealer(before.tag, (before.epoch + 1) % _EPOCHS, key, self._signer)
