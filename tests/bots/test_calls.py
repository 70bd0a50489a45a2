"""What calls a bot, and how often it answers."""

import pytest

from chat.bots.calls import AUTHOR, KNOWN, ROOM, Calls, Verdict, called
from chat.core.names import LOBBY, direct_room
from chat.core.types import Entry, Kind

DIRECT = direct_room(b"a" * 8, b"b" * 8)


def entry(
    text: str, *, room: str = LOBBY, kind: int = Kind.MESSAGE, refers: int = 0, author: int = 1
) -> Entry:
    return Entry(
        room=room,
        seq=7,
        kind=kind,
        name="ann",
        key=b"",
        endpoint="",
        instance=author.to_bytes(8, "big"),
        n=1,
        time=0,
        refers=refers,
        text=text,
        more=False,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo: hello", "hello"),
        ("echo, hello", "hello"),
        ("echo:hello: you", "hello: you"),
        ("  Echo:  two\nlines ", "two\nlines"),
        ("@echo hello", "hello"),
        ("!echo hello", "hello"),
        ("@echo: hello", "hello"),
        ("!echo", ""),
        ("echo:", ""),
        ("echo hello", None),
        ("the echo: hello", None),
        ("echoes: hello", None),
        ("echo2: hello", None),
        ("@echo2 hello", None),
        ("hello", None),
        ("", None),
    ],
)
def test_in_a_room_a_call_begins_with_the_name(text: str, said: str | None) -> None:
    assert called(entry(text), "echo") == said


@pytest.mark.parametrize("text", ["hello", "echo: hello", "@echo hello"])
def test_in_a_direct_room_everything_is_a_call(text: str) -> None:
    assert called(entry(text, room=DIRECT), "echo") == "hello"


@pytest.mark.parametrize("room", [LOBBY, DIRECT])
def test_answers_and_what_is_no_message_call_nobody(room: str) -> None:
    assert called(entry("echo: hello", room=room, refers=3), "echo") is None
    for kind in set(Kind) - {Kind.MESSAGE}:
        assert called(entry("echo: hello", room=room, kind=kind), "echo") is None


def test_an_author_is_answered_so_often_and_told_once_that_it_is_too_much() -> None:
    calls, burst = Calls(), int(AUTHOR[1])
    verdicts = [calls.judge(entry("x"), 100.0) for _ in range(burst + 3)]
    assert verdicts == [Verdict.ANSWER] * burst + [Verdict.EXCUSE] + [Verdict.IGNORE] * 2
    assert calls.judge(entry("x", author=2), 100.0) is Verdict.ANSWER
    assert calls.judge(entry("x"), 100.0 + 1 / AUTHOR[0]) is Verdict.ANSWER
    assert calls.judge(entry("x"), 100.0 + 1 / AUTHOR[0]) is Verdict.EXCUSE


def test_many_authors_of_one_room_are_too_many_together() -> None:
    calls, burst = Calls(), int(ROOM[1])
    verdicts = [calls.judge(entry("x", author=each), 100.0) for each in range(burst + 3)]
    assert verdicts == [Verdict.ANSWER] * burst + [Verdict.EXCUSE] + [Verdict.IGNORE] * 2
    assert calls.judge(entry("x", room="den", author=9), 100.0) is Verdict.ANSWER


def test_what_is_remembered_is_bounded() -> None:
    calls = Calls()
    for author in range(3 * KNOWN):
        calls.judge(entry("x", author=author), float(author))
    assert len(calls._buckets) <= KNOWN
