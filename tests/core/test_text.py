import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.entry import TEXT_MAX
from chat.core.text import PLAIN_MAX, clean, datagrams, is_text, is_utf8, pieces, render
from chat.core.types import Entry, Kind

CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NASTY = CONTROLS + BIDI + "\u2028\u2029\ud800\u0301\u0323\u200d ab"
TEXT = st.text(max_size=40) | st.text(st.sampled_from(NASTY), max_size=40)


def entry(text: str, *, name: str = "ann", kind: int = Kind.MESSAGE, **more: Any) -> Entry:
    fields: dict[str, Any] = {
        "room": "lobby",
        "seq": 1,
        "kind": kind,
        "name": name,
        "key": b"",
        "endpoint": "192.0.2.1:5000",
        "instance": bytes(8),
        "n": 1,
        "time": 0,
        "refers": 0,
        "text": text,
        "more": False,
    }
    return Entry(**{**fields, **more})


@given(TEXT, st.booleans())
def test_clean_text_cannot_act_on_a_terminal(text: str, lines: bool) -> None:
    kept = clean(text, lines=lines)
    allowed = "\n" if lines else ""
    for char in kept:
        assert char in allowed or unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        assert char not in BIDI


@given(TEXT, TEXT, st.sampled_from(list(Kind)))
def test_a_rendered_entry_cannot_either_whatever_its_author_is_called(
    name: str, text: str, kind: Kind
) -> None:
    shown = render(entry(text, name=name, kind=kind))
    assert clean(shown, lines=True) == shown
    assert shown.count("\n") == clean(text, lines=True).count("\n")


@given(TEXT, st.booleans())
def test_to_clean_twice_is_to_clean_once(text: str, lines: bool) -> None:
    kept = clean(text, lines=lines)
    assert clean(kept, lines=lines) == kept


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=40))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x9b31mred", "31mred"),
        ("a\x1b]0;title\x07b", "a]0;titleb"),
        ("beep\x07", "beep"),
        ("a\tb", "a    b"),
        ("a\r\nb\rc\nd", "a b c d"),
        ("a\x85b\u2028c\u2029d", "a b c d"),
        ("evil \u202etxt.exe", "evil txt.exe"),
        ("del\x7f", "del"),
        ("\ud800", ""),
        ("e\u0301", "e\u0301"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
    ],
)
def test_what_is_left_of(text: str, kept: str) -> None:
    assert clean(text) == kept


def test_line_breaks_stay_where_they_may() -> None:
    assert clean("a\r\nb\rc\u2028d\x85e", lines=True) == "a\nb\nc\nd\ne"


def test_marks_do_not_climb_over_the_screen() -> None:
    assert clean("e" + "\u0301" * 100) == "e" + "\u0301" * 8
    assert clean("e\u0301\u0323o\u0301") == "e\u0301\u0323o\u0301"


@given(st.text(max_size=200), st.integers(4, 50))
def test_pieces_are_the_text_again_and_each_is_small_enough(text: str, size: int) -> None:
    parts = pieces(text, size)
    assert "".join(parts) == text
    assert all(len(part.encode()) <= size for part in parts)
    assert all(parts) or parts == [""]


@given(
    st.lists(st.sampled_from(["a", "é", "e\u0301", "\u4e2d", "o\u0323\u0301", " "]), max_size=60)
)
def test_no_piece_begins_with_a_mark(characters: list[str]) -> None:
    for part in pieces("".join(characters), 12)[1:]:
        assert not unicodedata.combining(part[0])


def test_a_text_is_cut_between_words_where_it_can_be() -> None:
    assert pieces("one two three", 10) == ["one two ", "three"]
    assert pieces("one\ntwo\nthree", 10) == ["one\ntwo\n", "three"]
    assert pieces("a bcdefghijklmn", 10) == ["a bcdefghi", "jklmn"]


def test_a_heap_of_marks_is_cut_all_the_same() -> None:
    assert "".join(pieces("e" + "\u0301" * 50, 11)) == "e" + "\u0301" * 50


def test_short_text_is_one_piece() -> None:
    assert pieces("") == [""]
    assert pieces("x" * TEXT_MAX) == ["x" * TEXT_MAX]
    assert len(pieces("x" * (TEXT_MAX + 1))) == 2


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (Kind.MESSAGE, "[192.0.2.1:5000] ann: hi"),
        (Kind.ACTION, "[192.0.2.1:5000] * ann hi"),
        (Kind.TOPIC, "[192.0.2.1:5000] * ann changed the topic to: hi"),
        (Kind.EDIT, "[192.0.2.1:5000] * ann corrects a message: hi"),
        (Kind.DELETE, "[192.0.2.1:5000] * ann takes back a message"),
        (Kind.REACTION, "[192.0.2.1:5000] * ann reacts: hi"),
        (Kind.MODERATION, "[192.0.2.1:5000] * ann hi"),
        (15, "[192.0.2.1:5000] ann: hi"),
    ],
)
def test_an_entry_is_one_line_that_says_who_and_from_where(kind: int, line: str) -> None:
    assert render(entry("hi", kind=kind)) == line


def test_what_the_server_says_has_no_endpoint_and_a_label_goes_with_the_name() -> None:
    assert render(entry("hi", endpoint="")) == "ann: hi"
    assert render(entry("hi"), " (to you)") == "[192.0.2.1:5000] ann (to you): hi"


@pytest.mark.parametrize(
    ("kind", "text", "plain", "numbered"),
    [
        (Kind.EDIT, "hi", "corrects a message: hi", "corrects #12: hi"),
        (Kind.DELETE, "", "takes back a message", "takes back #12"),
        (Kind.REACTION, "👍", "reacts: 👍", "reacts to #12: 👍"),
        (Kind.REACTION, "-👍", "takes back a reaction: 👍", "takes back a reaction to #12: 👍"),
    ],
)
def test_an_amendment_says_what_it_is_about_where_numbers_mean_something(
    kind: int, text: str, plain: str, numbered: str
) -> None:
    said = entry(text, kind=kind, refers=12, key=bytes(8))
    assert render(said, where=False) == f"* ann* {plain}"
    assert render(said, " (to you)") == f"[192.0.2.1:5000] * ann* (to you) {plain}"
    assert render(said, numbered=True, where=False) == f"* ann* {numbered}"


def test_what_moderators_do_comes_from_the_server() -> None:
    assert render(entry("kicked bob: spam", kind=Kind.MODERATION, endpoint="")) == (
        "* ann kicked bob: spam"
    )
    deleted = entry("spam", kind=Kind.DELETE, refers=12, endpoint="")
    assert render(deleted, numbered=True) == "* ann deletes #12: spam"
    assert render(entry("", kind=Kind.DELETE, endpoint="")) == "* ann deletes a message"


@given(
    st.text(max_size=30)
    | st.text(st.sampled_from("\r\n\x0b\x0c\x1c\x85\u2028[]: ab\x1b"), max_size=30),
    st.sampled_from([Kind.MESSAGE, Kind.ACTION, Kind.TOPIC, Kind.EDIT, Kind.REACTION]),
)
def test_no_text_looks_like_somebody_elses_line(text: str, kind: int) -> None:
    """A terminal shows further lines indented; nothing in them moves its cursor."""
    first, *rest = render(entry(text + "\n[192.0.2.9:1] bob: I quit", kind=kind)).split("\n")
    assert first.startswith(("[192.0.2.1:5000] ann: ", "[192.0.2.1:5000] * ann "))
    assert rest[-1] == "    [192.0.2.9:1] bob: I quit"
    assert all(line.startswith("    ") for line in rest)
    assert all(unicodedata.category(char) != "Cc" for line in [first, *rest] for char in line)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=900), max_size=12))
def test_lines_share_datagrams_and_none_is_lost(lines: list[str]) -> None:
    packed = list(datagrams(lines))
    assert b"".join(packed).decode() == "".join(line + "\n" for line in lines)
    assert all(0 < len(datagram) <= PLAIN_MAX for datagram in packed)
    assert all(is_utf8(datagram) for datagram in packed)


def test_as_many_lines_share_a_datagram_as_fit() -> None:
    assert list(map(len, datagrams(["x" * 274] * 5))) == [1100, 275]


def test_no_datagram_begins_like_somebody_elses_line() -> None:
    forged = "[10.0.0.9:4000] bob: I resign"
    split = False
    for padding in range(200, 280):
        text = "x" + "\n" * padding + forged
        entry = Entry("lobby", 1, 1, "ann", b"", "192.0.2.1:7", bytes(8), 1, 0, 0, text, False)
        sent = list(datagrams([render(entry)]))
        split = split or len(sent) > 1
        assert not any(datagram.startswith(b"[10.") for datagram in sent)
    assert split
    wide = list(datagrams([" " * 1100 + "y" * 200 + forged]))
    assert all(datagram.startswith(b" ") for datagram in wide)


@pytest.mark.parametrize("mark", ["\u0301", "\u0e47", "\u0489", "\u20dd", "\u302e", "\U0001d165"])
def test_no_tower_of_marks_is_left(mark: str) -> None:
    assert clean("a" + mark * 290).count(mark) == 8


@pytest.mark.parametrize(
    ("datagram", "text"),
    [
        (b"hello", True),
        (b"\xc3\xa4", True),
        (b"\n", True),
        (b"\tx", True),
        (b" ", True),
        (b"/who\n", True),
        (b"\r\n", False),
        (b"\x00", False),
        (b"\x16\xfe\xfd", False),
        (b"\x1b[31m", False),
        (b"\x7f", False),
        (b"hello\xff", False),
        (b"\xed\xa0\x80", False),
        (b"\xc0\xaf", False),
        (b"\xef\xbb\xbfhello", False),
    ],
)
def test_text_is_utf_8_that_starts_printable(datagram: bytes, text: bool) -> None:
    assert is_text(datagram) is text
