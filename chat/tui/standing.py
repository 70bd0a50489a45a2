"""What we are in a room, and what we may say there, in words."""

from math import ceil, inf

from chat.core.durations import words
from chat.core.events import Standing
from chat.core.roles import Role
from chat.core.voice import muted_words


def moderates(standing: Standing | None) -> bool:
    return standing is not None and standing.role >= Role.MODERATOR


def role(standing: Standing | None) -> str:
    """Nothing, for who is as everybody is."""
    return standing.role.name.lower() if standing is not None and moderates(standing) else ""


def muted(standing: Standing | None, now: float) -> str:
    """Nothing, for who may speak."""
    if standing is None or standing.muted <= now:
        return ""
    left = standing.muted - now
    return "muted" if left == inf else f"muted for {words(ceil(left))}"


def slow(standing: Standing | None) -> str:
    """Nothing, where everybody says as much as they like."""
    return f"slow: {words(standing.slow)}" if standing is not None and standing.slow else ""


def held(standing: Standing | None, now: float) -> str:
    """Why what is typed may not be said yet; nothing, if it may."""
    if standing is None:
        return ""
    if (why := muted_words(standing, now)) is not None:
        return why
    until = ready(standing, now)
    return f"slow mode: {ceil(until - now):,} s more" if until is not None else ""


def ready(standing: Standing | None, now: float) -> float | None:
    """When the next message may be said, if not at once."""
    if standing is None or not standing.slow or moderates(standing):
        return None
    return standing.ready if standing.ready > now else None
