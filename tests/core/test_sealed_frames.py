"""What the frames of a session bring about: the other half of `chat.core.sealed`."""

from typing import TypeVar

import pytest

from chat.core import asks, wire
from chat.core.channel import BODY_MAX
from chat.core.types import Path, Range

from .peer import Peer
from .scene import HERE, Scene

F = TypeVar("F")
MOVED = Path(0, "203.0.113.5", 7)
THIEF = Path(0, "198.51.100.6", 666)


def only(kind: type[F], frames: list[wire.Frame]) -> list[F]:
    return [frame for frame in frames if isinstance(frame, kind)]


def test_what_one_says_is_pushed_to_all_of_the_room_and_to_nobody_else() -> None:
    scene = Scene()
    ann, bob, eve = Peer(scene, "ann"), Peer(scene, "bob"), Peer(scene, "eve", room="den")
    assert len(only(wire.Entries, ann.say("hello"))) == 1
    assert len(only(wire.Entries, bob.read())) == 1
    assert eve.read() == []


def test_a_draft_that_comes_again_is_acknowledged_and_not_logged_twice() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.say("one", "two", "three")
    frames = ann.send(wire.Draft(ann.tag, 2, 1, 0, 0, b"two"))
    assert frames == [wire.Ack(ann.tag, 3)]
    assert scene.log.open("lobby", b"", ()).head.seq == 3


def test_drafts_that_come_again_on_their_way_to_the_log_are_answered_by_what_it_has() -> None:
    scene = Scene()
    ann = Peer(scene)
    scene.stalled = True
    drafts = [wire.Draft(ann.tag, n, 1, 0, 0, b"hi") for n in (1, 2)]
    assert ann.send(*drafts) == []
    assert ann.send(*drafts) == [wire.Ack(ann.tag, 0)]
    scene.answer()
    assert len(only(wire.Entries, ann.read())) == 1


def test_a_draft_that_followed_another_was_not_there_before() -> None:
    scene = Scene()
    ann = Peer(scene)
    scene.stalled = True
    one, two = [wire.Draft(ann.tag, n, 1, 0, 0, b"hi") for n in (1, 2)]
    assert ann.send(two) == []
    assert ann.send(one, two) == []
    scene.answer()
    assert len(only(wire.Entries, ann.read())) == 1


def test_nothing_is_said_in_a_room_by_who_is_not_in_it() -> None:
    scene = Scene()
    ann, eve = Peer(scene, "ann"), Peer(scene, "eve", room="den")
    eve.say("hi", tag=ann.tag)
    eve.send(wire.Report(ann.tag, 1, 0, 1, 1, 1), wire.Fetch(ann.tag, 1, 1200, (Range(1, 9),)))
    assert scene.log.open("lobby", b"", ()).head.seq == 0
    assert eve.ask(asks.Who(eve.number(), ann.tag, 0, 0)) == [
        asks.Refused(eve.requests, "you are not in that room")
    ]


def test_a_ping_is_answered_by_where_each_of_its_rooms_is() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.say("hi")
    ann.join("den")
    pong, *rest = ann.send(wire.Ping(77))
    assert pong == wire.Pong(77)
    assert [type(frame).__name__ for frame in rest] == ["Head", "Presence"] * 2
    assert {frame.room for frame in only(wire.Head, rest)} == set(ann.tags.values())
    assert {frame.seq for frame in only(wire.Head, rest)} == {0, 1}


def test_a_fetch_is_answered_by_pages_that_together_are_what_was_asked_for() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.say(*[f"{n}" + "x" * 300 for n in range(10)])
    pages = only(wire.Page, ann.send(wire.Fetch(5, ann.tag, 100_000, (Range(2, 8), Range(10, 10)))))
    assert [page.index for page in pages] == list(range(len(pages)))
    assert {(page.pages, page.request, page.room) for page in pages} == {(len(pages), 5, ann.tag)}
    assert {(page.floor, page.head) for page in pages} == {(1, 10)}
    seqs = [page.first + at for page in pages for at in range(len(page.bodies))]
    assert seqs == [2, 3, 4, 5, 6, 7, 8, 10]
    chain = scene.log.fetch("lobby", (Range(1, 10),), 1 << 20)
    records = {record.seq: record for record in chain.runs[0].records}
    for page in pages:
        assert page.previous == records[page.first - 1].digest
        assert page.head_digest == records[10].digest
        assert len(wire.encode_frame(page)) <= BODY_MAX


def test_a_fetch_of_nothing_is_answered_by_one_empty_page() -> None:
    ann = Peer(Scene())
    (page,) = only(wire.Page, ann.send(wire.Fetch(5, ann.tag, 1200, (Range(50, 60),))))
    assert isinstance(page, wire.Page)
    assert (page.index, page.pages, page.bodies, page.head) == (0, 1, (), 0)


def test_a_fetch_brings_no_more_than_its_budget_and_at_least_one_entry() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.say(*["x" * 800] * 6)
    for budget, count in ((0, 1), (2000, 2), ((1 << 32) - 1, 6)):
        pages = only(wire.Page, ann.send(wire.Fetch(5, ann.tag, budget, (Range(1, 6),))))
        assert sum(len(page.bodies) for page in pages) == count


def test_who_left_is_told_so_and_hears_nothing_more() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    assert bob.ask(asks.Leave(2, "lobby")) == [asks.Left(2, "lobby")]
    assert bob.ask(asks.Leave(3, "lobby")) == [asks.Left(3, "lobby")]
    ann.say("hi")
    assert bob.read() == []


def test_who_types_is_pushed_to_the_sealed_members_of_the_room_and_to_nobody_else() -> None:
    scene = Scene()
    ann, bob, eve = Peer(scene, "ann"), Peer(scene, "bob"), Peer(scene, "eve", room="den")
    scene.write("hello\n")
    for peer in (ann, bob, eve):
        peer.read()
    (told,) = only(wire.Typists, ann.send(wire.Typing(ann.tag, 1)))
    assert (told.room, told.ordinals) == (ann.tag, (1,))
    assert only(wire.Typists, bob.read()) == [told]
    assert eve.read() == []
    assert eve.send(wire.Typing(ann.tag, 1)) == [], "not in that room"
    assert scene.take(HERE) == []
    assert scene.log.open("lobby", b"", ()).head.seq == 1


def test_typing_costs_work_and_what_is_above_the_budget_is_not_heard() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    pushed = 0
    for n in range(100):
        frames = ann.send(*(wire.Typing(ann.tag, n + 1) for _ in range(60)))
        pushed += len(only(wire.Typists, frames))
    assert pushed == 1
    assert scene.hub.dropped["too much"] > 30
    assert wire.Pong(1) in bob.send(wire.Ping(1)), "others notice nothing"


def test_a_request_that_the_network_kept_too_long_changes_nothing() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.ask(asks.Leave(9, "lobby"))
    assert ann.ask(asks.Join(8, "lobby", ())) == []
    assert scene.hub.census().rooms == 0
    ann.ask(asks.Nick(9, "zoe"))
    assert ann.ask(asks.Nick(8, "ann")) == []
    assert scene.hub._house.people._names.owner("ann") is None


def test_a_new_name_is_the_one_that_is_free() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    assert bob.ask(asks.Nick(5, "Ann")) == [asks.Named(5, "Ann2", "Ann")]
    (refused,) = ann.ask(asks.Nick(5, "a b"))
    assert isinstance(refused, asks.Refused)
    assert refused.r == 5


def test_rooms_are_listed_page_by_page() -> None:
    scene = Scene()
    ann = Peer(scene, room="", path=Path(0, "127.0.0.1", 4000))
    for number in range(60):
        ann.join(f"room{number:02}-" + "x" * 20)
        ann.say("what is said in it keeps a room")
        ann.ask(asks.Leave(ann.number(), f"room{number:02}-" + "x" * 20))
    found, after = list[str](), ""
    for _ in range(60):
        (page,) = ann.ask(asks.Rooms(5, after))
        assert isinstance(page, asks.RoomList)
        assert len(wire.encode_frame(wire.Reply(asks.encode(page)))) <= BODY_MAX
        found += [row.name for row in page.rooms]
        after = found[-1]
        if not page.more:
            break
    assert found == [f"room{number:02}-" + "x" * 20 for number in range(60)]


def test_two_may_share_a_room_that_no_third_one_gets_into() -> None:
    scene = Scene()
    ann, bob, eve = (Peer(scene, name, room="") for name in ("ann", "bob", "eve"))
    (invited,) = ann.ask(asks.Direct(5, "bob"))
    assert isinstance(invited, asks.Invited)
    assert (invited.r, invited.peer) == (5, "bob")
    ann.join(invited.room)
    ann.say("psst")
    assert bob.read()
    assert asks.Invited(0, invited.room, "ann") in bob.replies
    (joined,) = bob.join(invited.room)
    assert isinstance(joined, asks.Joined)
    assert (joined.key, joined.peer, joined.head) == (b"", "ann", 1)
    ann.say("hi", first=2)
    assert len(only(wire.Direct, bob.read())) == 1
    (refused,) = eve.join(invited.room)
    assert isinstance(refused, asks.Refused)
    assert scene.groups == {}


def test_a_goodbye_ends_the_session_at_once() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.send(wire.Bye())
    census = scene.hub.census()
    assert (census.sessions, census.members, census.rooms) == (0, 0, 0)
    assert not any(scene.groups.values())


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x93\x03\x01", b"\x91" * 1000])
def test_an_ask_that_cannot_be_read_is_counted_and_gets_no_byte(body: bytes) -> None:
    scene = Scene()
    ann = Peer(scene)
    assert ann.send(wire.Ask(body)) == []
    assert scene.hub.dropped["malformed"] == 1


def test_who_says_hello_twice_is_not_heard() -> None:
    scene = Scene()
    ann = Peer(scene)
    assert ann.ask(asks.Hello(9, "zoe", bytes(16))) == []
    assert scene.hub.census().members == 1


# A session that moves


def test_a_fresh_datagram_from_elsewhere_gets_one_challenge_and_everything_else_stays() -> None:
    scene = Scene()
    ann = Peer(scene)
    home = ann.send(wire.Ping(1), path=MOVED)
    assert home[0] == wire.Pong(1), "the answer goes to the old endpoint"
    (challenge,) = scene.take(MOVED)
    assert len(challenge) + 28 <= 3 * (len(ann.sent[-1]) + 28)
    assert list(scene.hub._sealed.by_path) == [ann.path]


def test_the_session_moves_when_the_new_endpoint_answers() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    ann.send(wire.Ping(1), path=MOVED)
    home, ann.path = ann.path, MOVED
    (challenge,) = only(wire.PathChallenge, ann.read())
    ann.send(wire.PathResponse(challenge.token))
    assert set(scene.hub._sealed.by_path) == {MOVED, bob.path}
    bob.say("hi")
    assert only(wire.Entries, ann.read())
    assert scene.take(home) == []


def test_the_answer_proves_nothing_from_anywhere_else() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.send(wire.Ping(1), path=MOVED)
    home, ann.path = ann.path, MOVED
    (challenge,) = only(wire.PathChallenge, ann.read())
    for path in (home, THIEF):
        ann.send(wire.PathResponse(challenge.token), path=path)
        assert list(scene.hub._sealed.by_path) == [home]
    ann.send(wire.PathResponse(bytes(8)))
    assert list(scene.hub._sealed.by_path) == [home]


def test_an_old_or_repeated_datagram_from_elsewhere_gets_nothing() -> None:
    scene = Scene()
    ann = Peer(scene)
    assert ann.channel is not None
    kept = ann.channel.seal(wire.encode_frame(wire.Ping(1)))
    ann.send(wire.Ping(2))
    for datagram in (ann.sent[-1], kept, ann.sent[0][:63], kept):
        scene.receive(datagram, THIEF)
        assert scene.take(THIEF) == []


def test_who_moves_to_anothers_endpoint_has_proven_that_the_other_is_gone() -> None:
    scene = Scene()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    ann.send(wire.Ping(1), path=bob.path)
    ann.path = bob.path
    (challenge,) = only(wire.PathChallenge, ann.read())
    ann.send(wire.PathResponse(challenge.token))
    assert scene.hub.census().sessions == 1
    assert scene.hub._house.people._names.owner("bob") is None


def test_masked_endpoints_stay_masked() -> None:
    scene = Scene(masked=True)
    ann = Peer(scene)
    (members,) = ann.ask(asks.Who(2, ann.tag, 0, 0))
    assert isinstance(members, asks.Members)
    assert members.came[0].endpoint.startswith("~")
    assert isinstance(ann.replies[0], asks.Welcome)
    assert ann.replies[0].endpoint == str(ann.path), "who it is about may know"
