from chat.tui.recall import KEPT, Recall


def sent(*texts: str) -> Recall:
    recall = Recall()
    for text in texts:
        assert recall.add(text) == ""
    return recall


def test_up_and_down() -> None:
    recall = sent("one", "two")
    assert [recall.up(""), recall.up("two"), recall.up("one")] == ["two", "one", None]
    assert [recall.down("one"), recall.down("two"), recall.down("")] == ["two", "", None]


def test_a_draft_survives() -> None:
    recall = sent("one")
    assert recall.up("draft") == "one"
    assert recall.down("one") == "draft"


def test_a_draft_survives_when_something_recalled_is_sent() -> None:
    recall = sent("one", "two")
    assert recall.up("draft") == "two"
    assert recall.add("two") == "draft"
    assert recall.up("draft") == "two"


def test_changes_to_what_was_recalled_survive() -> None:
    recall = sent("one", "two")
    recall.up("")
    recall.up("two, changed")
    assert recall.down("one") == "two, changed"


def test_the_same_twice_is_kept_once() -> None:
    recall = sent("one", "one")
    assert [recall.up(""), recall.up("one")] == ["one", None]


def test_it_is_bounded() -> None:
    recall = sent(*(f"text {number}" for number in range(2 * KEPT)))
    steps = 0
    text = recall.up("")
    while text is not None:
        steps += 1
        text = recall.up(text)
    assert steps == KEPT


def everything(recall: Recall) -> list[str]:
    found = []
    text = recall.up("")
    while text is not None:
        found.append(text)
        text = recall.up(text)
    return found


def test_what_is_loaded_is_older() -> None:
    recall = sent("now")
    recall.load(["long ago", "before", "now"])
    assert everything(recall) == ["now", "before", "long ago"]


def test_loading_is_bounded() -> None:
    recall = sent("now")
    recall.load(f"text {number}" for number in range(2 * KEPT))
    found = everything(recall)
    assert len(found) == KEPT
    assert found[:2] == ["now", f"text {2 * KEPT - 1}"]


def test_what_is_new_is_told_once() -> None:
    recall = sent("one", "two", "two")
    recall.load(["zero"])
    assert recall.fresh() == ["one", "two"]
    assert recall.fresh() == []
    recall.add("three")
    assert recall.fresh() == ["three"]


def test_the_draft_is_what_is_not_sent() -> None:
    recall = sent("one")
    assert recall.draft("typing") == "typing"
    recall.up("typing")
    assert recall.draft("one") == "typing"
    assert recall.draft("one, changed") == "typing"
    recall.down("one")
    recall.up("")
    assert recall.draft("one") == ""
    assert recall.draft("one, changed") == "one, changed"
