from typing import Any

import pytest

from chat.core.types import Kind
from chat.tui.cells import width
from chat.tui.layout import DAY, Context, Layouts, lay_out, name_style
from chat.tui.lines import Line, Look, Mark, Reaction
from chat.tui.timeline import Timeline

from .corpus import HOSTILE, SHOWN
from .entries import NOON, entry


def line(text: str, **more: Any) -> Line:
    return Timeline().add(entry(1, text, **more))


def plain(made: Line, size: int = 63, new_day: bool = False) -> list[str]:
    return ["".join(text for _, text in row) for row in lay_out(made, Context(size, new_day)).rows]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_time_mark_name_text() -> None:
    assert plain(line("hello")) == ["22:13          bob  hello"]
    assert plain(line("hello"), 40) == ["22:13 bob: hello"]


def test_further_rows_are_indented() -> None:
    rows = plain(line("word " * 20), 63)
    assert len(rows) > 1
    assert all(row.startswith(" " * 20 + "word") for row in rows[1:])
    assert all(row.startswith(" " * 7 + "word") for row in plain(line("word " * 20), 40)[1:])


def test_a_text_cannot_look_like_another_line() -> None:
    rows = plain(line("hi\n22:13         ann  no"))
    assert rows[1] == " " * 20 + "22:13         ann  no"


def test_a_long_name_pushes_only_its_first_row() -> None:
    rows = plain(line("word " * 12, name="a" * 32), 63)
    assert rows[0].startswith("22:13   " + "a" * 32 + "  word")
    assert rows[1].startswith(" " * 20 + "word")


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.ACTION, Kind.TOPIC])
@pytest.mark.parametrize("size", [12, 20, 30, 40, 56, 63])
@pytest.mark.parametrize("name", ["bob", "a" * 32, "漢" * 21])
def test_what_stands_before_a_text_never_pushes_it_off_the_screen(
    name: str, size: int, kind: Kind
) -> None:
    made = line("this is all of it", name=name, kind=kind)
    laid = lay_out(made, Context(size))
    rows = plain(made, size)
    assert all(width(row) <= size for row in rows)
    assert "".join(rows).replace(" ", "").endswith("thisisallofit")
    assert [laid.at(start) for start in laid.starts] == list(range(len(rows)))


def test_a_name_that_leaves_no_room_has_a_row_of_its_own() -> None:
    assert plain(line("hello", name="a" * 32), 20) == ["22:13 aaaaaaaaaaaaa…", " " * 7 + "hello"]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (Kind.ACTION, "22:13            *  bob waves"),
        (Kind.TOPIC, "22:13           --  bob changed the topic to: waves"),
    ],
)
def test_other_kinds(kind: Kind, row: str) -> None:
    assert plain(line("waves", kind=kind)) == [row]


def test_marks() -> None:
    made = line("x")
    made.show(Mark.FAILED, "not sent: no such room")
    assert plain(made) == ["22:13 ✗        bob  x", " " * 20 + "not sent: no such room"]


def test_only_the_note_of_what_failed_is_an_alert() -> None:
    made = line("x")
    styles = []
    for mark in (Mark.LOGGED, Mark.FAILED):
        made.show(mark, "a note")
        styles.append(lay_out(made, Context(63)).rows[-1][-1][0])
    assert styles == ["class:quiet", "class:alert"]


def test_blank_lines_at_the_end_are_left_out() -> None:
    assert len(plain(line("a\n\n\n"))) == 1


def test_output_is_a_table() -> None:
    made = Timeline().note(Look.OUTPUT, "/one   first thing that is long\n/two   second", NOON)
    assert plain(made, 24) == [" /one   first thing that", "        is long", " /two   second"]


@pytest.mark.parametrize("text", SHOWN)
@pytest.mark.parametrize("size", [20, 40, 63, 100])
def test_the_corpus_fits(text: str, size: int) -> None:
    for row in plain(line(text), size, new_day=True):
        assert width(row.rstrip()) <= size


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_acts_on_the_terminal(text: str) -> None:
    for row in plain(line(text, name=text)):
        assert all(char.isprintable() for char in row)


def test_starts_find_rows() -> None:
    laid = lay_out(line("word " * 40), Context(63, True))
    assert laid.starts[0] == DAY
    assert [laid.at(start) for start in laid.starts] == list(range(len(laid.rows)))
    assert laid.at(laid.starts[2] + 1) == 2


@pytest.mark.parametrize("size", range(12, 64))
def test_each_row_has_a_start_of_its_own(size: int) -> None:
    made = line("word " * 6)
    made.amend("long words in it", edited=True, reactions=(Reaction("+1", 1, False),))
    made.note = "no answer"
    laid = lay_out(made, Context(size))
    assert [laid.at(start) for start in laid.starts] == list(range(len(laid.rows)))


def test_names_have_one_colour_each() -> None:
    assert name_style("Ann") == name_style("ann")
    assert len({name_style(f"name{number}") for number in range(200)}) > 8


def test_layouts_are_kept_until_the_line_changes() -> None:
    layouts, made = Layouts(lay_out), line("x")
    laid = layouts.get(made, Context(63))
    assert layouts.get(made, Context(63)) is laid
    made.say("y")
    assert layouts.get(made, Context(63)) is not laid
