from itertools import pairwise

import pytest

from chat.core import wire
from chat.core.channel import PushSealer
from chat.core.keyring import Keyring
from chat.core.limits import OLD_KEY
from chat.core.protect import COUNTER_MAX
from chat.core.signatures import Signer

SERVER = Signer(bytes(32))
FRAME = wire.Head(7, 1, bytes(8), 0, 0)


def key(epoch: int) -> bytes:
    return bytes((epoch,)) * 16


class Ring:
    """A keyring, and the server's end of each of its keys."""

    def __init__(self, epoch: int = 0, counter: int = 0) -> None:
        self.ring = Keyring(epoch, key(epoch), counter, SERVER.public)
        self.sealers = {each: PushSealer(7, each, key(each), SERVER) for each in range(256)}

    def add(self, *epochs: int) -> None:
        for epoch in epochs:
            self.ring.add(wire.RoomKey(7, epoch, key(epoch)))

    def pushed(self, epoch: int, now: float = 0.0) -> bool:
        """Whether one that the server seals at this moment opens."""
        datagram = self.sealers[epoch].seal(1, 0, wire.encode_frame(FRAME))
        return self.opens(datagram, now)

    def opens(self, datagram: bytes, now: float = 0.0) -> bool:
        header = wire.decode_header(datagram)
        assert isinstance(header, wire.Push)
        if not self.ring.knows(header.epoch, now):
            return False
        return self.ring.open(header, datagram, now) == [FRAME]


def test_the_key_of_joined_opens_and_an_unknown_one_is_none_of_ours() -> None:
    ring = Ring(5)
    assert ring.pushed(5)
    assert not ring.ring.knows(6, 0.0)
    assert not ring.ring.knows(4, 0.0)


def test_the_next_key_is_known_before_it_is_used_and_the_old_one_goes_on() -> None:
    ring = Ring()
    ring.add(1)
    for now in (0.0, 1000.0, 100_000.0):
        assert ring.pushed(0, now), "nothing came under the next one yet"
    assert ring.pushed(1, 100_000.0)


@pytest.mark.parametrize(("late", "good"), [(0.0, True), (OLD_KEY - 0.1, True), (OLD_KEY, False)])
def test_the_old_key_opens_for_a_while_after_the_first_push_under_the_next(
    late: float, good: bool
) -> None:
    ring = Ring()
    ring.add(1)
    assert ring.pushed(1, 50.0)
    assert ring.pushed(0, 50.0 + late) is good
    assert ring.ring.knows(0, 50.0 + late) is good
    assert ring.pushed(1, 50.0 + late)


def test_what_comes_late_under_the_old_key_does_not_make_it_the_newest() -> None:
    ring = Ring()
    ring.add(1)
    assert ring.pushed(1, 50.0)
    assert ring.pushed(0, 55.0)
    assert ring.pushed(1, 59.0)
    assert not ring.pushed(0, 60.0), "counted from the first push under the next"
    assert ring.pushed(1, 1000.0)


def test_a_key_that_comes_again_takes_nothing_twice() -> None:
    ring = Ring()
    ring.add(1)
    datagram = ring.sealers[1].seal(1, 0, wire.encode_frame(FRAME))
    assert ring.opens(datagram)
    ring.add(1, 0, 1)
    assert not ring.opens(datagram)


def test_a_next_key_that_was_never_used_is_no_hindrance() -> None:
    """Somebody was thrown out while it was handed out: the one after it was used at once."""
    ring = Ring()
    ring.add(1, 2)
    assert ring.pushed(2, 10.0)
    assert ring.pushed(0, 10.0 + OLD_KEY - 1)
    assert ring.pushed(2, 10.0 + OLD_KEY)
    assert not ring.ring.knows(0, 10.0 + OLD_KEY)


def test_epochs_wrap() -> None:
    ring = Ring(254)
    for number, (before, epoch) in enumerate(pairwise([254, 255, 0, 1])):
        now = 100.0 * number
        ring.add(epoch)
        assert ring.pushed(before, now)
        assert ring.pushed(epoch, now)
        assert ring.ring.received == 1


def test_every_key_of_a_long_life_is_taken_even_where_its_epoch_was_used_before() -> None:
    ring = Ring()
    for epoch in range(1, 256):
        ring.add(epoch)
        assert ring.pushed(epoch, epoch * 100.0)
    another = bytes(range(16))
    ring.ring.add(wire.RoomKey(7, 0, another))
    datagram = PushSealer(7, 0, another, SERVER).seal(1, 0, wire.encode_frame(FRAME))
    assert ring.opens(datagram, 30_000.0)


def test_it_keeps_a_few_keys_however_many_come() -> None:
    ring = Ring()
    assert ring.pushed(0)
    for epoch in range(1, 200):
        ring.add(epoch)
        known = [each for each in range(256) if ring.ring.knows(each, 0.0)]
        assert len(known) <= 4
        assert {0, epoch} <= set(known), "the one in use, and the newest"
    assert ring.pushed(199)


def test_it_counts_what_came_under_the_newest_key() -> None:
    ring = Ring()
    assert ring.pushed(0)
    assert ring.pushed(0)
    ring.add(1)
    assert (ring.ring.received, ring.ring.highest) == (2, 2)
    ring.sealers[1].counter = 4
    assert ring.pushed(1)
    assert (ring.ring.received, ring.ring.highest) == (1, 5)
    assert ring.pushed(0)
    assert (ring.ring.received, ring.ring.highest) == (1, 5)


def test_it_counts_from_where_it_joined() -> None:
    ring = Ring(counter=10)
    ring.sealers[0].counter = 10
    assert ring.pushed(0)
    assert (ring.ring.received, ring.ring.highest) == (1, 1)


def test_what_is_pushed_while_we_are_not_pushed_to_is_not_lost() -> None:
    ring = Ring()
    assert ring.pushed(0)
    for _ in range(10):
        ring.sealers[0].seal(1, 0, b"")
    ring.ring.returned()
    assert ring.pushed(0)
    assert (ring.ring.received, ring.ring.highest, ring.ring.reached) == (2, 2, 12)
    ring.sealers[0].seal(1, 0, b"")
    assert ring.pushed(0)
    assert (ring.ring.received, ring.ring.highest, ring.ring.reached) == (3, 4, 14)


def test_a_counter_that_no_key_gets_to_is_not_reported() -> None:
    ring = Ring()
    ring.sealers[0].counter = (1 << 32) - 1
    assert ring.pushed(0)
    assert ring.ring.reached == COUNTER_MAX, "it has to fit a report"


def test_nor_is_what_was_under_another_key() -> None:
    ring = Ring()
    assert ring.pushed(0)
    ring.add(1)
    for _ in range(10):
        ring.sealers[1].seal(1, 0, b"")
    ring.ring.returned()
    assert ring.pushed(1)
    assert (ring.ring.epoch, ring.ring.received, ring.ring.highest) == (1, 1, 1)
