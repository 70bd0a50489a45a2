"""What one neighbour may do to a server: how often, and how much of it at once.

A neighbour is an IPv4 address or an IPv6 /64, which is what one customer of a provider has (RFC
6177 §2). This machine's own addresses are no neighbour: what runs here can do worse.
"""

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from .buckets import Bucket
from .limits import NEIGHBOUR, NEIGHBOURS, SESSIONS_PER_NEIGHBOUR, STRAYS
from .types import Path

K = TypeVar("K")


class Deed(Enum):
    """What is counted."""

    HANDSHAKE = "handshake"
    JOIN = "join"
    """A session, or a plain-text endpoint."""
    MESSAGE = "message"
    FETCH = "fetch"
    NAME = "name"
    """A name is registered."""
    ROOM = "room"
    """A room is made."""

    __hash__ = object.__hash__
    """In C, as that of `types.Form`."""


class Guard:
    """Of one server. What it remembers is bounded: the neighbours heard last."""

    def __init__(self, rates: Mapping[str, tuple[float, float]] = NEIGHBOUR) -> None:
        """`rates`: by deed, how many a second, and how many at once."""
        self._rates = {deed: rates[deed.value] for deed in Deed}
        self._buckets: dict[tuple[bytes, Deed], Bucket] = {}
        """The one used last is the last."""
        self._strays: dict[bytes, Bucket] = {}
        """By where they came from; the last one is the last."""
        self._present: Counter[bytes] = Counter()

    def allows(self, deed: Deed, path: Path, now: float, times: int = 1) -> bool:
        """Counts it, if it may be done so many times."""
        if path.loopback:
            return True
        return _kept(self._buckets, (path.prefix, deed), self._rates[deed]).take(now, times)

    def stray(self, path: Path, now: float) -> None:
        """A datagram of somebody's session came from there, where the session is not, and did not
        open."""
        _kept(self._strays, _origin(path), STRAYS).take(now)

    def trusts(self, path: Path, now: float) -> bool:
        """Whether a datagram that may be such a one is worth opening."""
        bucket = self._strays.get(_origin(path))
        return bucket is None or bucket.has(now)

    def has_room(self, path: Path) -> bool:
        """Whether one more may be here at once."""
        return path.loopback or self._present.get(path.prefix, 0) < SESSIONS_PER_NEIGHBOUR

    def came(self, path: Path) -> None:
        if not path.loopback:
            self._present[path.prefix] += 1

    def went(self, path: Path) -> None:
        if not path.loopback:
            self._present[path.prefix] -= 1
            if not self._present[path.prefix]:
                del self._present[path.prefix]


def _origin(path: Path) -> bytes:
    """A neighbour, or one endpoint of this machine."""
    return repr(path).encode() if path.loopback else path.prefix


def _kept(buckets: dict[K, Bucket], key: K, rate: tuple[float, float]) -> Bucket:
    bucket = buckets.pop(key, None) or Bucket(*rate)
    buckets[key] = bucket
    if len(buckets) > NEIGHBOURS:
        del buckets[next(iter(buckets))]
    return bucket
