"""Who gets the same bytes: one call per group and socket, whatever their number."""

from collections.abc import Callable, Sequence

from chat.core.types import Group, Path

from .sockaddr import packed

Pushing = Callable[[int, bytearray, Sequence[bytes]], None]
"""(socket, names side by side, datagrams): sends each of these to each of those. Never raises for
the network."""


class _Row:
    """The members of one group on one socket: arrays without holes, in no order."""

    __slots__ = ("names", "paths", "places")

    def __init__(self) -> None:
        self.names = bytearray()
        self.paths: list[Path] = []
        self.places: dict[Path, int] = {}

    def add(self, path: Path) -> None:
        self.places[path] = len(self.paths)
        self.paths.append(path)
        self.names += packed(path)

    def remove(self, path: Path) -> None:
        """The last one takes its place."""
        size = len(self.names) // len(self.paths)
        place, last = self.places.pop(path), self.paths.pop()
        name = self.names[-size:]
        del self.names[-size:]
        if last != path:
            self.paths[place] = last
            self.names[place * size : (place + 1) * size] = name
            self.places[last] = place


class Fanout:
    """Groups of paths. Sending is `push`'s, of `Ports` or of a simulated network."""

    def __init__(self, push: Pushing) -> None:
        self._push = push
        self._groups: dict[Group, dict[int, _Row]] = {}
        self._group: Group | None = None
        """Whose datagrams are waiting to leave together."""
        self._burst: list[bytes] = []

    def __len__(self) -> int:
        """Groups that have members."""
        return len(self._groups)

    def subscribe(self, group: Group, path: Path) -> None:
        """Raises ValueError for who is a member already."""
        self.flush()
        rows = self._groups.get(group, {})
        row = rows.get(path.socket)
        if row is None:
            row = rows[path.socket] = _Row()
        elif path in row.places:
            raise ValueError(f"{path} is in {group} already")
        row.add(path)
        self._groups[group] = rows

    def unsubscribe(self, group: Group, path: Path) -> None:
        """Raises ValueError for who is no member. Empty groups vanish."""
        self.flush()
        rows = self._groups.get(group, {})
        row = rows.get(path.socket)
        if row is None or path not in row.places:
            raise ValueError(f"{path} is not in {group}")
        row.remove(path)
        if not row.paths:
            del rows[path.socket]
            if not rows:
                del self._groups[group]

    def push(self, group: Group, datagram: bytes) -> None:
        """To all members; to nobody, where there is no such group. It leaves with `flush`, together
        with those before it that are for the same group."""
        if group != self._group:
            self.flush()
            self._group = group
        self._burst.append(datagram)

    def flush(self) -> None:
        """Sends what waits."""
        if self._group is not None:
            burst, self._burst = self._burst, []
            for socket, row in self._groups.get(self._group, {}).items():
                self._push(socket, row.names, burst)
            self._group = None

    def members(self, group: Group) -> frozenset[Path]:
        return frozenset(path for row in self._groups.get(group, {}).values() for path in row.paths)
