"""A terminal that nobody reads does not hold up the loop."""

import asyncio
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from chat.tui.output import TerminalOutput


@pytest.fixture
def terminal() -> Iterator[tuple[int, TerminalOutput]]:
    """The other end, and an output to it."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    output = TerminalOutput(os.open(os.ttyname(slave), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
    yield master, output
    output.close()
    os.close(slave)
    os.close(master)


def read_all(master: int) -> bytes:
    os.set_blocking(master, False)
    data = b""
    try:
        while chunk := os.read(master, 65536):
            data += chunk
    except BlockingIOError:
        return data
    return data


async def test_what_is_flushed_arrives(terminal: tuple[int, TerminalOutput]) -> None:
    master, output = terminal
    output.write_raw("dropped")
    output.flush()
    output.attach(asyncio.get_running_loop(), lambda: None)
    output.write_raw("\x1b[1m")
    output.write("safe\x1b")
    output.flush()
    assert read_all(master) == b"\x1b[1msafe?"
    assert not output.behind


async def test_a_stalled_terminal_is_waited_for_by_nobody(
    terminal: tuple[int, TerminalOutput],
) -> None:
    master, output = terminal
    drained = asyncio.Event()
    output.attach(asyncio.get_running_loop(), drained.set)
    text = "x" * 1_000_000
    began = time.process_time()
    output.write_raw(text)
    output.flush()
    assert output.behind
    assert time.process_time() - began < 0.2
    drained.clear()
    read = 0
    async with asyncio.timeout(10):
        while not drained.is_set():
            read += len(read_all(master))
            await asyncio.sleep(0.001)
    assert read + len(read_all(master)) == len(text)
    assert not output.behind


async def test_the_end_waits_but_not_for_ever(terminal: tuple[int, TerminalOutput]) -> None:
    _, output = terminal
    output.attach(asyncio.get_running_loop(), lambda: None)
    output.write_raw("x" * 1_000_000)
    began = time.monotonic()
    output.drain(0.1)
    assert 0.05 < time.monotonic() - began < 2
    assert output.behind


async def test_a_terminal_that_is_gone() -> None:
    master, slave = pty.openpty()
    output = TerminalOutput(os.open(os.ttyname(slave), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
    output.attach(asyncio.get_running_loop(), lambda: None)
    os.close(slave)
    os.close(master)
    output.write_raw("anybody?")
    output.flush()
    assert output.lost
    assert not output.behind
    assert output.get_size().columns == 80
    output.close()
    output.close()


def test_where_no_disk_takes_a_file_there_is_a_screen_all_the_same() -> None:
    program = """
import tempfile
from chat.tui.terminal import undisturbed

tempfile.tempdir = "/nowhere"
with undisturbed():
    print("behind the screen")
print("after it")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("after it\n", "")
