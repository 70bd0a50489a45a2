"""Somebody who types at a steady pace, whatever is on the screen, and when each key was on it."""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .pseudoterminal import Frame, PseudoTerminal

PACE = 0.1
"""Seconds from one key to the next, on average."""

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]


class Key(NamedTuple):
    at: float
    """Monotonic seconds when it was pressed."""
    typed: str
    """What the line says with it."""


class Shown(NamedTuple):
    """What became of a key."""

    seconds: float
    """Until it was on the screen."""
    redraws: int
    """That came after it, and did not have it yet."""


class Typing:
    """What was typed: `keys`, but those that send a line; and the lines that were sent."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.lines: list[str] = []

    def run(self, terminal: PseudoTerminal, seconds: float, look: Callable[[float], None]) -> None:
        """`look(seconds)` is called before each key. A key that never comes fails the wait for its
        line."""
        pause, start = random.Random(1), time.monotonic()
        for line in _lines():
            for end in range(1, len(line) + 1):
                now = time.monotonic()
                look(now - start)
                if now - start > seconds:
                    return
                self.keys.append(Key(terminal.type(line[end - 1]), line[:end]))
                time.sleep(PACE * pause.uniform(0.5, 1.5))
            self._send(terminal, line)

    def _send(self, terminal: PseudoTerminal, line: str) -> None:
        terminal.wait(lambda frame: frame.typed == line, repr(line))
        sent = terminal.type("\r")
        self.lines.append(line)
        terminal.wait(lambda frame: frame.typed == "", f"{line!r} to be sent", sent)


def _lines() -> Iterator[str]:
    for number in itertools.count(1):
        yield f"{number} {' '.join(WORDS[: 2 + number % 6])}"


def shown(keys: Sequence[Key], frames: Sequence[Frame]) -> list[Shown | None]:
    """For each key; None: it was never on the screen."""
    found: list[Shown | None] = []
    first = 0
    for key in keys:
        while first < len(frames) and frames[first].at <= key.at:
            first += 1
        after = (index for index in range(first, len(frames)))
        there = next((at for at in after if _has(frames[at], key)), None)
        found.append(Shown(frames[there].at - key.at, there - first) if there is not None else None)
    return found


def _has(frame: Frame, key: Key) -> bool:
    return frame.typed is not None and frame.typed.startswith(key.typed)
