from base64 import b64decode

import pytest

from chat.tui.clipboard import COPY_MAX, clipboard_hint, copy_sequence


@pytest.mark.parametrize("text", ["", "plain", "zwei\nZeilen", "日本 👍🏽"])
def test_what_the_terminal_gets(text: str) -> None:
    sequence = copy_sequence(text)
    assert sequence is not None
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    assert b64decode(sequence[7:-1], validate=True).decode() == text


def test_nothing_that_acts_gets_into_a_clipboard() -> None:
    assert copy_sequence("a\x1b[201~\x00\u202eb\r\nc") == copy_sequence("a[201~b\nc")


def test_what_is_too_much() -> None:
    assert copy_sequence("é" * (COPY_MAX // 2)) is not None
    assert copy_sequence("é" * (COPY_MAX // 2) + "x") is None


def test_who_may_keep_it() -> None:
    assert "set-clipboard on" in clipboard_hint({"TMUX": "/tmp/tmux-0/default,1,0"})
    assert "screen" in clipboard_hint({"STY": "1234.pts-0"})
    assert clipboard_hint({"TERM": "xterm", "TMUX": ""}) == ""
