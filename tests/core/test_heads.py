"""What a room's heads say and when they come is tested with the room, in test_room_now."""

from chat.core import limits, wire
from chat.core.heads import Heads
from chat.core.presence import Presence
from chat.core.types import Point


class Desk:
    def __init__(self, *, direct: bool = False) -> None:
        self.timers: list[tuple[str, float]] = []
        self.heads = Heads(7, direct, lambda name, when: self.timers.append((name, when)))


def test_the_gaps_double_and_end_in_the_beat() -> None:
    desk = Desk()
    desk.heads.moved(Point(1, b"digest 1"), 100.0)
    for _ in limits.HEADS:
        desk.heads.timeout(10, 100.0)
    beat = limits.BEAT - (100.0 - 7) % limits.BEAT
    assert desk.timers == [("head", 100.0 + gap) for gap in (*limits.HEADS, beat)]
    desk.heads.moved(Point(2, b"digest 2"), 100.0)
    assert desk.timers[-1] == ("head", 100.0 + limits.HEADS[0])
    assert desk.heads.frame(10) == wire.Head(7, 2, b"digest 2", 250, 10)


def test_a_direct_room_has_no_beat() -> None:
    desk = Desk(direct=True)
    desk.heads.wake(100.0)
    assert desk.timers == []
    assert desk.heads.frame(10).due == 0


def test_another_interval_is_to_be_told_once() -> None:
    heads = Desk().heads
    assert [heads.outdated(interval) for interval in (10, 11, 11)] == [False, True, False]
    heads.timeout(12, 100.0)
    assert not heads.outdated(12)


def test_digests_are_made_once_as_long_as_they_are_true() -> None:
    desk, presence = Desk(), Presence()
    first = desk.heads.digests(10, presence)
    assert desk.heads.digests(10, presence) is first
    assert desk.heads.digests(11, presence) != first
    desk.heads.moved(Point(1, b"digest 1"), 100.0)
    head, _ = wire.decode_frames(desk.heads.digests(11, presence))
    assert head == wire.Head(7, 1, b"digest 1", 250, 11)
