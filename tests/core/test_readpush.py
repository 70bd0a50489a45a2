"""Members of one process that take as read what another has read: as if each had read it itself."""

from itertools import pairwise

import pytest

from chat.core import wire
from chat.core.membership import Membership
from chat.core.readpush import ReadPush
from chat.core.types import Kind

from .pushing import OURS, SERVER, THEIRS, Room, body, read, shared, state


def repeats(member: Membership, push: ReadPush, now: float = 1.0) -> bool:
    """Takes it as read, if it may."""
    taken = member.repeats(push, OURS)
    if taken:
        member.repeat([push], now)
    return taken


def test_who_takes_it_as_read_is_where_who_read_it_is() -> None:
    room = Room()
    one, other = room.members
    for first in (1, 3, 5):
        push = room.push(first, wire.Entries((body(first), body(first + 1))), count=2)
        known = shared(one, push)
        assert known is not None
        assert [entry.text for entry in known.entries] == [f"text {first}", f"text {first + 1}"]
        assert repeats(other, known)
        assert state(other) == state(one)
    last = room.push(7, wire.Entries((body(7),)))
    assert read(one, last) == read(other, last)
    assert state(other) == state(one)
    assert other.report(5.0) == one.report(5.0) is not None


def test_many_at_once_are_as_many_one_by_one() -> None:
    room = Room()
    one, other = room.members
    pushes = []
    for seq in range(1, 9):
        if seq == 4:  # Of which the number is missed, and is nothing to read.
            room.push(0, wire.Head(7, 3, bytes(8), 250, 10), count=0)
        known = shared(one, room.push(seq, wire.Entries((body(seq),))))
        assert known is not None
        pushes.append(known)
    follows = [later.follows(push) for push, later in pairwise(pushes)]
    assert follows == [True, True, False, True, True, True, True]
    for run in (pushes[:3], pushes[3:]):
        assert other.repeats(run[0], OURS)
        other.repeat(run, 1.0)
    assert state(other) == state(one)
    assert not repeats(other, pushes[-1])
    assert other.report(5.0) == one.report(5.0) is not None


def test_what_was_read_already_is_not_taken_again() -> None:
    room = Room()
    one, other = room.members
    push = room.push(1, wire.Entries((body(1),)))
    known = shared(one, push)
    assert known is not None
    assert repeats(other, known)
    before = state(other)
    assert not repeats(other, known)
    assert state(other) == before


def test_who_misses_something_or_is_elsewhere_reads_for_itself() -> None:
    room = Room()
    one, other = room.members
    read(one, room.push(1, wire.Entries((body(1),))))
    known = shared(one, room.push(2, wire.Entries((body(2),))))
    assert known is not None
    before = state(other)
    assert not repeats(other, known)
    assert state(other) == before


def test_an_author_and_who_has_another_key_read_for_themselves() -> None:
    room = Room()
    one, other = room.members
    known = shared(one, room.push(1, wire.Entries((body(1),))))
    assert known is not None
    assert not other.repeats(known, THEIRS)
    forged = ReadPush(
        known.header,
        (bytes(15) + b"!", SERVER.public),
        known.before,
        known.digests,
        known.entries,
        known.authors,
    )
    assert not repeats(other, forged)
    assert repeats(other, known)


@pytest.mark.parametrize(
    "frames",
    [
        (wire.Entries((body(1),)), wire.Head(7, 1, bytes(8), 250, 10)),
        (wire.Entries((body(1, kind=Kind.TOPIC),)),),
        (wire.Head(7, 1, bytes(8), 250, 10),),
    ],
)
def test_what_is_more_than_entries_is_for_each_to_read(frames: tuple[wire.Frame, ...]) -> None:
    room = Room()
    assert shared(room.members[0], room.push(1, *frames)) is None


def test_what_came_out_of_turn_is_for_each_to_read() -> None:
    room = Room()
    assert shared(room.members[0], room.push(2, wire.Entries((body(2),)))) is None
