"""Rooms with passwords, and moderators, as people see them: in real terminals, at a real server."""

import os
import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import needs

from .terminal import CHAT, Server, Terminal

pytestmark = needs("tmux")

WORD = "correct-horse"
WRONG = "battery-staple"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


class Person:
    """Somebody with a terminal and a disk of their own, all of whose screens are kept."""

    def __init__(self, server: Server, name: str, room: str, home: Path, *options: str) -> None:
        self.name = name
        self.state = home / name
        self.state.mkdir()
        link = f"{server.link.rpartition('/')[0]}/{room}"
        config = self.state / "config" / "chat"
        config.mkdir(parents=True)
        (config / "chat.toml").write_text("log = true\n")
        command = shlex.join([CHAT, "join", link, "--name", name, *options])
        start, screens = self.state / "start", home / f"{name}.screens"
        # What the program writes is kept from its first byte on.
        self.terminal = Terminal(
            ["sh", "-c", f"while [ ! -e {start} ]; do sleep 0.02; done; exec {command}"],
            columns=100,
            state=self.state,
        )
        self.terminal.tmux("pipe-pane", f"cat >> {screens}")
        start.touch()
        self.screens = screens

    def __enter__(self) -> Terminal:
        return self.terminal

    def __exit__(self, *exc: object) -> None:
        self.terminal.__exit__(*exc)

    def traces(self, *secrets: str) -> list[str]:
        """Where any of them is: on a screen, or in a file."""
        files = [path for path in self.state.rglob("*") if path.is_file()]
        assert files and self.screens.read_bytes(), "there is something to look at"
        return [
            path.name
            for path in (*files, self.screens)
            for secret in secrets
            if secret.encode() in path.read_bytes()
        ]


def set_password(terminal: Terminal, word: str) -> None:
    terminal.say("/password")
    terminal.wait("new password for #club:")
    terminal.say(word)
    terminal.wait("again:")
    terminal.say(word)
    terminal.wait("set a password")


def test_a_password_is_seen_nowhere(server: Server, tmp_path: Path) -> None:
    ann_ = Person(server, "ann", "club", tmp_path)
    with ann_ as ann:
        ann.wait("1 here", "│ owner │")
        set_password(ann, WORD)
        ann.say(f"/password {WRONG}")
        ann.wait("could be seen")
        ann.press("Escape")
        ann.wait("the password stays as it was")
        ann.press("Up")
        ann.still()
        assert WRONG not in ann.text()
    assert ann_.traces(WORD) == []
    assert WRONG.encode() not in kept(ann_)


def kept(person: Person) -> bytes:
    """All that is on their disk."""
    return b"".join(path.read_bytes() for path in person.state.rglob("*") if path.is_file())


def test_the_first_room_asks_for_its_password(server: Server, tmp_path: Path) -> None:
    with Person(server, "ann", "club", tmp_path) as ann:
        ann.wait("1 here", "│ owner │")
        set_password(ann, WORD)
        bob_ = Person(server, "bob", "club", tmp_path)
        with bob_ as bob:
            bob.wait("password for #club:")
            bob.type(WRONG)
            bob.wait("password for #club: " + "•" * len(WRONG))
            bob.press("Enter")
            bob.wait("wrong password (or no such room); try again")
            bob.press("C-w")
            bob.type(WORD)
            bob.press("C-a", "C-k", "C-y")
            bob.wait(without="•")
            bob.say(WORD)
            bob.wait("2 here")
            bob.press("C-y")
            bob.say("hello")
            ann.wait("bob*  hello")
            bob.press("Up")
            bob.wait("> hello")
            bob.press("Up")
            bob.still()
            bob.press("C-u")
            # In the middle of the next one everything ends.
            bob.say("/join vault")
            bob.wait("2:vault │ owner", "1 here")
            set_room_password(bob, "vault")
            os.kill(bob.pid, signal.SIGKILL)
            bob.until(lambda: bob.dead, "the end")
        assert bob_.traces(WORD, WRONG) == []


def set_room_password(terminal: Terminal, room: str) -> None:
    """Typed once, and not sent."""
    terminal.say("/password")
    terminal.wait(f"new password for #{room}:")
    terminal.say(WORD)
    terminal.wait("again:")
    terminal.type(WORD)
    terminal.wait("again: " + "•" * len(WORD))


def test_in_lines_a_password_is_not_echoed(server: Server, tmp_path: Path) -> None:
    with Person(server, "ann", "club", tmp_path) as ann:
        ann.wait("1 here", "│ owner │")
        set_password(ann, WORD)
        bob_ = Person(server, "bob", "club", tmp_path, "--plain-output")
        with bob_ as bob:
            bob.wait("-- password for #club:")
            bob.say(WRONG)
            bob.wait("-- password for #club: wrong password")
            bob.say(WORD)
            bob.wait("-- with you in #club: ann")
            bob.say("seen again")
            ann.wait("bob*  seen again")
            bob.wait("seen again")
        assert bob_.traces(WORD, WRONG) == []


def echoes(shell: Terminal) -> None:
    """It shows what is typed."""
    shell.say("stty -a")
    shell.wait(" echo ", without=" -echo ")
    shell.wipe()


def test_in_lines_a_shell_shows_again_what_is_typed(server: Server, tmp_path: Path) -> None:
    """Whether the password is put off by Ctrl-Z, or given up by Ctrl-C."""
    link = f"{server.link.rpartition('/')[0]}/club"
    with Person(server, "ann", "club", tmp_path) as ann:
        ann.wait("1 here", "│ owner │")
        set_password(ann, WORD)
        with Terminal(["sh"], columns=100, state=tmp_path) as shell:
            shell.say(f"chat join {link} --plain-output --name bob")
            shell.wait("-- password for #club:")
            shell.press("C-z")
            shell.wait("Stopped")
            echoes(shell)
            shell.say("fg")
            shell.wait("chat join")
            shell.say(WRONG)
            shell.wait("-- password for #club: wrong password")
            shell.press("C-c")
            shell.until(lambda: shell.text().rstrip()[-1:] in ("$", "#"), "the shell")
            assert WRONG not in shell.text()
            echoes(shell)


def test_kicked_and_back(server: Server, tmp_path: Path) -> None:
    with Person(server, "ann", "club", tmp_path) as ann:
        ann.wait("1 here", "│ owner │")
        with Person(server, "bob", "club", tmp_path) as bob:
            bob.wait("2 here")
            bob.say("buy now")
            ann.wait("bob*  buy now")
            ann.press("M-Up")
            ann.wait("▸")
            ann.say("/delete spam")
            for each in (ann, bob):
                each.wait("bob*  deleted by ann: spam", without="buy now")
            ann.say("/kick bob no manners")
            ann.wait("ann* kicked bob: no manners", "1 here")
            bob.wait("you were kicked from club by ann: no manners", "outside")
            bob.wait("you are not in #club; /join club to enter it")
            bob.say("still here?")
            bob.wait("you are not in club; /join it first", "> still here?")
            ann.say("while you were away")
            ann.wait("while you were away")
            bob.press("C-u")
            bob.say("/join club")
            bob.wait("2 here", "ann*  while you were away", without="you are not in")
            text = bob.text()
            assert text.count("deleted by") == 1, "what was said before is there once"
            assert text.index("deleted by") < text.index("while you were away")


def test_muted_and_slow(server: Server, tmp_path: Path) -> None:
    with Person(server, "ann", "club", tmp_path) as ann:
        ann.wait("1 here", "│ owner │")
        with Person(server, "bob", "club", tmp_path) as bob:
            bob.wait("2 here")
            ann.say("/mute bob 1h shouting")
            bob.wait("muted bob for 1h: shouting", "muted for ")
            bob.say("BUT")
            bob.wait("you are muted in club for ", "shouting", "> BUT")
            ann.say("/unmute bob")
            bob.wait("unmuted bob", "Enter says it now", "> BUT", without="muted for ")
            bob.press("Enter")
            ann.wait("bob*  BUT")
            ann.say("/slow 4s")
            bob.wait("slow: 4s")
            bob.say("one")
            ann.wait("bob*  one")
            bob.say("two")
            bob.wait(" s more", "> two")
            assert "two" not in ann.text()
            bob.wait("Enter says it now", "> two")
            bob.press("Enter")
            ann.wait("bob*  two")


def test_an_invite_opens_a_locked_room(server: Server, tmp_path: Path) -> None:
    with Person(server, "ann", "club", tmp_path) as ann:
        ann.wait("1 here", "│ owner │")
        ann.say("/lock")
        ann.wait("locked the room")
        with Person(server, "bob", "club", tmp_path) as bob:
            bob.wait("club is locked: only who is invited comes in", "outside")
        ann.say("/invite")
        ann.wait("--  invite:")
        ann.press("M-l")
        ann.wait("invite: chat://", without="│")
        shown = ann.tmux("capture-pane", "-p", "-J")
        found = re.search(r"invite: (chat://\S+)", shown)
        assert found is not None
        dave = tmp_path / "dave"
        with Terminal([CHAT, "join", found[1], "--name", "dave"], columns=100, state=dave) as came:
            came.wait("2 here")
