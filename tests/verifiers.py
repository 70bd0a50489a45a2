"""Passwords where time is virtual: a verifier that takes no time, and hides nothing."""

from chat.core.hub import Hub
from chat.core.types import Check, Harden


def harden(password: str) -> str:
    return f"plain:{password}"


def answer(hub: Hub, effect: Check | Harden, now: float, wall: int, *, busy: bool = False) -> None:
    """What a server's threads come back with; `busy`: that there is too much to do."""
    match effect:
        case Check(ticket, password, verifier):
            hub.checked(ticket, None if busy else verifier == harden(password), now, wall)
        case Harden(ticket, password):
            hub.hardened(ticket, "" if busy else harden(password), now, wall)
