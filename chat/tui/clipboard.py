"""Text for the clipboard of whoever sits at the terminal, however far away that is (OSC 52)."""

from base64 import b64encode
from collections.abc import Mapping

from chat.core.text import clean

COPY_MAX = 1 << 16
"""Bytes. Terminals take a limited amount, and most drop what is more without a word."""


def copy_sequence(text: str) -> str | None:
    """What makes the terminal take it; None: it is too much."""
    data = clean(text, lines=True).encode(errors="replace")
    if len(data) > COPY_MAX:
        return None
    return f"\x1b]52;c;{b64encode(data).decode()}\x07"


def clipboard_hint(environ: Mapping[str, str]) -> str:
    """What may keep it from getting there, if something may: nobody is told whether it did."""
    if environ.get("TMUX"):
        return "tmux passes it on only with: set -g set-clipboard on"
    if environ.get("STY"):
        return "screen does not pass it on: select it in the bare view instead"
    return ""
