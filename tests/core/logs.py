"""A room's log as a test sees it: all of its past in plain lists."""

from chat.core.entry import encode_entry
from chat.core.types import Point, Range, chained

AUTHOR = b"author 1"


def body(text: str, *, n: int = 1, instance: bytes = AUTHOR, kind: int = 1) -> bytes:
    return encode_entry(kind=kind, instance=instance, n=n, time=0, name="ann", text=text)


class Past:
    """Entries 1 … `head`, each with a text that no other entry ever had."""

    def __init__(self, count: int = 0, *, origin: bytes = b"origin 1") -> None:
        self.origin = origin
        self.floor = 1
        self.bodies: list[bytes] = []
        self.digests = [origin]
        self._texts = 0
        self.append(count)

    def append(self, count: int) -> None:
        for _ in range(count):
            self._texts += 1
            self.bodies.append(body(f"text {self._texts}", n=self._texts))
            self.digests.append(chained(self.digests[-1], self.bodies[-1]))

    def go_back(self, head: int) -> None:
        """What came after entry `head` was never said."""
        del self.bodies[head:], self.digests[head + 1 :]

    @property
    def head(self) -> Point:
        return Point(len(self.bodies), self.digests[-1])

    def texts(self, first: int = 1, last: int | None = None) -> list[str]:
        found = self.bodies[first - 1 : last]
        return [data[data.index(b"text") :].decode() for data in found]

    def match(self, points: tuple[Point, ...]) -> int | None:
        """The newest of these, which come newest first, that is on the chain and still kept."""
        for seq, digest in points:
            kept = seq == 0 or seq >= self.floor - 1
            if kept and seq <= self.head.seq and self.digests[seq] == digest:
                return seq
        return None

    def block(self, first: int, count: int) -> tuple[bytes, ...]:
        return tuple(self.bodies[first - 1 : first - 1 + count])

    def pages(self, wanted: Range, size: int) -> list[tuple[int, int, bytes, tuple[bytes, ...]]]:
        """(floor, first, previous, bodies) of each page that answers a fetch of this range."""
        found = []
        for first in range(
            max(wanted.first, self.floor), min(wanted.last, self.head.seq) + 1, size
        ):
            bodies = self.block(first, min(size, wanted.last + 1 - first))
            found.append((self.floor, first, self.digests[first - 1], bodies))
        return found or [(self.floor, 0, bytes(8), ())]
