"""A real terminal for tests: a program in tmux, its keys, and what a person would see."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

CHAT = str(Path(sys.executable).with_name("chat"))
_PATH = f"{Path(CHAT).parent}{os.pathsep}{os.environ.get('PATH', '')}"
"""With our own `chat` first; tmux takes it from who starts it, and from nowhere else."""

PATIENCE = 15.0
"""Seconds; a wait that is over before does not take as long."""

_numbers = itertools.count()


class Terminal:
    """One program in one tmux server of its own. Ends with the block."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        state: Path,
        env: dict[str, str] | None = None,
    ) -> None:
        """`state` is where the program may keep files. An empty value in `env` unsets."""
        self._socket = f"chat-test-{os.getpid()}-{next(_numbers)}"
        # The size of this machine's terminal, colours and so on are not to matter.
        settings = {
            "XDG_STATE_HOME": str(state),
            "XDG_CONFIG_HOME": str(state / "config"),
            "LC_ALL": "C.UTF-8",
            "PS1": "$ ",
            "NO_COLOR": "",
            **(env or {}),
        }
        words = [word for item in settings.items() for word in ("-e", "=".join(item))]
        size = ("-x", str(columns), "-y", str(rows))
        self.tmux("new-session", "-d", *size, *words, *command)
        self.tmux("set", "-g", "remain-on-exit", "on")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False)

    def tmux(self, *words: str, text: str | None = None) -> str:
        """One tmux command; returns what it prints."""
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", "-L", self._socket, *words],
            input=text,
            env={**os.environ, "PATH": _PATH},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    # Keys

    def press(self, *keys: str) -> None:
        """As tmux names them: Enter, C-c, M-1, PPage."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", "--", text)

    def say(self, text: str) -> None:
        """Types it, and Return when it is there."""
        self.type(text)
        self.press("Enter")

    def paste(self, text: str) -> None:
        """As from a clipboard, in the marks that programs ask for."""
        self.tmux("load-buffer", "-", text=text)
        self.tmux("paste-buffer", "-p", "-r")

    def resize(self, columns: int, rows: int) -> None:
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wipe(self) -> None:
        """The terminal forgets everything, as after a cable was pulled."""
        self.tmux("send-keys", "-R")

    # What is seen

    def screen(self, *, styles: bool = False) -> list[str]:
        """All rows, without the spaces at their ends."""
        text = self.tmux("capture-pane", "-p", *(("-e",) if styles else ()))
        return [row.rstrip() for row in text.rstrip("\n").split("\n")]

    def text(self) -> str:
        return "\n".join(self.screen())

    def ask(self, what: str) -> str:
        """A tmux format, as #{cursor_x}."""
        return self.tmux("display-message", "-p", what).strip()

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row."""
        column, row = self.ask("#{cursor_x} #{cursor_y}").split()
        return int(column), int(row)

    @property
    def pid(self) -> int:
        """Of the program that was started."""
        return int(self.ask("#{pane_pid}"))

    @property
    def dead(self) -> bool:
        return self.ask("#{pane_dead}") == "1"

    def wait(self, *wanted: str, without: str = "", seconds: float = PATIENCE) -> list[str]:
        """Until all of these are on the screen, and `without` is not."""

        def there() -> bool:
            text = self.text()
            return all(each in text for each in wanted) and not (without and without in text)

        self.until(there, f"{wanted} without {without!r}", seconds)
        return self.screen()

    def until(
        self, condition: Callable[[], bool], what: object = "", seconds: float = PATIENCE
    ) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                seen = "\n".join(f"|{row}" for row in self.screen())
                raise AssertionError(f"waited {seconds} s in vain for {what}; on screen:\n{seen}")
            time.sleep(0.02)

    def still(self) -> list[str]:
        """The screen, once it has not changed for a moment."""
        seen, since = self.screen(styles=True), time.monotonic()
        while time.monotonic() - since < 0.25:
            time.sleep(0.03)
            now = self.screen(styles=True)
            if now != seen:
                seen, since = now, time.monotonic()
        return seen


class Server:
    """`chat serve` in a process of its own, on a port that stays its own."""

    def __init__(self, store: str = "memory:", port: int = 0) -> None:
        self.store = store
        self.port = port
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        bind = f"127.0.0.1:{self.port}"
        process = self._process = subprocess.Popen(
            [CHAT, "serve", "--bind", bind, "--store", self.store],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "link":
                self.link = rest
                self.port = int(rest.rpartition(":")[2].partition("/")[0])
                return
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.communicate()
