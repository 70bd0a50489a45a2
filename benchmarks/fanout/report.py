"""What was measured, as a table, as JSON, and in benchmarks/README.md."""

import json
from typing import NamedTuple

from .rounds import Result, ratio


class About(NamedTuple):
    """Where and when."""

    machine: str
    network: str
    date: str
    commit: str
    seconds: float


def text(results: list[Result], about: About) -> str:
    lines = [*about[:4]] if False else [f"{about.machine}; {about.network}"]
    for result in results:
        ours = next(r for r in results if r.case == result.case and r.server == "chat")
        cpu = result.spread(lambda s: s.cpu_us)
        over = ratio(ours, result, lambda s: s.cpu_us)
        p99 = result.spread(lambda s: s.latency.p99 if s.latency else 0)
        good = result.spread(lambda s: s.goodput)
        bad = [s.invalid if s else "broke" for s in result.samples if s is None or s.invalid]
        lines.append(
            f"{result.case:10} {result.server:18} cpu {cpu} ratio {over} p99 {p99} good {good} {bad} {result.trouble}"
            + (f" {result.samples[-1]}" if result.samples else "")
        )
    return "\n".join(lines)


def as_json(results: list[Result], about: About) -> str:
    return json.dumps([about, results])


def write(results: list[Result], about: About) -> None: ...


def failures(results: list[Result]) -> list[str]:
    return []
