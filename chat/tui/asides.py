"""What the terminal gets besides frames: sounds, the clipboard, another theme."""

import os
import time

from .clipboard import COPY_MAX, clipboard_hint, copy_sequence
from .desk import Desk
from .effects import Bell, Copy
from .renderer import RowRenderer
from .settings import Settings, Theme
from .styles import load_style

BELL_EVERY = 1.0
"""Seconds between two sounds."""


class Asides:
    def __init__(self, desk: Desk, renderer: RowRenderer) -> None:
        self._desk = desk
        self._renderer = renderer
        self._theme = theme_of(desk.settings)
        self._rang_at = -BELL_EVERY

    def perform(self, effect: Bell | Copy) -> None:
        match effect:
            case Copy(text):
                self._copy(text)
            case Bell():
                self._ring(time.monotonic())

    def restyle(self, settings: Settings) -> None:
        """With the theme that is wanted now."""
        theme = theme_of(settings)
        if theme != self._theme:
            self._theme = theme
            self._renderer.restyle(load_style(theme))

    def _copy(self, text: str) -> None:
        sequence = copy_sequence(text)
        if sequence is None:
            self._desk.refuse(f"not copied: {COPY_MAX:,} bytes are the most")
            return
        self._renderer.send(sequence)
        if doubt := clipboard_hint(os.environ):
            self._desk.tell(f"{self._desk.hint[1]}; {doubt}")

    def _ring(self, now: float) -> None:
        if now - self._rang_at >= BELL_EVERY:
            self._rang_at = now
            self._renderer.send("\a")


def theme_of(settings: Settings) -> Theme:
    """Without colours where the user wants none anywhere (https://no-color.org)."""
    return "none" if os.environ.get("NO_COLOR") else settings.theme
