"""How limits are kept: what may be done so often, and what may be kept of so much."""


class Allowance:
    """Bytes that all rooms together may keep of one thing."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> bool:
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        self.left += size


class Bucket:
    """A token bucket: `rate` a second, up to `burst` at once."""

    __slots__ = ("_at", "_level", "burst", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = 0.0

    def has(self, now: float, amount: float = 1.0) -> bool:
        self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level >= amount

    def take(self, now: float, amount: float = 1.0) -> bool:
        level = self._level
        if now != self._at:
            level = min(self.burst, level + (now - self._at) * self.rate)
            self._at = now
        enough = level >= amount
        self._level = level - amount if enough else level
        return enough

    def charge(self, amount: float) -> None:
        """So much was taken already; what is not there is owed."""
        self._level -= amount

    def give(self, now: float, amount: float = 1.0) -> None:
        """What was taken comes back."""
        self.has(now)
        self._level = min(self.burst, self._level + amount)
