import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tui.bare import lay_out_bare
from chat.tui.cells import agreed, width
from chat.tui.layout import Context
from chat.tui.lines import Line, Look, Mark
from chat.tui.rows import FLOW, Row

from .corpus import SHOWN
from .entries import NOON

LINK = "https://example.org/" + "abcdefghij" * 20


def line(text: str, look: Look = Look.TALK, name: str = "ann") -> Line:
    return Line(1, (1, 0), look, NOON, text, name=name)


def plain(row: Row) -> str:
    return "".join(text for _, text in row)


def copied(rows: tuple[Row, ...]) -> list[str]:
    """As the terminal's selection has it: rows that flow are one line."""
    lines: list[str] = []
    for row in rows:
        if row[:1] == (FLOW,):
            lines[-1] += plain(row)
        else:
            lines.append(plain(row))
    return lines


def test_what_each_kind_of_line_looks_like() -> None:
    clock = time.strftime("%H:%M", time.localtime(NOON / 1000))
    for look, name, shown in (
        (Look.TALK, "ann", f"{clock} <ann> text"),
        (Look.ACTION, "ann", f"{clock} * ann text"),
        (Look.TOPIC, "ann", f"{clock} -- ann changed the topic to: text"),
        (Look.QUIET, "", f"{clock} -- text"),
        (Look.ALERT, "", f"{clock} !! text"),
        (Look.OUTPUT, "", "  text"),
        (Look.TOP, "", "text"),
    ):
        assert copied(lay_out_bare(line("text", look, name), Context(40)).rows) == [shown]
    assert lay_out_bare(line("", Look.TOP, ""), Context(40)).rows == ()


def test_what_became_of_it_shows_while_it_matters() -> None:
    said = line("text")
    for mark, shown in (
        (Mark.PENDING, "… <ann>"),
        (Mark.FAILED, "✗ <ann>"),
        (Mark.LOGGED, " <ann>"),
    ):
        said.show(mark)
        assert shown in plain(lay_out_bare(said, Context(40)).rows[0])
    said.show(Mark.FAILED, "not sent")
    assert copied(lay_out_bare(said, Context(40)).rows)[1] == "  not sent"


def test_the_day() -> None:
    laid = lay_out_bare(line("text"), Context(40, new_day=True))
    assert plain(laid.rows[0]).startswith("── ")
    assert laid.starts[0] < 0


@pytest.mark.parametrize("size", [20, 33, 80])
def test_a_long_link_is_one_line(size: int) -> None:
    rows = lay_out_bare(line(LINK), Context(size)).rows
    assert len(rows) > 2
    assert all(width(plain(row)) == size for row in rows[:-1])
    assert copied(rows)[0].endswith(f"<ann> {LINK}")
    assert len(copied(rows)) == 1


def test_a_line_of_a_text_is_not_anybodys_line() -> None:
    rows = copied(lay_out_bare(line("one\n14:05 <bob> two"), Context(40)).rows)
    assert rows[1] == "  14:05 <bob> two"


def test_nothing_flows_out_of_a_row_of_disputed_width() -> None:
    """Another width would put the rest where other rows are."""
    rows = lay_out_bare(line("👨‍👩‍👧‍👦" + "x" * 60, name="bob"), Context(30)).rows
    assert [row[:1] == (FLOW,) for row in rows] == [False, False, True]


@given(st.sampled_from(SHOWN) | st.text(alphabet="ab 日é\n👍", max_size=120), st.integers(1, 60))
def test_nothing_is_lost_and_nothing_too_wide(text: str, size: int) -> None:
    laid = lay_out_bare(line(text), Context(size))
    assert len(laid.rows) == len(laid.starts)
    assert list(laid.starts) == sorted(laid.starts)
    assert all(width(plain(row)) <= max(size, 2) for row in laid.rows)
    assert (
        "".join(map(plain, laid.rows))
        .replace(" ", "")
        .endswith(text.replace(" ", "").replace("\n", ""))
    )
    for before, row in zip(laid.rows, laid.rows[1:], strict=False):
        if row[:1] == (FLOW,):
            assert width(plain(before)) == size
            assert all(agreed(each) for _, each in before)


def test_what_is_selected_searched_for_and_corrected() -> None:
    said = line(LINK)
    said.edited = True
    assert copied(lay_out_bare(said, Context(40)).rows)[0].endswith(f" <ann> {LINK} (edited)")
    assert " ▸ <ann> " in plain(lay_out_bare(said, Context(40, selected=True)).rows[0])
    said.mention = True
    assert " @ <ann>" in copied(lay_out_bare(said, Context(40)).rows)[0]
    assert copied(lay_out_bare(said, Context(40, unread=3)).rows)[0] == "── 3 new ──"
