import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tui.automaton import Automaton, PatternError


def spans(pattern: str, text: str, *, any_case: bool = False) -> list[str]:
    automaton = Automaton(pattern, any_case=any_case)
    found = [text[start:end] for start, end in automaton.spans(text, 100)]
    assert not found or automaton.found(text)
    return found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("an+", "anna and ban", ["ann", "an", "an"]),
        ("a|ab|abc", "abcab", ["abc", "ab"]),
        ("^a.", "abab", ["ab"]),
        ("b.$", "babb", ["bb"]),
        ("(^|x)a", "axa", ["a", "xa"]),
        (r"\d{2,3}", "1 22 333 4444", ["22", "333", "444"]),
        (r"(ab){2}", "ababab", ["abab"]),
        (r"[^a-c]+", "abxyc", ["xy"]),
        (r"[]x]", "a]x", ["]", "x"]),
        (r"\.\[\(\\", r"a.[(\ ", [r".[(" + "\\"]),
        ("a{,2}", "a{,2}", ["a{,2}"]),
        ("x+?", "xxx", ["xxx"]),
        ("(?:ab)+c", "ababc", ["ababc"]),
        ("a*", "baab", ["aa"]),
        ("", "a", []),
        ("^", "a", []),
        ("漢.", "a漢字b", ["漢字"]),
        ("a.b", "a\nb", ["a\nb"]),
        ("[a-z&&b]", "&", ["&"]),
    ],
)
def test_what_it_finds(pattern: str, text: str, found: list[str]) -> None:
    assert spans(pattern, text) == found


def test_any_case() -> None:
    assert spans("ä[b-c]", "ÄB äc", any_case=True) == ["ÄB", "äc"]
    assert spans("ä[b-c]", "ÄB äc") == ["äc"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a", "there is a ( without its )"),
        ("a)", "there is a ) without its ("),
        ("[a", "there is a [ without its ]"),
        ("*a", "there is nothing to repeat before *"),
        ("a**", "there is nothing to repeat before *"),
        ("a++", "there is nothing to repeat before +"),
        ("a\\", "it ends in \\"),
        (r"\bann\b", r"\b is not known here"),
        (r"(a)\1", r"\1 is not known here"),
        ("(?=a)", "(?= is not known here"),
        ("a{3,2}", "{3,2} is at least more than at most"),
        ("[b-a]", "bad character range b-a"),
        ("a{600}", "it is too long"),
        ("((((){999}){999}){999}){999}", "it is too long"),
        ("(" * 30 + ")" * 30, "it has too many groups in each other"),
    ],
)
def test_what_it_does_not_know(pattern: str, why: str) -> None:
    with pytest.raises(PatternError, match=re.escape(why)):
        Automaton(pattern, any_case=True)


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", "a*a*a*a*a*b", "(.*)*x", "(a?){200}a{200}"]
)
def test_nothing_makes_it_go_back(pattern: str) -> None:
    """Each of them takes Python's own hours; here it is counted in steps of the automaton."""
    automaton = Automaton(pattern, any_case=False)
    text = "a" * 20_000
    began = time.process_time()
    automaton.found(text)
    automaton.spans(text, 64)
    assert time.process_time() - began < 5


atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", "c"])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from("*+?")).map(lambda pair: f"({pair[0]}){pair[1]}"),
        st.tuples(inner, st.sampled_from(["{2}", "{0,2}", "{1,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    )


@given(st.recursive(atoms, _grow, max_leaves=6), st.text("abc", max_size=8))
def test_it_finds_what_python_finds(pattern: str, text: str) -> None:
    """Leftmost, longest, apart: looked for naively among all places of a text."""
    whole = re.compile(pattern)
    expected: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        ends = [end for end in range(len(text), at, -1) if whole.fullmatch(text, at, end)]
        if ends:
            expected.append((at, ends[0]))
        at = ends[0] if ends else at + 1
    automaton = Automaton(pattern, any_case=False)
    assert automaton.spans(text, 100) == expected
    assert automaton.found(text) == bool(expected)
