"""Interleaved rounds: each contestant of a case in turn, again and again."""

import sys
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from msgspec import Struct

from .cases import Case
from .machine import Unfit
from .ours import Ours, OursInsecure
from .peers import PEERS, Floor
from .server import Sample, Server, Tools

_WARM = 1.0
"""Seconds of a round that does not count, before the others."""

STOPPED = "chat, 200 stopped"
"""The name of our server in the case that has members who read nothing."""


class Spread(Struct, frozen=True):
    """Over the valid rounds."""

    median: float
    least: float
    most: float


class Result(Struct):
    """What one contestant did in one case."""

    case: str
    server: str
    samples: list[Sample | None]
    """By round; None: it did not end."""
    trouble: str = ""
    """Why there are none."""

    @property
    def valid(self) -> list[Sample]:
        return [sample for sample in self.samples if sample is not None and not sample.invalid]

    def spread(self, figure: Callable[[Sample], float]) -> Spread | None:
        """None where no round counts."""
        values = [figure(sample) for sample in self.valid]
        return Spread(median(values), min(values), max(values)) if values else None


def compared(ours: Result, other: Result, figure: Callable[[Sample], float]) -> Spread | None:
    """Of ours to the other's, in the same rounds."""
    values = [
        figure(mine) / figure(theirs)
        for mine, theirs in zip(ours.samples, other.samples, strict=False)
        if mine and theirs and not mine.invalid and not theirs.invalid and figure(theirs)
    ]
    return Spread(median(values), min(values), max(values)) if values else None


def contestants(
    case: Case, peers: Sequence[str], tools: Tools, *, insecure: bool
) -> Iterator[tuple[str, Server]]:
    """By the name under which they are shown."""
    if case.floor:
        yield Floor.name, Floor(tools, case)
    yield Ours.name, Ours(tools, case)
    if case.deaf:
        yield STOPPED, Ours(tools, case, case.deaf)
    elif insecure:
        yield OursInsecure.name, OursInsecure(tools, case)
    if case.peers:
        for name in peers:
            yield name, PEERS[name](tools, case)


def run(
    case: Case,
    peers: Sequence[str],
    tools: Tools,
    *,
    rounds: int,
    seconds: float,
    insecure: bool = True,
) -> list[Result]:
    """All of a case: `rounds` in which ours is valid, if twice as many are enough for that. Whoever
    cannot be measured is left out, with the reason."""
    results: list[Result] = []
    here: list[tuple[Result, Server]] = []
    try:
        for name, server in contestants(case, peers, tools, insecure=insecure):
            progress(f"{case.name}: {name} comes in")
            result = Result(case.name, name, [])
            here.append((result, server))
            try:
                server.open()
                server.measure(_WARM)
            except (Unfit, OSError) as error:
                here.pop()
                server.close()
                result.trouble = str(error)
            results.append(result)
        for number in range(2 * rounds):
            if any(len(result.valid) >= rounds for result, _ in here if result.server == Ours.name):
                break
            for result, server in here:
                progress(f"{case.name}: round {number + 1}, {result.server}")
                try:
                    result.samples.append(server.measure(seconds))
                except (Unfit, OSError) as error:
                    result.samples.append(None)
                    result.trouble = str(error)
    finally:
        for _, server in here:
            server.close()
        progress("")
    return results


def progress(line: str) -> None:
    """On stderr; where that is a terminal, each in the place of the one before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
    elif line:
        print(line.rstrip(), file=sys.stderr, flush=True)
