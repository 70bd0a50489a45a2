from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat.core.types import Form, Group, Path
from chat.net.fanout import Fanout
from chat.net.sockaddr import packed, split

GROUPS = [Group(room, form) for room in ("lobby", "quiet") for form in Form]
PATHS = [
    Path(socket, host, port)
    for socket, host in ((0, "192.0.2.1"), (1, "2001:db8::1"), (1, "fe80::1%2"))
    for port in (1, 2)
]

groups = st.sampled_from(GROUPS)
paths = st.sampled_from(PATHS)


class Network:
    """Where a fan-out sends to."""

    def __init__(self) -> None:
        self.pushes: list[tuple[int, bytes, list[bytes]]] = []

    def push(self, socket: int, names: bytearray, datagrams: Sequence[bytes]) -> None:
        self.pushes.append((socket, bytes(names), list(datagrams)))

    def reached(self) -> Counter[Path]:
        return Counter(path for socket, names, _ in self.pushes for path in split(socket, names))


class AgainstSets(RuleBasedStateMachine):
    """A fan-out does what a dictionary of sets does."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()
        self.fanout = Fanout(self.network.push)
        self.model: dict[Group, set[Path]] = {}

    @rule(group=groups, path=paths)
    def subscribe(self, group: Group, path: Path) -> None:
        if path in self.model.get(group, ()):
            with pytest.raises(ValueError, match="already"):
                self.fanout.subscribe(group, path)
        else:
            self.fanout.subscribe(group, path)
            self.model.setdefault(group, set()).add(path)

    @rule(group=groups, path=paths)
    def unsubscribe(self, group: Group, path: Path) -> None:
        if path not in self.model.get(group, ()):
            with pytest.raises(ValueError, match="not in"):
                self.fanout.unsubscribe(group, path)
        else:
            self.fanout.unsubscribe(group, path)
            self.model[group].remove(path)
            if not self.model[group]:
                del self.model[group]

    @rule(group=groups, datagrams=st.lists(st.binary(max_size=3), min_size=1, max_size=3))
    def push(self, group: Group, datagrams: list[bytes]) -> None:
        self.network.pushes.clear()
        for datagram in datagrams:
            self.fanout.push(group, datagram)
        assert not self.network.pushes, "they leave together"
        self.fanout.flush()
        assert self.network.reached() == Counter(self.model.get(group, ()))
        assert all(sent == datagrams for _, _, sent in self.network.pushes)
        sockets = [socket for socket, _, _ in self.network.pushes]
        assert len(sockets) == len(set(sockets)), "one call per socket"

    @invariant()
    def same_members(self) -> None:
        assert len(self.fanout) == len(self.model)
        for group in GROUPS:
            assert self.fanout.members(group) == self.model.get(group, set())


TestAgainstSets = AgainstSets.TestCase


def test_names_are_prepared_when_a_member_comes() -> None:
    network = Network()
    fanout = Fanout(network.push)
    path = Path(1, "fe80::1%2", 7)
    fanout.subscribe(GROUPS[0], path)
    fanout.push(GROUPS[0], b"hello")
    fanout.flush()
    assert network.pushes == [(1, packed(path), [b"hello"])]
    fanout.flush()
    assert len(network.pushes) == 1


def test_what_was_pushed_goes_to_who_was_there_then() -> None:
    network = Network()
    fanout = Fanout(network.push)
    one, two = PATHS[:2]
    fanout.subscribe(GROUPS[0], one)
    fanout.push(GROUPS[0], b"before")
    fanout.subscribe(GROUPS[0], two)
    fanout.push(GROUPS[0], b"between")
    fanout.unsubscribe(GROUPS[0], one)
    fanout.push(GROUPS[1], b"nobody is there")
    fanout.push(GROUPS[0], b"after")
    fanout.flush()
    assert [(split(0, names), sent) for _, names, sent in network.pushes] == [
        ([one], [b"before"]),
        ([one, two], [b"between"]),
        ([two], [b"after"]),
    ]
