"""What a bot takes as read, and its guest is told of later: as if it had been told of each at once."""

from chat.bots.pushes import KEPT, Taken
from chat.core import wire
from chat.core.readpush import ReadPush

from ..core.pushing import OURS, THEIRS, Room, body, shared, state


def entry(room: Room, seq: int) -> ReadPush:
    """One that the first member has read."""
    push = shared(room.members[0], room.push(seq, wire.Entries((body(seq),))))
    assert push is not None
    return push


def test_a_guest_is_told_of_all_that_was_taken() -> None:
    room = Room()
    one, other = room.members
    taken, before = Taken(other), state(other)
    for seq in range(1, 6):
        assert taken.take(entry(room, seq), OURS, 1.0)
    assert taken
    assert state(other) == before
    taken.tell()
    assert not taken
    assert state(other) == state(one)
    taken.tell()
    assert state(other) == state(one)


def test_what_was_taken_before_or_comes_too_early_is_to_be_read() -> None:
    room = Room()
    pushes = [entry(room, seq) for seq in range(1, 5)]
    taken = Taken(room.members[1])
    assert not taken.take(pushes[1], OURS, 1.0)
    assert taken.take(pushes[0], OURS, 1.0)
    assert not taken.take(pushes[0], OURS, 1.0)
    assert taken.take(pushes[1], OURS, 1.0)
    assert not taken.take(pushes[3], OURS, 1.0)
    assert taken.take(pushes[2], OURS, 1.0)


def test_what_does_not_follow_is_compared_with_the_log_again() -> None:
    room = Room()
    one, other = room.members
    taken = Taken(other)
    assert taken.take(entry(room, 1), OURS, 1.0)
    room.push(0, wire.Head(7, 1, bytes(8), 250, 10), count=0)
    for seq in (2, 3):
        assert taken.take(entry(room, seq), OURS, 1.0)
    taken.tell()
    assert state(other) == state(one)
    assert other.opener is not None
    assert (other.opener.received, other.opener.highest) == (3, 4)


def test_an_author_reads_for_itself() -> None:
    room = Room()
    taken = Taken(room.members[1])
    assert taken.take(entry(room, 1), OURS, 1.0)
    assert not taken.take(entry(room, 2), THEIRS, 1.0)


def test_not_more_is_kept_than_so_many() -> None:
    room = Room()
    taken, before = Taken(room.members[1]), room.members[1].inbox.seq
    for seq in range(1, KEPT + 2):
        assert taken.take(entry(room, seq), OURS, 1.0)
    assert room.members[1].inbox.seq == before + KEPT
