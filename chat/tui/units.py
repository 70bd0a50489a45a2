"""Numbers of the network, each with its unit, in as few digits as say something."""

from collections.abc import Sequence


def round_trip(seconds: float | None, jitter: float | None = None) -> str:
    """Nothing where it is not known. `jitter` is told in the same unit and as exactly."""
    if seconds is None:
        return ""
    places = 1 if seconds < 0.01 else 0
    varies = f" ±{jitter * 1000:,.{places}f}" if jitter is not None else ""
    return f"{seconds * 1000:,.{places}f} ms{varies}"


def percent(fraction: float) -> str:
    return f"{fraction:.1%}" if 0 < fraction < 0.1 else f"{fraction:.0%}"


def loss(fraction: float | None) -> str:
    return f"{percent(fraction)} lost" if fraction is not None else ""


def duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def counted(number: int, what: str, many: str = "") -> str:
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def trend_top(values: Sequence[float | None]) -> float:
    """What the highest bar of a course of round trips stands for: where nothing changes, all of
    them are low."""
    known = [value for value in values if value is not None]
    return max(*known, 4 * min(known)) if known else 0.0
