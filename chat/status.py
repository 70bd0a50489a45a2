"""`chat status`: one datagram there, one back, for people and for health checks."""

import asyncio
import json
import secrets
import time
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from chat.core import wire
from chat.core.layout import MalformedError
from chat.core.link import Link
from chat.core.text import clean
from chat.core.types import Path
from chat.net.address import ResolveError, resolve
from chat.net.connection import connect

TRIES = 3
"""Datagrams may be lost: as often it is asked, in all."""


class StatusError(Exception):
    """One line that says why there is no answer."""


class Answer(Struct, frozen=True, array_like=True):
    """What a server says of itself, and how long that took."""

    version: str
    up: Annotated[int, Meta(ge=0)]
    """Seconds."""
    rooms: int | None = None
    """With somebody in them; None from elsewhere than its own machine."""
    members: int | None = None
    round_trip: float = 0.0
    """Seconds."""


async def ask(link: Link, timeout: float) -> Answer:
    """Raises StatusError."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[tuple[bytes, float]] = loop.create_future()
    token = secrets.randbits(64)
    refused = ""

    def received(datagram: bytes, path: Path) -> None:
        try:
            header = wire.decode_header(datagram)
        except MalformedError:
            return
        match header:
            case wire.StatusReply(number, facts) if number == token and not answered.done():
                answered.set_result((facts, time.monotonic()))

    def failed(error: OSError) -> None:
        nonlocal refused
        if isinstance(error, ConnectionRefusedError):
            refused = ": nobody listens there; is the server running?"
        else:
            refused = f": {error.strerror or error}"

    try:
        addresses = await resolve(link.host, link.port)
    except ResolveError as error:
        raise StatusError(str(error)) from error
    connection = await connect(loop, addresses, received=received, failed=failed)
    padding = bytes(wire.STATUS_SIZE - wire.SEALED_OFFSET[0x87])
    question = wire.encode_header(wire.Status(token, padding))
    try:
        for _ in range(TRIES):
            sent = time.monotonic()
            connection.send(connection.server, question)
            done, _ = await asyncio.wait((answered,), timeout=timeout / TRIES)
            if done:
                facts, came = answered.result()
                answer = msgspec.msgpack.decode(facts, type=Answer)
                return msgspec.structs.replace(answer, round_trip=came - sent)
    except msgspec.DecodeError as error:
        raise StatusError(f"{link.host} speaks another version: update the older one") from error
    finally:
        connection.close()
    raise StatusError(
        f"no answer from {link.host}, UDP port {link.port}, within {timeout:g} s{refused}"
    )


def show(answer: Answer, *, as_json: bool) -> str:
    """For people, or as one JSON object."""
    if as_json:
        facts = msgspec.structs.asdict(answer)
        facts["version"] = clean(answer.version)
        facts["round_trip"] = round(answer.round_trip, 6)
        return json.dumps(facts)
    line = f"version {clean(answer.version)}, up {_duration(answer.up)}"
    line += f", round trip {answer.round_trip * 1000:.1f} ms"
    if answer.rooms is not None and answer.members is not None:
        line += f", {_count(answer.rooms, 'room')} in use, {_count(answer.members, 'member')}"
    return line


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _duration(seconds: int) -> str:
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return _count(seconds // size, unit)
    return _count(seconds, "second")
