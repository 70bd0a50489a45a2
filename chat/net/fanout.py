"""Who gets the same bytes: one call per group and socket, whatever their number."""

from collections.abc import Callable, Sequence

from chat.core.types import Group, Path

from .address import sockaddr_of
from .kernel import Sockaddr

Pushing = Callable[[int, Sequence[Sockaddr], bytes], None]
"""(socket, sockaddrs, datagram): sends the one to all the others. Never raises for the network."""


class _Row:
    """The members of one group on one socket: arrays without holes, in no order."""

    __slots__ = ("paths", "places", "sockaddrs")

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.sockaddrs: list[Sockaddr] = []
        self.places: dict[Path, int] = {}

    def add(self, path: Path) -> None:
        self.places[path] = len(self.paths)
        self.paths.append(path)
        self.sockaddrs.append(sockaddr_of(path))

    def remove(self, path: Path) -> None:
        """The last one takes its place."""
        place = self.places.pop(path)
        last, sockaddr = self.paths.pop(), self.sockaddrs.pop()
        if last != path:
            self.paths[place] = last
            self.sockaddrs[place] = sockaddr
            self.places[last] = place


class Fanout:
    """Groups of paths. Sending is `push`'s, of `Ports` or of a simulated network."""

    def __init__(self, push: Pushing) -> None:
        self._push = push
        self._groups: dict[Group, dict[int, _Row]] = {}

    def __len__(self) -> int:
        """Groups that have members."""
        return len(self._groups)

    def subscribe(self, group: Group, path: Path) -> None:
        """Raises ValueError for who is a member already."""
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
        """To all members; to nobody, where there is no such group."""
        for socket, row in self._groups.get(group, {}).items():
            self._push(socket, row.sockaddrs, datagram)

    def members(self, group: Group) -> frozenset[Path]:
        return frozenset(path for row in self._groups.get(group, {}).values() for path in row.paths)
