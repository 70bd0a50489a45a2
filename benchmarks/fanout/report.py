"""What was measured, in words: a table, what was aimed at, JSON, benchmarks/README.md."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from . import chart
from .cases import CASES, TEXT_SIZE
from .peers import PEERS, Floor
from .rounds import STOPPED, Result, Spread, compared
from .server import Sample

README = Path(__file__).parent.parent / "README.md"

BEGIN, END = "<!-- fanout -->", "<!-- end -->"

OURS = "chat"

BUSY = 1000
"""Messages a second of the cases that are compared to find out who wins from which N on."""

Figure = Callable[[Sample], float]


class About(msgspec.Struct, frozen=True):
    """Where and when."""

    machine: str
    network: str
    date: str
    commit: str
    rounds: int
    seconds: float


class Aim(NamedTuple):
    """What is to hold of one case."""

    case: str
    what: str
    figure: Figure
    bound: float
    against: str = ""
    """A server; `best peer`: whichever has the best median; empty: no ratio, the figure itself."""
    least: bool = False
    """The bound is a lower one."""


def _cpu(sample: Sample) -> float:
    return sample.cpu_us


def _p99(sample: Sample) -> float:
    return sample.latency.p99 if sample.latency else 0.0


def _goodput(sample: Sample) -> float:
    return sample.goodput


AIMS = (
    Aim("hot1000", "CPU per delivery against the C floor", _cpu, 1.15, Floor.name),
    Aim("cold1000", "CPU per delivery against the C floor", _cpu, 1.3, Floor.name),
    Aim("cold1000", "CPU per delivery against the best peer", _cpu, 0.5, "best peer"),
    Aim("cold1000", "p99 against the best peer", _p99, 0.7, "best peer"),
    Aim(
        "cold1000",
        "bytes of a push besides the text",
        lambda sample: sample.wire - TEXT_SIZE,
        140,
    ),
    Aim("n200x100", "CPU per delivery against the best peer", _cpu, 0.9, "best peer"),
    Aim("n200x1000", "CPU per delivery against the best peer", _cpu, 0.35, "best peer"),
    Aim("n200x1000", "p99, ms", _p99, 6.0),
    Aim("n200flat", "deliveries a second against the best peer", _goodput, 1.0, "best peer", True),
    Aim("n10x1000", "CPU per delivery against the best peer", _cpu, 2.5, "best peer"),
    Aim("stopped", "p99 of the others against all reading", _p99, 1.2, STOPPED),
    Aim(
        "inbound",
        "messages logged and acknowledged per second of the server's CPU",
        lambda sample: sample.logged,
        30_000,
        "",
        True,
    ),
)
"""Those of benchmarks/README.md."""

SHORT_AIMS = (
    Aim("n200flat", "CPU per delivery against redis", _cpu, 2.0, "redis"),
    Aim("hot1000", "CPU per delivery against the C floor", _cpu, 2.0, Floor.name),
)
"""So far from what is measured that no noise crosses them. Closed loops both: on a busy machine a
round with a schedule is late, and does not count."""


class Verdict(NamedTuple):
    """What became of an aim."""

    aim: Aim
    against: str
    found: Spread | None
    """None: there was nothing to compare."""

    @property
    def met(self) -> bool | None:
        if self.found is None:
            return None
        found = self.found.median
        return found >= self.aim.bound if self.aim.least else found <= self.aim.bound

    def __str__(self) -> str:
        relation = ">=" if self.aim.least else "<="
        found = _spread(self.found) if self.found else "not measured"
        against = f" ({self.against})" if self.against and "best" in self.aim.against else ""
        what = f"{self.aim.case}: {self.aim.what}{against}"
        return f"{what}: {found}, to be {relation} {self.aim.bound:g}"


def verdict(results: Sequence[Result], aim: Aim) -> Verdict:
    here = {result.server: result for result in results if result.case == aim.case}
    ours = here.get(OURS)
    if ours is None:
        return Verdict(aim, "", None)
    if not aim.against:
        return Verdict(aim, "", ours.spread(aim.figure))
    if aim.against == STOPPED:
        stopped = here.get(STOPPED)
        return Verdict(aim, "", compared(stopped, ours, aim.figure) if stopped else None)
    name = aim.against
    if name == "best peer":
        medians = {
            peer: spread.median
            for peer, result in here.items()
            if peer in PEERS and (spread := result.spread(aim.figure)) is not None
        }
        if not medians:
            return Verdict(aim, "", None)
        name = (max if aim.least else min)(medians, key=lambda peer: medians[peer])
    other = here.get(name)
    return Verdict(aim, name, compared(ours, other, aim.figure) if other else None)


def failures(results: Sequence[Result]) -> list[str]:
    """Of the short form. That nothing could be compared is one, too."""
    verdicts = (verdict(results, aim) for aim in SHORT_AIMS)
    return [str(each) for each in verdicts if not each.met]


def text(results: Sequence[Result], about: About) -> str:
    """All of it, in Markdown."""
    return "\n".join(_lines(results, about))


def as_json(results: Sequence[Result], about: About) -> bytes:
    return msgspec.json.encode({"about": about, "results": results})


def write(results: Sequence[Result], about: About) -> None:
    """Between the marks of benchmarks/README.md, with a chart beside it."""
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    body = f"{BEGIN}\n\n![CPU per delivery](fanout.svg)\n\n{text(results, about)}\n{END}"
    README.write_text(before + body + after)
    rows: dict[str, dict[str, float]] = {}
    for result in results:
        spread = result.spread(_cpu)
        if spread is not None and result.server != STOPPED:
            rows.setdefault(CASES[result.case].what, {})[result.server] = spread.median
    README.with_name("fanout.svg").write_text(chart.bars(rows, "us", OURS))


def _lines(results: Sequence[Result], about: About) -> Iterator[str]:
    yield (
        f"{about.date}, commit {about.commit}: {about.machine}; {about.network}. "
        f"{about.rounds} rounds of {about.seconds:g} s; medians, and the least and the most in "
        "brackets; ratios are of this server's figure to that row's, in the same rounds."
    )
    yield ""
    yield (
        "| case | server | CPU, us per delivery | ratio | p50, ms | p99, ms | deliveries/s | "
        "core: server | crowd | rounds |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for result in results:
        ours = next(r for r in results if r.case == result.case and r.server == OURS)
        yield _row(result, ours)
    yield ""
    yield "| aim | bound | found | met |"
    yield "|---|---|---|---|"
    cases = {result.case for result in results}
    for each in (verdict(results, aim) for aim in AIMS if aim.case in cases):
        against = f" ({each.against})" if each.aim.against == "best peer" and each.against else ""
        relation = "at least" if each.aim.least else "at most"
        met = {None: "-", True: "yes", False: "**no**"}[each.met]
        found = _spread(each.found) if each.found else "not measured"
        yield (
            f"| {CASES[each.aim.case].what}: {each.aim.what}{against} | "
            f"{relation} {each.aim.bound:,g} | {found} | {met} |"
        )
    yield from _break_even(results)
    troubles = list(_troubles(results))
    if troubles:
        yield ""
        yield "Left out:"
        yield ""
        yield from troubles


def _break_even(results: Sequence[Result]) -> Iterator[str]:
    """From how many members on a busy room costs less here than at the best peer."""
    sizes = {
        CASES[result.case].members: result.case
        for result in results
        if CASES[result.case].rate == BUSY
    }
    if len(sizes) < 2:
        return
    aims = {size: Aim(sizes[size], "", _cpu, 1.0, "best peer") for size in sorted(sizes)}
    won = [size for size, aim in aims.items() if verdict(results, aim).met]
    yield ""
    tried = ", ".join(map(str, aims))
    if won:
        yield f"Of N = {tried} at {BUSY:g}/s, this server costs least from N = {won[0]} on."
    else:
        yield f"Of N = {tried} at {BUSY:g}/s, there is none at which this server costs least."


def _row(result: Result, ours: Result) -> str:
    def median(figure: Figure, form: str) -> str:
        spread = result.spread(figure)
        return format(spread.median, form) if spread else "-"

    cpu, over = result.spread(_cpu), compared(ours, result, _cpu)
    timed = any(sample.latency for sample in result.valid)
    cells = [
        CASES[result.case].what,
        result.server,
        _spread(cpu) if cpu else "-",
        _spread(over) if over and result is not ours else "",
        median(lambda sample: sample.latency.p50 if sample.latency else 0.0, ".2f")
        if timed
        else "",
        median(_p99, ".2f") if timed else "",
        median(_goodput, ",.0f"),
        median(lambda sample: sample.server_share, ".0%"),
        median(lambda sample: sample.crowd_share, ".0%"),
        f"{len(result.valid)} of {len(result.samples)}",
    ]
    return f"| {' | '.join(cells)} |"


def _troubles(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if result.trouble:
            yield f"- {CASES[result.case].what}, {result.server}: {result.trouble}"
        reasons = [sample.invalid for sample in result.samples if sample and sample.invalid]
        if reasons:
            yield (
                f"- {CASES[result.case].what}, {result.server}, rounds that are invalid: "
                f"{len(reasons)} of {len(result.samples)} ({'; '.join(reasons)})"
            )


def _spread(spread: Spread) -> str:
    def show(value: float) -> str:
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"

    return f"{show(spread.median)} ({show(spread.least)}-{show(spread.most)})"
