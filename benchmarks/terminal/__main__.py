"""What the terminal client costs, and whether typing in it is disturbed, measured.

python -m benchmarks.terminal [--seconds 60] [--entries 100000] [--write]

See benchmarks/README.md for what is measured, and how. A part whose number is 0 is left out.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chat.tui.gate import PACE

from ..fanout.machine import commit, facts
from ..fanout.report import END, README
from .measure import Flood, Length, Start, flood, length, starts

BEGIN = "<!-- terminal -->"

RATE = 200.0
"""Messages a second."""

SCROLLBACK = 2000
"""Lines that are kept under the flood: the bound is reached when a fifth of a minute is over."""

LENGTH_SECONDS = 30.0

GROWTH = 0.05
"""Of the memory at the bound that may be added from then on."""


class Row(NamedTuple):
    what: str
    found: str
    aim: str = ""
    met: bool | None = None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.terminal")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the flood")
    parser.add_argument("--entries", type=int, default=100_000, help="to scroll back to")
    parser.add_argument("--starts", type=int, default=11)
    parser.add_argument("--write", action="store_true", help="to benchmarks/README.md, too")
    options = parser.parse_args()
    rows: list[Row] = []
    if options.seconds:
        rows += _flood(flood(RATE, options.seconds, SCROLLBACK))
    if options.entries:
        rows += _length(length(options.entries, RATE, LENGTH_SECONDS))
    if options.starts:
        rows += _starts(starts(options.starts))
    about = f"{time.strftime('%Y-%m-%d')}, commit {commit()}: {facts()}."
    text = "\n".join([about, "", *_table(rows)])
    print(text)
    if options.write:
        before, _, rest = README.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        README.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def _flood(found: Flood) -> Iterator[Row]:
    during = f"{found.rate:.0f} messages/s for {found.seconds:.0f} s"
    seen = [key for key in found.keys if key is not None]
    late = sum(key.redraws > 1 for key in seen)
    there = len(seen) == len(found.keys) and found.said == found.logged
    yield Row(
        f"{during}: keys on the screen, and in the log, in order",
        f"{len(seen)} of {len(found.keys)}; {len(found.logged)} lines of {len(found.said)}",
        "all",
        there,
    )
    yield Row("keys that more than one redraw went before", str(late), "0", late == 0)
    ordered = sorted(key.seconds * 1000 for key in seen)
    p50, p99, most = (ordered[min(int(len(ordered) * p), len(ordered) - 1)] for p in (0.5, 0.99, 1))
    yield Row(
        "from a key to the screen, p50, p99 and at most",
        f"{p50:.1f}, {p99:.1f} and {most:.1f} ms",
        f"{PACE * 1000:.0f} ms, a redraw's pace",
        most <= PACE * 1000,
    )
    allowed = found.seconds / PACE + len(found.keys)
    yield Row(
        "redraws",
        f"{found.frames} ({found.frames / found.seconds:.1f} a second)",
        f"{1 / PACE:.0f} a second, and one a key: {allowed:.0f}",
        found.frames <= allowed,
    )
    yield Row("the client's CPU", f"{found.cpu:.1%} of a core", "50%", found.cpu <= 0.5)
    full = min(int(1.2 * SCROLLBACK / RATE), len(found.memory) - 1)
    bound, end = found.memory[full], max(found.memory[full:])
    yield Row(
        f"its memory at first, at {SCROLLBACK:,} lines and at most from then on",
        f"{found.memory[0]:.1f}, {bound:.1f} and {end:.1f} MB",
        f"{GROWTH:.0%} more",
        end <= bound * (1 + GROWTH),
    )


def _length(found: Length) -> Iterator[Row]:
    new, old = found.cpu
    yield Row(
        f"CPU with {found.entries:,} entries and with the last 200, at {RATE:.0f} messages/s",
        f"{old:.1%} and {new:.1%} of a core; {found.frames[1]} and {found.frames[0]} redraws",
        "1.2 times",
        old <= 1.2 * new,
    )


def _starts(found: Start) -> Iterator[Row]:
    yield Row(
        "CPU until the first screen, and of `import prompt_toolkit`",
        f"{found.first_screen * 1000:.0f} and {found.floor * 1000:.0f} ms: {found.ratio:.2f} times",
        "2.5 times",
        found.ratio <= 2.5,
    )
    yield Row("time until the first screen", f"{found.seconds * 1000:.0f} ms")


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what | found | at most | met |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        met = "" if row.met is None else "yes" if row.met else "**no**"
        yield f"| {row.what} | {row.found} | {row.aim} | {met} |"


if __name__ == "__main__":
    main()
