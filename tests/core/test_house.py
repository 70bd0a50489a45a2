from random import Random
from typing import Any

import pytest

from chat.core import limits, wire
from chat.core.entry import TEXT_MAX, decode_entry, encode_entry
from chat.core.happenings import Came, Went
from chat.core.house import House, OpenRegistry
from chat.core.layout import MalformedError
from chat.core.member import Labels
from chat.core.names import direct_room
from chat.core.openings import JoinTicket
from chat.core.refusal import RefusedError
from chat.core.staging import Verdict
from chat.core.timers import Timers
from chat.core.turn import Turn
from chat.core.types import (
    REGISTRY,
    SEQ_MAX,
    Append,
    Effect,
    Fetch,
    Follow,
    Form,
    Kind,
    Open,
    Point,
    Range,
    Record,
    Snapshot,
    Tell,
    Unfollow,
)

from .stub import Stub

EMPTY = Snapshot(1, Point(0, bytes(8)), bytes(8), 0, None, b"")


class Place:
    """A house with nobody in it, whose registry was empty."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.house = House(self.turn, Timers(), Labels(None), Random(1).randbytes)
        self.first = self.effects()
        self.house.opened(OpenRegistry(), EMPTY, 0.0, 0)
        self.follow = self.effects()

    def effects(self) -> list[Effect]:
        return self.turn.drain()

    def take(self, kind: type[Effect]) -> list[Any]:
        return [effect for effect in self.effects() if isinstance(effect, kind)]

    def member(self, name: str) -> Stub:
        member = Stub(name)
        self.house.enter(member, name, b"", 0.0, 0)
        return member

    def ask(self, member: Stub, room: str, request: int = 1) -> list[JoinTicket]:
        """Asks for a room; what the log is asked for that."""
        self.house.join(member, request, room, (), 0.0, 0)
        tickets = [open.ticket for open in self.take(Open)]
        assert all(isinstance(ticket, JoinTicket) for ticket in tickets)
        return tickets

    def join(self, member: Stub, room: str, snapshot: Snapshot = EMPTY) -> None:
        """As `ask`, and the log answers."""
        (ticket,) = self.ask(member, room)
        self.house.opened(ticket, snapshot, 0.0, 0)

    def write(self, *texts: str) -> None:
        """The registry's log says that these rooms were made."""
        known = len(self.house.registry.rooms)
        for seq, text in enumerate(texts, known + 1):
            data = encode_entry(
                kind=Kind.ROOM, instance=b"a node..", n=seq, time=0, name="", text=text
            )
            self.house.logged(REGISTRY, (Record(seq, bytes(8), b"a node..", seq, data),), 0.0, 0)


def test_the_registry_is_opened_once_and_read_from_its_start() -> None:
    place = Place()
    assert place.first == [Open(OpenRegistry(), REGISTRY, b"", ())]
    assert place.follow == [Follow(REGISTRY, 0)]
    assert place.house.registry.ready


def test_who_comes_and_goes_is_told_to_the_operator() -> None:
    place = Place()
    ann = place.member("ann")
    place.house.exit(ann, 0.0)
    place.house.exit(ann, 0.0)
    endpoint = str(ann.path)
    assert [tell.event for tell in place.take(Tell)] == [
        Came("ann", endpoint, Form.SEALED),
        Went("ann", endpoint, Form.SEALED),
    ]
    assert place.house.members == {}


def test_a_name_that_cannot_be_one_is_refused_and_nobody_came() -> None:
    place = Place()
    with pytest.raises(RefusedError, match="a name"):
        place.member("a b")
    ann = place.member("ann")
    with pytest.raises(RefusedError, match="a name"):
        place.house.rename(ann, "[ann]", b"", 0.0, 0)
    assert (ann.name, list(place.house.members)) == ("ann", [ann.instance])


def test_a_new_name_is_the_first_free_one_like_it() -> None:
    place = Place()
    ann, bob = place.member("ann"), place.member("bob")
    place.house.rename(bob, "Ann", b"", 0.0, 0)
    assert bob.name == "Ann2"
    place.house.exit(ann, 0.0)
    place.house.rename(bob, "ann", b"", 0.0, 0)
    assert bob.name == "ann"


def test_a_join_asks_the_log_and_ends_when_it_answers() -> None:
    place = Place()
    ann = place.member("ann")
    place.house.join(ann, 5, "#Den", ((3, b"digest 3"), (0, b"origin 1")), 0.0, 0)
    (open,) = place.take(Open)
    assert (open.room, open.instance) == ("den", ann.instance)
    assert open.points == (Point(3, b"digest 3"), Point(0, b"origin 1"))
    assert ann.heard == []
    place.house.opened(open.ticket, EMPTY._replace(head=Point(4, bytes(8))), 0.0, 0)
    assert ann.heard == [("joined", "den", 5)]
    assert place.take(Follow) == [Follow("den", 4)]


def test_a_room_is_followed_once_whoever_comes_later() -> None:
    place = Place()
    place.join(place.member("ann"), "den")
    assert len(place.take(Follow)) == 1
    place.join(place.member("bob"), "den", EMPTY._replace(head=Point(4, bytes(8))))
    assert place.take(Follow) == []
    assert len(place.house.rooms["den"]) == 2


def test_a_request_that_is_repeated_while_the_log_is_asked_is_one_request() -> None:
    place = Place()
    ann = place.member("ann")
    (ticket,) = place.ask(ann, "den", 1)
    assert [len(place.ask(ann, "den", request)) for request in (1, 2, 2, 3)] == [0, 0, 0, 0]
    ann.wants["den"] = 3
    place.house.opened(ticket, EMPTY, 0.0, 0)
    assert ann.heard == []
    assert [open.ticket for open in place.take(Open)] == [ticket], "asked once more, for the newest"
    place.house.opened(ticket, EMPTY, 0.0, 0)
    assert ann.heard == [("joined", "den", 3)]
    assert not place.house._openings._tickets


def test_who_is_gone_or_wants_something_else_by_now_does_not_come_in() -> None:
    place = Place()
    ann, bob = place.member("ann"), place.member("bob")
    (gone,), (changed,) = place.ask(ann, "den"), place.ask(bob, "den")
    place.house.exit(ann, 0.0)
    bob.wants["den"] = 2
    for ticket in (gone, changed):
        place.house.opened(ticket, EMPTY, 0.0, 0)
    assert (ann.heard, bob.heard) == ([], [])
    assert place.house.rooms == {}
    assert place.take(Follow) == []


def test_a_log_that_cannot_answer_is_told_to_who_asked() -> None:
    place = Place()
    ann = place.member("ann")
    (ticket,) = place.ask(ann, "den")
    place.house.failed(ticket, "the disk is gone", 0.0)
    assert ann.heard == [("unopened", "den")]
    assert place.house.rooms == {}
    place.join(ann, "den")
    assert ann in place.house.rooms["den"]


def test_the_last_to_leave_closes_the_room() -> None:
    place = Place()
    ann, bob = place.member("ann"), place.member("bob")
    for member in (ann, bob):
        place.join(member, "den")
    place.house.leave(ann, "den", 0.0)
    place.house.leave(ann, "nowhere", 0.0)
    assert place.take(Unfollow) == []
    place.house.exit(bob, 0.0)
    assert place.take(Unfollow) == [Unfollow("den")]
    assert place.house.rooms == {}


def test_a_room_waits_for_what_is_under_way_before_it_closes() -> None:
    place = Place()
    ann = place.member("ann")
    place.join(ann, "den")
    room = place.house.rooms["den"]
    assert (
        place.house.say(ann, room, wire.Draft(room.tag, 1, 1, 0, 0, b"hi"), 0.0, 0) is Verdict.TAKEN
    )
    place.house.leave(ann, "den", 0.0)
    assert place.take(Unfollow) == []
    place.house.appended("den", {ann.instance: 1}, 0.0)
    assert place.take(Unfollow) == [Unfollow("den")]


@pytest.mark.parametrize("name", ["a b", "", "##", REGISTRY, "@", "@ann", "../den"])
def test_a_room_that_cannot_be_one_is_refused(name: str) -> None:
    place = Place()
    with pytest.raises(RefusedError):
        place.house.join(place.member("ann"), 1, name, (), 0.0, 0)
    assert place.house.rooms == {}


def test_a_direct_room_is_for_its_two_only() -> None:
    place = Place()
    ann, bob, eve = (place.member(name) for name in ("ann", "bob", "eve"))
    name, peer = place.house.directs.find(ann, "BOB")
    assert (name, peer) == (direct_room(ann.instance, bob.instance), "bob")
    with pytest.raises(RefusedError, match="not for you"):
        place.house.join(eve, 1, name, (), 0.0, 0)
    place.join(bob, name)
    assert bob in place.house.rooms[name]


def test_nobody_shares_a_room_with_itself_or_with_nobody() -> None:
    place = Place()
    ann = place.member("ann")
    with pytest.raises(RefusedError, match="that is you"):
        place.house.directs.find(ann, "ann")
    with pytest.raises(RefusedError, match="there is no zoe here"):
        place.house.directs.find(ann, "zoe")


def test_there_are_as_many_rooms_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROOMS", 3)
    place = Place()
    place.write("one", "two", "three")
    ann = place.member("ann")
    with pytest.raises(RefusedError, match="as many rooms as it may"):
        place.house.join(ann, 1, "four", (), 0.0, 0)
    place.join(ann, "three")


def test_a_member_is_in_as_many_rooms_as_it_may_be() -> None:
    place = Place()
    ann = place.member("ann")
    for number in range(limits.ROOMS_PER_MEMBER):
        place.join(ann, f"room{number}")
    with pytest.raises(RefusedError, match="leave one of them first"):
        place.house.join(ann, 1, "one-more", (), 0.0, 0)
    place.house.leave(ann, "room0", 0.0)
    place.join(ann, "one-more")


def test_a_room_is_made_in_the_registry_once() -> None:
    place = Place()
    ann, bob = place.member("ann"), place.member("bob")
    place.house.join(ann, 1, "den", (), 0.0, 0)
    place.house.join(bob, 1, "den", (), 0.0, 0)
    (append,) = place.take(Append)
    assert (append.room, len(append.drafts)) == (REGISTRY, 1)


def test_a_topic_and_its_place_in_the_registry_are_committed_together() -> None:
    place = Place()
    ann = place.member("ann")
    place.join(ann, "den")
    place.effects()
    room = place.house.rooms["den"]
    place.house.say(ann, room, wire.Draft(room.tag, 1, Kind.TOPIC, 0, 0, b"old things"), 0.0, 0)
    assert {append.room for append in place.take(Append)} == {"den", REGISTRY}


@pytest.mark.parametrize(
    "draft",
    [
        wire.Draft(1, 1, 0, 0, 0, b"hi"),
        wire.Draft(1, 1, Kind.ROOM, 0, 0, b"hi"),
        wire.Draft(1, 1, 16, 0, 0, b"hi"),
        wire.Draft(1, 1, 1, 0, 0, b"\xff"),
        wire.Draft(1, 1, 1, 0, 0, bytes(TEXT_MAX + 1)),
        wire.Draft(1, 1, Kind.TOPIC, 0, 0, bytes(limits.TOPIC_BYTES + 1)),
        wire.Draft(1, 1, 7, 0, 1, b"hi"),
        wire.Draft(1, 1, Kind.NAME, 0, 1, b"hi"),
        wire.Draft(1, 1, Kind.EDIT, 0, 0, b"hi"),
        wire.Draft(1, 1, Kind.EDIT, 0, SEQ_MAX + 1, b"hi"),
        wire.Draft(1, 1, Kind.DELETE, 0, 0, b""),
        wire.Draft(1, 1, Kind.DELETE, 0, 1, b"hi"),
        wire.Draft(1, 1, Kind.DELETE, 1, 1, b""),
        wire.Draft(1, 1, Kind.REACTION, 0, 0, b"+1"),
        wire.Draft(1, 1, Kind.REACTION, 1, 1, b"+1"),
        wire.Draft(1, 1, Kind.REACTION, 0, 1, b""),
        wire.Draft(1, 1, Kind.REACTION, 0, 1, b"-"),
        wire.Draft(1, 1, Kind.REACTION, 0, 1, b"a b"),
        wire.Draft(1, 1, Kind.REACTION, 0, 1, b"x" * 33),
    ],
)
def test_what_no_client_of_ours_says_is_malformed(draft: wire.Draft) -> None:
    place = Place()
    ann = place.member("ann")
    place.join(ann, "den")
    with pytest.raises(MalformedError):
        place.house.say(ann, place.house.rooms["den"], draft, 0.0, 0)


@pytest.mark.parametrize(
    "draft",
    [
        wire.Draft(1, 1, Kind.EDIT, 1, 1, b"to be "),
        wire.Draft(1, 1, Kind.DELETE, 0, 1, b""),
        wire.Draft(1, 1, Kind.REACTION, 0, 1, b"-" + b"x" * 32),
        wire.Draft(1, 1, Kind.MESSAGE, 0, 99, b"about something"),
        wire.Draft(1, 1, Kind.EDIT, 0, 99, b"of what the log has lost"),
    ],
)
def test_what_a_draft_refers_to_goes_to_the_log(draft: wire.Draft) -> None:
    place = Place()
    ann = place.member("ann")
    place.join(ann, "den")
    place.effects()
    assert place.house.say(ann, place.house.rooms["den"], draft, 0.0, 0) is Verdict.TAKEN
    (append,) = (append for append in place.take(Append) if append.room == "den")
    entry = decode_entry("den", 1, append.drafts[0].body)
    assert (entry.kind, entry.refers, entry.more) == (draft.kind, draft.refers, bool(draft.more))
    assert entry.text == draft.text.decode()


def test_rooms_are_listed_in_order_with_who_is_in_them() -> None:
    place = Place()
    place.write("cellar", "attic", "@" + "a" * 16 + "." + "b" * 16)
    place.join(place.member("ann"), "cellar")
    assert [(row.name, row.members) for row in place.house.list_rooms("")] == [
        ("attic", 0),
        ("cellar", 1),
    ]
    assert [row.name for row in place.house.list_rooms("attic")] == ["cellar"]


def test_a_member_is_reminded_of_direct_rooms_that_it_is_not_in_the_newest_first() -> None:
    place = Place()
    ann = place.member("ann")
    others = [place.member(f"m{number}") for number in range(limits.ROOMS_PER_MEMBER + 5)]
    rooms = [direct_room(ann.instance, other.instance) for other in others]
    place.write(*rooms)
    place.join(ann, rooms[-1])
    found = list(place.house.directs.invitations(ann))
    newest = zip(reversed(rooms), reversed(others), strict=True)
    assert found == [(room, other.name) for room, other in newest][1 : limits.ROOMS_PER_MEMBER]


def test_who_is_in_as_many_direct_rooms_as_it_may_is_reminded_of_no_more() -> None:
    place = Place()
    ann, last = place.member("ann"), place.member("last")
    for number in range(limits.ROOMS_PER_MEMBER):
        place.join(ann, direct_room(ann.instance, place.member(f"m{number}").instance))
    name = direct_room(ann.instance, last.instance)
    place.write(name)
    assert list(place.house.directs.invitations(ann)) == []
    place.join(last, name)
    place.house.directs.remind(place.house.rooms[name])
    assert not any(isinstance(it, tuple) and it[0] == "invited" for it in ann.heard)
    place.join(ann, "den")
    assert ann in place.house.rooms["den"], "public rooms are counted by themselves"


def test_a_direct_room_is_registered_when_something_is_said_there() -> None:
    place = Place()
    ann, bob = place.member("ann"), place.member("bob")
    name = direct_room(ann.instance, bob.instance)
    place.join(ann, name)
    place.house.flush()
    assert place.take(Append) == []
    room = place.house.rooms[name]
    place.house.say(ann, room, wire.Draft(room.tag, 1, 1, 0, 0, b"psst"), 0.0, 0)
    place.house.flush()
    assert REGISTRY in [append.room for append in place.take(Append)]


def test_what_is_said_in_a_direct_room_calls_the_other_one() -> None:
    place = Place()
    ann, bob = place.member("ann"), place.member("bob")
    name, _ = place.house.directs.find(ann, "bob")
    place.join(ann, name)
    data = encode_entry(kind=1, instance=ann.instance, n=1, time=0, name="ann", text="psst")
    place.house.logged(name, (Record(1, bytes(8), ann.instance, 1, data),), 0.0, 0)
    assert bob.heard == [("invited", 0, name, "ann")]
    place.join(bob, name)
    place.house.directs.remind(place.house.rooms[name])
    assert len(bob.heard) == 2


def test_a_fetch_asks_the_log_for_no_more_than_it_may() -> None:
    place = Place()
    ann = place.member("ann")
    place.join(ann, "den")
    place.effects()
    ranges = tuple(Range(n, n) for n in range(1, 90))
    place.house.fetch("ticket", place.house.rooms["den"], ranges, 1 << 32)
    assert place.take(Fetch) == [
        Fetch("ticket", "den", ranges[: limits.RANGES], limits.FETCH_BYTES)
    ]
