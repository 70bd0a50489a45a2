"""One client on a terminal of its own, against a real server, while a crowd talks."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from chat.core.link import Link

from ..idle import memory, server, spent
from .pseudoterminal import PseudoTerminal
from .typing import Shown, Typing, shown

CHAT = (sys.executable, "-m", "chat")
NAME = "ann"

BOTS = 4
"""That say all of it; the rate is what counts."""

FILLING = 300.0
"""Seconds that filling a room takes at most."""


class Flood(NamedTuple):
    """What came of typing while others talked."""

    seconds: float
    rate: float
    """Messages a second that others said, all in all."""
    keys: list[Shown | None]
    frames: int
    """After the first message, without the last second."""
    cpu: float
    """Of the client, as a fraction of a core."""
    memory: list[float]
    """Resident MB, each second."""
    said: list[str]
    """Lines that were typed and sent, in order."""
    logged: list[str]
    """Of them, what the log has, in order."""


class Length(NamedTuple):
    """Two clients at the same time, one with much that can be scrolled back to."""

    entries: int
    cpu: tuple[float, float]
    """Of the one that has just come, and of the one that has all, as fractions of a core."""
    frames: tuple[int, int]


class Start(NamedTuple):
    """Medians, in seconds of CPU."""

    first_screen: float
    floor: float
    """`python -c "import prompt_toolkit"`"""
    ratio: float
    seconds: float
    """By the clock, until the first screen."""


def flood(rate: float, seconds: float, scrollback: int) -> Flood:
    with server() as (link, _), client(link, scrollback) as ann:
        ann.wait(lambda frame: f"connected as {NAME}" in frame.text, "the connection")
        with crowd(link, rate, seconds + 2) as bots:
            ann.wait(lambda frame: "xxxx" in frame.text, "the first message")
            sizes: list[float] = []

            def look(elapsed: float) -> None:
                if elapsed >= len(sizes):
                    sizes.append(memory(ann.pid))

            typing = Typing()
            before, frames, start = spent(ann.pid), len(ann.frames), time.monotonic()
            typing.run(ann, seconds, look)
            took = time.monotonic() - start
            cpu, drawn = spent(ann.pid) - before, len(ann.frames) - frames
            last = typing.keys[-1].typed
            ann.wait(lambda frame: frame.typed == last, repr(last))
            report = json.loads(bots.communicate()[0])
        return Flood(
            took,
            report["achieved_rate"],
            shown(typing.keys, ann.frames),
            drawn,
            cpu / took,
            sizes,
            typing.lines,
            said(link, NAME),
        )


def length(entries: int, rate: float, seconds: float) -> Length:
    with server() as (link, _), client(link, 1_000_000) as old:
        old.wait(lambda frame: f"connected as {NAME}" in frame.text, "the connection")
        lines = "".join(f"entry {number}\n" for number in range(1, entries + 1))
        subprocess.run(
            [*CHAT, "send", str(link), "--timeout", str(FILLING)],
            input=lines,
            text=True,
            check=True,
            stderr=subprocess.DEVNULL,
        )
        old.wait(lambda frame: f"entry {entries}" in frame.text, "the last of them")
        with client(link, 1_000_000) as new:
            new.wait(lambda frame: f"entry {entries}" in frame.text, "the last of them")
            both = (new, old)
            with crowd(link, rate, seconds + 2):
                for each in both:
                    each.wait(lambda frame: "xxxx" in frame.text, "the first message")
                before = [(spent(each.pid), len(each.frames)) for each in both]
                start = time.monotonic()
                time.sleep(seconds)
                took = time.monotonic() - start
                used = [
                    ((spent(each.pid) - cpu) / took, len(each.frames) - frames)
                    for each, (cpu, frames) in zip(both, before, strict=True)
                ]
    cpu, frames = zip(*used, strict=True)
    return Length(entries, cpu, frames)


def starts(rounds: int) -> Start:
    """With all modules compiled already, as after the first start."""
    with server() as (link, _), tempfile.TemporaryDirectory() as compiled:
        cached = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        found: list[tuple[float, float, float]] = []
        for _ in range(rounds + 1):
            floor = _cpu([sys.executable, "-c", "import prompt_toolkit"], cached)
            with client(link, 1000, cached) as ann:
                first = ann.wait(lambda frame: True, "the first screen")
                found.append((spent(ann.pid), floor, first.at - ann.began))
        ours, floors, seconds = zip(*found[1:], strict=True)
        ratios = [one / other for one, other in zip(ours, floors, strict=True)]
        median = statistics.median
        return Start(median(ours), median(floors), median(ratios), median(seconds))


@contextmanager
def client(
    link: Link, scrollback: int, env: dict[str, str] | None = None
) -> Iterator[PseudoTerminal]:
    """`chat join`, with folders of its own."""
    with tempfile.TemporaryDirectory() as name:
        settings = Path(name, "chat", "chat.toml")
        settings.parent.mkdir()
        settings.write_text(f"scrollback = {scrollback}\n")
        folders = {"XDG_CONFIG_HOME": name, "XDG_STATE_HOME": name, "XDG_DATA_HOME": name}
        with PseudoTerminal(
            [*CHAT, "join", str(link), "--name", NAME], {**folders, **(env or {})}
        ) as terminal:
            yield terminal


@contextmanager
def crowd(link: Link, rate: float, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Bots that say so much, all together; prints what came of it as JSON."""
    options = {"bots": BOTS, "rate": rate, "duration": seconds, "json": "-"}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen(
        [*CHAT, "bots", str(link), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def said(link: Link, name: str) -> list[str]:
    """What the log has of this one's."""
    done = subprocess.run(
        [*CHAT, "tail", str(link), "--from", "start", "--no-follow", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    entries = map(json.loads, done.stdout.splitlines())
    return [
        entry["text"]
        for entry in entries
        if entry["author"].rstrip("*") == name and entry["kind"] == "message"
    ]


def _cpu(command: Sequence[str], env: dict[str, str]) -> float:
    """Seconds of user and system time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env={**os.environ, **env})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
