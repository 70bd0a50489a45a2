"""The terminal around the screen: whether there is a fit one, and who else writes to it."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, TextIO

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.output import Output, create_output

from chat.core.text import clean

from .output import TerminalOutput

_KEPT = 16 << 10
"""Bytes of what was printed behind the screen that are shown afterwards."""

_INSTEAD = "try `chat join --plain-output`, or `chat tail LINK` to read, `chat send LINK` to write"


def unfit() -> str:
    """Why no screen can be shown here, and what to do instead; empty where one can."""
    for stream in (sys.stdin, sys.stdout):
        if stream is None or not stream.isatty():
            return f"this needs a terminal; elsewhere {_INSTEAD}"
    term = os.environ.get("TERM", "")
    if sys.platform != "win32" and term in ("", "dumb", "unknown"):
        kind = f"TERM={term}" if term else "TERM is not set: this terminal"
        return f"{kind} cannot show a full screen; {_INSTEAD}"
    return ""


def open_terminal(stack: ExitStack) -> tuple[Input, Output]:
    """The keyboard and the screen, until the stack is closed. Whatever else is printed meanwhile is
    not seen there.

    Both are descriptors of our own: an event loop makes what it watches non-blocking, and that of
    standard input would stay so for the shell that we share it with."""
    if sys.platform == "win32":
        return create_input(), create_output()
    output = TerminalOutput(_own(sys.stdout, os.O_WRONLY))
    stack.callback(output.close)
    keyboard = os.fdopen(_own(sys.stdin, os.O_RDONLY), encoding="utf-8")
    stack.callback(keyboard.close)
    stack.enter_context(undisturbed())
    return create_input(keyboard), output


def _own(stream: TextIO, mode: int) -> int:
    flags = mode | os.O_NOCTTY | os.O_NONBLOCK
    try:
        return os.open(os.ttyname(stream.fileno()), flags)
    except OSError:
        # A container may have the terminal, but not its name.
        return os.open("/dev/tty", flags)


def handle_signals(
    stack: ExitStack, *, ended: Callable[[], None], continued: Callable[[], None]
) -> None:
    """Until the stack is closed: `ended()` when we are to go, or the terminal is gone; `continued()`
    when we were stopped, by whomever, and go on."""
    if sys.platform == "win32":
        return
    loop = asyncio.get_running_loop()
    for number, act in (
        (signal.SIGTERM, ended),
        (signal.SIGHUP, ended),
        (signal.SIGCONT, continued),
    ):
        loop.add_signal_handler(number, act)
        stack.callback(loop.remove_signal_handler, number)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Whatever is printed meanwhile, by a library or by an error, does not tear the screen: it is
    kept, and shown on standard error afterwards. Nothing else is written to the two standard
    descriptors; the screen has one of its own."""
    with _scratch() as kept:
        streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
        for stream in streams:
            stream.flush()
        saved = {number: os.dup(number) for number in (1, 2)}
        for number in saved:
            os.dup2(kept.fileno(), number)
        try:
            yield
        finally:
            for stream in streams:
                stream.flush()
            for number, copy in saved.items():
                os.dup2(copy, number)
                os.close(copy)
            size = kept.seek(0, os.SEEK_END)
            kept.seek(max(0, size - _KEPT))
            text = clean(kept.read().decode(errors="replace"), lines=True)
            if text.strip():
                print(text.rstrip(), file=sys.stderr)


def _scratch() -> IO[bytes]:
    """A file without a name; where no disk takes one, nothing is kept."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")
