"""What came of a run: for people, for programs, and as an exit code."""

import operator
import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .measure import Latency

INTERRUPTED = 130
INVALID = 98
MISSED = 99

LATE_SHARE = 0.01
"""Of the sends: more late ones, and the generator was the bottleneck."""

STILL_SHARE = 0.01
"""Of the time: more in which the generator stood still, and it was the bottleneck."""

LATE_FEW = 3
"""And more than so many: a machine has its moments."""

BUSY = 0.95
"""Of one core: more, and the generator was the bottleneck."""

_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
_EXPRESSION = re.compile(r"\s*([a-z0-9_]+)\s*(<=|>=|==|<|>)\s*([0-9]+(?:\.[0-9]+)?)(us|ms|s)?\s*")
_TO_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
PERCENTILES = Latency.__struct_fields__

TIMES = (*PERCENTILES, *(f"join_{name}" for name in PERCENTILES))
"""Figures in milliseconds, to which a threshold may give another unit."""

JUDGED = (
    *TIMES,
    "achieved_rate",
    "sent",
    "acked",
    "delivered",
    "expected",
    "lost",
    "duplicates",
    "reordered",
    "repaired",
    "late_sends",
    "server_cpu_us_per_delivery",
    "server_cpu",
    "kernel_drops",
    "generator_cpu_us_per_delivery",
)


class ThresholdError(ValueError):
    """One line that says what a threshold looks like."""


class Threshold(Struct, frozen=True):
    """One expression, and whether it held."""

    expr: str
    ok: bool
    value: float | None


class Second(Struct, frozen=True):
    """What happened in one second, and how it stood at its end."""

    at_s: float
    """Its end, since the beginning of the run."""
    offered: int
    """Messages that were to be sent in it."""
    sent: int
    acked: int
    delivered: int
    lost: int
    """Deliveries that are given up: nobody who could still repair them will."""
    repaired: int
    members: int
    """Bots that are in their rooms."""
    p50_ms: float | None = None
    """Of what was delivered in it; None where nothing was."""
    p99_ms: float | None = None
    max_ms: float | None = None


class Span(Struct, frozen=True):
    """A phase of the scenario, in seconds since the beginning of the run."""

    name: str
    from_s: float
    to_s: float


class Step(Struct, frozen=True):
    """A phase of a run that looks for the most there can be."""

    name: str
    rate: float
    held: bool
    why: str = ""
    """If it did not."""
    valid: bool = True
    """Or if the bots themselves were too slow to tell."""


class Report(Struct, frozen=True):
    """The keys of `--json`, which others script against."""

    bots: int
    rooms: int
    duration_s: float
    offered_rate: float
    """Messages a second that were to be sent."""
    achieved_rate: float
    """And that were."""
    sent: int
    acked: int
    """Messages that are in the log, as their authors know."""
    delivered: int
    """An entry counts once for each bot that has it."""
    expected: int
    """Deliveries, had nothing been lost."""
    lost: int
    """Of `expected`, those that never came."""
    duplicates: int
    reordered: int
    repaired: int
    """Of `delivered`, those that were not pushed, or lost on the way, and fetched."""
    late_sends: int
    """Messages that were sent over 10 ms after their time."""
    refused_sends: int
    """Messages that were not sent: the bot was muted, or too much of its own was not logged yet."""
    latency_ms: Latency | None
    """From the intended time of a message until a bot's socket has it."""
    server_cpu_us_per_delivery: float | None
    """Null when the server is not of this machine."""
    generator_cpu: float
    """Of the busiest worker, as a share of one core."""
    network_datagrams: int
    """That the impaired network saw, in both directions."""
    network_dropped: int
    """And dropped."""
    join_ms: Latency | None = None
    """From the first datagram until a bot is in its room."""
    kernel_drops: int | None = None
    """Datagrams for which the bots' receive buffers had no room; None: the system does not say."""
    generator_cpu_us_per_delivery: float | None = None
    """Of all workers, while there was something to be sent."""
    generator_still_s: float = 0.0
    """Seconds for which a worker stood still: stopped, or without a CPU. What was to be sent until
    then, and was not heard before, has no latency."""
    server_cpu: float | None = None
    """Of the server, as a share of one core; null when it is not of this machine."""
    scenario: str = ""
    settings: dict[str, str | int | float] = {}
    """All that made the run what it was, the seed among it."""
    started: float = 0.0
    """Seconds since 1970."""
    cut_short: bool = False
    """By Ctrl-C."""
    workers: int = 1
    phases: tuple[Span, ...] = ()
    """The scenario's, in time."""
    steps: tuple[Step, ...] = ()
    """Where the most is looked for."""
    series: tuple[Second, ...] = ()
    histogram: tuple[tuple[float, int], ...] = ()
    """Latencies: an upper bound in milliseconds, and how many are below it and above the one
    before."""
    thresholds: tuple[Threshold, ...] = ()
    valid: bool = True
    """The bots were not the bottleneck."""
    verdict: str = ""
    """In a line."""

    def judged(self, expressions: Sequence[str]) -> "Report":
        """With its thresholds and its verdict. Raises ThresholdError."""
        thresholds = tuple(map(self._judge, expressions))
        why = self.bottleneck()
        missed = [each.expr for each in thresholds if not each.ok]
        if self.steps:
            return self._judged_by_steps()
        if self.cut_short:
            verdict = "cut short: what it says is of the time until then"
        elif why:
            verdict = f"invalid: {why}"
        elif missed:
            verdict = f"missed: {', '.join(missed)}"
        elif self.acked < self.sent:
            verdict = f"{self.sent - self.acked} of {self.sent} messages were not acknowledged"
        elif self.lost:
            verdict = f"{self.lost} of {self.expected} deliveries are missing"
        elif not self.expected:
            verdict = "everybody was there, and nothing was said"
        else:
            verdict = "every message reached everybody"
        return replace(self, thresholds=thresholds, valid=not why, verdict=verdict)

    def _judged_by_steps(self) -> "Report":
        """Only the last one did not hold, if any did not."""
        last, found = self.steps[-1], self.found_rate
        most = f"{found:g} messages a second hold" if found is not None else "not even this holds"
        verdict = f"{most}; {last.rate:g}: {last.why}"
        if self.cut_short:
            verdict = f"cut short; {most}"
        elif last.held:
            verdict = f"{most}, and maybe more: the scenario has no higher step"
        return replace(self, valid=last.valid, verdict=verdict)

    @property
    def found_rate(self) -> float | None:
        """Messages a second, of the highest step that held."""
        return max((step.rate for step in self.steps if step.held), default=None)

    @property
    def exit_code(self) -> int:
        if self.cut_short:
            return INTERRUPTED
        if not self.valid:
            return INVALID
        if self.steps:
            return 0 if self.found_rate is not None else MISSED
        return MISSED if any(not each.ok for each in self.thresholds) else 0

    def as_json(self) -> bytes:
        """`msgspec.json.decode(…, type=Report)` reads it again."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"

    def bottleneck(self) -> str:
        """Why these figures tell about the bots and not about the server; empty if they do not."""
        if self.generator_still_s > STILL_SHARE * self.duration_s:
            return f"the bots stood still for {self.generator_still_s:.1f} s: give them a free CPU"
        if self.late_sends > LATE_FEW and self.late_sends > LATE_SHARE * max(1, self.sent):
            return f"{self.late_sends} of {self.sent} messages were sent late: use a lower --rate"
        if self.generator_cpu > BUSY:
            return f"the bots used {self.generator_cpu:.0%} of a core: use more --workers"
        if self.kernel_drops:
            return f"the bots had no room for {self.kernel_drops} datagrams: use more --workers"
        return ""

    def _judge(self, expression: str) -> Threshold:
        name, comparison, limit = parse(expression)
        value = getattr(self, name) if name not in TIMES else self._time(name)
        ok = value is not None and bool(_COMPARISONS[comparison](value, limit))
        return Threshold(expression, ok, value)

    def _time(self, name: str) -> float | None:
        latency = self.join_ms if name.startswith("join_") else self.latency_ms
        value: float | None = getattr(latency, name.removeprefix("join_"), None)
        return value


def check_thresholds(expressions: Sequence[str]) -> None:
    """Raises ThresholdError."""
    for expression in expressions:
        parse(expression)


def parse(expression: str) -> tuple[str, str, float]:
    """Its figure, comparison and limit. Raises ThresholdError."""
    match = _EXPRESSION.fullmatch(expression)
    if match is None or match[1] not in JUDGED or bool(match[4]) > (match[1] in TIMES):
        raise ThresholdError(
            f"{expression!r} is no threshold: use one like p99<50ms or lost==0, with "
            + ", ".join(JUDGED)
        )
    return match[1], match[2], float(match[3]) * _TO_MS[match[4] or "ms"]
