from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.core import wire
from chat.core.broadcast import Broadcast, sharing
from chat.core.channel import PUSH_MAX, PushOpener
from chat.core.roomkeys import RoomKeys
from chat.core.turn import Turn
from chat.core.types import Form, Group, Push, Record

TAG = 7
HEAD = wire.Head(TAG, 9, bytes(8), 250, 10)
DIGEST = wire.Presence(TAG, 1, 2, bytes(8))


def records(*sizes: int, first: int = 1) -> list[Record]:
    return [Record(seq, b"", b"", 0, bytes(size)) for seq, size in enumerate(sizes, first)]


class Audience:
    """A room's fan-out, and a member that opens everything in it."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.keys = RoomKeys(TAG, Random(1).randbytes, None, lambda name, when: None)
        self.broadcast = Broadcast("lobby", self.turn, self.keys)
        sealer = self.keys.sealer
        self.opener = PushOpener(sealer.epoch, sealer.key, 0)
        self.datagrams: list[bytes] = []

    def heard(self) -> list[tuple[wire.Push, list[wire.Frame]]]:
        found = []
        for effect in self.turn.drain():
            assert isinstance(effect, Push)
            assert effect.group == Group("lobby", Form.SEALED)
            assert len(effect.datagram) <= wire.DATAGRAM_MAX
            self.datagrams.append(effect.datagram)
            header = wire.decode_header(effect.datagram)
            assert isinstance(header, wire.Push)
            if header.epoch != self.opener.epoch:
                sealer = self.keys.sealer
                self.opener = PushOpener(sealer.epoch, sealer.key, 0)
            frames = self.opener.open(header, effect.datagram)
            assert frames is not None
            found.append((header, frames))
        return found


@given(st.lists(st.integers(0, 1000), max_size=40), st.integers(1002, 2000))
def test_records_share_as_much_as_fits_and_keep_their_order(sizes: list[int], room: int) -> None:
    found = list(sharing(records(*sizes), room))
    assert [record for batch in found for record in batch] == records(*sizes)
    for batch in found:
        assert sum(2 + len(record.body) for record in batch) <= room
    for batch, following in pairwise(found):
        assert sum(2 + len(each.body) for each in [*batch, following[0]]) > room


def test_no_more_records_share_a_datagram_than_its_header_can_count() -> None:
    assert [len(batch) for batch in sharing(records(*[0] * 600), 5000)] == [255, 255, 90]


def test_a_burst_is_pushed_in_as_few_datagrams_as_it_fits() -> None:
    audience = Audience()
    audience.broadcast.entries(records(*[200] * 12, first=41), [])
    heard = audience.heard()
    assert [(header.first, header.count) for header, _ in heard] == [(41, 5), (46, 5), (51, 2)]
    frames = [frame for _, (frame,) in heard if isinstance(frame, wire.Entries)]
    assert [body for frame in frames for body in frame.bodies] == [bytes(200)] * 12


@example([20, 343, 727, 338], True)
@given(st.lists(st.integers(20, 1000), min_size=1, max_size=60), st.booleans())
def test_the_datagrams_of_a_burst_have_one_size(sizes: list[int], head: bool) -> None:
    """All but the last, so that the kernel can cut them; and nothing is lost in them."""
    audience = Audience()
    audience.broadcast.entries(records(*sizes), [HEAD] if head else [])
    heard = audience.heard()
    *lengths, last = [len(datagram) for datagram in audience.datagrams]
    assert len(set(lengths)) <= 1
    assert all(last <= length for length in lengths)
    frames = [frame for _, frames in heard for frame in frames]
    bodies = [body for it in frames if isinstance(it, wire.Entries) for body in it.bodies]
    assert list(map(len, bodies)) == sizes
    assert [frame for frame in frames if not isinstance(frame, wire.Entries)] == [HEAD] * head


def test_heads_and_digests_ride_with_the_last_entries_where_there_is_room() -> None:
    audience = Audience()
    audience.broadcast.entries(records(10, first=9), [HEAD, DIGEST])
    ((header, frames),) = audience.heard()
    assert (header.first, header.count) == (9, 1)
    assert frames == [wire.Entries((bytes(10),)), HEAD, DIGEST]


def test_and_have_a_datagram_of_their_own_where_there_is_none() -> None:
    audience = Audience()
    size = PUSH_MAX - wire.FRAME_HEADER - 2
    audience.broadcast.entries(records(size, first=9), [HEAD])
    first, second = audience.heard()
    assert first == (first[0], [wire.Entries((bytes(size),))])
    assert (second[0].first, second[0].count, second[1]) == (10, 0, [HEAD])


def test_without_news_only_what_there_is_is_said() -> None:
    audience = Audience()
    audience.broadcast.entries([], [])
    assert audience.heard() == []
    audience.broadcast.entries([], [HEAD])
    ((header, frames),) = audience.heard()
    assert (header.first, header.count, frames) == (0, 0, [HEAD])


def test_counters_go_up_by_one() -> None:
    audience = Audience()
    for _ in range(5):
        audience.broadcast.entries([], [HEAD])
    assert [header.counter for header, _ in audience.heard()] == [0, 1, 2, 3, 4]


def test_a_key_that_is_used_up_is_followed_by_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.core.roomkeys.COUNTER_MAX", 2)
    audience = Audience()
    keys = {audience.keys.sealer.key}
    seen = []
    for _ in range(6):
        audience.broadcast.entries([], [HEAD])
        keys.add(audience.keys.sealer.key)
        seen += [(header.epoch, header.counter) for header, _ in audience.heard()]
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert len(keys) == 3


def test_plain_text_goes_to_those_who_read_it() -> None:
    audience = Audience()
    audience.broadcast.lines(["[192.0.2.1:5] ann: hi", "* bob left"], [])
    audience.broadcast.lines([], [])
    assert audience.turn.drain() == [
        Push(Group("lobby", Form.TEXT), b"[192.0.2.1:5] ann: hi\n* bob left\n")
    ]
