from collections.abc import Callable

from chat.core import asks
from chat.core.endpoint import TextEndpoint
from chat.core.entry import encode_entry
from chat.core.roles import Role
from chat.core.turn import Turn
from chat.core.types import Kind, Path, Record, Send

from .stage import EMPTY, Stage

PATH = Path(0, "127.0.0.1", 5000)
AUTHOR = b"instance"


def endpoint() -> tuple[TextEndpoint, Callable[[], list[str]]]:
    turn = Turn()
    member = TextEndpoint(AUTHOR, PATH, bytes(6), turn, 0.0)
    member.name = "ann"

    def lines() -> list[str]:
        effects = turn.drain()
        assert all(isinstance(effect, Send) and effect.path == PATH for effect in effects)
        data = [effect.datagram for effect in effects if isinstance(effect, Send)]
        return b"".join(data).decode().splitlines()

    return member, lines


def record(text: str, instance: bytes) -> Record:
    body = encode_entry(kind=1, instance=instance, n=1, time=0, name="bob", text=text)
    return Record(1, bytes(8), instance, 1, body)


def test_what_the_server_says_begins_with_two_dashes() -> None:
    member, lines = endpoint()
    member.notice("careful")
    member.invited(1, "@a.b", "bob")
    assert lines() == ["-- careful"]


def test_who_is_muted_is_told_for_how_long_and_why() -> None:
    member, lines = endpoint()
    room = Stage().room
    member.stands(room, asks.Standing(0, Role.MUTED, muted=90, reason="flood"))
    member.stands(room, asks.Standing(0, Role.MUTED, muted=asks.FOR_GOOD))
    assert lines() == [
        "-- you are muted in lobby for 1m 30s: flood",
        "-- you are muted in lobby",
    ]


def test_lines_of_one_turn_share_a_datagram() -> None:
    member, _ = endpoint()
    for number in range(5):
        member.write(f"line {number}")
    assert len(member._turn.drain()) == 1


def test_a_room_that_was_joined_is_where_it_speaks_from_now_on() -> None:
    member, lines = endpoint()
    stage = Stage()
    member.entering = "lobby"
    assert member.awaits("lobby", 0)
    stage.room.enter(member, EMPTY, 0.0, 0)
    member.joined(stage.room, 0, EMPTY)
    assert member.room is stage.room
    assert not member.awaits("lobby", 0)
    assert lines() == ["-- you are ann in lobby, 1 here; /help helps"]


def test_a_direct_room_does_not_change_where_it_speaks() -> None:
    member, lines = endpoint()
    stage = Stage(name="@" + "a" * 16 + "." + "b" * 16)
    member.joining[stage.room.name] = ["hi"]
    member.joined(stage.room, 0, EMPTY)
    assert member.room is None
    assert list(member.held) == [(stage.room, Kind.MESSAGE, "hi")]
    assert lines() == []


def test_what_is_said_to_it_alone_is_marked() -> None:
    member, lines = endpoint()
    direct = Stage(name="@" + "a" * 16 + "." + "b" * 16).room
    member.told(direct, [record("psst", b"another."), record("psst too", AUTHOR)], [])
    broken = Record(3, bytes(8), b"another.", 2, b"\xff")
    member.told(direct, [broken], [])
    assert lines() == ["bob (to you): psst", "bob (sent): psst too"]
