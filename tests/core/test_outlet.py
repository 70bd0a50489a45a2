"""By itself, and in a hub whose members all fetch at once."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from chat.core import limits, wire
from chat.core.outlet import Outlet
from chat.core.pages import FetchTicket
from chat.core.session import Session
from chat.core.turn import Turn
from chat.core.types import Extract, Point, Range, Record, Run, Send

from .peer import Peer
from .scene import Scene

SIZE = 700
"""Of an entry: each takes a page of its own."""


class Reader:
    """A session that only remembers its pages."""

    def __init__(self, name: str, queue: list[str]) -> None:
        self.name = name
        self.pages: list[wire.Page] = []
        self._queue = queue

    def queue(self, page: wire.Page) -> None:
        self.pages.append(page)
        self._queue.append(self.name)


class Desk:
    def __init__(self, *names: str, size: int = 1 << 30) -> None:
        self.turn = Turn()
        self.order: list[str] = []
        """Whose pages went out, in this order."""
        self.readers = {name: Reader(name, self.order) for name in names}
        self.left = 0
        self.outlet = Outlet(self.turn, self._again, size)

    def _again(self) -> None:
        self.left += 1

    def add(self, name: str, pages: int, request: int = 1) -> bool:
        records = tuple(
            Record(seq, bytes(8), b"somebody", seq, bytes(SIZE)) for seq in range(1, pages + 1)
        )
        extract = Extract(1, Point(pages, bytes(8)), (Run(bytes(8), records),) if pages else ())
        session = cast(Session, self.readers[name])
        return self.outlet.add(FetchTicket(session, request, 7), extract)

    def turns(self) -> int:
        """Until nothing waits; how many it took."""
        for count in range(1, 1000):
            self.left = 0
            self.outlet.timeout()
            self.turn.drain()
            assert self.left == (len(self.outlet) > 0)
            if not self.left:
                return count
        raise AssertionError("it never ends")


def test_sessions_take_turns_page_by_page() -> None:
    desk = Desk("ann", "bob", "eve")
    for name, pages in (("ann", 4), ("bob", 2), ("eve", 1)):
        desk.add(name, pages)
    desk.turn.drain()
    assert "".join(name[0] for name in desk.order) == "abeabaa"
    assert [page.index for page in desk.readers["ann"].pages] == [0, 1, 2, 3]


def test_in_a_turn_there_are_so_many_and_the_next_one_is_asked_for() -> None:
    desk = Desk("ann", "bob")
    desk.add("ann", 60)
    desk.add("bob", 60)
    desk.turn.drain()
    assert len(desk.order) == limits.PAGES_A_TURN
    assert desk.left == 1
    assert desk.turns() <= 120 // limits.PAGES_A_TURN + 1
    assert len(desk.order) == 120


def test_a_fetch_of_nothing_is_answered_by_one_page() -> None:
    desk = Desk("ann")
    desk.add("ann", 0)
    desk.turn.drain()
    assert [page.bodies for page in desk.readers["ann"].pages] == [()]


def test_a_newer_answer_takes_the_place_of_the_older_one() -> None:
    desk = Desk("ann")
    desk.add("ann", 60)
    desk.add("ann", 2, request=2)
    desk.turns()
    assert [(page.request, page.index) for page in desk.readers["ann"].pages] == [(2, 0), (2, 1)]


def test_what_waits_is_bounded_and_given_back() -> None:
    desk = Desk("ann", "bob", size=3 * SIZE)
    assert desk.add("ann", 2)
    assert not desk.add("bob", 2)
    assert desk.add("ann", 3), "instead of its own"
    desk.outlet.drop(cast(Session, desk.readers["ann"]))
    assert desk.add("bob", 3)
    desk.turns()
    assert desk.readers["ann"].pages == []
    assert desk.add("ann", 3)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 80)), max_size=12))
def test_everybody_gets_the_newest_answer_whole_and_nobody_waits_for_who_asks_for_more(
    asked: list[tuple[str, int]],
) -> None:
    desk, newest = Desk(*"abcd"), dict[str, int]()
    for request, (name, pages) in enumerate(asked):
        desk.add(name, pages, request)
        newest[name] = max(1, pages)
    desk.turns()
    assert {name: desk.order.count(name) for name in newest} == newest
    for name, pages in newest.items():
        last = max(at for at, each in enumerate(desk.order) if each == name)
        assert last < sum(min(pages, other) for other in newest.values())
    assert desk.outlet._left.left == 1 << 30


def test_a_push_goes_before_the_pages_of_all_who_fetch() -> None:
    scene = Scene()
    peers = [Peer(scene, f"peer{n}") for n in range(8)]
    for n in range(1, 65):
        peers[0].say("x" * 800, first=n)
    peers[0].say(*["y" * 800] * 32, first=65)
    scene.stalled = True
    for peer in peers:
        fetch = wire.Fetch(1, peer.tag, 1 << 20, (Range(1, 90),))
        peer.send(fetch)
    peers[1].say("now")
    scene.effects.clear()
    scene.answer()
    pages = [it for it in scene.effects if isinstance(it, Send) and len(it.datagram) > 700]
    assert 0 < len(pages) <= limits.PAGES_A_TURN
    assert any(isinstance(frame, wire.Entries) for frame in peers[2].read())
    scene.wait(0.0)
    pages = [it for it in scene.effects if isinstance(it, Send) and len(it.datagram) > 700]
    assert len(pages) > 4 * limits.PAGES_A_TURN


def test_who_leaves_waits_for_nothing() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bobby")
    ann.say(*["x" * 800] * 64)
    for peer in (ann, bob):
        peer.send(wire.Fetch(1, peer.tag, 1 << 20, (Range(1, 64),)))
    outlet = scene.hub._sealed.fetches._outlet
    assert len(outlet) > 0
    for peer in (ann, bob):
        peer.send(wire.Bye())
    assert len(outlet) == 0
    assert outlet._left.left == limits.PAGES_BYTES
