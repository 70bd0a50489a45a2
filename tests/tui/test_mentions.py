import time

import pytest

from chat.tui.mentions import Mentions


@pytest.mark.parametrize(
    "text",
    [
        "ann",
        "ANN, look",
        "ann: look",
        "@ann look",
        "is that ann's?",
        "is that ann’s?",
        "ann'll see",
        "hello ann.",
        "(ann)",
        "a-ha -ann",
        "https://example.org ann",
        "你好ann你好",
        "ａｎｎ",
    ],
)
def test_spoken_of(text: str) -> None:
    assert Mentions(["Ann"]).found(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "joann",
        "ann2",
        "ann_b",
        "ann-marie",
        "mary-ann",
        "ann.smith",
        "o'ann",
        "ann'x",
        "ann@example.org",
        "bob+ann",
        "https://example.org/ann",
        "see http://ann/ann?ann=ann",
    ],
)
def test_not_spoken_of(text: str) -> None:
    assert not Mentions(["ann"]).found(text)


def test_other_words() -> None:
    mentions = Mentions(["ann", "release", "coffee break", ""])
    assert mentions.found("the Release is out")
    assert mentions.found("Coffee break!")
    assert not mentions.found("coffee")
    assert not Mentions([]).found("anything")
    assert not Mentions([""]).found("anything")


def test_names_without_spaces_around() -> None:
    assert Mentions(["安娜"]).found("你好安娜吗")
    assert Mentions(["jürgen"]).found("JÜRGEN?")
    assert not Mentions(["a.n"]).found("abn")


def test_a_name_with_marks_in_it() -> None:
    assert Mentions(["ann-marie"]).found("Ann-Marie: look")
    assert not Mentions(["ann-marie"]).found("ann")


def test_no_text_takes_long() -> None:
    """It is others' text, and looked through on arrival. What takes 20 ms here took 1,000."""
    mentions = Mentions(["ann"])
    texts = ("a." * 14_000 + " ://", "-a" * 14_000 + "://", "ann.x " * 4_800, "'" * 28_000)
    begun = time.process_time()
    for text in texts:
        mentions.found(text)
    assert time.process_time() - begun < 0.5
    assert mentions.found("a." * 14_000 + " :// ann")
