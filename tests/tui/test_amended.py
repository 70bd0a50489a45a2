"""Lines as their authors and readers have made of them later."""

import pytest
from msgspec.structs import replace

from chat.core.types import Entry, Kind
from chat.tui.layout import Context, lay_out
from chat.tui.lines import TAKEN_BACK
from chat.tui.reader import Reader
from chat.tui.timeline import CROWD, Timeline

from .entries import OTHER, OWN, entry


def texts(timeline: Timeline) -> list[str]:
    return [line.text for line in timeline.shown][1:]


def edit(
    seq: int, refers: int, text: str, instance: bytes = OTHER, *, n: int = 0, more: bool = False
) -> Entry:
    return entry(seq, text, kind=Kind.EDIT, refers=refers, instance=instance, n=n, more=more)


def delete(seq: int, refers: int, instance: bytes = OTHER) -> Entry:
    return entry(seq, kind=Kind.DELETE, refers=refers, instance=instance)


def react(seq: int, refers: int, text: str, instance: bytes = OTHER) -> Entry:
    return entry(seq, text, kind=Kind.REACTION, refers=refers, instance=instance)


@pytest.fixture
def timeline() -> Timeline:
    timeline = Timeline()
    for seq in (1, 2, 3):
        timeline.add(entry(seq))
    return timeline


def test_an_edit_is_shown_in_place(timeline: Timeline) -> None:
    line = timeline.amend(edit(4, 2, "another\x1b[2J"))
    assert line is timeline[2]
    assert texts(timeline) == ["message 1", "another[2J", "message 3"]
    timeline.amend(edit(5, 2, "a third"))
    assert texts(timeline)[1] == "a third"
    assert timeline.newest == 5


def test_what_others_say_of_it_does_nothing(timeline: Timeline) -> None:
    assert timeline.amend(edit(4, 2, "forged", instance=OWN)) is None
    assert timeline.amend(delete(5, 2, instance=OWN)) is None
    assert texts(timeline) == ["message 1", "message 2", "message 3"]


def test_a_deletion_is_final(timeline: Timeline) -> None:
    timeline.amend(react(4, 2, "+1"))
    timeline.amend(delete(5, 2))
    timeline.amend(edit(6, 2, "back again"))
    timeline.amend(react(7, 2, "+1"))
    line = timeline[2]
    assert (line.text, line.deleted, line.reactions) == (TAKEN_BACK, True, ())


def test_a_moderators_deletion_says_whose_it_is_and_why(timeline: Timeline) -> None:
    for seq, refers, text in ((4, 2, "spam\x1b[2J"), (5, 3, "")):
        removal = entry(seq, text, name="alice\x1b", kind=Kind.DELETE, refers=refers)
        timeline.amend(replace(removal, text=text, endpoint="", instance=b"serverss"))
    assert texts(timeline)[1:] == ["deleted by alice: spam[2J", "deleted by alice"]
    assert timeline[2].deleted
    (row,) = lay_out(timeline[2], Context(80)).rows[-1:]
    assert any(style == "class:deleted" for style, _ in row)


def test_reactions_are_counted_once_an_author(timeline: Timeline) -> None:
    timeline.read_as(Reader(ids=frozenset({OWN})))
    for seq, (text, who) in enumerate(
        [("👍", OTHER), ("👍", OWN), ("👍", OWN), ("🎉", OTHER), ("tada", OWN), ("-tada", OWN)], 4
    ):
        timeline.amend(react(seq, 1, text, who))
    assert timeline[1].reactions == (("👍", 2, True), ("🎉", 1, False))


def test_a_crowd_is_counted_when_it_is_drawn(timeline: Timeline) -> None:
    line = timeline[1]
    for seq in range(4, 304):
        timeline.amend(react(seq, 1, "+1", seq.to_bytes(8, "big")))
    assert line.reactions[0].authors == CROWD
    timeline.count()
    assert line.reactions == (("+1", 300, False),)
    timeline.take_back(24)
    assert line.reactions == (("+1", 20, False),)


def test_an_edit_of_several_entries_counts_when_it_is_whole(timeline: Timeline) -> None:
    assert timeline.amend(edit(4, 2, "one ", n=8, more=True)) is None
    assert texts(timeline)[1] == "message 2"
    timeline.amend(edit(5, 2, "two", n=9))
    assert texts(timeline)[1] == "one two"


def test_amendments_wait_for_their_message() -> None:
    timeline = Timeline()
    timeline.add(entry(10))
    for later in (edit(11, 5, "edited"), react(12, 5, "+1"), delete(13, 4)):
        assert timeline.amend(later) is None
    timeline.add_older([entry(4), entry(5), entry(6), edit(7, 6, "in the page")], False)
    assert texts(timeline) == [TAKEN_BACK, "edited", "in the page", "message 10"]
    assert timeline[2].reactions == (("+1", 1, False),)


def test_any_part_of_a_long_message_stands_for_it() -> None:
    timeline = Timeline()
    timeline.add(entry(1, "one ", n=1, more=True))
    timeline.add(entry(2, "between", instance=OWN))
    line = timeline.add(entry(3, "two", n=2))
    timeline.amend(react(4, 3, "+1"))
    timeline.amend(edit(5, 3, "all of it"))
    assert (line.text, line.reactions) == ("all of it", (("+1", 1, False),))


def test_a_long_message_whose_beginning_comes_later() -> None:
    timeline = Timeline()
    timeline.add(entry(10, "two", n=2))
    timeline.amend(react(11, 10, "+1"))
    timeline.amend(edit(12, 9, "all of it"))
    timeline.add_older([entry(9, "one ", n=1, more=True)], True)
    assert texts(timeline) == ["all of it"]
    assert timeline[1].reactions == (("+1", 1, False),)
    timeline.take_back(12)
    assert texts(timeline) == ["one two"]


def test_the_log_loses_amendments(timeline: Timeline) -> None:
    timeline.amend(edit(4, 1, "edited"))
    timeline.amend(react(5, 1, "+1"))
    timeline.amend(delete(6, 2))
    timeline.take_back(5)
    assert texts(timeline) == ["edited", "message 2", "message 3"]
    assert timeline[1].reactions == ()
    timeline.take_back(4)
    assert texts(timeline)[0] == "message 1"
    assert not timeline[1].edited


def test_what_was_let_go_stays_gone(timeline: Timeline) -> None:
    timeline.evict(2)
    assert timeline.amend(edit(4, 1, "edited")) is None
    assert texts(timeline) == ["message 2", "message 3"]


def plain(timeline: Timeline, index: int, size: int = 63) -> list[str]:
    rows = lay_out(timeline[index], Context(size)).rows
    return ["".join(text for _, text in row)[20 if size > 56 else 7 :] for row in rows]


def test_how_they_look(timeline: Timeline) -> None:
    timeline.read_as(Reader(ids=frozenset({OWN})))
    timeline.amend(edit(4, 1, "word " * 8 + "ending"))
    timeline.amend(react(5, 1, "👍", OWN))
    timeline.amend(react(6, 1, "🎉"))
    timeline.amend(delete(7, 2))
    assert plain(timeline, 1) == [
        "word word word word word word word word",
        "ending (edited)",
        "[👍 1]  🎉 1",
    ]
    assert plain(timeline, 2) == [TAKEN_BACK]
    styles = {style for row in lay_out(timeline[1], Context(63)).rows for style, _ in row}
    assert {"class:edited", "class:reaction"} <= styles
    assert ("class:deleted", TAKEN_BACK) in lay_out(timeline[2], Context(63)).rows[0]


def test_a_row_of_many_reactions_fits(timeline: Timeline) -> None:
    for seq in range(4, 60):
        timeline.amend(react(seq, 1, f"word{seq}"))
    rows = plain(timeline, 1)
    assert len(rows) == 2
    assert rows[1].endswith("…")
    assert len(rows[1]) == 43


def test_nobody_hides_what_others_react_behind_reactions_of_their_own(timeline: Timeline) -> None:
    timeline.read_as(Reader(ids=frozenset({OWN})))
    for seq in range(4, 60):
        timeline.amend(react(seq, 1, f"word{seq}"))
    for seq, who in ((60, b"another."), (61, b"a third!")):
        timeline.amend(react(seq, 1, "+1", who))
    timeline.amend(react(62, 1, "🎉", OWN))
    assert plain(timeline, 1)[1].startswith("[🎉 1]  +1 2  word4 1  word5 1")
