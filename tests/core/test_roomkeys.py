from random import Random
from typing import cast

import pytest

from chat.core import limits, roomkeys, wire
from chat.core import room as core_room
from chat.core.channel import PushOpener
from chat.core.limits import ROOM_KEY_BATCH, ROOM_KEY_LEAD, ROOM_KEY_LIFE, ROOM_KEY_PAUSE
from chat.core.roomkeys import RoomKeys
from chat.core.signatures import Signer

from .stub import Stub

TAG = 7
SIGNER = Signer(bytes(32))


class Room:
    """Members who are handed keys, and the two timers."""

    def __init__(self, members: int = 0) -> None:
        self.now = 100.0
        self.timers: dict[str, float] = {}
        self.keys = RoomKeys(TAG, Random(1).randbytes, SIGNER, self.timers.__setitem__)
        self.members: list[Stub] = []
        for _ in range(members):
            self.enter()
        self.keys.begin(self.now)

    def enter(self) -> Stub:
        member = Stub(f"member {len(self.members)}")
        member.rooms = {TAG: cast("core_room.Room", self)}
        self.members.append(member)
        return member

    def leave(self, member: Stub) -> None:
        member.rooms.clear()
        self.members.remove(member)

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.timers and min(self.timers.values()) <= until:
            name = min(self.timers, key=lambda name: self.timers[name])
            self.now = self.timers.pop(name)
            self.keys.timeout(name, self.members, self.now)
        self.now = until

    @property
    def used(self) -> int:
        """The epoch of a push that is sealed now. It opens."""
        datagram = self.keys.seal(1, 0, b"")
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Push)
        sealer = self.keys.sealer
        opener = PushOpener(sealer.epoch, sealer.key, 0, SIGNER.public)
        assert opener.open(header, datagram) == []
        return header.epoch

    def handed(self, epoch: int) -> int:
        """How many members have the key of this epoch."""
        return sum(epoch in epochs_of(member) for member in self.members)


def epochs_of(member: Stub) -> list[int]:
    keys = [frame for frame in member.frames if isinstance(frame, wire.RoomKey)]
    assert all(frame.room == TAG for frame in keys)
    return [frame.epoch for frame in keys]


def test_a_key_lasts_its_life() -> None:
    room = Room(2)
    room.wait(ROOM_KEY_LIFE - 0.1)
    assert room.used == 0
    assert room.handed(1) == 0
    assert room.keys.upcoming is None


def test_the_next_one_is_handed_out_first_and_used_after_its_lead() -> None:
    room = Room(2)
    room.wait(ROOM_KEY_LIFE)
    assert room.handed(1) == 2
    assert room.used == 0
    room.wait(ROOM_KEY_LEAD - 0.01)
    assert room.used == 0
    room.wait(0.02)
    assert room.used == 1
    assert [epochs_of(member) for member in room.members] == [[1], [1]]


def test_what_was_handed_out_is_what_is_used_then() -> None:
    room = Room(1)
    before = room.keys.sealer.key
    room.keys.renew(room.members, room.now)
    (frame,) = room.members[0].frames
    assert frame == room.keys.upcoming
    assert isinstance(frame, wire.RoomKey)
    room.wait(ROOM_KEY_LEAD)
    assert frame.key == room.keys.sealer.key != before
    assert (room.keys.sealer.epoch, room.keys.sealer.counter) == (1, 0)
    assert room.keys.upcoming is None


def test_many_members_are_handed_it_in_batches_with_pauses() -> None:
    room = Room(2 * ROOM_KEY_BATCH + 10)
    room.keys.renew(room.members, room.now)
    assert room.handed(1) == ROOM_KEY_BATCH
    room.wait(ROOM_KEY_PAUSE - 0.001)
    assert room.handed(1) == ROOM_KEY_BATCH
    room.wait(0.002)
    assert room.handed(1) == 2 * ROOM_KEY_BATCH
    room.wait(ROOM_KEY_PAUSE)
    assert room.handed(1) == len(room.members)
    assert room.used == 0
    room.wait(ROOM_KEY_LEAD - 0.01)
    assert room.used == 0, "the last ones have their second, too"
    room.wait(0.02)
    assert room.used == 1
    assert {len(epochs_of(member)) for member in room.members} == {1}


def test_who_has_left_in_between_is_handed_nothing() -> None:
    room = Room(ROOM_KEY_BATCH + 2)
    gone = room.members[-1]
    room.keys.renew(room.members, room.now)
    room.leave(gone)
    room.wait(ROOM_KEY_LEAD + 1)
    assert epochs_of(gone) == []
    assert room.handed(1) == len(room.members)


def test_who_joins_in_between_gets_both() -> None:
    room = Room(1)
    assert room.keys.upcoming is None
    room.keys.renew(room.members, room.now)
    late = room.enter()
    upcoming = room.keys.upcoming
    assert upcoming is not None
    assert (room.keys.sealer.epoch, upcoming.epoch) == (0, 1)
    room.wait(ROOM_KEY_LEAD)
    assert room.keys.sealer.key == upcoming.key
    assert epochs_of(late) == [], "its JOINED says it"


def test_a_renewal_while_one_is_being_handed_out_is_another_key_for_all() -> None:
    """Who was to be kept out has seen the first one."""
    room = Room(ROOM_KEY_BATCH + 2)
    room.keys.renew(room.members, room.now)
    spoilt = room.keys.upcoming
    room.wait(ROOM_KEY_PAUSE / 2)
    gone = room.members[0]
    room.leave(gone)
    room.keys.renew(room.members, room.now)
    room.wait(ROOM_KEY_LEAD + 1)
    assert room.used == 2
    assert room.handed(2) == len(room.members)
    assert epochs_of(gone) == [1]
    assert spoilt is not None
    assert room.keys.sealer.key != spoilt.key


def test_each_life_is_followed_by_another() -> None:
    room = Room(1)
    for epoch in range(1, 4):
        room.wait(ROOM_KEY_LIFE + ROOM_KEY_LEAD)
        assert room.used == epoch
    assert epochs_of(room.members[0]) == [1, 2, 3]


def test_epochs_wrap_and_no_key_comes_twice() -> None:
    room = Room(1)
    epochs, keys = [], set()
    for _ in range(300):
        epochs.append(room.used)
        keys.add(room.keys.sealer.key)
        room.keys.renew(room.members, room.now)
        room.wait(ROOM_KEY_LEAD)
    assert epochs == [number % 256 for number in range(300)]
    assert len(keys) == 300


def test_a_used_up_key_is_replaced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members learn of it by the first push that they do not know the key of."""
    monkeypatch.setattr(roomkeys, "COUNTER_MAX", 5)
    room = Room(1)
    assert [room.used for _ in range(12)] == [0] * 5 + [1] * 5 + [2] * 2
    assert epochs_of(room.members[0]) == []


def test_a_used_up_key_is_replaced_by_the_one_that_is_being_handed_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roomkeys, "COUNTER_MAX", 5)
    room = Room(ROOM_KEY_BATCH + 1)
    room.keys.renew(room.members, room.now)
    upcoming = room.keys.upcoming
    assert upcoming is not None
    assert [room.used for _ in range(6)] == [0] * 5 + [1]
    assert room.keys.sealer.key == upcoming.key
    room.wait(ROOM_KEY_LEAD + 1)
    assert room.used == 1, "the timers that were set for it find nothing to do"
    room.wait(limits.ROOM_KEY_LIFE)
    assert room.keys.sealer.epoch == 2


def test_what_is_pushed_is_signed() -> None:
    signed, unsigned = Room().keys, RoomKeys(TAG, Random(1).randbytes, None, lambda *_: None)
    assert len(signed.seal(1, 0, b"")) == len(unsigned.seal(1, 0, b"")) + 64


def test_pushes_are_numbered_through_all_keys() -> None:
    room = Room(2)
    for _ in range(3):
        room.keys.seal(1, 0, b"12")
    assert (room.keys.pushes, room.keys.size) == (3, 6)
    assert [room.keys.number(0, highest) for highest in (0, 2, 3, 4)] == [0, 2, 3, None]
    room.wait(ROOM_KEY_LIFE + ROOM_KEY_LEAD)
    assert room.used == 1
    assert room.keys.pushes == 4
    assert [room.keys.number(1, highest) for highest in (0, 1, 2)] == [3, 4, None]
    assert [room.keys.number(0, highest) for highest in (2, 3, 4)] == [2, 3, None]
    assert room.keys.number(7, 1) is None
    room.wait(ROOM_KEY_LIFE + ROOM_KEY_LEAD)
    assert room.keys.number(0, 2) is None, "that is long ago"
