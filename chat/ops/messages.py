"""What is asked at a server's admin socket, and answered: JSON, one object a question, and one a
line of the answer.
"""

from collections.abc import Iterator
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from chat.core.asks import Name, Natural, Number, Words
from chat.core.audit import AuditRow
from chat.core.snapshot import RoomRow, SessionRow

QUESTION_MAX = 2048
"""Bytes, which a Unix datagram can have everywhere."""

PAGE_ROWS = 100
PAGE_BYTES = 48 << 10
"""Of one page: two milliseconds of the server's time, and far from what a socket holds."""

DRAIN_MOST = 86_400
"""Seconds."""

Word = Annotated[str, Meta(max_length=16)]


class Sessions(Struct, frozen=True, tag="sessions"):
    """A page of those who came after that moment."""

    after: float = 0.0


class Rooms(Struct, frozen=True, tag="rooms"):
    """A page of those whose names come after that one."""

    after: Name = ""


class Audit(Struct, frozen=True, tag="audit"):
    """A page of what was done in a room, or in all, after that number of the registry's log."""

    room: Name = ""
    after: Natural = 0


class Moderate(Struct, frozen=True, tag="moderate"):
    """As asks.Act; without a room it is for the whole server."""

    act: Word
    room: Name = ""
    whom: Name = ""
    seconds: Number = 0
    number: Natural = 0
    text: Words = ""


class Broadcast(Struct, frozen=True, tag="broadcast"):
    """A notice to everybody."""

    text: str
    """At most TEXT_MAX bytes: it goes in one datagram."""


class Drain(Struct, frozen=True, tag="drain"):
    """Nobody new is taken; when everybody has gone, at the latest in so many seconds, it ends."""

    seconds: Annotated[int, Meta(ge=0, le=DRAIN_MOST)] = 0


class Backup(Struct, frozen=True, tag="backup"):
    """The log is copied to a file of the server's machine."""

    file: str
    """An absolute path."""


class Reload(Struct, frozen=True, tag="reload"):
    """As SIGHUP."""


class LogLevel(Struct, frozen=True, tag="log-level"):
    """Of what the server says on its standard error."""

    level: Word


Question = Sessions | Rooms | Audit | Moderate | Broadcast | Drain | Backup | Reload | LogLevel


class SessionPage(Struct, frozen=True, tag="sessions"):
    rows: list[SessionRow]
    more: bool


class RoomPage(Struct, frozen=True, tag="rooms"):
    rows: list[RoomRow]
    more: bool


class AuditPage(Struct, frozen=True, tag="audit"):
    rows: tuple[AuditRow, ...]
    after: Natural
    """The number that the page ends with; its rows may have ended before."""
    more: bool


class Progress(Struct, frozen=True, tag="progress"):
    """The answer takes a while."""

    done: int
    total: int


class Done(Struct, frozen=True, tag="done"):
    """It was done, and there may be something to say of it."""

    text: str = ""


class Refused(Struct, frozen=True, tag="refused"):
    """It was not; one line that says what to do."""

    reason: str


Answer = SessionPage | RoomPage | AuditPage | Progress | Done | Refused

_encoder = msgspec.json.Encoder()
_questions: msgspec.json.Decoder[Question] = msgspec.json.Decoder(Question)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)

BadMessageError = msgspec.DecodeError
"""It is none: another version's, or damaged."""


def encode(message: Question | Answer) -> bytes:
    return _encoder.encode(message)


def decode_question(data: bytes) -> Question:
    """Raises BadMessageError."""
    if len(data) > QUESTION_MAX:
        raise BadMessageError(f"it has more than {QUESTION_MAX} bytes")
    try:
        return _questions.decode(data)
    except RecursionError as error:
        raise BadMessageError("it is nested too deeply") from error


def decode_answer(data: bytes) -> Answer:
    """Raises BadMessageError."""
    return _answers.decode(data)


R = TypeVar("R", SessionRow, RoomRow)


def page(rows: Iterator[R]) -> tuple[list[R], bool]:
    """As many as one page has room for, and whether there are more."""
    taken: list[R] = []
    size = 0
    for row in rows:
        size += len(_encoder.encode(row))
        if taken and (len(taken) == PAGE_ROWS or size > PAGE_BYTES):
            return taken, True
        taken.append(row)
    return taken, False
