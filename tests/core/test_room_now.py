"""The now lane of `chat.core.room`: heads, presence, receipts."""

from itertools import pairwise

import pytest

from chat.core import asks, limits, wire
from chat.core.channel import PushOpener
from chat.core.names import direct_room
from chat.core.types import Form

from .logs import body
from .stage import EMPTY, TAG, Stage, pushes
from .stub import Stub, TextStub


def kinds(frames: list[wire.Frame]) -> list[str]:
    return [type(frame).__name__ for frame in frames]


def digests(stage: Stage) -> tuple[wire.Head, wire.Presence]:
    head, presence = wire.decode_frames(stage.room.digests())
    assert isinstance(head, wire.Head)
    assert isinstance(presence, wire.Presence)
    return head, presence


def heads(stage: Stage, seconds: float) -> list[tuple[float, wire.Head]]:
    return [
        (at, frame)
        for at, frames in stage.wait(seconds)
        for frame in frames
        if isinstance(frame, wire.Head)
    ]


def test_heads_follow_the_last_entry_at_gaps_that_double_and_then_beat() -> None:
    stage = Stage(Stub("ann"))
    stage.log(body("hi"))
    stage.effects()
    found = heads(stage, 64.0)
    beat = limits.BEAT - (102.0 - TAG) % limits.BEAT
    beats = [beat + limits.BEAT * number for number in range(1, 4)]
    assert [at for at, _ in found] == [0.25, 0.75, 1.75, 3.75, 7.75, 15.75, *beats]
    assert [head.due for _, head in found] == [500, 1000, 2000, 4000, 8000, *[16000] * 4]
    assert {(head.room, head.seq, head.digest) for _, head in found} == {(TAG, 1, stage.digest)}


def test_a_room_beats_as_soon_as_somebody_is_there_and_no_longer() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    assert len(heads(stage, 10 * limits.BEAT)) == 10
    stage.room.exit(ann, stage.now)
    stage.room.closed()
    assert heads(stage, 10 * limits.BEAT) == []


def test_a_direct_room_does_not_beat() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob, name=direct_room(ann.instance, bob.instance))
    assert stage.timers.deadline() is None
    assert digests(stage)[0].due == 0


def test_an_entry_begins_the_gaps_anew() -> None:
    stage = Stage(Stub("ann"))
    stage.log(body("one"))
    stage.wait(2.0)
    stage.log(body("two"))
    stage.effects()
    assert [at for at, _ in heads(stage, 1.0)] == [0.25, 0.75]


def test_the_next_head_comes_when_a_head_says_or_earlier() -> None:
    stage = Stage(Stub("ann"))
    stage.log(body("hi"))
    stage.effects()
    found = heads(stage, 100.0)
    for (at, head), (following, _) in pairwise(found):
        assert at + head.due / 1000 >= following


def test_what_answers_a_keepalive_says_where_the_log_ends_and_who_is_here() -> None:
    stage = Stage(Stub("ann"), Stub("bob"))
    stage.log(body("hi"))
    stage.wait(100.0)
    head, presence = digests(stage)
    assert (head.seq, head.digest, head.due) == (1, stage.digest, 16000)
    assert (presence.count, presence.version) == (2, 2)
    stage.log(body("more"))
    assert digests(stage)[0].seq == 2
    stage.room.exit(stage.room.members[0], stage.now)
    assert digests(stage)[1].count == 1


def test_presence_is_told_at_most_once_a_second_and_only_on_change() -> None:
    stage = Stage(Stub("ann"))
    assert {tuple(kinds(frames)) for _, frames in stage.wait(99.0)} == {("Head", "Presence")}
    for name in ("bob", "eve", "zoe"):
        stage.room.enter(Stub(name), EMPTY, stage.now, 0)
    (first,) = stage.wait(0.3)
    assert kinds(first[1]) == ["Presence"]
    stage.room.enter(Stub("late"), EMPTY, stage.now, 0)
    ((at, frames),) = stage.wait(9.0)
    assert (at, kinds(frames)) == (0.7, ["Presence"])
    assert isinstance(frames[0], wire.Presence)
    assert frames[0].count == 5


def test_coming_going_moving_and_renaming_change_the_presence() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    versions = [stage.room.presence.version]
    bob.name = "rob"
    stage.room.renamed(bob, "bob", stage.now)
    versions.append(stage.room.presence.version)
    bob.endpoint = bytes(6)
    stage.room.moved(bob, bob.path, stage.now)
    versions.append(stage.room.presence.version)
    stage.room.exit(bob, stage.now)
    versions.append(stage.room.presence.version)
    assert versions == [2, 3, 4, 5]


def report(stage: Stage, member: Stub, seq: int) -> None:
    stage.room.heard(member, wire.Report(TAG, seq, 0, 0, 0, 0), stage.now)


def test_a_page_of_who_is_here_has_the_round_trips_that_were_reported() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob, TextStub("eve"))
    stage.reporting = False
    for member, rtt in ((ann, 80), (bob, 65535), (ann, 40)):
        stage.room.heard(member, wire.Report(TAG, 0, 0, 0, 0, rtt), stage.now)
    before = digests(stage)[1]
    page = stage.room.presence.answer(asks.Who(1, TAG, 0, 0))
    assert [row.rtt for row in page.came] == [40, 65535, None]
    stage.wait(5.0)
    assert digests(stage)[1] == before


def test_receipts_say_how_far_each_sealed_member_has_come() -> None:
    ann, bob, eve = Stub("ann"), Stub("bob"), TextStub("eve")
    stage = Stage(ann, bob, eve)
    stage.log(body("one"), body("two"))
    stage.wait(100.0)
    report(stage, bob, 1)
    ((_, frames),) = stage.wait(5.0)
    assert frames == [wire.Receipts(TAG, 2, ((1, 0), (2, 1)))]


def test_receipts_come_only_with_progress_and_not_too_often() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.log(*[body(str(n)) for n in range(9)])
    stage.wait(99.0)
    report(stage, ann, 1)
    ((at, frames),) = stage.wait(0.5)
    assert (at, frames) == (limits.HEADS[0], [wire.Receipts(TAG, 9, ((1, 1),))])
    for seq in (2, 3):
        report(stage, ann, seq)
        assert stage.wait(0.1) == []
    ((at, frames),) = stage.wait(9.0)
    assert at == pytest.approx(limits.HEADS[0] + 1.0 - 0.7)
    assert frames == [wire.Receipts(TAG, 9, ((1, 3),))]
    report(stage, ann, 2)
    report(stage, ann, 3)
    assert all(kinds(frames) == ["Head", "Presence"] for _, frames in stage.wait(100.0))


def test_that_everybody_has_everything_is_told_at_once() -> None:
    """Not the last one's news an interval after the first one's."""
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    for seq in (1, 2):
        stage.log(body("hi"))
        stage.frames()
        report(stage, ann, seq)
        assert stage.wait(0.1) == []
        report(stage, bob, seq)
        ((at, frames),) = stage.wait(0.1)
        assert (at, frames) == (0.0, [wire.Receipts(TAG, seq, ((1, seq), (2, seq)))])


def test_receipts_go_with_a_head_rather_than_alone() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.log(body("hi"))
    stage.frames()
    stage.wait(0.1)
    report(stage, ann, 1)
    ((at, frames),) = stage.wait(0.4)
    assert at == pytest.approx(limits.HEADS[0] - 0.1)
    assert frames[2:] == [wire.Receipts(TAG, 1, ((1, 1), (2, 0)))]
    assert kinds(frames) == ["Head", "Presence", "Receipts"]


def test_receipts_are_told_again_with_the_heads_until_the_room_is_quiet() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.log(body("one"))
    stage.frames()
    report(stage, ann, 1)
    found = [kinds(frames) for _, frames in stage.wait(100.0)]
    assert found[0] == ["Receipts"]
    assert found[1:6] == [["Head", "Presence", "Receipts"]] * 5
    assert found[6:] == [["Head", "Presence"]] * len(found[6:])


def test_the_heads_after_a_message_show_whose_report_of_it_was_lost() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.log(body("one"))
    stage.frames()
    ((_, frames),) = stage.wait(0.5)
    assert frames[2:] == [wire.Receipts(TAG, 1, ((1, 0), (2, 0)))]


def test_who_is_gone_is_in_no_receipts() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.log(body("one"))
    stage.wait(100.0)
    report(stage, ann, 1)
    ((_, frames),) = stage.wait(2.0)
    assert frames == [wire.Receipts(TAG, 1, ((1, 1), (2, 0)))]
    stage.room.exit(bob, stage.now)
    told = [frame for _, frames in stage.wait(2.0) for frame in frames]
    assert wire.Receipts(TAG, 1, ((1, 1),)) in told


def test_nobody_can_have_more_than_there_is() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.log(body("one"))
    stage.wait(100.0)
    report(stage, ann, (1 << 64) - 1)
    ((_, frames),) = stage.wait(5.0)
    assert frames == [wire.Receipts(TAG, 1, ((1, 1),))]


def typists(found: list[tuple[float, list[wire.Frame]]]) -> list[tuple[float, tuple[int, ...]]]:
    """When it was told who types, and who."""
    return [
        (at, frame.ordinals)
        for at, frames in found
        for frame in frames
        if isinstance(frame, wire.Typists)
    ]


def test_who_types_is_told_at_once_and_no_more_when_it_stops() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.room.types(bob, 1, stage.now)
    assert stage.frames() == [wire.Typists(TAG, 1, (2,))]
    assert typists(stage.wait(60.0)) == [(limits.TYPING_LIFE, ())]


def test_who_says_it_types_no_more_and_that_comes_with_the_entry() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.room.types(bob, 1, stage.now)
    stage.effects()
    stage.wait(limits.TYPING_TICK)
    stage.say(bob, 1)
    (draft,) = stage.appends()
    stage.log(draft.body, instance=bob.instance)
    (push,) = pushes(stage.effects(), Form.SEALED)
    opener = PushOpener(0, stage.room.keys.sealer.key, 0)
    header = wire.decode_header(push)
    assert isinstance(header, wire.Push)
    assert kinds(opener.open(header, push) or []) == ["Entries", "Typists"]
    assert typists(stage.wait(60.0)) == []


def test_typing_that_comes_after_what_was_typed_says_nothing() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.say(bob, 1)
    stage.appends()
    stage.room.types(bob, 1, stage.now)
    assert stage.frames() == []
    stage.room.types(bob, 2, stage.now)
    assert kinds(stage.frames()) == ["Typists"]


def test_a_hostile_typer_causes_one_push_a_second_and_no_more() -> None:
    """Two that take turns: each change would be news."""
    ann, bob, eve = Stub("ann"), Stub("bob"), Stub("eve")
    stage = Stage(ann, bob, eve)
    stage.log(body("hi"))
    stage.quiet()
    told: list[float] = []
    for step in range(2000):
        for member in (bob, eve)[step % 2 :]:
            stage.room.types(member, 1 + step, stage.now)
        if step % 3 == 0:
            stage.room._typists.drop(eve.instance)
        told += [stage.now for frame in stage.frames() if isinstance(frame, wire.Typists)]
        told += [stage.now - 0.01 + at for at, _ in typists(stage.wait(0.01))]
    assert 15 <= len(told) <= 21
    assert all(later - before > 0.95 for before, later in pairwise(told))


def test_a_room_of_65_and_one_of_one_are_not_told_who_types() -> None:
    crowd = [Stub(f"m{n}") for n in range(limits.MEMBERS_SMALL + 1)]
    stage = Stage(*crowd)
    stage.room.types(crowd[0], 1, stage.now)
    assert stage.frames() == []
    assert typists(stage.wait(60.0)) == []
    stage.room.exit(crowd.pop(), stage.now)
    stage.quiet()
    stage.room.types(crowd[0], 1, stage.now)
    assert kinds(stage.frames()) == ["Typists"]
    alone = Stage(crowd[0], TextStub("eve"))
    alone.room.types(crowd[0], 1, alone.now)
    assert alone.effects() == []


def test_who_leaves_types_no_more() -> None:
    ann, bob, eve = Stub("ann"), Stub("bob"), Stub("eve")
    stage = Stage(ann, bob, eve)
    stage.room.types(bob, 1, stage.now)
    stage.effects()
    stage.room.exit(bob, stage.now)
    stage.wait(limits.TYPING_TICK)
    stage.room.types(eve, 1, stage.now)
    assert stage.frames() == [wire.Typists(TAG, 2, (3,))]


def test_in_a_direct_room_the_other_one_is_told_in_its_session() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob, name=direct_room(ann.instance, bob.instance))
    stage.room.types(bob, 1, stage.now)
    assert stage.effects() == []
    assert ann.frames[-1] == wire.Typists(TAG, 1, (2,))


def test_large_rooms_have_no_receipts() -> None:
    crowd = [Stub(f"m{n}") for n in range(limits.MEMBERS_SMALL + 1)]
    stage = Stage(*crowd)
    stage.log(body("one"))
    stage.wait(100.0)
    report(stage, crowd[0], 1)
    assert stage.wait(5.0) == []
    stage.room.exit(crowd.pop(), stage.now)
    stage.wait(5.0)
    report(stage, crowd[1], 1)
    ((_, frames),) = stage.wait(2.0)
    assert kinds(frames) == ["Receipts"]
    assert digests(stage)[0].interval == 10


@pytest.mark.parametrize(("members", "tenths"), [(1, 10), (64, 10), (65, 11), (960, 150)])
def test_the_more_members_the_rarer_their_reports(members: int, tenths: int) -> None:
    stage = Stage(*(Stub(f"m{n}") for n in range(members)))
    assert digests(stage)[0].interval == tenths
    assert stage.room.joined(stage.room.members[0], 1, EMPTY, "").interval == tenths


def test_of_each_kind_only_the_newest_is_told() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.room.timeout("presence", stage.now)
    stage.room.timeout("presence", stage.now)
    assert kinds(stage.frames()) == ["Presence"]


def test_plain_text_members_get_none_of_it() -> None:
    stage = Stage(TextStub("ann"))
    stage.log(body("hi"))
    assert len(pushes(stage.effects(), Form.TEXT)) == 1
    assert stage.wait(100.0) == []
    assert stage.effects() == []


def test_a_closed_room_has_no_timers() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.log(body("hi"))
    report(stage, ann, 1)
    stage.room.types(bob, 1, stage.now)
    stage.room.exit(ann, stage.now)
    stage.room.exit(bob, stage.now)
    stage.room.closed()
    assert stage.timers.deadline() is None
