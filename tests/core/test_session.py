from chat.core import asks, wire
from chat.core.channel import Channel
from chat.core.opening import Admission
from chat.core.session import Session
from chat.core.turn import Turn
from chat.core.types import Path, Record, Send

from .stage import EMPTY, TAG, Stage

PATH = Path(0, "192.0.2.1", 5000)
KEY, OTHER = bytes(16), bytes(range(16))


class End:
    """A session, and the client's end of it."""

    def __init__(self) -> None:
        self.turn = Turn()
        channel = Channel(b"session1", KEY, OTHER)
        self.client = Channel(b"session1", OTHER, KEY)
        self.session = Session(
            b"instance",
            PATH,
            bytes(6),
            Admission(channel, [], b"binding", b"resumption", False),
            1,
            self.turn,
            lambda room: f"topic of {room}",
            b"identity",
        )

    def frames(self) -> list[list[wire.Frame]]:
        """What came of this turn, by datagram."""
        found = []
        for effect in self.turn.drain():
            assert isinstance(effect, Send)
            assert effect.path == self.session.path
            header = wire.decode_header(effect.datagram)
            assert isinstance(header, wire.Session)
            plaintext = self.client.open(header, effect.datagram)
            assert plaintext is not None
            found.append(wire.decode_frames(plaintext))
        return found

    def replies(self) -> list[asks.Response]:
        frames = [frame for datagram in self.frames() for frame in datagram]
        return [asks.decode_response(f.body) for f in frames if isinstance(f, wire.Reply)]


def test_whatever_happens_in_one_turn_shares_a_datagram() -> None:
    end = End()
    end.session.queue(wire.Pong(1))
    end.session.notice("careful")
    end.session.queue(wire.Pong(2))
    (frames,) = end.frames()
    assert [type(frame).__name__ for frame in frames] == ["Pong", "Reply", "Pong"]
    assert end.frames() == []


def test_it_goes_to_where_the_session_is_by_then() -> None:
    end = End()
    end.session.queue(wire.Pong(1))
    end.session.path = Path(0, "198.51.100.1", 1)
    assert end.frames() == [[wire.Pong(1)]]


def test_each_thing_a_member_is_told_is_a_reply() -> None:
    end = End()
    end.session.refused(1, "no")
    end.session.left(2, "den")
    end.session.invited(0, "@a.b", "bob")
    end.session.notice("careful")
    assert end.replies() == [
        asks.Refused(1, "no"),
        asks.Left(2, "den"),
        asks.Invited(0, "@a.b", "bob"),
        asks.Notice("careful"),
    ]


def test_who_joined_is_told_the_topic_and_where_the_room_is() -> None:
    end, stage = End(), Stage()
    end.session.name = "ann"
    stage.room.enter(end.session, EMPTY, 0.0, 0)
    end.session.joined(stage.room, 3, EMPTY)
    ((reply, head, presence),) = end.frames()
    assert isinstance(reply, wire.Reply)
    joined = asks.decode_response(reply.body)
    assert isinstance(joined, asks.Joined)
    assert (joined.r, joined.topic, joined.tag) == (3, "topic of lobby", TAG)
    assert isinstance(head, wire.Head)
    assert isinstance(presence, wire.Presence)
    assert presence.count == 1


def test_entries_of_a_direct_room_travel_one_to_a_frame() -> None:
    end, stage = End(), Stage()
    records = [Record(seq, b"", b"", 0, b"body %d" % seq) for seq in (4, 5)]
    end.session.told(stage.room, records, [wire.Window(TAG, 1)])
    assert end.frames() == [
        [wire.Direct(TAG, 4, (b"body 4",)), wire.Direct(TAG, 5, (b"body 5",)), wire.Window(TAG, 1)]
    ]


def test_what_the_network_kept_too_long_is_not_the_newest() -> None:
    session = End().session
    assert session.newest("den", 5)
    assert session.newest("den", 5), "the same one again"
    assert not session.newest("den", 4)
    assert session.newest("attic", 1), "of another subject"
    assert session.newest("den", 9)
    assert session.awaits("den", 9)
    assert not session.awaits("den", 5)
    assert not session.awaits("cellar", 1)


def test_so_many_subjects_are_remembered_and_no_more() -> None:
    session = End().session
    for number in range(1000):
        session.newest(f"room{number}", 7)
    assert len(session._asked) <= 64
    assert not session.newest("room999", 6)
