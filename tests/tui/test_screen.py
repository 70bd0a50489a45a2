from typing import Any

import pytest

from chat.tui.rows import Frame, Row
from chat.tui.screen import Parts, compose


def parts(**changes: Any) -> Parts:
    def rows(name: str) -> tuple[Row, ...]:
        return tuple((("", f"{name} {number}"),) for number in range(3))

    plain = Parts(
        banner="",
        header=(("", "room  topic"),),
        members_columns=8,
        members=lambda size, height: list(rows("member")[:height]),
        messages=lambda size, height: rows("message")[:height],
        status=lambda size: (("", "status"),),
        hint=("", ""),
        label="> ",
        text="typed",
        cursor=5,
    )
    return plain._replace(**changes)


def plain(frame: Frame) -> list[str]:
    rows = []
    for row in frame.rows:
        text = ""
        for column, spans in row:
            text = text.ljust(column) + "".join(span for _, span in spans)
        rows.append(text.rstrip())
    return rows


def test_everything_has_its_place() -> None:
    frame = compose(parts(hint=("", "a hint"), banner="banner"), 40, 10)
    assert plain(frame) == [
        "banner",
        "room  topic",
        "member 0 │ message 0",
        "member 1 │ message 1",
        "member 2 │ message 2",
        "         │",
        "         │",
        "status",
        "a hint",
        "> typed",
    ]
    assert frame.cursor[:2] == (9, 7)


def test_without_members() -> None:
    assert plain(compose(parts(members_columns=0), 40, 8))[1:3] == ["message 0", "message 1"]


def test_a_long_hint_is_wrapped_and_cut() -> None:
    rows = plain(compose(parts(hint=("", "word " * 40)), 20, 12))
    assert [row for row in rows if row.startswith("word")] == [
        "word word word word",
        "word word word word",
        "word word word word…",
    ]


def test_several_typed_rows_take_a_third_at_most() -> None:
    text = "\n".join(f"line {number}" for number in range(30))
    rows = plain(compose(parts(text=text, cursor=len(text)), 40, 12))
    assert rows[-4:] == ["  line 26", "  line 27", "  line 28", "  line 29"]


@pytest.mark.parametrize("height", range(1, 13))
@pytest.mark.parametrize("columns", [1, 2, 5, 40])
def test_any_size(columns: int, height: int) -> None:
    text = "several\nlines " * 9
    for bare in (False, True):
        frame = compose(
            parts(text=text, cursor=3, hint=("", "hint " * 30), banner="b", bare=bare),
            columns,
            height,
        )
        assert len(frame.rows) == height
        assert 0 <= frame.cursor.row < height
        assert frame.messages.top + frame.messages.height <= height
        assert len(frame.typed) <= height


def test_the_status_comes_after_the_messages() -> None:
    """It says how much is below them, which only drawing them finds out."""
    order: list[str] = []

    def messages(size: int, height: int) -> tuple[Row, ...]:
        order.append("messages")
        return ()

    def status(size: int) -> Row:
        order.append("status")
        return ()

    compose(parts(messages=messages, status=status), 40, 10)
    assert order == ["messages", "status"]


def test_a_bare_screen() -> None:
    frame = compose(parts(banner="banner", bare=True), 40, 8)
    assert plain(frame) == ["message 0", "message 1", "message 2", "", "", "", "", "> typed"]
    assert frame.status is None
    assert frame.messages == (0, 0, 7)
    shown = plain(compose(parts(hint=("", "a hint"), bare=True), 40, 8))
    assert shown[-2:] == ["a hint", "> typed"]


def test_where_things_are() -> None:
    frame = compose(parts(hint=("", "a hint"), banner="banner", text="one\ntwo", cursor=0), 40, 12)
    assert frame.messages == (2, 11, 6)
    assert plain(frame)[2].find("message") == frame.messages.left
    assert frame.status is not None
    assert plain(frame)[frame.status] == "status"
    assert frame.typed == (0, 4)
    assert compose(parts(members_columns=0), 40, 12).messages.left == 0
