from chat.core import limits, wire
from chat.core.entry import decode_entry
from chat.core.names import direct_room
from chat.core.staging import Verdict
from chat.core.types import (
    Append,
    Form,
    Path,
    Point,
    Push,
    Record,
    Snapshot,
    Subscribe,
    Unsubscribe,
)

from .logs import body
from .stage import EMPTY, SEALED, TAG, Stage, pushes
from .stub import Stub, TextStub

# Coming and going


def test_a_member_is_subscribed_once_and_taken_out_once() -> None:
    ann, stage = Stub("ann"), Stage()
    stage.room.enter(ann, EMPTY, stage.now, 0)
    stage.room.enter(ann, EMPTY, stage.now, 0)
    assert stage.effects() == [Subscribe(SEALED, ann.path)]
    assert (len(stage.room), ann in stage.room, ann.rooms) == (1, True, {TAG: stage.room})
    stage.room.exit(ann, stage.now)
    stage.room.exit(ann, stage.now)
    assert stage.effects() == [Unsubscribe(SEALED, ann.path)]
    assert (len(stage.room), ann in stage.room, ann.rooms) == (0, False, {})


def test_who_moves_is_taken_out_at_its_old_endpoint_and_put_in_at_the_new_one() -> None:
    ann = Stub("ann")
    stage, before = Stage(ann), ann.path
    ann.path = Path(0, "198.51.100.1", 1)
    stage.room.moved(ann, before, stage.now)
    assert stage.effects()[:2] == [Unsubscribe(SEALED, before), Subscribe(SEALED, ann.path)]


def test_a_direct_room_has_no_fan_out() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(name=direct_room(ann.instance, bob.instance))
    for member in (ann, bob):
        stage.room.enter(member, EMPTY, stage.now, 0)
    stage.room.moved(ann, ann.path, stage.now)
    stage.log(body("psst"))
    stage.room.exit(bob, stage.now)
    assert not [e for e in stage.effects() if isinstance(e, Subscribe | Unsubscribe | Push)]


def test_a_direct_room_tells_each_of_the_two() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob, name=direct_room(ann.instance, bob.instance))
    stage.log(body("psst"))
    stage.effects()
    assert [[r.seq for r in member.records] for member in (ann, bob)] == [[1], [1]]
    joined = stage.room.joined(ann, 3, EMPTY, "")
    assert (joined.key, joined.peer) == (b"", "bob")


def test_a_member_is_told_all_it_needs_to_follow_the_room() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    snapshot = Snapshot(3, Point(9, b"digest 9"), b"origin 1", 4, 7, b"")
    joined = stage.room.joined(bob, 5, snapshot, "old things")
    sealer = stage.room.keys.sealer
    assert (joined.r, joined.room, joined.tag, joined.topic) == (5, "lobby", TAG, "old things")
    assert (joined.epoch, joined.key, joined.counter) == (0, sealer.key, sealer.counter)
    assert (joined.floor, joined.head, joined.digest) == (3, 9, b"digest 9")
    assert (joined.origin, joined.matched, joined.last_n) == (b"origin 1", 7, 4)
    assert (joined.ordinal, joined.window, joined.peer) == (2, limits.WINDOW, "")


def test_plain_text_members_read_who_comes_goes_and_is_called_otherwise() -> None:
    ann, bob = TextStub("ann"), Stub("bob")
    stage = Stage(ann)
    stage.room.enter(bob, EMPTY, stage.now, 0)
    bob.name = "rob"
    stage.room.renamed(bob, "bob", stage.now)
    stage.room.exit(bob, stage.now)
    lines = b"* bob joined\n* bob is rob now\n* rob left\n"
    assert pushes(stage.effects(), Form.TEXT) == [lines]


def test_but_not_in_a_large_room() -> None:
    stage = Stage(TextStub("ann"), *(Stub(f"m{n}") for n in range(limits.MEMBERS_SMALL)))
    stage.room.enter(Stub("late"), EMPTY, stage.now, 0)
    assert pushes(stage.effects(), Form.TEXT) == []


def test_a_room_is_empty_when_nobody_is_here_or_coming_and_nothing_is_under_way() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    assert not stage.room.empty
    stage.say(ann, 1)
    stage.room.exit(ann, stage.now)
    assert not stage.room.empty
    stage.effects()
    assert not stage.room.empty
    stage.room.appended({ann.instance: 1}, stage.now)
    assert stage.room.empty
    stage.room.opening += 1
    assert not stage.room.empty


# The log lane


def test_an_entry_has_a_key_from_when_it_is_known_to_be_its_authors() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    ann.key = b"key of a"
    stage.say(ann, 1)
    ann.verified = True
    stage.room.changed(ann, stage.now)
    stage.say(ann, 2)
    keys = [decode_entry("lobby", draft.n, draft.body).key for draft in stage.appends()]
    assert keys == [b"", b"key of a"]


def test_drafts_go_to_the_log_in_their_authors_order_whatever_the_network_did() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    verdicts = [stage.say(ann, n) for n in (3, 2, 5, 1, 1)]
    assert verdicts == [Verdict.AHEAD] * 3 + [Verdict.TAKEN, Verdict.STAGED]
    assert [draft.n for draft in stage.appends()] == [1, 2, 3]
    assert stage.say(ann, 4) is Verdict.TAKEN
    assert [draft.n for draft in stage.appends()] == [4, 5]
    assert stage.allowance.left == 10_000


def test_what_comes_too_early_is_kept_within_the_window_and_the_allowance_only() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.say(ann, limits.WINDOW + 1, "beyond the window")
    assert stage.allowance.left == 10_000
    for n in range(2, limits.WINDOW + 1):
        stage.say(ann, n, "x" * 900)
    kept = 10_000 // (900 + limits.DRAFT_COST)
    assert stage.allowance.left == 10_000 - kept * (900 + limits.DRAFT_COST)
    stage.say(ann, 2, "again")
    assert stage.allowance.left == 10_000 - kept * (900 + limits.DRAFT_COST)
    stage.room.exit(ann, stage.now)
    assert stage.allowance.left == 10_000


def test_an_entry_says_who_said_it_and_from_where() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.room.draft(ann, wire.Draft(TAG, 1, 2, 1, 33, "\u00e9!".encode()), 77)
    (draft,) = stage.appends()
    entry = decode_entry("lobby", 1, draft.body)
    assert (draft.instance, draft.n) == (entry.instance, entry.n) == (ann.instance, 1)
    assert (entry.name, entry.endpoint, entry.text) == ("ann", str(ann.path), "\u00e9!")
    assert (entry.kind, entry.more, entry.refers, entry.time) == (2, True, 33, 77)


def test_an_entrys_time_is_never_before_the_last_ones() -> None:
    ann = Stub("ann")
    stage = Stage()
    tail = body("from before a restart")
    stage.room.start(EMPTY._replace(tail=tail[:9] + (500).to_bytes(6, "big") + tail[15:]))
    stage.room.enter(ann, EMPTY, stage.now, 0)
    for n, wall in enumerate((400, 600, 300), 1):
        stage.say(ann, n, wall=wall)
    assert [decode_entry("", 1, draft.body).time for draft in stage.appends()] == [500, 600, 600]


def test_nothing_is_told_before_it_comes_out_of_the_log() -> None:
    ann, bob = Stub("ann"), TextStub("bob")
    stage = Stage(ann, bob)
    stage.say(ann, 1)
    (append,) = stage.effects()
    assert isinstance(append, Append)
    stage.room.appended({ann.instance: 1}, stage.now)
    assert stage.effects() == []
    assert stage.room.last_n(ann) == 0
    stage.log(append.drafts[0].body, instance=ann.instance)
    effects = stage.effects()
    assert (len(pushes(effects, Form.SEALED)), len(pushes(effects, Form.TEXT))) == (1, 1)
    assert stage.room.last_n(ann) == 1


def test_only_the_forms_that_somebody_reads_are_made() -> None:
    for member, (sealed, text) in ((Stub("ann"), (1, 0)), (TextStub("bob"), (0, 1))):
        stage = Stage(member)
        stage.log(body("hi"))
        effects = stage.effects()
        assert (len(pushes(effects, Form.SEALED)), len(pushes(effects, Form.TEXT))) == (
            sealed,
            text,
        )


def test_what_was_known_when_the_room_was_opened_is_not_told_again() -> None:
    stage = Stage(Stub("ann"))
    stage.log(body("one"), body("two"))
    stage.effects()
    record = Record(2, bytes(8), b"somebody", 1, body("two"))
    stage.room.logged((record,), stage.now)
    assert stage.effects() == []


def test_an_entry_that_nobody_can_read_is_pushed_and_not_rendered() -> None:
    stage = Stage(Stub("ann"), TextStub("bob"))
    stage.log(b"\xff", body("two"))
    effects = stage.effects()
    assert len(pushes(effects, Form.SEALED)) == 1
    assert pushes(effects, Form.TEXT) == [b"ann: two\n"]


def test_whose_draft_the_log_refused_is_told_so_and_nobody_else() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    stage = Stage(ann, bob)
    stage.say(ann, 1)
    stage.effects()
    stage.room.appended("the disk is full", stage.now)
    told = ("notice", "the server cannot store what is said at the moment")
    assert [told in member.heard for member in (ann, bob)] == [True, False]


def test_after_a_refusal_the_log_is_left_alone_for_a_moment() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.say(ann, 1)
    stage.effects()
    stage.room.appended("the disk is full", stage.now)
    assert stage.say(ann, 1) is Verdict.AHEAD
    assert stage.appends() == []
    stage.wait(limits.REFUSAL_PAUSE - 0.01)
    assert stage.say(ann, 1) is Verdict.AHEAD
    stage.wait(0.02)
    assert stage.say(ann, 1) is Verdict.TAKEN


def test_a_topic_is_told_to_who_keeps_topics_in_the_same_turn() -> None:
    ann = Stub("ann")
    stage = Stage(ann)
    stage.say(ann, 2, "early", kind=3)
    assert stage.topics == []
    stage.say(ann, 1, wall=5)
    assert stage.topics == [("lobby", "early", "ann", 5)]
    assert len(stage.appends()) == 2


def test_who_is_banned_when_it_has_left_leaves_no_key_to_renew() -> None:
    """The room was closed behind it."""
    ann = Stub("ann")
    stage = Stage(ann)
    stage.room.exit(ann, stage.now)
    stage.room.closed()
    stage.room.rekey(stage.now)
    assert stage.timers.deadline() is None
