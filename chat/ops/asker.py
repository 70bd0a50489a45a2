"""The other end of an admin socket: asks a server of this machine."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from chat.core.audit import AuditRow
from chat.core.snapshot import RoomRow, SessionRow

from .messages import (
    QUESTION_MAX,
    Answer,
    Audit,
    AuditPage,
    BadMessageError,
    Done,
    Progress,
    Question,
    Refused,
    RoomPage,
    Rooms,
    SessionPage,
    Sessions,
    decode_answer,
    encode,
)

PATIENCE = 15.0
"""Seconds for a word of the server."""

_ROOM = 256 << 10
"""Bytes that a socket is to hold unread: more than any answer has."""


class AskError(Exception):
    """There is no answer, or it is no. One line that says what to do."""


def ask(path: Path, question: Question, patience: float = PATIENCE) -> Iterator[Answer]:
    """What is answered: the last one is no Progress. Raises AskError."""
    try:
        data = encode(question)
    except UnicodeEncodeError as error:
        raise AskError("that is no text: write it in UTF-8") from error
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        with theirs:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)
            _send(path, data, theirs, patience)
        ours.settimeout(patience)
        with ours.makefile("rb") as lines:
            while True:
                answer = _read(path, lines.readline)
                yield answer
                if not isinstance(answer, Progress):
                    return


def done(answers: Iterator[Answer]) -> str:
    """What there is to say of what was done. Raises AskError."""
    for answer in answers:
        match answer:
            case Done(text):
                return text
            case Refused(reason):
                raise AskError(reason)
    raise AskError("the server's answer is another question's: update the older one of the two")


def sessions(path: Path) -> Iterator[SessionRow]:
    """All of them. Raises AskError."""
    question, more = Sessions(), True
    while more:
        match next(ask(path, question)):
            case SessionPage(rows, more):
                yield from rows
                question = Sessions(rows[-1].since) if rows else question
            case answer:
                done(iter((answer,)))


def rooms(path: Path) -> Iterator[RoomRow]:
    """All of them. Raises AskError."""
    question, more = Rooms(), True
    while more:
        match next(ask(path, question)):
            case RoomPage(rows, more):
                yield from rows
                question = Rooms(rows[-1].name) if rows else question
            case answer:
                done(iter((answer,)))


def audit(path: Path, room: str) -> Iterator[AuditRow]:
    """All that was done there, or in all rooms, the newest last. Raises AskError."""
    rows: dict[int, AuditRow] = {}
    question, more = Audit(room), True
    while more:
        match next(ask(path, question)):
            case AuditPage(page, after, more):
                rows.update((row.seq, row) for row in page)
                question = Audit(room, after)
            case answer:
                done(iter((answer,)))
    yield from (rows[seq] for seq in sorted(rows))


def _send(path: Path, data: bytes, reply: socket.socket, patience: float) -> None:
    if len(data) > QUESTION_MAX:
        raise AskError(f"that is too long to be asked: at most {QUESTION_MAX} bytes")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(patience)
        try:
            sock.connect(os.fspath(path))
            socket.send_fds(sock, [data], [reply.fileno()])
        except PermissionError as error:
            raise AskError(
                f"{path} is another user's: ask as the user that runs the server"
            ) from error
        except TimeoutError as error:
            raise AskError(f"the server at {path} takes no questions: is it stopped?") from error
        except OSError as error:
            raise AskError(
                f"no server listens at {path}: is chat serve running? name its --store or --socket"
            ) from error


def _read(path: Path, readline: Callable[[], bytes]) -> Answer:
    try:
        line = readline()
    except TimeoutError as error:
        raise AskError(f"the server at {path} does not answer: is it busy, or stopped?") from error
    except OSError:
        line = b""
    if not line.endswith(b"\n"):
        raise AskError(f"the server at {path} has gone: ask again when it is back")
    try:
        return decode_answer(line)
    except BadMessageError as error:
        raise AskError("the server is another version's: update the older one") from error
