import pytest

from chat.tui.effects import Quit, Remember, Repaint, Suspend
from chat.tui.keys import KEYS

from .guests import Scene


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    for line in ("one fish", "two FISH", "red", "fish"):
        scene.enter(line)
    return scene


def screen(scene: Scene, columns: int = 80, rows: int = 24) -> list[str]:
    frame = scene.model.view(columns, rows)
    return ["".join(text for _, row in parts for _, text in row).rstrip() for parts in frame.rows]


def test_history_is_searched_backwards(scene: Scene) -> None:
    model = scene.model
    model.type("a draft")
    model.press("c-r")
    assert screen(scene)[-2:] == ["type a part of what you said before", "history:"]
    model.type("fish")
    assert screen(scene)[-2:] == ["fish", "history: fish"]
    model.press("c-r")
    assert screen(scene)[-2] == "two FISH"
    model.press("up")
    model.press("up")
    assert screen(scene)[-2] == "one fish", "there is nothing before that"
    model.press("down")
    assert screen(scene)[-2] == "two FISH"
    model.press("enter")
    assert model.editor.text == "two FISH"
    assert scene.said()[-1] == "fish", "what was found is not sent by itself"


def test_what_is_not_in_the_history_is_said(scene: Scene) -> None:
    scene.model.press("c-r")
    scene.model.type("whale")
    assert screen(scene)[-2] == "nothing with 'whale'"
    scene.model.press("enter")
    assert scene.model.editor.text == ""


@pytest.mark.parametrize("key", ["escape", "c-c"])
def test_a_search_that_is_left_changes_nothing(scene: Scene, key: str) -> None:
    scene.model.type("a draft")
    scene.model.press("c-r")
    scene.model.type("fish")
    scene.model.press(key)
    assert scene.model.editor.text == "a draft"
    assert not scene.model.drain()


def test_the_program_is_asked_for_what_only_it_can_do(scene: Scene) -> None:
    scene.model.press("c-z")
    scene.model.press("c-l")
    scene.model.press("c-d")
    assert scene.model.drain() == [Suspend(), Repaint(), Quit()]
    assert scene.model.drain() == []


def test_no_key_is_bound_twice() -> None:
    bound = [keys for section in KEYS for binding in section.bindings for keys in binding.keys]
    assert len(bound) == len(set(bound))


def test_an_unknown_key_is_an_error_of_who_presses_it(scene: Scene) -> None:
    with pytest.raises(KeyError):
        scene.model.press("f12")


def test_pasted_lines_are_sent_by_a_second_enter(scene: Scene) -> None:
    model = scene.model
    before = scene.said()
    model.paste("one\ntwo\nthree\n")
    assert "3 lines were inserted" in scene.hint
    model.press("enter")
    assert "3 lines as one message? Enter again" in scene.hint
    assert scene.said() == before
    model.type("!")
    model.press("enter")
    assert "Enter again" in scene.hint, "it is another text now"
    model.press("enter")
    assert scene.said() == [*before, "one\ntwo\nthree\n!"]
    model.type("a line")
    model.press("enter")
    assert scene.said()[-1] == "a line", "what is typed needs no confirmation"


def test_lines_that_were_typed_need_no_confirmation(scene: Scene) -> None:
    scene.model.type("one")
    scene.model.press("escape", "enter")
    scene.model.type("two")
    scene.model.press("enter")
    assert scene.said()[-1] == "one\ntwo"


def test_a_setting_is_changed_now_and_for_the_next_time(scene: Scene) -> None:
    assert scene.enter("/set joins all")
    assert scene.desk.settings.joins == "all"
    assert scene.hint == "joins is all now"
    assert scene.model.drain() == [Remember("joins", "all")]
    assert scene.enter("/set joins")
    assert any("joins is all (default smart)" in line for line in scene.seen())
    assert scene.enter("/set")
    assert any(line.startswith("theme") for line in scene.seen())


def test_a_setting_that_cannot_be_stays_to_be_mended(scene: Scene) -> None:
    assert not scene.enter("/set joins sometimes")
    assert scene.hint == "joins is all, smart or off, not 'sometimes'"
    assert not scene.enter("/set jions all")
    assert "did you mean joins?" in scene.hint
    assert scene.model.drain() == []


def test_somebody_is_ignored_and_shown_again(scene: Scene) -> None:
    assert scene.enter("/ignore")
    assert "nobody is ignored" in scene.hint
    assert scene.enter("/ignore Bob")
    assert list(scene.desk.settings.ignore) == ["Bob"]
    assert scene.enter("/ignore @bob*")
    assert not scene.desk.settings.ignore
    assert not scene.enter("/ignore ann")
    assert scene.hint == "that is you"


def test_settings_are_completed(scene: Scene) -> None:
    scene.model.type("/set pas")
    scene.model.press("tab")
    assert scene.model.editor.text == "/set paste_confirm "
    scene.model.editor.set("/set bell me")
    scene.model.press("tab")
    assert scene.model.editor.text == "/set bell mention"


def test_pastes_need_no_confirmation_if_none_is_wanted(scene: Scene) -> None:
    scene.enter("/set paste_confirm 0")
    scene.model.paste("one\ntwo")
    scene.model.press("enter")
    assert scene.said()[-1] == "one\ntwo"
