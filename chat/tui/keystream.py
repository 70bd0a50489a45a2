"""What a terminal sends, as keys: nothing that is not a key ever becomes text.

prompt_toolkit's own parser types what it does not know; an unknown function key, a focus report or
an answer of the terminal's would end up in the message. Pastes come as one key each, whatever is in
them; a return right after one is a part of it, since a pasted text may hold the very bytes that end
a paste. What the mouse does is a key, so that it comes in order: see `pointed`. What the terminal
tells of its window is none.
"""

import re
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from prompt_toolkit.input import Input
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from chat.core.text import clean

AFTER_PASTE = 0.05
"""Seconds after a paste, or after what came as fast behind it, in which a return is a line break.
Nobody types as fast."""

PASTE_PATIENCE = 2.0
"""Seconds after which a paste whose end was lost is taken as it is."""

CUT_OFF = 0.5
"""Seconds after which the rest of a sequence comes no more. A slow line may cut one in two."""

LONGEST = 1 << 16
"""Characters of one sequence from the terminal; what is longer is none."""


class Click(NamedTuple):
    """The left button, pressed on this cell; both count from 0."""

    column: int
    row: int


class Wheel(NamedTuple):
    """One notch of it."""

    up: bool


def pointed(sequence: str) -> Click | Wheel | None:
    """What the mouse did; None: nothing that means anything here."""
    found = _MOUSE.fullmatch(sequence)
    if found is None:
        return None
    button, column, row = map(int, found.groups())
    match button & ~_WITH_KEYS:
        case 0:
            return Click(column - 1, row - 1) if button == 0 else None
        case 64 | 65 as wheel:
            return Wheel(wheel == 64)
    return None


_PASTE_END = "\x1b[201~"
_NEW_LINE = (Keys.Escape, Keys.ControlM)
_OURS: dict[str, Keys | tuple[Keys, ...]] = {
    "\x1b[13;2u": _NEW_LINE,
    "\x1b[27;2;13~": _NEW_LINE,
    "\x1b[13;3u": _NEW_LINE,
    "\x1b[27;3;13~": _NEW_LINE,
}
"""Shift and Alt with Return, where terminals tell them apart."""

_CSI = re.compile(r"\x1b\[(?:\[.|M[\s\S]{3}|(?!M)[ -?]*[@-Z\\-~])")
_CSI_BEGUN = re.compile(r"\x1b\[(?:\[|M[\s\S]{0,2}|[ -?]*)")
_MOUSE = re.compile(r"\x1b\[<(\d{1,3});([1-9]\d{0,4});([1-9]\d{0,4})M")
"""As mode 1006 writes it; `m` instead of `M` is a button let go."""

_FOCUS = {"\x1b[I": True, "\x1b[O": False}

_WITH_KEYS = 4 | 8 | 16
"""Shift, Meta and Control were held."""

_SS3 = re.compile(r"\x1bO[!-~]")
_STRING = re.compile(r"\x1b[\]P_^X][^\x07\x1b\x18\x1a]*(?:\x07|\x1b\\|\x18|\x1a)")
_STRING_BEGUN = re.compile(r"\x1b[\]P_^X][^\x07\x1b\x18\x1a]*\x1b?")


def take_keys(source: Input, focused: Callable[[bool], None]) -> "KeyStream | None":
    """Has `source` read by a KeyStream; None on Windows, whose consoles send no bytes but keys."""
    if sys.platform == "win32":
        return None
    from prompt_toolkit.input.vt100 import Vt100Input

    if not isinstance(source, Vt100Input):
        return None
    stream = KeyStream(source.vt100_parser.feed_key_callback, focused, time.monotonic)
    source.vt100_parser = stream
    return stream


class KeyStream(Vt100Parser):
    """Put in place of `input.vt100_parser`. Not a single key is told before it is whole."""

    def __init__(
        self,
        feed_key_callback: Callable[[KeyPress], None],
        focused: Callable[[bool], None],
        now: Callable[[], float],
    ) -> None:
        """`focused` is told whether the window is the one that keys go to, where that changes;
        `now()` gives monotonic seconds."""
        self._focused = focused
        self._now = now
        self._held = ""
        """The beginning of a sequence whose end has yet to come."""
        self._paste: list[str] | None = None
        self._fed_at = 0.0
        self._paste_like_until = 0.0
        super().__init__(feed_key_callback)

    def reset(self, request: bool = False) -> None:
        super().reset(request)
        self._held, self._paste = "", None

    def feed(self, data: str) -> None:
        before, self._fed_at = self._fed_at, self._now()
        if self._paste is None and len(self._held) > 2 and self._fed_at - before > CUT_OFF:
            self._held = ""
        data, self._held = self._held + data, ""
        while data:
            if self._paste is not None:
                data = self._feed_paste(data)
            elif data[0] == "\x1b":
                data = self._feed_escape(data)
            else:
                self._feed_key(data[0])
                data = data[1:]

    def flush(self) -> None:
        """Nothing came for a moment: what looked like the beginning of a sequence was an escape,
        and a key after it. What is longer is no key: its rest must not be typed."""
        if self._paste is not None or len(self._held) > 2:
            return
        held, self._held = self._held, ""
        for char in held:
            self._key(ANSI_SEQUENCES.get(char, char), char)

    def flush_paste(self) -> bool:
        """Whether a paste was under way whose end seems to be lost."""
        if self._paste is None or self._now() - self._fed_at < PASTE_PATIENCE:
            return False
        self._paste.append(self._held)
        self._held = ""
        self._end_paste()
        return True

    def _feed_paste(self, data: str) -> str:
        assert self._paste is not None
        end = data.find(_PASTE_END)
        if end >= 0:
            self._paste.append(data[:end])
            self._end_paste()
            return data[end + len(_PASTE_END) :]
        keep = next(
            (
                size
                for size in range(len(_PASTE_END) - 1, 0, -1)
                if data.endswith(_PASTE_END[:size])
            ),
            0,
        )
        self._paste.append(data[: len(data) - keep])
        self._held = data[len(data) - keep :]
        return ""

    def _end_paste(self) -> None:
        assert self._paste is not None
        text, self._paste = "".join(self._paste), None
        self._paste_like_until = self._now() + AFTER_PASTE
        self.feed_key_callback(KeyPress(Keys.BracketedPaste, text))

    def _feed_escape(self, data: str) -> str:
        """Takes one sequence off; returns what is left, or holds what is not whole."""
        found = _CSI.match(data) or _SS3.match(data) or _STRING.match(data)
        if found is not None:
            self._sequence(found[0])
            return data[found.end() :]
        begun = _CSI_BEGUN.fullmatch(data) or _STRING_BEGUN.fullmatch(data)
        if len(data) == 1 or data == "\x1bO" or (begun and len(data) <= LONGEST):
            self._held = data
            return ""
        if data[1] in "[]P_^X" and len(data) > 2:
            return self._damaged(data)
        pair = ANSI_SEQUENCES.get(data[:2])
        if pair is not None:
            self._key(pair, data[:2])
            return data[2:]
        self._key(Keys.Escape, "\x1b")
        return data[1:]

    def _damaged(self, data: str) -> str:
        """A sequence that is cut off by something that cannot be in it: it is dropped."""
        match = _CSI_BEGUN.match(data) or _STRING_BEGUN.match(data)
        end = match.end() if match is not None else 2
        return data[max(end, 2) :]

    def _sequence(self, sequence: str) -> None:
        key = _OURS.get(sequence) or ANSI_SEQUENCES.get(sequence)
        if key == Keys.BracketedPaste:
            self._paste = []
        elif key is not None:
            self._key(key, sequence)
        elif sequence in _FOCUS:
            self._focused(_FOCUS[sequence])
        elif pointed(sequence) is not None:
            self._key(Keys.Vt100MouseEvent, sequence)

    def _feed_key(self, char: str) -> None:
        if char in "\r\n" and self._now() < self._paste_like_until:
            self._key(_NEW_LINE, char)
        elif char in ANSI_SEQUENCES:
            self._key(ANSI_SEQUENCES[char], char)
        elif clean(char) == char:
            self._key(char, char)
        if self._now() < self._paste_like_until:
            self._paste_like_until = self._now() + AFTER_PASTE

    def _key(self, key: Keys | str | tuple[Keys, ...], data: str) -> None:
        for index, each in enumerate(key if isinstance(key, tuple) else (key,)):
            self.feed_key_callback(KeyPress(each, data if index == 0 else ""))
