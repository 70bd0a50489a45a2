import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.text import clean
from chat.tui import keep
from chat.tui.recall import KEPT

typed = st.text(min_size=1, max_size=30).map(lambda text: clean(text, lines=True)).filter(bool)


@given(st.lists(typed, max_size=10))
def test_histories_come_back(texts: list[str]) -> None:
    assert keep.history(keep.packed(texts)) == texts[-KEPT:]
    assert keep.packed(texts).count(b"\n") == len(texts), "one line each, whatever is in them"


@given(st.dictionaries(typed, typed, max_size=5))
def test_drafts_come_back(drafts: dict[str, str]) -> None:
    assert keep.drafts(keep.packed_drafts(drafts)) == drafts


@given(st.binary())
def test_any_bytes_are_some_history(data: bytes) -> None:
    for text in keep.history(data):
        assert text and clean(text, lines=True) == text
    keep.drafts(data)


def test_what_is_no_text_is_left_out() -> None:
    data = b'"one"\n{"x": 1}\nhalf a li\n\xff\xfe\n3\n""\n"two\\u001b[2J"\n"thr'
    assert keep.history(data) == ["one", "two[2J"]
    assert keep.drafts(b"[1]") == keep.drafts(b'{"a": 3}') == keep.drafts(b"") == {}


def test_what_is_kept_is_bounded() -> None:
    texts = [f"text {number}" for number in range(2 * KEPT)]
    assert keep.history(keep.packed(texts)) == texts[-KEPT:]
    large = ["x" * (keep.TEXT_MAX - 10)] * 100
    assert len(keep.packed(keep.history(keep.packed(large)))) <= keep.HISTORY_BYTES
    assert keep.history(keep.packed(["x" * (keep.TEXT_MAX + 1)])) == []
    assert keep.history(b"[" * 100_000) == []
    drafts = {f"room{number}": "x" for number in range(2 * keep.DRAFTS_MAX)}
    assert len(keep.drafts(keep.packed_drafts(drafts))) == keep.DRAFTS_MAX


@pytest.mark.parametrize(
    ("line", "worth"),
    [
        ("hello", True),
        (" \n", False),
        ("/nick ann", True),
        ("/password word", False),
        ("/PASSWORD word", False),
        ("/password", False),
        ("/ password word", False),
        ("//password word", True),
        ("/passwords word", True),
        ("/", True),
        ("x" * (keep.TEXT_MAX + 1), False),
    ],
)
def test_what_is_worth_keeping(line: str, worth: bool) -> None:
    assert keep.worth_keeping(line) is worth
