"""What a person sees: the program in a real terminal, against a real server."""

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import chat
from tests.needs import needs

from .corpus import HOSTILE, WIDTHS
from .terminal import CHAT, Server, Terminal

pytestmark = needs("tmux")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def joined(link: str, name: str, state: Path, *, columns: int = 80, rows: int = 24) -> Terminal:
    terminal = Terminal(
        [CHAT, "join", link, "--name", name], columns=columns, rows=rows, state=state
    )
    terminal.wait(f" {name} │ lobby", without="connecting")
    return terminal


EMOJI = re.compile("[\u200d\ufe0f\U0001f000-\U0001ffff]")


def messages(rows: list[str]) -> list[str]:
    """All but the status bar, whose figures change by themselves, and emoji: what tmux makes of a
    joined one depends on whether it comes in one piece, which is not in our hands (a write is cut
    at 4 KiB), and on its length."""
    return [
        EMOJI.sub("", row) for row in rows if " ann │" not in row and "│\x1b[1m lobby" not in row
    ]


def says(link: str, *texts: str, name: str = "carol") -> None:
    """Somebody without a terminal says this, and it is in the log."""

    async def say() -> None:
        async with chat.connect(link, name=name) as room:
            said = [room.say(text) for text in texts]
            for each in said:
                await each

    asyncio.run(say())


def test_two_people_talk(server: Server, tmp_path: Path) -> None:
    with joined(server.link, "ann", tmp_path) as ann, joined(server.link, "bob", tmp_path) as bob:
        ann.wait("2 here")
        ann.say("hello bob")
        bob.wait("ann*  hello bob")
        ann.wait("✓       ann*  hello bob")
        bob.say("/me waves")
        ann.wait("*  bob* waves")
        bob.say("/topic all about ducks")
        ann.wait("lobby  all about ducks", "bob* changed the topic to: all about ducks")
        bob.say("/msg ann psst")
        ann.wait("2:@bob(1)")
        ann.press("M-2")
        ann.wait("only bob and you read this", "bob*  psst")
        bob.say("/quit")
        ann.press("M-1")
        ann.wait("bob left")


def test_said_while_the_server_is_down(tmp_path: Path) -> None:
    with Server(str(tmp_path / "store")) as server, joined(server.link, "ann", tmp_path) as ann:
        ann.say("before")
        ann.wait("·       ann*  before")
        server.stop()
        ann.wait("reconnecting", f"nobody listens at 127.0.0.1, UDP port {server.port}")
        ann.say("while it is down")
        ann.wait("…       ann*  while it is down", "1 pending")
        server.start()
        ann.say("and after")
        ann.wait("·       ann*  while it is down", "·       ann*  and after", without="pending")
        ann.wait("ann*  before")
        kept = subprocess.run(
            [CHAT, "tail", server.link, "--from", "start", "--no-follow"],
            capture_output=True,
            text=True,
            check=True,
        )
        texts = [line.partition("ann*: ")[2] for line in kept.stdout.splitlines()]
        assert texts == ["before", "while it is down", "and after"]


def test_a_scrolled_view_does_not_move(server: Server, tmp_path: Path) -> None:
    says(server.link, *(f"number {number}" for number in range(1, 301)))
    with joined(server.link, "ann", tmp_path) as ann:
        ann.wait("number 300")
        ann.press("PPage", "PPage")
        ann.wait("more below")
        before = ann.still()
        says(server.link, *(f"new {number}" for number in range(1, 101)))
        ann.wait("more below (1")
        after = ann.still()
        assert after[1:22] == before[1:22]
        ann.resize(60, 12)
        ann.wait("number")
        ann.resize(80, 24)
        ann.wait("more below")
        assert ann.still()[1:22] == before[1:22]
        ann.press("C-End")
        ann.wait("new 100", without="more below")


def test_quitting_gives_the_terminal_back(server: Server, tmp_path: Path) -> None:
    with Terminal(["sh", "-i"], state=tmp_path) as shell:
        shell.say("echo before")
        shell.wait("\nbefore")
        screen = shell.wait("\n$")
        for way in ("/quit", "C-d"):
            shell.say(f"chat join {server.link} --name ann")
            shell.wait("connected as ann")
            assert shell.ask("#{alternate_on}") == "1"
            if way == "/quit":
                shell.say(way)
            else:
                shell.press(way)
            shell.until(lambda: shell.ask("#{alternate_on}") == "0")
            shell.wait("--name ann", "\n$")
            assert shell.screen()[: len(screen) - 1] == screen[:-1]
            assert shell.ask("#{cursor_flag} #{wrap_flag} #{keypad_cursor_flag}") == "1 1 0"
            shell.say("clear; stty -a | grep -ow icanon")
            screen = shell.wait("\n$", without="--name ann")
            assert screen[0] == "icanon"


def test_an_error_gives_the_terminal_back(tmp_path: Path, server: Server) -> None:
    program = tmp_path / "broken.py"
    program.write_text(
        textwrap.dedent(
            f"""
            import asyncio, os, sys
            from chat.client import Client
            from chat.core.link import parse_link
            from chat.tui.app import Application

            def broken():
                raise RuntimeError("it broke")

            async def main():
                app = Application(lambda told: Client(parse_link("{server.link}"), "ann", told))
                loop = asyncio.get_running_loop()

                def stray():
                    print("stray on stdout", flush=True)
                    os.write(2, b"stray on stderr\\n")

                app.bind("F7", ("f7",), stray, "prints")
                app.bind("F8", ("f8",), lambda: loop.call_soon(broken), "breaks")
                try:
                    await app.run()
                finally:
                    await app.client.close()

            asyncio.run(main())
            """
        )
    )
    with Terminal(["sh", "-i"], rows=60, state=tmp_path) as shell:
        shell.say(f"{sys.executable} {program}")
        shell.wait("connected as ann")
        before = shell.still()
        shell.press("F7")
        assert shell.still() == before, "what is printed does not tear the screen"
        shell.press("F8")
        shell.wait("stray on stdout", "stray on stderr", "RuntimeError: it broke", "\n$")
        assert shell.ask("#{alternate_on} #{cursor_flag}") == "0 1"


def test_stop_and_continue(server: Server, tmp_path: Path) -> None:
    with Terminal(["sh", "-i"], state=tmp_path) as shell:
        shell.say(f"chat join {server.link} --name ann")
        shell.wait("connected as ann")
        shell.type("half a")
        shell.wait("> half a")
        before = shell.still()
        shell.press("C-z")
        shell.wait("\n$")
        assert shell.ask("#{alternate_on}") == "0"
        shell.say("fg")
        shell.wait("> half a", "│ ann │"[1:-1])
        assert shell.still()[:20] == before[:20]
        shell.say(" thought")
        shell.wait("ann*  half a thought")


def test_stopped_from_elsewhere(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = f"echo $$ > {file}; exec chat join {server.link} --name ann"
    command = f"sh -c '{program}'; echo ended with $?; sleep 60"
    with Terminal(["sh", "-c", command], state=tmp_path) as ann:
        ann.wait("connected as ann")
        before = ann.still()
        pid = int(file.read_text())
        os.kill(pid, signal.SIGSTOP)
        ann.wipe()
        os.kill(pid, signal.SIGCONT)
        ann.wait("connected as ann")
        assert ann.still()[:20] == before[:20]
        os.kill(pid, signal.SIGTERM)
        ann.wait("ended with 0", without="connected")
        assert ann.ask("#{alternate_on} #{cursor_flag} #{wrap_flag}") == "0 1 1"


def test_small_and_large(server: Server, tmp_path: Path) -> None:
    says(server.link, "a rather long message, which needs more than one row on a small screen")
    with joined(server.link, "ann", tmp_path) as ann:
        ann.wait("1 here")
        ann.resize(40, 10)
        small = ann.wait("carol: a rather long", without="1 here")
        assert len(small) <= 10
        assert all(len(row) <= 40 for row in small)
        ann.type("typing here")
        ann.wait("> typing here")
        for columns, rows in ((20, 5), (7, 3), (2, 2), (1, 1)):
            ann.resize(columns, rows)
            ann.still()
            assert not ann.dead
        ann.resize(120, 40)
        ann.wait("1 here", "> typing here")


def test_what_others_send_is_inert(server: Server, tmp_path: Path) -> None:
    with joined(server.link, "ann", tmp_path) as ann:
        title = ann.ask("#{pane_title}")
        says(server.link, *HOSTILE, "the end")
        ann.wait("carol  the end", "[2Jgone", "backover")
        assert ann.ask("#{pane_title}") == title
        assert ann.ask("#{alternate_on} #{cursor_flag} #{pane_dead}") == "1 1 0"
        assert ann.tmux("list-buffers") == ""
        before = ann.still()
        ann.wipe()
        ann.press("C-l")
        ann.wait("the end")
        assert messages(ann.still()) == messages(before)


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (63, 17)], ids=str)
def test_the_screen_is_what_a_new_one_would_be(
    server: Server, tmp_path: Path, size: tuple[int, int]
) -> None:
    """After each change, all of it is as if it were drawn from nothing: no row shows what another
    one, or an earlier one, left behind. With texts whose widths no two programs agree about."""
    with joined(server.link, "ann", tmp_path, columns=size[0], rows=size[1]) as ann:

        def fresh(what: str) -> None:
            changed = ann.still()
            ann.wipe()
            ann.press("C-l")
            ann.until(lambda: any(row.startswith(">") for row in ann.screen()), what)
            assert messages(ann.still()) == messages(changed), what

        says(server.link, *WIDTHS[: len(WIDTHS) // 2])
        ann.still()
        says(server.link, *WIDTHS[len(WIDTHS) // 2 :])
        fresh("others' messages")
        for _ in range(3):
            ann.press("S-Up", "S-Up", "S-Up")
            fresh("scrolling up")
        ann.press("NPage")
        fresh("scrolling down")
        ann.press("C-End")
        for text in (WIDTHS[1], WIDTHS[4], WIDTHS[12]):
            ann.type(text)
            fresh("typing")
            ann.press("Left", "Left", "BSpace")
            fresh("editing")
            ann.press("Enter")
            fresh("sending")


def test_the_cursor_is_where_one_types(server: Server, tmp_path: Path) -> None:
    with joined(server.link, "ann", tmp_path) as ann:
        ann.type("日👨‍👩‍👧‍👦e\u0301❤️x")
        ann.wait("x")
        ann.still()
        ann.press("Left")
        ann.still()
        column, row = ann.cursor
        ann.type("Y")
        ann.wait("Yx")
        after = ann.still()
        assert ann.cursor == (column + 1, row)
        assert after[row].endswith("Yx")


def test_where_no_screen_can_be(server: Server, tmp_path: Path) -> None:
    for term in ("dumb", "unknown", ""):
        command = f"TERM={term} chat join {server.link}; echo ended with $?; sleep 60"
        with Terminal(["sh", "-c", command], columns=200, state=tmp_path) as shell:
            seen = shell.wait("ended with 1")
            assert "chat join --plain-output" in seen[0]
            assert "chat tail" in seen[0]
            assert seen[1] == "ended with 1"
    done = subprocess.run(
        [CHAT, "join", server.link],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("chat: this needs a terminal")
    assert done.stderr.count("\n") == 1


def test_without_a_link(server: Server, tmp_path: Path) -> None:
    with joined(server.link, "ann", tmp_path) as ann:
        ann.say("/quit")
        ann.until(lambda: ann.dead)
    with Terminal([CHAT, "join", "--name", "bob"], state=tmp_path) as bob:
        bob.wait("connected as bob")


def test_messages_that_never_got_out(tmp_path: Path) -> None:
    command = "chat join nowhere.invalid; echo ended with $?; sleep 60"
    with Terminal(["sh", "-c", command], state=tmp_path) as shell:
        shell.wait("'nowhere.invalid'", "trying again")
        shell.say("hello?")
        shell.wait("1 pending")
        shell.say("/quit")
        shell.wait("1 message is not acknowledged", "ended with 1")


def test_no_colour(server: Server, tmp_path: Path) -> None:
    command = [CHAT, "join", server.link, "--name", "ann"]
    for setting, coloured in (("", True), ("1", False)):
        with Terminal(command, state=tmp_path, env={"NO_COLOR": setting}) as ann:
            ann.wait("connected as ann")
            assert any("\x1b[38" in row for row in ann.screen(styles=True)) is coloured


def test_a_terminal_that_nobody_reads(server: Server, tmp_path: Path) -> None:
    """It is as if it were not there: the program goes on reading the room, as its receipts show."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [CHAT, "join", server.link, "--name", "ann"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path)},
        start_new_session=True,
    )
    os.close(slave)

    async def flood() -> None:
        async with chat.connect(server.link, name="bob") as room:
            async with asyncio.timeout(20):
                while "ann" not in room.members:
                    await asyncio.sleep(0.05)
                for number in range(1500):
                    said = room.say(f"{number} " + "filling the terminal's buffer " * 20)
                    if number % 15 == 0:
                        await asyncio.sleep(0.02)
                await said
                await said.delivered()

    try:
        asyncio.run(flood())
    finally:
        process.terminate()
        process.wait(10)
        os.close(master)
    assert process.returncode == 0
