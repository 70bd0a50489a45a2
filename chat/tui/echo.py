"""Whether what is typed on a terminal is seen there, where lines are read from it."""

import sys
from contextlib import suppress
from typing import TextIO

if sys.platform != "win32":
    import termios


class Echo:
    """Of the terminal that a stream is, if it is one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.on = True

    @property
    def can_hide(self) -> bool:
        return sys.platform != "win32" and self._stream.isatty()

    def show(self, on: bool) -> None:
        """What was typed and not read when it is switched off is forgotten: it was seen."""
        if on is self.on or sys.platform == "win32":
            return
        self.on = on
        with suppress(termios.error):  # The terminal is gone.
            descriptor = self._stream.fileno()
            modes = termios.tcgetattr(descriptor)
            modes[3] = modes[3] | termios.ECHO if on else modes[3] & ~termios.ECHO
            termios.tcsetattr(descriptor, termios.TCSADRAIN if on else termios.TCSAFLUSH, modes)
