import io
import os
import pty
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest

from chat.tui.echo import Echo


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    """Its keyboard, and what a program reads from it."""
    keyboard, descriptor = pty.openpty()
    with open(descriptor, encoding="utf-8") as stream:
        yield keyboard, stream
    os.close(keyboard)


def echoes(stream: TextIO) -> bool:
    return bool(termios.tcgetattr(stream.fileno())[3] & termios.ECHO)


def test_hidden_and_seen_again(terminal: tuple[int, TextIO]) -> None:
    keyboard, stream = terminal
    echo = Echo(stream)
    assert echo.can_hide
    before = termios.tcgetattr(stream.fileno())
    echo.show(False)
    assert not echoes(stream)
    os.write(keyboard, b"secret\n")
    assert stream.readline() == "secret\n"
    echo.show(True)
    assert termios.tcgetattr(stream.fileno()) == before


def test_what_was_seen_already_is_no_secret(terminal: tuple[int, TextIO]) -> None:
    keyboard, stream = terminal
    os.write(keyboard, b"half a thought")
    assert os.read(keyboard, 100) == b"half a thought", "it is seen"
    echo = Echo(stream)
    echo.show(False)
    os.write(keyboard, b"secret\n")
    assert stream.readline() == "secret\n"


def test_no_terminal_hides_nothing() -> None:
    assert not Echo(io.StringIO()).can_hide
    Echo(io.StringIO()).show(True)


def test_a_terminal_that_is_gone(terminal: tuple[int, TextIO]) -> None:
    _, stream = terminal
    echo = Echo(stream)
    read, write = os.pipe()
    os.dup2(read, stream.fileno())
    os.close(read)
    os.close(write)
    echo.show(False)
    echo.show(True)
