"""What somebody moves to have done, and who waits for what becomes of it."""

from typing import Protocol

from msgspec import Struct

from . import asks
from .asks import Why
from .roles import Act, Role
from .turn import Turn
from .types import Tell

OPERATOR = "the operator"
"""Nobody can have this name: it has a space."""


class Operated(Struct, frozen=True):
    """The answer to what the operator asked for."""

    ticket: object
    ok: bool
    text: str


class Asker(Protocol):
    """Who waits for what becomes of an act."""

    most: int
    """Bytes that an answer may have."""

    def done(self, text: str) -> None: ...

    def refused(self, reason: str, why: Why = Why.OTHER) -> None: ...


class Operator:
    """An asker."""

    most = 32_768

    def __init__(self, ticket: object, turn: Turn) -> None:
        self._ticket = ticket
        self._turn = turn

    def done(self, text: str) -> None:
        self._turn.emit(Tell(Operated(self._ticket, True, text)))

    def refused(self, reason: str, why: Why = Why.OTHER) -> None:
        self._turn.emit(Tell(Operated(self._ticket, False, reason)))


class Actor(Struct, frozen=True):
    """Who does it, as what."""

    name: str
    key: bytes
    """The full one, or nothing."""
    role: Role
    asker: Asker


class Motion(Struct, frozen=True):
    """One act, understood. A ticket for what has to be looked up first."""

    actor: Actor
    act: Act
    room: str
    ask: asks.Act
    asked: str = ""
    """The request that it is, wherever it is asked for again; empty: a request without one."""


def request_of(instance: bytes, r: int) -> str:
    """The name of a client's request, for as long as there is this client."""
    return f"{instance.hex()} {r}"
