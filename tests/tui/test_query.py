import pytest

from chat.core.types import Kind
from chat.tui.query import SPANS, Query, QueryError
from chat.tui.timeline import Timeline

from .entries import entry


def found(typed: str, text: str) -> list[str]:
    return [text[start:end] for start, end in Query(typed).spans(text)]


def test_lower_case_finds_both() -> None:
    assert found("ann", "Ann ann ANN") == ["Ann", "ann", "ANN"]
    assert found("Ann", "Ann ann ANN") == ["Ann"]
    assert found("/a.n/", "Ann") == ["Ann"]
    assert found("/A.n/", "ann") == []
    assert found(r"/\Sn/", "An") == ["An"], "what is escaped is no upper case"


def test_a_text_is_no_pattern() -> None:
    assert found("a.c", "abc a.c") == ["a.c"]
    assert found("/", "a/b") == ["/"]
    assert found("/a", "b/a") == ["/a"]
    assert found("//", "a//b") == ["//"]


@pytest.mark.parametrize("typed", ["", "/(/", "/a**/"])
def test_what_cannot_be_searched_for(typed: str) -> None:
    with pytest.raises(QueryError) as error:
        Query(typed)
    assert "\n" not in str(error.value)


def test_places_are_bounded() -> None:
    assert len(Query("a").spans("a" * 1000)) == SPANS == len(Query("/a/").spans("a" * 1000))


def test_names_and_texts_of_what_was_said() -> None:
    timeline = Timeline()
    query = Query("bob")
    assert query.matches(timeline.add(entry(1, "hello", name="Bob")))
    assert query.matches(timeline.add(entry(2, "hello bob", name="ann")))
    assert not query.matches(timeline.add(entry(3, "hello", name="ann")))
    assert not query.matches(timeline.add(entry(4, "bob", name="ann", kind=Kind.TOPIC)))
    deleted = timeline.add(entry(5, "bob", name="ann"))
    timeline.amend(entry(6, kind=Kind.DELETE, refers=5))
    assert not query.matches(deleted)
    assert not Query("taken").matches(deleted)


def test_a_pattern_that_takes_for_ever_is_given_up() -> None:
    query = Query("/(a|aa)+$b/")
    assert not query.found("a" * 200 + "c")
    assert query.overlong
    assert query.spans("ab") == []
