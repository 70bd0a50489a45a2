"""Passwords are asked for, sent to the server, and kept and shown nowhere."""

import pytest

from chat.core import asks, events
from chat.core.asks import SECRET_MAX, Why
from chat.core.roles import Role
from chat.tui.prompts import HIDDEN
from chat.tui.spoken import Spoken
from chat.tui.view import compose_view

from .entries import ROOM
from .guests import Scene

CONNECTED = events.Connected("ann", "ann", "192.0.2.1:4000", False)
WORD = "correct horse"
NEEDED = "dev has a password"
NO_ENTRY = "no such room, or its password or this invite is not right"


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.tell(CONNECTED)
    return scene


def refuse(scene: Scene, why: Why, reason: str, room: str = "dev") -> None:
    """The last join is answered so."""
    _, secret = scene.guest.secrets[-1]
    scene.guest.rooms.pop(room, None)
    scene.tell(events.Refusal(reason, asks.Join(1, room, (), secret), why))


def shown(scene: Scene) -> str:
    """The whole screen."""
    model = scene.model
    frame = compose_view(model.desk, model.line, "", 80, 24)
    return "\n".join("".join(text for _, row in parts for _, text in row) for parts in frame.rows)


def type_secret(scene: Scene, word: str) -> None:
    scene.model.type(word)
    assert word not in shown(scene)
    scene.model.press("enter")


# To enter a room


def test_a_room_with_a_password_asks_for_it(scene: Scene) -> None:
    scene.enter("/join dev")
    refuse(scene, Why.PASSWORD, NEEDED)
    assert "password for #dev: " in shown(scene)
    scene.model.type("horse")
    assert f"password for #dev: {HIDDEN * 5}" in shown(scene)
    scene.model.press("enter")
    assert scene.guest.secrets[-1] == ("dev", "horse")
    assert scene.model.secret is None
    assert scene.line.woken


def test_a_wrong_one_is_asked_for_again(scene: Scene) -> None:
    scene.enter("/join dev")
    refuse(scene, Why.PASSWORD, NEEDED)
    for _ in range(2):
        type_secret(scene, WORD)
        refuse(scene, Why.ENTRY, NO_ENTRY)
        assert "wrong password (or no such room); try again" in shown(scene)
    assert scene.seen() == [], "nothing is left behind by that"


def test_an_invite_that_is_no_good_is_not_called_a_password() -> None:
    scene = Scene(invite="Abc")
    refuse(scene, Why.ENTRY, NO_ENTRY, ROOM)
    assert NO_ENTRY in shown(scene)
    assert "wrong password" not in shown(scene)
    assert "password for #lobby: " in shown(scene)


@pytest.mark.parametrize("way", ["escape", "enter", "c-c", "c-d"])
def test_giving_up_leaves_a_word(scene: Scene, way: str) -> None:
    scene.enter("/join dev")
    refuse(scene, Why.PASSWORD, NEEDED)
    if way not in ("enter", "c-d"):
        scene.model.type(WORD)
    scene.model.press(way)
    assert scene.model.secret is None
    assert scene.guest.secrets[-1] == ("dev", "")
    text = f"{NEEDED}; /join dev asks for the password"
    assert scene.seen() == [text]


def test_a_closed_room_says_so_where_it_was_asked_for(scene: Scene) -> None:
    scene.enter("/join dev")
    scene.model.press("escape", "1")
    refuse(scene, Why.CLOSED, "dev is full\x1b; try again when somebody has left")
    assert scene.model.secret is None
    assert scene.seen() == []
    assert scene.seen(scene.buffer("dev")) == ["dev is full; try again when somebody has left"]


def test_what_else_keeps_one_out_names_the_room(scene: Scene) -> None:
    scene.enter("/join dev")
    refuse(scene, Why.OTHER, "your network has made many rooms")
    assert scene.seen() == ["you are not in #dev: your network has made many rooms"]


def test_what_is_being_typed_never_becomes_a_password(scene: Scene) -> None:
    scene.enter("/join dev")
    scene.model.type("half a thou")
    refuse(scene, Why.PASSWORD, NEEDED)
    assert scene.model.secret is None
    assert "/join dev asks" in scene.seen()[-1]
    scene.model.type("ght")
    assert scene.model.editor.text == "half a thought"


def test_a_draft_that_lies_there_does_not_keep_it_from_being_asked(scene: Scene) -> None:
    scene.enter("/join dev")
    scene.model.type("half a thought")
    scene.now += 5
    refuse(scene, Why.PASSWORD, NEEDED)
    type_secret(scene, WORD)
    assert scene.model.line.text == "half a thought"


def test_nobody_is_asked_for_a_room_that_is_not_on_the_screen(scene: Scene) -> None:
    scene.enter("/join dev")
    scene.model.press("escape", "1")
    refuse(scene, Why.PASSWORD, NEEDED)
    assert scene.model.secret is None
    assert "/join dev asks" in scene.seen(scene.buffer("dev"))[-1]


def test_where_nobody_sits_the_way_is_said(scene: Scene) -> None:
    scene.desk.interactive = False
    scene.enter("/join dev")
    refuse(scene, Why.PASSWORD, NEEDED)
    assert scene.model.secret is None
    assert scene.seen()[-1] == f"{NEEDED}; --password-file FILE gives it"


# Another one for a room


def test_a_new_password_is_typed_twice(scene: Scene) -> None:
    assert scene.enter("/password")
    assert "new password for #lobby: " in shown(scene)
    type_secret(scene, WORD)
    assert "again: " in shown(scene)
    assert scene.guest.acts == []
    type_secret(scene, WORD)
    assert scene.guest.acts == [asks.Act(0, ROOM, "password", text=WORD)]
    assert scene.model.secret is None


def test_two_that_differ_are_none(scene: Scene) -> None:
    scene.enter("/password")
    type_secret(scene, WORD)
    type_secret(scene, "something else")
    assert "not the same" in shown(scene)
    assert "new password for #lobby: " in shown(scene)
    assert scene.guest.acts == []
    type_secret(scene, WORD)
    type_secret(scene, WORD)
    assert scene.guest.acts == [asks.Act(0, ROOM, "password", text=WORD)]


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("way", ["escape", "enter"])
def test_giving_up_changes_nothing(scene: Scene, way: str, after: int) -> None:
    scene.enter("/password")
    for _ in range(after):
        type_secret(scene, WORD)
    scene.model.press(way)
    assert scene.hint == "the password stays as it was"
    assert scene.guest.acts == []
    assert scene.model.secret is None


def test_it_is_the_room_that_it_was_asked_for(scene: Scene) -> None:
    scene.enter("/join dev")
    scene.enter("/password")
    type_secret(scene, WORD)
    scene.model.press("escape", "1")
    type_secret(scene, WORD)
    assert scene.guest.acts == [asks.Act(0, "dev", "password", text=WORD)]
    assert scene.desk.current.room == ROOM


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("x" * (SECRET_MAX + 1), "at most 128 characters"),
        ("a\x07b", "no control characters"),
        ("\udcff", "no control characters"),
    ],
)
def test_what_can_be_no_password(scene: Scene, word: str, why: str) -> None:
    scene.enter("/password")
    scene.model.line.set(word)
    scene.model.press("enter")
    assert why in shown(scene)
    assert scene.model.line.text == ""
    assert scene.guest.acts == []


def test_a_paste_ends_with_its_line(scene: Scene) -> None:
    scene.enter("/password")
    scene.model.paste(f"{WORD}\r\n")
    scene.model.press("enter")
    scene.model.paste(f"{WORD}\n")
    scene.model.press("enter")
    assert [act.text for act in scene.guest.acts] == [WORD]


def test_who_may_set_none_is_not_asked_for_one(scene: Scene) -> None:
    scene.guest.standings[ROOM] = events.Standing(ROOM, Role.MODERATOR)
    assert not scene.enter("/password")
    assert scene.hint == "only its owners may do that here"
    assert scene.model.secret is None
    scene.guest.standings[ROOM] = events.Standing(ROOM, Role.OWNER)
    assert scene.enter("/password")


def test_where_nobody_sits_none_can_be_set(scene: Scene) -> None:
    scene.desk.interactive = False
    assert not scene.enter("/password")
    assert "typed at a terminal" in scene.hint


# Nowhere


def test_one_that_was_typed_with_the_command_is_neither_taken_nor_left(scene: Scene) -> None:
    assert scene.enter(f"/password {WORD}")
    assert "could be seen" in shown(scene)
    assert WORD not in shown(scene)
    scene.model.press("escape")
    model = scene.model
    model.press("up")
    assert WORD not in model.line.text
    model.press("c-r")
    model.type("horse")
    assert "nothing with" in model.line.hint
    assert scene.guest.acts == []


def test_one_that_was_put_aside_is_gone(scene: Scene) -> None:
    model = scene.model
    model.type(f"/password {WORD}")
    model.press("c-c")
    model.press("up")
    assert model.line.text == ""
    model.line.buffer.undo()
    assert WORD not in model.line.text


def test_nothing_of_it_is_remembered(scene: Scene) -> None:
    scene.enter("hello")
    scene.enter("/password")
    prompt = scene.model.secret
    assert prompt is not None
    type_secret(scene, WORD)
    type_secret(scene, WORD)
    prompt.buffer.undo()
    assert prompt.text == ""
    recall = scene.desk.current.recall
    assert recall.fresh() == ["hello"]
    assert recall.find(WORD, 0) is None
    scene.model.press("up")
    assert scene.model.line.text == "hello"


def test_others_do_not_see_that_one_is_typed(scene: Scene) -> None:
    scene.guest.rooms[ROOM].joined = True
    scene.enter("/password")
    scene.model.type(WORD)
    assert scene.guest.rooms[ROOM].typing() is None


# In lines


def test_in_lines_it_is_asked_for_each_time(scene: Scene) -> None:
    spoken = Spoken(scene.model, echo=False)
    spoken.enter("/join dev")
    spoken.drain()
    _, secret = scene.guest.secrets[-1]
    asked = asks.Join(1, "dev", (), secret)
    scene.guest.rooms.pop("dev")
    spoken.take(events.Refusal(NEEDED, asked, Why.PASSWORD))
    (line,) = spoken.drain()
    assert line.startswith("-- password for #dev: nobody sees it")
    for _ in range(2):
        spoken.enter("/horse")
        assert spoken.drain() == []
        assert scene.guest.secrets[-1] == ("dev", "/horse")
        asked = asks.Join(1, "dev", (), "/horse")
        scene.guest.rooms.pop("dev")
        spoken.take(events.Refusal(NO_ENTRY, asked, Why.ENTRY))
        (line,) = spoken.drain()
        assert line.startswith("-- password for #dev: wrong password")
    spoken.enter("")
    assert spoken.drain() == [f"-- {NO_ENTRY}; /join dev asks for the password"]


def test_in_lines_a_new_one_is_asked_for_twice(scene: Scene) -> None:
    spoken = Spoken(scene.model, echo=False)
    spoken.enter("/password")
    spoken.enter(WORD)
    spoken.enter(WORD)
    lines = spoken.drain()[:2]
    assert [line.split(":")[0] for line in lines] == ["-- new password for #lobby", "-- again"]
    assert scene.guest.acts == [asks.Act(0, ROOM, "password", text=WORD)]
