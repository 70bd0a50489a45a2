import tracemalloc

import pytest

from chat.tui.cells import agreed, cells, clusters, cut, fitted, width

from .corpus import SHOWN


@pytest.mark.parametrize(
    ("text", "size"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👨‍👩‍👧‍👦", 2), ("❤️", 2), ("🇩🇪", 2), ("a\u200bb", 2), ("", 0)],
)  # fmt: skip
def test_width(text: str, size: int) -> None:
    assert width(text) == size


@pytest.mark.parametrize("text", SHOWN)
def test_clusters_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text
    assert width(text.replace("\n", "")) == sum(map(cells, clusters(text.replace("\n", ""))))


@pytest.mark.parametrize("text", SHOWN)
@pytest.mark.parametrize("size", [0, 1, 2, 5, 20, 300])
def test_cut_never_exceeds_and_fitted_fills(text: str, size: int) -> None:
    line = text.replace("\n", " ")
    assert width(cut(line, size)) <= size
    if size > 0:
        assert width(fitted(line, size)) == size


def test_cut_says_that_it_cut() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("日本語", 4) == "日…"
    assert cut("abcd", 4) == "abcd"


@pytest.mark.parametrize("text", ["", "plain", "éß", "日本語、テキスト", "한국어", "Кириллица"])
def test_widths_that_nobody_disputes(text: str) -> None:
    assert agreed(text)


@pytest.mark.parametrize(
    "text", ["👍", "👨‍👩‍👧‍👦", "❤️", "1️⃣", "🇩🇪", "e\u0301", "ก็", "☺", "a\u200bb", "…"]
)
def test_widths_that_some_do(text: str) -> None:
    assert not agreed(f"x{text}y")


def test_characters_that_somebody_joins_without_end_are_not_kept() -> None:
    tracemalloc.start()
    try:
        for number in range(100):
            assert cells("a" + "\u200d" * (5000 + number)) == 1
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 100_000
