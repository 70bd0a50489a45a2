import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.core.types import Entry, Kind
from chat.tui.diary import Place, TakenBack, continued, read_tail

from .corpus import HOSTILE
from .entries import entry

LOG = "5c3f9a0e11223344"
OTHER_LOG = "00" * 8
STAMP = "2023-11-14 22:13:20"
LINE = re.compile(r"(    .*|-- .*|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d #\d+ (<[^\n]+> |\* )?.*)")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()  # Other tests have read the clock of before.


def written(*news: Entry | TakenBack, log: str = LOG, before: str = "") -> str:
    """The file after the news, whoever had it before."""
    return before + continued(read_tail(before), log, "lobby at host", news)[0]


def body(*news: Entry | TakenBack) -> list[str]:
    """Its lines without the first one, and without times."""
    head, *lines = written(*news).splitlines()
    assert head == f"-- log {LOG}: lobby at host"
    return [line.removeprefix(f"{STAMP} ") for line in lines]


def test_what_it_looks_like() -> None:
    assert written(entry(123, "good morning\nall")).splitlines() == [
        f"-- log {LOG}: lobby at host",
        f"{STAMP} #123 <bob> good morning",
        "    all",
    ]


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        (Kind.ACTION, "waves", "* bob waves"),
        (Kind.TOPIC, "tea", "* bob changed the topic to: tea"),
        (Kind.EDIT, "better", "* bob corrects #1: better"),
        (Kind.DELETE, "", "* bob takes back #1"),
        (Kind.REACTION, "👍", "* bob reacts to #1: 👍"),
        (Kind.REACTION, "-👍", "* bob takes back a reaction to #1: 👍"),
        (99, "from the future", "<bob> from the future"),
    ],
)
def test_kinds(kind: int, text: str, line: str) -> None:
    assert body(entry(2, text, kind=kind, refers=1)) == [f"#2 {line}"]


def test_a_verified_name_has_its_star() -> None:
    made = Entry("lobby", 1, 1, "bob", b"k" * 8, "", b"otherone", 1, 0, 0, "x", False)
    assert written(made).splitlines()[1] == "1970-01-01 00:00:00 #1 <bob*> x"


@given(
    st.lists(st.text() | st.sampled_from(HOSTILE), min_size=1, max_size=5),
    st.text() | st.just("a\nb"),
    st.integers(1, 7),
)
def test_no_text_looks_like_another_line(texts: list[str], name: str, kind: int) -> None:
    forged = f"{STAMP} #7 <ann> no\n-- log {OTHER_LOG}: x\n#9 <ann> x"
    news = [
        entry(seq, f"{text}\n{forged}", name=name, kind=kind) for seq, text in enumerate(texts, 1)
    ]
    text = written(*news)
    assert all(LINE.fullmatch(line) for line in text.removesuffix("\n").split("\n"))
    starts = [line for line in text.split("\n") if line and not line.startswith("    ")]
    assert len(starts) == len(news) + 1
    place = read_tail(text)
    assert (place.log, place.last, len(place.known)) == (LOG, len(news), len(news))
    assert written(*news, before=text) == text, "each entry is there once"


def test_gaps_are_said() -> None:
    assert body(entry(5), entry(6), entry(8), entry(12)) == [
        "#5 <bob> message 5",
        "#6 <bob> message 6",
        "-- #7 is not here",
        "#8 <bob> message 8",
        "-- #9 to #11 are not here",
        "#12 <bob> message 12",
    ]


def test_after_a_restart_it_goes_on() -> None:
    before = written(*map(entry, range(1, 6)))
    after = written(*map(entry, range(3, 8)), before=before)
    assert after.count("-- log") == 2, "each start says which log it is"
    assert re.findall(r"#(\d+) <", after) == list("1234567")
    assert written(*map(entry, range(1, 8)), before=after) == after


def test_what_was_taken_back_is_said() -> None:
    assert body(entry(1), entry(2), TakenBack(2), entry(2, "new"), TakenBack(9)) == [
        "#1 <bob> message 1",
        "#2 <bob> message 2",
        "-- #2 and what followed was taken back by the server",
        "#2 <bob> new",
    ]


def test_what_was_taken_back_while_nobody_looked() -> None:
    before = written(*map(entry, range(1, 6)))
    after = written(entry(3), entry(4, "new"), entry(5), before=before)
    assert [line.removeprefix(f"{STAMP} ") for line in after[len(before) :].splitlines()[1:]] == [
        "-- #4 and what followed was taken back by the server",
        "#4 <bob> new",
        "#5 <bob> message 5",
    ]
    assert written(entry(4, "new"), entry(5), before=after) == after


def test_another_log_begins_anew() -> None:
    before = written(*map(entry, range(1, 6)))
    after = written(entry(1), entry(2), log=OTHER_LOG, before=before)
    assert after[len(before) :].splitlines() == [
        f"-- log {OTHER_LOG}: lobby at host",
        f"{STAMP} #1 <bob> message 1",
        f"{STAMP} #2 <bob> message 2",
    ]
    assert written(entry(2), entry(3), log=OTHER_LOG, before=after).count("#2 <") == 2


def test_what_another_log_said_is_not_this_ones() -> None:
    before = written(*map(entry, range(1, 6)))
    after = written(entry(3), log=OTHER_LOG, before=before)
    assert read_tail(after).known == {3: "<bob> message 3"}


def test_a_log_may_change_while_it_is_open() -> None:
    _, place = continued(Place(), LOG, "x", [entry(1)])
    text, place = continued(place, OTHER_LOG, "x", [entry(1)])
    assert text.splitlines()[0] == f"-- log {OTHER_LOG}: x"
    text, _ = continued(place, OTHER_LOG, "x", [entry(2)])
    assert text == f"{STAMP} #2 <bob> message 2\n"


def test_nothing_new_is_nothing_written() -> None:
    before = written(entry(1))
    assert continued(read_tail(before), LOG, "x", [entry(1)])[0] == ""


@given(st.text())
def test_any_file_has_an_end(text: str) -> None:
    read_tail(text)


def test_the_times_of_other_zones_are_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(entry(1), entry(2))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert written(entry(1), entry(2), before=before) == before


def test_what_moderators_do() -> None:
    kicked = entry(1, "kicked carol: spam\x1b", name="alice", key=b"k" * 8, kind=Kind.MODERATION)
    removed = replace(
        entry(2, "spam", name="alice", kind=Kind.DELETE, refers=1), endpoint="", key=b""
    )
    assert written(kicked, removed).split("\n")[1:3] == [
        f"{STAMP} #1 -- alice* kicked carol: spam",
        f"{STAMP} #2 * alice deletes #1: spam",
    ]
