"""However it ends, the terminal is as it was, and what was sent and typed is there the next time."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from benchmarks.terminal.pseudoterminal import PseudoTerminal
from tests.needs import needs

from .terminal import PATIENCE, Server, Terminal

pytestmark = needs("tmux", "pgrep")

RESTORED = "#{alternate_on} #{cursor_flag} #{wrap_flag} #{keypad_cursor_flag}"
"""The screen that was there before, a cursor, wrapping, and cursor keys as a shell wants them."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path, server: Server) -> str:
    """The terminal client, as `chat join` has it, with a key that breaks it."""
    file = tmp_path / "program.py"
    file.write_text(
        textwrap.dedent(
            f"""
            import asyncio, os
            from chat.client import Client
            from chat.core.link import parse_link
            from chat.loop import run_loop
            from chat.tui.app import Application
            from chat.tui.files import SettingsFile

            def broken():
                raise RuntimeError("it broke")

            async def main():
                link = parse_link("{server.link}")
                app = Application(
                    lambda told: Client(link, "ann", told), settings=SettingsFile()
                )
                app.bind("F8", ("f8",), broken, "breaks")
                app.bind("F9", ("f9",), lambda: setattr(app.model, "banner", 9), "cannot be drawn")
                try:
                    await app.run()
                finally:
                    await app.client.close()

            run_loop(main())
            """
        )
    )
    return f"{sys.executable} {file}"


def kept(state: Path) -> tuple[list[str], list[str]]:
    """What was sent and what was being typed, as it is on disk."""
    files = sorted((state / "chat").rglob("drafts-?"))
    drafts = [text for file in files for text in json.loads(file.read_bytes()).values()]
    histories = sorted((state / "chat").rglob("*.history"))
    sent = [json.loads(line) for file in histories for line in file.read_text().splitlines()]
    return sent, drafts


def child(shell: Terminal) -> int:
    """The process id of what the shell runs."""
    found = subprocess.run(
        ["pgrep", "-P", str(shell.pid)], capture_output=True, text=True, check=False
    )
    return int(found.stdout.split()[0]) if found.stdout else 0


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


SENT = ["first line", "second line"]


def used(shell: Terminal, program: str, state: Path) -> int:
    """Somebody who has sent two lines, and types a third; the process id."""
    shell.say(program)
    shell.wait("connected as ann")
    for line in SENT:
        shell.say(line)
        shell.wait(f"·        ann  {line}")
    shell.type("half a thought")
    shell.wait("> half a thought")
    return child(shell)


def still_there(shell: Terminal, program: str) -> None:
    """At the next start."""
    shell.say(f"clear; {program}")
    shell.wait("> half a thought", "what you were typing is here again")
    shell.press("Up")
    shell.wait("> second line")
    shell.press("Up")
    shell.wait("> first line")
    shell.press("Down", "Down")
    shell.wait("> half a thought")
    text = shell.text()
    assert [text.count(f"ann  {line}") for line in SENT] == [1, 1]


@pytest.mark.parametrize("way", ["SIGTERM", "SIGHUP", "f8", "f9"])
def test_told_to_go_or_broken(program: str, tmp_path: Path, way: str) -> None:
    with Terminal(["sh", "-i"], columns=120, rows=50, state=tmp_path) as shell:
        pid = used(shell, program, tmp_path)
        if way.startswith("SIG"):
            os.kill(pid, signal.Signals[way])
        else:
            shell.press(way.upper())
        shell.until(lambda: gone(pid), "the end")
        shell.wait("\n$", *(["Error: "] if way.startswith("f") else []))
        assert shell.ask(RESTORED) == "0 1 1 0"
        assert kept(tmp_path) == (SENT, ["half a thought"])
        shell.say("clear; stty -a | grep -ow icanon")
        shell.wait("icanon\n$", without="Error")
        still_there(shell, program)


def test_killed(program: str, tmp_path: Path) -> None:
    """Nobody can do anything then: what is a second old is there already."""
    with Terminal(["sh", "-i"], columns=120, rows=50, state=tmp_path) as shell:
        pid = used(shell, program, tmp_path)
        shell.until(lambda: kept(tmp_path) == (SENT, ["half a thought"]), "all of it", 5)
        os.kill(pid, signal.SIGKILL)
        shell.until(lambda: gone(pid), "the end")
        shell.type("tput reset; stty sane")
        shell.press("C-j")
        still_there(shell, program)


def test_the_terminal_is_gone(program: str, tmp_path: Path) -> None:
    with Terminal(["sh", "-i"], columns=120, rows=50, state=tmp_path) as shell:
        pid = used(shell, program, tmp_path)
        shell.tmux("kill-server")
    deadline = time.monotonic() + PATIENCE
    while not gone(pid):
        assert time.monotonic() < deadline, "it goes on without a terminal"
        time.sleep(0.02)
    assert kept(tmp_path) == (SENT, ["half a thought"])
    with Terminal(["sh", "-i"], columns=120, rows=50, state=tmp_path) as shell:
        still_there(shell, program)


def test_told_to_go_at_any_moment(program: str, tmp_path: Path) -> None:
    """Before it has the terminal, with its first screen, and later."""
    with Terminal(["sh", "-i"], columns=120, rows=50, state=tmp_path) as shell:
        for moment in ("started", "drawn", "connected"):
            shell.say(f"clear; {program}")
            shell.until(lambda: child(shell) != 0, "the program")
            pid = child(shell)
            if moment != "started":
                shell.until(lambda: shell.ask("#{alternate_on}") == "1", "its screen")
            if moment == "connected":
                shell.wait("connected as ann")
            os.kill(pid, signal.SIGTERM)
            shell.until(partial(gone, pid), "the end")
            shell.say("clear; stty -a | grep -ow icanon; echo done")
            assert shell.wait("\ndone", without="│")[0] == "icanon", moment
            assert shell.ask(RESTORED) == "0 1 1 0", moment


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_go_again_and_again(program: str, tmp_path: Path, number: signal.Signals) -> None:
    """As by a terminal that goes away: nothing cuts short what is done in the end."""
    with PseudoTerminal(program.split(), {"XDG_STATE_HOME": str(tmp_path)}) as ann:
        ann.wait(lambda frame: "connected as ann" in frame.text, "the connection")
        ann.type("half a thought")
        ann.wait(lambda frame: frame.typed == "half a thought", "what was typed")
        while ann.code is None:
            os.kill(ann.pid, number)
            time.sleep(0.0005)
        assert kept(tmp_path)[1] == ["half a thought"]
