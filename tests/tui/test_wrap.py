from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tui.cells import cells, clusters, width
from chat.tui.wrap import few_blank, wrap_cells, wrap_words

from .corpus import SHOWN


def rows(text: str, size: int, first: int | None = None) -> list[str]:
    return [text[piece.start : piece.end] for piece in wrap_words(text, size, first)]


def test_breaks_after_spaces() -> None:
    assert rows("one two three", 8) == ["one two ", "three"]
    assert rows("one two", 7) == ["one two"]


def test_spaces_hang_over_the_edge() -> None:
    assert rows("one two   three", 7) == ["one two   ", "three"]


def test_a_word_longer_than_a_row_is_cut() -> None:
    assert rows("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert rows("ab cdefghij", 4) == ["ab ", "cdef", "ghij"]


def test_wide_characters_are_never_cut_and_break_anywhere() -> None:
    assert rows("日本語", 5) == ["日本", "語"]
    assert rows("ab日本語", 5) == ["ab日", "本語"]


def test_lines_stay_lines() -> None:
    assert rows("a\n\nb", 10) == ["a", "", "b"]


def test_the_first_row_may_be_shorter() -> None:
    assert rows("one two three", 20, 5) == ["one ", "two three"]


@pytest.mark.parametrize("text", SHOWN)
@pytest.mark.parametrize("size", [2, 3, 10, 39, 80])
def test_the_corpus_fits(text: str, size: int) -> None:
    for row in rows(text, size):
        assert width(row.rstrip(" ")) <= size or len(list(clusters(row))) == 1


@given(st.text(alphabet="ab 日\ńé👍", max_size=60), st.integers(2, 12))
def test_nothing_is_lost_and_all_fits(text: str, size: int) -> None:
    pieces = wrap_words(text, size)
    gaps = "".join(text[before.end : after.start] for before, after in pairwise(pieces))
    assert set(gaps) <= {"\n"}
    assert len(gaps) == text.count("\n")
    assert (pieces[0].start, pieces[-1].end) == (0, len(text))
    for piece in pieces:
        row = text[piece.start : piece.end].rstrip(" ")
        assert width(row) <= size or sum(1 for each in clusters(row) if cells(each)) <= 1


@given(st.text(alphabet="ab 日é👍", max_size=60), st.integers(2, 12))
def test_typed_lines_fill_their_rows(text: str, size: int) -> None:
    pieces = wrap_cells(text, size)
    assert [piece.start for piece in pieces[1:]] == [piece.end for piece in pieces[:-1]]
    assert (pieces[0].start, pieces[-1].end) == (0, len(text))
    for piece in pieces:
        assert width(text[piece.start : piece.end]) <= size
    last = pieces[-1]
    assert width(text[last.start : last.end]) < size, "the cursor has no place after it"


def test_blank_rows_are_few() -> None:
    text = "one\n\n\n\n \ntwo\n\nthree"
    kept = [text[row.start : row.end] for row in few_blank(text, wrap_words(text, 10))]
    assert kept == ["one", "", "", "two", "", "three"]
