from chat.core.turn import Turn
from chat.core.types import Effect, Tell


class Part:
    """A room or a member that has something to say."""

    def __init__(self, turn: Turn, name: str, *then: "Part", member: bool = False) -> None:
        self.turn = turn
        self.name = name
        self.then = then
        self.member = member

    def ready(self) -> None:
        (self.turn.member if self.member else self.turn.room)(self)

    def flush(self) -> None:
        self.turn.emit(Tell(self.name))
        for part in self.then:
            part.ready()


def said(effects: list[Effect]) -> list[object]:
    return [effect.event for effect in effects if isinstance(effect, Tell)]


def test_effects_come_in_their_order_and_once() -> None:
    turn = Turn()
    for event in range(3):
        turn.emit(Tell(event))
    assert said(turn.drain()) == [0, 1, 2]
    assert turn.drain() == []


def test_rooms_come_before_members_so_that_both_share_datagrams() -> None:
    turn = Turn()
    Part(turn, "member", member=True).ready()
    Part(turn, "room").ready()
    assert said(turn.drain()) == ["room", "member"]


def test_who_has_something_to_say_twice_is_asked_once() -> None:
    turn = Turn()
    room = Part(turn, "room")
    room.ready()
    room.ready()
    assert said(turn.drain()) == ["room"]


def test_what_comes_up_meanwhile_is_said_in_the_same_turn() -> None:
    turn = Turn()
    late_room = Part(turn, "late room", Part(turn, "late member", member=True))
    member = Part(turn, "member", late_room, member=True)
    Part(turn, "room", member).ready()
    Part(turn, "other", member=True).ready()
    assert said(turn.drain()) == ["room", "other", "member", "late room", "late member"]
    assert turn.drain() == []
