"""What was measured, in words: one table, JSON, benchmarks/README.md."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from ..fanout.cases import Case
from ..fanout.peers import Floor
from ..fanout.report import END, README, About
from ..fanout.rounds import Result, Spread
from ..fanout.server import Sample
from . import pushes
from .sessions import Idle

BEGIN = "<!-- growth -->"

_COLUMNS = (
    "size",
    "CPU, us per delivery",
    "p99, ms",
    "of a core",
    "KiB per session",
    "CPU, ms per join",
    "lost",
    "why",
)


class Line(Struct, frozen=True):
    """One size: what it is, and what came of it, or why nothing did."""

    what: str
    pushes: list[Result] = []
    idle: Idle | None = None
    trouble: str = ""
    case: Case | None = None


def text(lines: Sequence[Line], about: About) -> str:
    """All of it, in Markdown."""
    return "\n".join(_text(lines, about))


def as_json(lines: Sequence[Line], about: About) -> bytes:
    return msgspec.json.encode({"about": about, "lines": lines})


def write(lines: Sequence[Line], about: About) -> None:
    """Between the marks of benchmarks/README.md."""
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n\n{text(lines, about)}\n\n{END}{after}")


def _text(lines: Sequence[Line], about: About) -> Iterator[str]:
    yield (
        f"{about.date}, commit {about.commit}: {about.machine}; {about.network}. "
        f"{about.rounds} rounds of {about.seconds:g} s where something is said: medians, and the "
        "least and the most in brackets."
    )
    yield ""
    yield _row(_COLUMNS)
    yield _row(["---"] * len(_COLUMNS))
    for line in lines:
        yield _row(_cells(line))


def _cells(line: Line) -> list[str]:
    results = {result.server: result for result in line.pushes}
    ours = next((result for name, result in results.items() if name != Floor.name), None)
    cells = [line.what, *[""] * (len(_COLUMNS) - 1)]
    if line.idle is not None:
        idle = line.idle
        cells[3:7] = f"{idle.share:.1%}", f"{idle.kib:.2f}", f"{idle.join_ms:.2f}", f"{idle.lost:,}"
        cells[7] = idle.why
    elif ours is not None and line.case is not None and ours.valid:
        cells[1] = _spread(ours.spread(lambda sample: sample.cpu_us))
        cells[2] = _spread(ours.spread(_p99))
        share = ours.spread(lambda sample: sample.server_share)
        cells[3] = f"{share.median:.1%}" if share else ""
        cells[6] = f"{max(sample.outcome.lost for sample in ours.valid):,}"
        cells[7] = pushes.why(line.case, ours, results.get(Floor.name))
    else:
        cells[7] = f"not measured: {line.trouble or _objections(ours)}"
    return cells


def _objections(result: Result | None) -> str:
    if result is None:
        return "nobody took part"
    invalid = [sample.invalid for sample in result.samples if sample is not None]
    return result.trouble or "; ".join(invalid)


def _p99(sample: Sample) -> float:
    return sample.latency.p99 if sample.latency else 0.0


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    return f"{spread.median:.2f} ({spread.least:.2f}-{spread.most:.2f})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
