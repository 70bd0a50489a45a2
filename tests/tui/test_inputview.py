import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tui.cells import width
from chat.tui.inputview import view_input
from chat.tui.rows import Row


def plain(row: Row) -> str:
    return "".join(text for _, text in row)


def test_an_empty_line() -> None:
    view = view_input("", 0, 40, 3)
    assert [plain(row) for row in view.rows] == ["> "]
    assert (view.cursor.row, view.cursor.column) == (0, 2)


def test_several_lines() -> None:
    view = view_input("one\ntwo", 5, 40, 3)
    assert [plain(row) for row in view.rows] == ["> one", "  two"]
    assert (view.cursor.row, view.cursor.column) == (1, 3)


def test_a_full_row_has_the_cursor_on_the_next() -> None:
    view = view_input("a" * 37, 37, 40, 3)
    assert [plain(row) for row in view.rows] == ["> " + "a" * 37, "  "]
    assert (view.cursor.row, view.cursor.column) == (1, 2)


def test_only_rows_around_the_cursor() -> None:
    text = "\n".join(f"line {number}" for number in range(20))
    assert [plain(row) for row in view_input(text, len(text), 40, 3).rows] == [
        "  line 17",
        "  line 18",
        "  line 19",
    ]
    assert plain(view_input(text, 0, 40, 3).rows[0]) == "> line 0"


def test_the_terminal_finds_the_cursor_after_what_is_disputed() -> None:
    view = view_input("👨‍👩‍👧‍👦x", 7, 40, 3)
    assert view.cursor.before is not None
    assert plain(view.cursor.before) == "> 👨‍👩‍👧‍👦"
    assert view_input("plain", 3, 40, 3).cursor.before is None


@given(
    st.text(alphabet="ab 日é\n👍", max_size=80),
    st.integers(0, 80),
    st.integers(6, 30),
    st.integers(1, 4),
)
def test_the_cursor_is_where_it_should_be(text: str, at: int, columns: int, most: int) -> None:
    at = min(at, len(text))
    view = view_input(text, at, columns, most)
    assert 1 <= len(view.rows) <= most
    assert 0 <= view.cursor.row < len(view.rows)
    assert 2 <= view.cursor.column < columns
    assert all(width(plain(row)) < columns for row in view.rows)
    before = plain(view.rows[view.cursor.row])[: len(plain(view.cursor.before or ()))]
    assert view.cursor.before is None or plain(view.cursor.before) == before


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_no_room_at_all(columns: int) -> None:
    assert view_input("text", 2, columns, 1).rows


@given(st.text(alphabet="ab 日é\n👍", max_size=80), st.integers(0, 80), st.integers(6, 30))
def test_where_in_the_text_each_row_begins(text: str, at: int, columns: int) -> None:
    view = view_input(text, min(at, len(text)), columns, 5)
    assert len(view.starts) == len(view.rows)
    for start, (_, (_, shown)) in zip(view.starts, view.rows, strict=True):
        assert text[start:].startswith(shown)
