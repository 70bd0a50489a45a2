"""What a bot says: which message of which run it is, when it was to be said, and filling."""

from typing import NamedTuple

STAMP = 24
"""Bytes: the least that a text has."""


class Stamp(NamedTuple):
    """All of it in hexadecimal at the beginning of a text, so that whoever hears it, in whichever
    process of this machine, knows how late it is."""

    run: str
    """Six digits that no other run has."""
    number: int
    at: float
    """Seconds after the start: the intended time, from which its latency runs, or when it was said,
    where a timer was early."""


def stamped(stamp: Stamp, size: int) -> str:
    """A text of so many bytes, or as few as it takes."""
    return f"{stamp.run}:{stamp.number:x}:{round(stamp.at * 1e6):x}:".ljust(size, "x")


def read_stamp(text: str, run: str) -> Stamp | None:
    """None for what anybody else said."""
    parts = text.split(":", 3)
    if len(parts) != 4 or parts[0] != run:
        return None
    try:
        return Stamp(run, int(parts[1], 16), int(parts[2], 16) / 1e6)
    except (ValueError, OverflowError):
        return None
