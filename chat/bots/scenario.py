"""What a crowd is to do: a TOML file, checked when it is read.

bots = 100
kind = [{ name = "talker", weight = 1 }, { name = "lurker", weight = 9, talks = false }]
phase = [{ rate = 20, ramp = 10, hold = 60 }]
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from chat.core.entry import TEXT_MAX

from .stamp import STAMP

FOLDER = Path(__file__).parent / "presets"
PRESETS = tuple(sorted(each.stem for each in FOLDER.glob("*.toml")))

MOST = 1_000_000
"""Of anything: bots, seconds, messages a second. TOML has infinity, and no run lasts so long."""

STEP = 1.0
"""Seconds that a step has, where the most is looked for: of less nothing is told."""

Count = Annotated[int, Meta(ge=1, le=MOST)]
Share = Annotated[float, Meta(ge=0, le=MOST)]
Size = Annotated[int, Meta(ge=STAMP, le=TEXT_MAX)]


class ScenarioError(ValueError):
    """A scenario that cannot be run; one line with its file, the key, and what is expected."""


class Kind(Struct, frozen=True, forbid_unknown_fields=True):
    """Some of the bots."""

    name: str
    """For who reads the file, and in the settings of a report."""
    weight: Annotated[float, Meta(gt=0, le=MOST)] = 1.0
    """How many of the bots are of it, in proportion to that of other kinds."""
    size: tuple[Size, Size] = (80, 80)
    """Bytes of a text: from, to."""
    think: Share = 0.0
    """Seconds, at least, between two messages of one bot, as long as another one can speak."""
    talks: bool = True
    """False: it only reads."""


class Phase(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the run: the rate goes from that of the phase before to this one's, and stays."""

    name: str = ""
    """In reports; empty: its number."""
    rate: Share = 0.0
    """Messages a second, of all bots together."""
    ramp: Share = 0.0
    """Seconds in which the rate is reached."""
    hold: Share = 0.0
    """Seconds for which it stays."""
    churn: Share = 0.0
    """Bots a second that leave, and come again as new ones."""
    reconnect: Share = 0.0
    """Bots a second that vanish without a word, and come again from elsewhere."""

    @property
    def seconds(self) -> float:
        return self.ramp + self.hold


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of it."""

    phase: Annotated[tuple[Phase, ...], Meta(min_length=1)]
    """What happens, one after the other."""
    name: str = ""
    """In reports; the file's, if it is empty."""
    bots: Count = 10
    """Of all kinds together."""
    rooms: Count = 1
    """The bots are spread over so many."""
    ramp: Share = 0.0
    """Seconds over which the bots join, before the first phase."""
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] = 0
    """The same one, the same messages of the same bots at the same times."""
    poisson: bool = False
    """Messages come at random times, not evenly spaced."""
    find_max: bool = False
    """The phases are steps, and the run ends with the first in which a threshold is missed."""
    threshold: tuple[str, ...] = ()
    """Those of the command line come on top."""
    kind: Annotated[tuple[Kind, ...], Meta(min_length=1)] = (Kind("talker"),)
    """Who there is: at least one bot of each, as far as there are bots, in their order."""

    @property
    def seconds(self) -> float:
        """From the first message to the end of the last phase."""
        return sum(phase.seconds for phase in self.phase)

    @property
    def rate(self) -> float:
        """The highest."""
        return max(phase.rate for phase in self.phase)

    def kinds(self) -> list[Kind]:
        """Of each bot: one of each, in their order, and then so that there are as many of each as
        its weight says."""
        total = sum(kind.weight for kind in self.kind)
        given = [0] * len(self.kind)
        found = []
        for bot in range(self.bots):
            owed = [kind.weight / total * (bot + 1) - has for kind, has in zip(self.kind, given)]
            index = bot if bot < len(self.kind) else owed.index(max(owed))
            given[index] += 1
            found.append(self.kind[index])
        return found

    def check(self) -> None:
        """Its keys' types, and what they do not say. Raises ScenarioError."""
        try:
            msgspec.convert(msgspec.to_builtins(self), Scenario)
        except msgspec.ValidationError as error:
            raise ScenarioError(_said(str(error))) from error
        if self.bots < self.rooms:
            raise ScenarioError(f"{self.bots} bots cannot fill {self.rooms} rooms: use more --bots")
        if self.seconds <= 0:
            raise ScenarioError("its phases take no time: give one a hold above 0")
        if self.find_max and any(phase.seconds < STEP - 1e-9 for phase in self.phase):
            raise ScenarioError(
                f"its phases are steps of {STEP:g} s at least: use a longer --duration"
            )
        if self.rate and not any(kind.talks for kind in self.kinds()):
            raise ScenarioError("no bot talks: use a rate of 0, or put a kind that talks first")
        for kind in self.kind:
            if kind.size[0] > kind.size[1]:
                raise ScenarioError(f"size of {kind.name}: expected [from, to], the lesser first")


def chosen(
    spec: str | None,
    *,
    bots: int | None = None,
    rooms: int | None = None,
    rate: float | None = None,
    seconds: float | None = None,
    ramp: float | None = None,
    size: int | None = None,
    seed: int | None = None,
) -> Scenario:
    """A preset or a file, or else a plain run, with what the options change in it: `rate` is the
    highest, and `seconds` are all, the others change in proportion. Raises ScenarioError."""
    scenario = _PLAIN if spec is None else read_scenario(spec)
    phases = scenario.phase
    if rate is not None:
        if not scenario.rate:
            raise ScenarioError(f"--rate: nobody talks in {scenario.name}; leave it out")
        phases = tuple(replace(p, rate=p.rate * rate / scenario.rate) for p in phases)
    if seconds is not None:
        longer = seconds / scenario.seconds
        phases = tuple(replace(p, ramp=p.ramp * longer, hold=p.hold * longer) for p in phases)
    kinds = scenario.kind
    if size is not None:
        if not STAMP <= size <= TEXT_MAX:
            raise ScenarioError(f"--size is from {STAMP} to {TEXT_MAX} bytes")
        kinds = tuple(replace(kind, size=(size, size)) for kind in kinds)
    scenario = replace(
        scenario,
        phase=phases,
        kind=kinds,
        bots=scenario.bots if bots is None else bots,
        rooms=scenario.rooms if rooms is None else rooms,
        ramp=scenario.ramp if ramp is None else ramp,
        seed=scenario.seed if seed is None else seed,
    )
    scenario.check()
    return scenario


_PLAIN = Scenario(phase=(Phase(rate=10.0, hold=10.0),))


def read_scenario(spec: str) -> Scenario:
    """A preset by its name, or a file. Raises ScenarioError."""
    file = FOLDER / f"{spec}.toml" if spec in PRESETS else Path(spec)
    try:
        found = msgspec.toml.decode(file.read_bytes())
        scenario = msgspec.convert(found, Scenario)
        scenario = replace(scenario, name=scenario.name or file.stem)
        scenario.check()
    except OSError as error:
        why = error.strerror or str(error)
        raise ScenarioError(
            f"{spec} cannot be read: {why}; use a file, or one of {', '.join(PRESETS)}"
        ) from error
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{spec}: {_said(str(error))}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{spec} is no TOML: {error}") from error
    except ScenarioError as error:
        raise ScenarioError(f"{spec}: {error}") from error
    return scenario


def _said(error: str) -> str:
    """`msgspec` says where as a path: `$.phase[0].rate`."""
    what, _, where = error.partition(" - at `$.")
    return f"{where.rstrip('`')}: {_lower(what)}" if where else _lower(what)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def as_settings(scenario: Scenario) -> dict[str, str | int | float]:
    """All of it, in a row for each value."""
    return dict(_rows("", msgspec.to_builtins(scenario)))


def _rows(name: str, value: Any) -> list[tuple[str, str | int | float]]:
    match value:
        case dict():
            parts = [(str(key), each) for key, each in value.items()]
        case list() | tuple() if value and isinstance(value[0], dict):
            parts = [(str(number), each) for number, each in enumerate(value, 1)]
        case list() | tuple():
            return [(name, " ".join(map(str, value)))]
        case bool():
            return [(name, "yes" if value else "no")]
        case _:
            return [(name, value)]
    return [row for key, each in parts for row in _rows(f"{name}.{key}".lstrip("."), each)]
