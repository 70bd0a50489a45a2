"""A member's room keys: the one in use, the next, and for a while the one before."""

from . import limits, wire
from .channel import PushOpener, Source
from .protect import COUNTER_MAX

_KEPT = 3
"""Keys besides the newest: the one before, the next one, and one that was never used."""


class Keyring:
    """Of one room in one session."""

    def __init__(self, epoch: int, key: bytes, counter: int, public: bytes) -> None:
        """From JOINED. `public`: what the server signs pushes with, or empty."""
        self._public = public
        self._openers = {epoch: PushOpener(epoch, key, counter, public)}
        self._newest = epoch
        """Of those that a push has come under."""
        self._expires: dict[int, float] = {}
        self._returned = False
        self._skipped = 0

    def add(self, key: wire.RoomKey) -> None:
        """The server will soon use another key."""
        if key.epoch not in self._openers:
            self._openers[key.epoch] = PushOpener(key.epoch, key.key, 0, self._public)
            unused = [each for each in self._openers if each != self._newest]
            for epoch in unused[:-_KEPT]:
                del self._openers[epoch]
                self._expires.pop(epoch, None)

    def knows(self, epoch: int, now: float) -> bool:
        for old in [each for each, until in self._expires.items() if until <= now]:
            del self._openers[old], self._expires[old]
        return epoch in self._openers

    def open(self, header: wire.Push, datagram: bytes, now: float) -> list[wire.Frame] | None:
        """Of an epoch that it knows. None: forged, damaged, or seen before. Raises
        MalformedError."""
        opener = self._openers[header.epoch]
        before = opener.highest
        frames = opener.open(header, datagram)
        if frames is None:
            return None
        if header.epoch not in (self._newest, *self._expires):
            self._expires[self._newest] = now + limits.OLD_KEY
            self._newest = header.epoch
            self._skipped = 0
        if self._returned and header.epoch == self._newest:
            self._returned = False
            self._skipped += max(0, opener.highest - before - 1)
        return frames

    def source(self, epoch: int) -> Source | None:
        """Of the pushes under that key."""
        opener = self._openers.get(epoch)
        return opener.source if opener is not None else None

    def repeats(self, header: wire.Push, source: Source) -> bool:
        """Whether what another member of the same source has opened would open here, too, and is
        under the key that is in use. False: it was seen before, or has to be opened."""
        if header.epoch != self._newest or self._returned:
            return False
        opener = self._openers[header.epoch]
        return opener.source == source and opener.window.fresh(header.counter)

    def repeat(self, counter: int, count: int) -> None:
        """Takes one that it `repeats`, and those right after it, as opened: so many of them."""
        self._openers[self._newest].take(counter, count)

    def returned(self) -> None:
        """We were not pushed to and are again: what was not sent to us meanwhile is not lost."""
        self._returned = True

    @property
    def epoch(self) -> int:
        """Of the newest key that a push has come under."""
        return self._newest

    @property
    def reached(self) -> int:
        """The highest counter of a push under it, plus one."""
        return min(self._openers[self._newest].window.top + 1, COUNTER_MAX)

    @property
    def received(self) -> int:
        """Pushes that opened under the newest key."""
        return self._openers[self._newest].received

    @property
    def highest(self) -> int:
        """Pushes that must have been sent to us under it since we had it."""
        return self._openers[self._newest].highest - self._skipped
