import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.tui import graphemes
from chat.tui.cells import clusters

from .corpus import SHOWN


@pytest.mark.parametrize("text", SHOWN)
def test_forth_and_back_over_whole_characters(text: str) -> None:
    edges = [0]
    for line in text.splitlines(keepends=True):
        for cluster in clusters(line.removesuffix("\n")):
            edges.append(edges[-1] + len(cluster))
        if line.endswith("\n"):
            edges.append(edges[-1] + 1)
    forth = [0]
    while forth[-1] < len(text):
        forth.append(graphemes.after(text, forth[-1]))
    assert forth == edges
    back = [len(text)]
    while back[-1] > 0:
        back.append(graphemes.before(text, back[-1]))
    assert back[::-1] == edges


@given(st.text(alphabet="ae\u0301\u0308👩\u200d🚀🇩🇪\n ", max_size=30), st.integers(0, 30))
def test_an_edge_is_an_edge(text: str, at: int) -> None:
    place = graphemes.edge(text, min(at, len(text)))
    assert min(at, len(text)) <= place <= len(text)
    assert graphemes.edge(text, place) == place


def test_the_ends() -> None:
    assert graphemes.before("", 0) == 0
    assert graphemes.after("a", 1) == 1
    assert graphemes.edge("a", 5) == 1
