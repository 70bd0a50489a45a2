"""How long something holds, as people write it: 90s, 10m, 2h, 7d, 1w, or several: 1h30m."""

from itertools import takewhile

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}

MOST = 10 * 365 * 86_400
"""Seconds: whoever means longer means for good."""


def seconds(text: str) -> int | None:
    """What it says, from 1 to MOST; None where it is no duration."""
    total, rest = 0, text.lower()
    while rest:
        digits = "".join(takewhile("0123456789".__contains__, rest))
        unit = rest[len(digits) : len(digits) + 1]
        if not digits or unit not in _UNITS:
            return None
        total += int(digits.lstrip("0")[:12] or "0") * _UNITS[unit]
        rest = rest[len(digits) + 1 :]
    return total if 0 < total <= MOST else None


def words(total: int) -> str:
    """Its two largest units: 1h 30m."""
    parts = []
    for unit, size in _UNITS.items():
        count, total = divmod(total, size)
        parts.append((count, unit))
    while parts and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in parts[:2] if count) or "0s"
