from chat.core.asks import Member
from chat.tui.members import LEAST, MOST, MemberList


def members(*names: str) -> dict[int, Member]:
    return {n: Member(n, name, "192.0.2.1:1", 0, False) for n, name in enumerate(names, 1)}


def plain(names: dict[int, Member], count: int | str, height: int = 6) -> list[str]:
    rows = MemberList().rows(names, count, 12, height)
    return ["".join(text for _, text in row) for row in rows]


def test_in_order_with_a_heading() -> None:
    assert plain(members("bob", "Ann", "carol"), 3) == ["3 here", "Ann", "bob", "carol"]


def test_more_than_there_is_room_for() -> None:
    names = members(*(f"name{number}" for number in range(9)))
    assert plain(names, 9, 4) == ["9 here", "name0", "name1", "+7 more"]
    assert plain(names, 9, 1) == ["9 here"]


def test_too_many_to_follow() -> None:
    assert plain({}, 1234) == ["1,234 here", "/who"]


def test_while_we_are_away() -> None:
    assert plain(members("ann"), "offline") == ["offline", "ann"]
    assert plain({}, "outside") == ["outside"]


def test_its_width() -> None:
    assert MemberList().columns(members("bob"), 80) == LEAST
    assert MemberList().columns(members("x" * 30), 80) == MOST
    assert MemberList().columns(members("bob"), 40) == 0


def test_it_is_sorted_only_when_it_changes() -> None:
    ours, names = MemberList(), members("bob", "ann")
    assert ours.names(names) is ours.names(names)
    assert list(ours.names(members("b\x1bob"))) == ["bob"]
