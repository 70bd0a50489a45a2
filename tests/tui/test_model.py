import pytest

from chat.core import events
from chat.core.types import Entry, Kind
from chat.tui.effects import Bell, Copy, Quit, Remember, Repaint, Suspend
from chat.tui.keys import KEYS

from .entries import entry
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


def told(scene: Scene, *entries: Entry) -> None:
    for each in entries:
        scene.tell(each)


def test_what_can_be_done_with_a_selected_message_is_said(scene: Scene) -> None:
    told(scene, entry(1, "from bob"), entry(2, "mine", name="ann", instance=scene.guest.instance))
    screen(scene)
    for _ in range(4):  # What is pending comes first.
        scene.model.press("escape", "up")
    scene.model.press("escape", "up")
    assert "Alt-E corrects it" in scene.hint
    scene.model.press("escape", "up")
    assert scene.hint.startswith("/react 👍 reacts")
    scene.model.press("escape", "up")
    assert scene.hint == "there is no further message here"
    scene.model.press("escape")
    assert scene.desk.current.selected is None


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_what_is_selected_stays_in_view_when_the_hint_takes_its_row(columns: int) -> None:
    scene = Scene()

    def rows() -> list[str]:
        return [
            "".join(text for _, row in parts for _, text in row)
            for parts in scene.model.view(columns, 12).rows
        ]

    def selected() -> list[str]:
        return [row for row in rows() if "▸" in row]

    scene.tell(events.Connected("ann", "ann", "192.0.2.1:4000", False))
    for number in range(1, 31):
        told(scene, entry(number, name="ann", instance=scene.guest.instance, n=number))
    told(scene, entry(31, "from bob"))
    assert "from bob" in "".join(rows())
    scene.model.press("escape", "up")
    assert "from bob" in selected()[0]
    scene.model.press("escape", "up")
    assert "message 30" in selected()[0], "with a longer hint"
    scene.model.type("x")
    assert "message 30" in selected()[0]
    scene.model.press("escape", "up")
    told(scene, entry(32, "one more"))
    assert "message 29" in selected()[0]
    assert "one more" not in "".join(rows())
    scene.model.press("escape")
    told(scene, entry(33, "at the end"))
    assert "at the end" in "".join(rows()), "it follows again"


def test_a_message_is_corrected_on_the_input_line(scene: Scene) -> None:
    told(scene, entry(1, "teh end", name="ann", instance=scene.guest.instance))
    scene.model.type("a draft")
    scene.model.press("escape", "e")
    assert screen(scene)[-1] == "correct: teh end"
    scene.model.line.set("the end")
    scene.model.press("enter")
    drafts = list(scene.guest.rooms["lobby"].outbox.pending)
    assert (drafts[-1].kind, drafts[-1].refers, drafts[-1].text) == (Kind.EDIT, 1, "the end")
    assert scene.model.editor.text == "a draft"


def test_a_correction_that_is_left_changes_nothing(scene: Scene) -> None:
    told(scene, entry(1, "mine", name="ann", instance=scene.guest.instance))
    before = scene.said()
    for keys in (("escape",), ("c-c",)):
        scene.model.press("escape", "e")
        scene.model.type("!")
        scene.model.press(*keys)
    scene.model.press("escape", "e")
    scene.model.press("enter")
    scene.model.press("escape", "e")
    scene.model.line.set("")
    assert "/delete takes it back" in screen(scene)[-2]
    scene.model.press("enter")
    assert scene.said() == before
    assert scene.model.line is scene.model.editor


def test_only_our_own_messages_are_corrected_and_taken_back(scene: Scene) -> None:
    told(scene, entry(1, "from bob"))
    assert not scene.enter("/delete")
    assert "no message of yours" in scene.hint
    scene.desk.current.select(scene.desk.current.timeline[1])
    assert not scene.enter("/edit mine now")
    assert "only your own messages can be corrected" in scene.hint
    assert not scene.enter("/react two words")
    assert "one emoji or one short word" in scene.hint
    assert scene.enter("/react 👍")
    drafts = list(scene.guest.rooms["lobby"].outbox.pending)
    assert (drafts[-1].kind, drafts[-1].refers, drafts[-1].text) == (Kind.REACTION, 1, "👍")
    mine = scene.guest.instance
    scene.tell(events.Connected("ann", "ann", "192.0.2.1:4000", again=False))
    told(scene, entry(2, "👍", kind=Kind.REACTION, refers=1, name="ann", instance=mine))
    assert scene.enter("/react 👍")
    assert list(scene.guest.rooms["lobby"].outbox.pending)[-1].text == "-👍", "it is taken back"


def test_who_reads_further_up_stays_there_whatever_is_done_to_a_message(scene: Scene) -> None:
    told(scene, *(entry(seq, f"line {seq}") for seq in range(1, 60)))
    screen(scene)
    for typed in ("/search line 9", "", "/react 👍", "/set joins all", "/nick anna"):
        assert scene.enter(typed)
        assert any(row.endswith("bob  line 9") for row in screen(scene))
    scene.enter("what is said is at the end")
    assert any(row.endswith("what is said is at the end") for row in screen(scene))


def test_what_is_not_in_view_is_named_when_something_is_done_to_it(scene: Scene) -> None:
    told(scene, entry(1, "mine\nand " + "long " * 20, name="ann", instance=scene.guest.instance))
    told(scene, *(entry(seq, f"line {seq}") for seq in range(2, 60)))
    screen(scene)
    assert scene.enter("/react 👍")
    assert scene.hint == "", "it is seen"
    for typed, what in (("/edit other", "corrected"), ("/delete", "taken back")):
        assert scene.enter(typed)
        assert scene.hint.startswith(f"{what}: <ann> mine and long long")
        assert scene.hint.endswith("…")
        screen(scene)


def test_what_failed_is_said_again(scene: Scene) -> None:
    scene.model.press("escape", "r")
    assert scene.hint == "nothing has failed here"
    (last,) = [draft for draft in scene.guest.rooms["lobby"].outbox.pending if draft.text == "red"]
    scene.tell(events.Failed("lobby", last.ticket, "the room is locked"))
    assert any("red" in line for line in scene.seen())
    scene.model.press("escape", "r")
    assert scene.said()[-1] == "red"
    assert [line for line in scene.seen() if line.endswith("red")] == ["… red"]


def test_what_is_selected_is_copied_or_the_last_messages(scene: Scene) -> None:
    told(scene, entry(1, "one"), entry(2, "two"))
    scene.desk.current.select(scene.desk.current.timeline[1])
    assert scene.enter("/copy")
    (copied,) = scene.model.drain()
    assert isinstance(copied, Copy)
    assert copied.text.endswith("<bob> one")
    assert scene.enter("/copy 6")
    (copied,) = scene.model.drain()
    assert isinstance(copied, Copy)
    assert len(copied.text.splitlines()) == 6
    assert not scene.enter("/copy all")
    assert "1 to 1,000" in scene.hint


def test_a_search_is_left_to_where_it_was_begun(scene: Scene) -> None:
    told(scene, *(entry(seq, f"line {seq}") for seq in range(1, 60)))
    screen(scene)
    scene.model.press("pageup")
    before = screen(scene)
    scene.model.press("c-s")
    scene.model.type("line 7")
    assert screen(scene)[-1] == "search: line 7"
    assert scene.desk.current.selected is not None
    assert scene.desk.current.selected.text == "line 7"
    scene.model.press("escape")
    assert screen(scene) == before
    assert scene.desk.current.selected is None
    scene.enter("/search line 9")
    scene.model.press("enter")
    assert scene.desk.current.selected.text == "line 9"
    assert scene.model.line is scene.model.editor


def test_the_bell_is_a_matter_of_choice(scene: Scene) -> None:
    def rings(text: str) -> bool:
        number = scene.desk.current.timeline.newest + 1
        scene.tell(entry(number, text))
        return Bell() in scene.model.drain()

    scene.tell(entry(1, "ann, before you came"), events.CaughtUp("lobby"))
    assert not rings("ann?")
    scene.enter("/set bell mention")
    scene.model.drain()
    assert rings("ann?")
    assert not rings("anything")
    scene.model.focused(True)
    assert not rings("ann?"), "it is being looked at"
    scene.model.focused(False)
    assert rings("ann?")
    scene.enter("/set bell all")
    assert rings("anything")
    scene.enter("/ignore bob")
    scene.model.drain()
    assert not rings("anything")


def test_others_are_told_of_what_is_typed_unless_it_is_a_command(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(scene.guest, "typing", lambda room, now: told.append(room))
    scene.model.type("/quit")
    assert told == []
    scene.model.editor.set("")
    scene.model.type("hello")
    assert told == ["lobby"]
    scene.enter("/set typing_send off")
    told.clear()
    scene.model.type("again")
    assert told == []


def test_who_types_is_shown_by_choice(scene: Scene) -> None:
    scene.tell(events.Typing("lobby", ("bob\x1b", "carol")))
    assert "bob and carol are typing" in "\n".join(screen(scene, 120))
    scene.enter("/ignore carol")
    assert "bob is typing" in "\n".join(screen(scene, 120))
    scene.enter("/set typing_show off")
    assert "typing" not in "\n".join(screen(scene, 120)[:-2])


def test_where_nothing_more_is_tried_nothing_is_pending(scene: Scene) -> None:
    scene.tell(events.Rejected("another server answers there", final=True))
    assert [line for line in scene.seen() if "fish" in line] == ["✗ one fish", "✗ fish"]
    assert "pending" not in "\n".join(screen(scene, 120))
    assert not scene.enter("and this?")
    assert "nothing more is tried: another server answers there" in scene.hint
    assert scene.desk.unsent[0] == "one fish", "at the end it can be had again"
