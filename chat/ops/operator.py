"""What the operator can do: answers the questions that come to a server's admin socket."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from pathlib import Path

from msgspec.structs import replace

from chat.core import asks, durations
from chat.core.entry import TEXT_MAX
from chat.core.roles import Act
from chat.core.text import clean
from chat.log.sqlite_backup import BackupError
from chat.log.stores import default_store, folder_of
from chat.net.address import BindError
from chat.server.admins import AdminsError
from chat.server.journal import LEVELS, set_level
from chat.server.run import Running

from .copying import copy
from .listener import Listener, Tell
from .messages import (
    Answer,
    Audit,
    AuditPage,
    Backup,
    Broadcast,
    Done,
    Drain,
    LogLevel,
    Moderate,
    Question,
    Refused,
    Reload,
    RoomPage,
    Rooms,
    SessionPage,
    Sessions,
    encode,
    page,
)
from .place import socket_path

log = logging.getLogger("chat.server")

LOG_TAKES = 10.0
"""Seconds that the log may take for an act."""

_LOOK = 0.5
"""Seconds between two looks at whether everybody has gone."""


@asynccontextmanager
async def attended(wanted: str, store: str, running: Running) -> AsyncIterator[None]:
    """While the block runs, the operator of a server with this store is answered where
    `socket_path` says. Raises BindError if that was asked for and cannot be."""
    operator = Operator(running, folder_of(store or default_store()))
    listener = _listen(wanted, store, operator)
    try:
        yield
    finally:
        if listener is not None:
            await listener.close()
        operator.close()


def _listen(wanted: str, store: str, operator: "Operator") -> Listener | None:
    path = socket_path(wanted, store)
    if path is None:
        return None
    try:
        return Listener(path, operator.answer)
    except BindError as error:
        if wanted:
            raise
        log.warning("chat admin does not reach this server: %s", error)
        return None


class Operator:
    """Of one server."""

    def __init__(self, running: Running, folder: Path | None) -> None:
        self._running = running
        self._server = running.serving.server
        self._folder = folder
        self._copying = False
        self._draining: asyncio.Task[None] | None = None

    def close(self) -> None:
        if self._draining is not None:
            self._draining.cancel()

    async def answer(self, question: Question, tell: Tell) -> Answer:
        match question:
            case Sessions(after):
                return SessionPage(*page(self._server.sessions(after)))
            case Rooms(after):
                return RoomPage(*page(self._server.list_rooms(after)))
            case Audit():
                return await self._audit(question)
            case Moderate():
                return await self._moderate(question)
        log.info("the operator asks: %s", encode(question).decode())
        match question:
            case Broadcast(text):
                return self._broadcast(text)
            case Drain(seconds):
                return self._drain(seconds)
            case Backup(file):
                return await self._back_up(Path(file), tell)
            case Reload():
                return self._reload()
            case LogLevel(level):
                return _set_level(level)

    async def _audit(self, question: Audit) -> Answer:
        audited = await self._server.audit(question.room, question.after)
        if audited.trouble:
            return Refused("the log cannot be read at the moment: look at what the server says")
        return AuditPage(audited.rows, audited.after, audited.more)

    async def _moderate(self, question: Moderate) -> Answer:
        act = asks.Act(
            0,
            question.room,
            question.act,
            question.whom,
            question.seconds,
            question.number,
            question.text,
        )
        try:
            async with asyncio.timeout(LOG_TAKES):
                operated = await self._server.operate(act)
        except TimeoutError:
            return Refused("the log takes nothing at the moment: look at what the server says")
        if not operated.ok:
            return Refused(operated.text)
        if question.act == Act.INVITE:
            link = self._running.serving.link
            return Done(str(replace(link, room=question.room, invite=operated.text)))
        return Done(operated.text)

    def _broadcast(self, text: str) -> Answer:
        text = clean(text).strip()
        if not text:
            return Refused("there is nothing to tell: write it behind broadcast")
        if len(text.encode()) > TEXT_MAX:
            return Refused(f"that is too long for a notice: at most {TEXT_MAX} bytes")
        told = self._server.announce(f"from the operator: {text}")
        if told is None:
            return Refused("what was said before is still being told: try again in some seconds")
        return Done(f"told to {_count(told, 'member')}")

    def _drain(self, seconds: int) -> Answer:
        if self._draining is not None:
            return Refused("the server is going down already")
        end = time.monotonic() + seconds
        said = _goes_down(end)
        self._server.take_nobody(f"{said}; come again when it is back")
        self._draining = asyncio.create_task(self._go_down(seconds, end))
        return Done(said)

    async def _go_down(self, seconds: int, end: float) -> None:
        told = not seconds
        try:
            async with asyncio.timeout(seconds):
                while not told or self._server.members:
                    said = _goes_down(end)
                    self._server.take_nobody(f"{said}; come again when it is back")
                    told = told or self._server.announce(said) is not None
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            pass
        self._running.stop()

    async def _back_up(self, file: Path, tell: Tell) -> Answer:
        if self._folder is None:
            return Refused("the server keeps its log in memory: there is nothing to back up")
        if self._copying:
            return Refused("a backup is being made: wait until it is")
        self._copying = True
        try:
            size = await copy(self._folder, file, tell)
        except BackupError as error:
            return Refused(str(error))
        finally:
            self._copying = False
        return Done(f"{size:,} bytes in {file}")

    def _reload(self) -> Answer:
        try:
            return Done(self._running.reload())
        except AdminsError as error:
            return Refused(str(error))


def _goes_down(end: float) -> str:
    """As it is true now."""
    left = ceil(end - time.monotonic())
    return (
        f"the server goes down in {durations.words(left)}" if left > 0 else "the server goes down"
    )


def _set_level(level: str) -> Answer:
    if level not in LEVELS:
        return Refused(f"{level} is no level: {', '.join(LEVELS)}")
    return Done(f"{level}; before it was {set_level(level)}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
