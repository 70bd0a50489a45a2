"""What a real terminal makes of it: title, clipboard, mouse, the bare view; and its sudden end."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import needs

from .terminal import PATIENCE, Server, Terminal
from .test_e2e import says

pytestmark = needs("tmux")

LINK = "https://example.org/" + "abcdefghij" * 20 + "/end"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path, server: Server) -> list[str]:
    """The terminal client with a key for each of these, and a file for what is typed."""
    file = tmp_path / "program.py"
    file.write_text(
        textwrap.dedent(
            f"""
            import asyncio
            from chat.client import Client
            from chat.core.link import parse_link
            from chat.tui.app import Application
            from chat.tui.effects import Copy
            from chat.tui.files import SettingsFile

            async def main():
                app = Application(
                    lambda told: Client(parse_link("{server.link}"), "ann", told),
                    settings=SettingsFile(),
                )
                model = app.model
                app.bind("F5", ("f5",), lambda: setattr(model, "bare", not model.bare), "bare")
                copy = Copy("copied: {LINK}")
                app.bind("F7", ("f7",), lambda: model.desk.effects.append(copy), "copies")
                try:
                    await app.run()
                finally:
                    await app.client.close()

            asyncio.run(main())
            """
        )
    )
    return [sys.executable, str(file)]


def test_the_title(server: Server, tmp_path: Path) -> None:
    with Terminal(["sh", "-i"], state=tmp_path) as shell:
        shell.say(r"printf '\033]2;mine\007'")
        shell.until(lambda: shell.ask("#{pane_title}") == "mine")
        shell.say(f"chat join {server.link} --name ann")
        shell.wait("connected as ann")
        assert shell.ask("#{pane_title}") == "chat: lobby"
        shell.press("C-z")
        shell.until(lambda: shell.ask("#{pane_title}") == "mine")
        shell.say("fg")
        shell.until(lambda: shell.ask("#{pane_title}") == "chat: lobby")
        shell.say("/quit")
        shell.until(lambda: shell.ask("#{pane_title}") == "mine")


def test_copying(program: list[str], tmp_path: Path) -> None:
    with Terminal(program, state=tmp_path) as ann:
        ann.tmux("set", "-g", "set-clipboard", "on")
        ann.wait("connected as ann")
        ann.press("F7")
        ann.until(lambda: ann.tmux("list-buffers") != "")
        assert ann.tmux("show-buffer") == f"copied: {LINK}"


def test_the_mouse(program: list[str], tmp_path: Path) -> None:
    flags = "#{mouse_standard_flag}#{mouse_button_flag}#{mouse_all_flag}#{mouse_sgr_flag}"
    shell_line = " ".join(program)
    with Terminal(["sh", "-i"], state=tmp_path) as shell:
        shell.say(shell_line)
        shell.wait("connected as ann")
        assert shell.ask(flags) == "0000"
        shell.say("/set mouse on")
        shell.until(lambda: shell.ask(flags) == "1001")
        shell.press("F5")
        shell.until(lambda: shell.ask(flags) == "0000", "in the bare view it is the terminal's")
        shell.press("F5")
        shell.until(lambda: shell.ask(flags) == "1001")
        shell.press("C-z")
        shell.until(lambda: shell.ask(flags) == "0000")
        shell.say("fg")
        shell.until(lambda: shell.ask(flags) == "1001")
        shell.say("/set mouse off")
        shell.until(lambda: shell.ask(flags) == "0000")
        shell.say("/set mouse on")
        shell.until(lambda: shell.ask(flags) == "1001")
        shell.press("C-d")
        shell.until(lambda: shell.ask("#{alternate_on}") == "0")
        assert shell.ask(flags) == "0000"


def test_the_bare_view(program: list[str], server: Server, tmp_path: Path) -> None:
    with Terminal(program, state=tmp_path) as ann:

        def lines() -> list[str]:
            """As they are copied."""
            return [row.rstrip() for row in ann.tmux("capture-pane", "-p", "-J").split("\n")]

        ann.wait("connected as ann")
        says(server.link, "before", f"look: {LINK}", "after", "日本語" * 40)
        ann.wait("after", "日本語")
        assert not any(LINK in line for line in lines())
        ann.press("F5")
        ann.wait("<carol> before", without="│")
        ann.still()
        seen = lines()
        assert any(line[5:] == f" <carol> look: {LINK}" for line in seen)
        assert any(line[5:] == " <carol> before" for line in seen)
        assert any(line[5:] == " <carol> after" for line in seen)
        for number in range(30):
            says(server.link, f"number {number} {LINK if number % 3 == 0 else ''}")
            if number % 7 == 0:
                ann.press("S-Up", "S-Down", "C-End")
        ann.wait("number 29")
        ann.still()
        for line in lines():
            assert line.count("<carol>") <= 1, "what scrolled leaves no joined rows behind"
        assert sum(line.endswith(f" {LINK}") for line in lines()) >= 2
        before = ann.still()
        ann.wipe()
        ann.press("C-l")
        ann.wait("number 29")
        assert ann.still() == before
        ann.press("F5")
        ann.wait("│ lobby", "number 29", without="<carol>")


def drafts(state: Path) -> list[str]:
    """What was being typed, as it is on disk."""
    files = sorted((state / "chat").rglob("drafts-?"))
    return [text for file in files for text in json.loads(file.read_bytes()).values()]


def typed_into(
    program: list[str], tmp_path: Path, text: str
) -> tuple[subprocess.Popen[bytes], int]:
    """The program on a terminal of its own, whose other end is ours, with this on its line."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *program],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={
            **os.environ,
            "TERM": "xterm",
            "XDG_STATE_HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
        },
    )
    os.close(slave)
    os.set_blocking(master, False)
    seen, deadline = b"", time.monotonic() + PATIENCE
    typed = False
    while text.encode() not in seen:
        assert time.monotonic() < deadline, seen
        select.select([master], [], [], 0.1)
        try:
            seen += os.read(master, 65536)
        except BlockingIOError:
            continue
        if not typed and b"connected as" in seen:
            os.write(master, text.encode())
            typed = True
    return process, master


def test_a_terminal_that_is_gone_at_once(program: list[str], tmp_path: Path) -> None:
    process, master = typed_into(program, tmp_path, "half a thought")
    os.close(master)
    process.wait(PATIENCE)
    assert drafts(tmp_path) == ["half a thought"]


def test_killed_at_any_moment(program: list[str], server: Server, tmp_path: Path) -> None:
    """Nobody can do anything then: what was typed more than a second ago is saved already."""
    with Terminal(program, state=tmp_path) as ann:
        ann.wait("connected as ann")
        ann.type("half a thought")
        ann.until(lambda: drafts(tmp_path) == ["half a thought"], seconds=5)
        os.kill(ann.pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_go(program: list[str], tmp_path: Path, number: signal.Signals) -> None:
    with Terminal(["sh", "-c", f"{' '.join(program)}; echo ended with $?; sleep 60"],
                  state=tmp_path) as ann:  # fmt: skip
        ann.wait("connected as ann")
        ann.type("half a thought")
        ann.wait("> half a thought")
        children = subprocess.run(
            ["pgrep", "-P", str(ann.pid)], capture_output=True, text=True, check=True
        )
        os.kill(int(children.stdout.split()[0]), number)
        ann.wait("ended with 0", without="connected")
        assert ann.ask("#{alternate_on} #{cursor_flag} #{wrap_flag}") == "0 1 1"
        assert drafts(tmp_path) == ["half a thought"]
