import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.commands import COMMANDS, Call, Mistake, Speech, help_lines, parse, usage


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello", Speech("hello")),
        ("", Speech("")),
        (" /who", Speech(" /who")),
        ("//who", Speech("/who")),
        ("///", Speech("//")),
        ("/who", Call("who", ())),
        ("/who den", Call("who", ("den",))),
        ("/WHO  den ", Call("who", ("den",))),
        ("/rooms", Call("rooms", ())),
        ("/rooms of mine", Call("rooms", ())),
        ("/nick ann", Call("nick", ("ann",))),
        ("/nick ann b", Call("nick", ("ann b",))),
        ("/me waves  twice", Call("me", ("waves  twice",))),
        ("/msg bob hi  there ", Call("msg", ("bob", "hi  there "))),
        ("/msg   bob hi", Call("msg", ("bob", "hi"))),
        ("/topic", Call("topic", ())),
        ("/topic a b c", Call("topic", ("a b c",))),
        ("/leave", Call("leave", ())),
        ("/help /who", Call("help", ("/who",))),
        ("/quit", Call("quit", ())),
        ("/edit", Call("edit", ())),
        ("/edit what I  meant", Call("edit", ("what I  meant",))),
        ("/delete", Call("delete", ())),
        ("/delete it  hurts", Call("delete", ("it  hurts",))),
        ("/ban bob 2h spam  spam", Call("ban", ("bob", "2h spam  spam"))),
        ("/lock", Call("lock", ())),
        ("/invite 5 7d", Call("invite", ("5", "7d"))),
        ("/react 👍", Call("react", ("👍",))),
        ("/net loss=20% delay=80ms", Call("net", ("loss=20% delay=80ms",))),
    ],
)
def test_a_line_means(line: str, meaning: object) -> None:
    assert parse(line) == meaning


@pytest.mark.parametrize(
    "line", ["/nick", "/nick  ", "/me", "/join", "/msg", "/msg bob", "/msg bob ", "/react"]
)
def test_a_command_without_what_it_needs_says_how_it_is_used(line: str) -> None:
    mistake = parse(line)
    assert isinstance(mistake, Mistake)
    assert mistake.reason.startswith(f"usage: {line.split()[0]} ")


@pytest.mark.parametrize(
    ("line", "near"),
    [("/nik ann", "/nick"), ("/quti", "/quit"), ("/romms", "/rooms"), ("/JION den", "/join")],
)
def test_an_unknown_command_is_never_said_and_the_nearest_is_named(line: str, near: str) -> None:
    mistake = parse(line)
    assert isinstance(mistake, Mistake)
    assert f"did you mean {near}?" in mistake.reason


@pytest.mark.parametrize("line", ["/", "/xyzzy", "/ who", "/usr/bin/env", "/\u202e"])
def test_where_nothing_is_near_help_is_and_how_to_say_it(line: str) -> None:
    mistake = parse(line)
    assert isinstance(mistake, Mistake)
    assert "/help" in mistake.reason
    assert f"//{line[1:].split(' ')[0]}" in mistake.reason


@given(st.text(max_size=30))
def test_a_line_with_one_slash_in_front_is_never_speech(text: str) -> None:
    meaning = parse("/" + text)
    if isinstance(meaning, Speech):
        assert text.startswith("/")
        assert meaning.text == text


@given(st.text(max_size=30))
def test_every_text_can_be_said(text: str) -> None:
    line = "/" + text if text.startswith("/") else text
    assert parse(line) == Speech(text)


def test_plain_text_clients_know_what_they_can_do() -> None:
    for line in ("/net", "/edit hi", "/delete", "/react +1", "/kick bob", "/lock"):
        assert isinstance(parse(line, plain=True), Mistake)
        assert isinstance(parse(line), Call)
        assert not any(line.split()[0] in row for row in help_lines(plain=True))


def test_help_has_a_line_for_each_command() -> None:
    lines = help_lines()
    assert len(lines) == len(COMMANDS)
    for command, line in zip(COMMANDS, lines, strict=True):
        assert line.startswith(f"/{command.name}")
        assert line.endswith(command.help)


@pytest.mark.parametrize("name", ["who", "/who", "WHO"])
def test_help_explains_one_command(name: str) -> None:
    (line,) = help_lines(name)
    assert line.startswith("/who [ROOM]")


def test_a_long_usage_leaves_the_others_their_help_where_it_was() -> None:
    lines = help_lines()
    columns = [line.index(row.help) for row, line in zip(COMMANDS, lines, strict=True)]
    assert sum(column == 30 for column in columns) > len(columns) * 2 / 3


def test_usage_of_one_command() -> None:
    assert usage("kick") == "usage: /kick NAME [REASON]"
    assert usage("lock") == "usage: /lock"


def test_help_about_nothing_says_so() -> None:
    assert help_lines("xyzzy") == ["there is no command /xyzzy; /help lists them all"]


def test_the_table_is_consistent() -> None:
    for command in COMMANDS:
        assert 0 <= command.least <= command.most
        assert bool(command.usage) is (command.most > 0)
        assert command.usage.startswith("[") is (command.least == 0 and command.most > 0)
