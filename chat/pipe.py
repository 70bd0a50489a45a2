"""`chat send` and `chat tail`: rooms for scripts. Data to stdout, talk to stderr."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

import msgspec
from msgspec import Struct

from chat.client import Client, elsewhere, explained
from chat.core import events
from chat.core.assembly import Assembler
from chat.core.inbox import Broken, Expired
from chat.core.link import Link
from chat.core.memberships import NotSaidError
from chat.core.text import clean, escaped, render
from chat.core.types import Entry, Kind
from chat.net.address import ResolveError
from chat.secure.namekeys import NameKeys
from chat.stdin import read_lines


class PipeError(Exception):
    """One line that says what went wrong."""


# send

PATIENCE = 30.0
"""Seconds without an acknowledgement after which what waits for one is given up, where no other
time is set."""


async def send(
    link: Link,
    name: str,
    texts: Sequence[str],
    timeout: float | None,
    lines: TextIO,
    *,
    insecure: bool = False,
    password: str = "",
) -> None:
    """Says `texts`, or without any each of `lines`. Returns when all of it is acknowledged.
    Raises PipeError that names the first that is not: after `timeout` seconds in all, or if that is
    None, after PATIENCE in which nothing was acknowledged and slow mode would have let it be."""
    sender = _Sender(link, name, insecure, password)
    try:
        async with asyncio.timeout(timeout), asyncio.timeout(None) as patience:
            sender.patience, sender.in_all = patience, timeout is not None
            await sender.run(_numbered(texts) if texts else _read(lines))
    except TimeoutError:
        why = f"not acknowledged within {timeout or PATIENCE:g} s"
        raise PipeError(sender.undone(why)) from None
    except ResolveError as error:
        raise PipeError(str(error)) from error
    finally:
        await sender.client.close()


class _Sender:
    def __init__(self, link: Link, name: str, insecure: bool, password: str) -> None:
        self.client = Client(link, name, self._on_event, insecure=insecure, keys=NameKeys())
        self.patience: asyncio.Timeout | None = None
        """Of what is under way."""
        self.in_all = False
        """There is a time for everything together, and none besides."""
        self._room = link.room
        self._membership = self.client.guest.join(
            link.room, time.monotonic(), backlog=0, secret=password or link.invite
        )
        self._waiting: dict[int, tuple[int, str]] = {}
        """By ticket: the line's number, and its text."""
        self._reason = ""
        self._trouble = ""
        self._moved = asyncio.Event()

    async def run(self, lines: AsyncIterator[tuple[int, str]]) -> None:
        await self.client.open()
        self.client.when_late(self._tell)
        refused = None
        async for number, text in lines:
            try:
                await self._say(number, text)
            except NotSaidError as error:
                await asyncio.sleep(0)  # If we were just put out, that is told by then.
                refused = PipeError(f"message {number}: {self._reason or error}")
                break
        while self._waiting:
            await self._wait()
        if refused is not None:
            raise refused

    def undone(self, why: str) -> str:
        """The first that is not acknowledged, and why."""
        why = self._reason or self._trouble or why
        if not self._waiting:
            return why
        number, text = min(self._waiting.values())
        start = clean(text)
        start = start if len(start) <= 40 else start[:39] + "…"
        return f"message {number} ({start}): {why}"

    async def _say(self, number: int, text: str) -> None:
        while self._reason or self._membership.outbox.full:
            await self._wait()
        tickets = self.client.guest.say(self._room, text, time.monotonic())
        if not self._waiting:
            self._give_time()
        self._waiting.update(dict.fromkeys(tickets, (number, text)))
        self.client.wake()

    def _give_time(self) -> None:
        """Until something is acknowledged, which in slow mode is not to be expected at once."""
        if not self.in_all:
            slow = max(0.0, self._membership.speaker.voice.due - time.monotonic())
            self._until(asyncio.get_running_loop().time() + slow + PATIENCE)

    def _end(self, reason: str) -> None:
        """Nothing more will be acknowledged: not even stdin is waited for."""
        self._reason = reason
        self._until(asyncio.get_running_loop().time())

    def _until(self, time: float | None) -> None:
        if self.patience is not None:
            with suppress(RuntimeError):  # Time is up already, or all is done.
                self.patience.reschedule(time)

    async def _wait(self) -> None:
        if self._reason:
            raise PipeError(self.undone(self._reason))
        self._moved.clear()
        await self._moved.wait()

    def _on_event(self, event: object) -> None:
        if elsewhere(event, self._room):
            return
        match event:
            case events.Connected():
                self._trouble = ""
            case events.Logged(_, ticket, _):
                self._waiting.pop(ticket, None)
                if self._waiting:
                    self._give_time()
                elif not self.in_all:
                    self._until(None)  # Stdin may take its time.
            case events.Standing() if self._waiting:
                if muted := self._membership.speaker.voice.muted(time.monotonic()):
                    self._end(muted)
                else:
                    self._give_time()
            case events.Refusal():
                self._end(explained(event.reason, event.why))
            case events.Failed() | events.Removed() | events.Rejected():
                self._end(self._reason or clean(event.reason))
            case events.Unreachable(reason=reason):
                doubt = "" if reason.startswith("the server") else "; is the server running there?"
                self._trouble = reason + doubt
            case events.Notice(text):
                self._trouble = clean(text)
                self._tell(self._trouble)
            case _:
                return
        self._moved.set()

    def _tell(self, text: str) -> None:
        print(f"chat send: {text}", file=sys.stderr)


async def _numbered(texts: Sequence[str]) -> AsyncIterator[tuple[int, str]]:
    yield 1, " ".join(texts)


async def _read(lines: TextIO) -> AsyncIterator[tuple[int, str]]:
    """The lines that are not blank, by number."""
    number = 0
    async for text in read_lines(lines):
        number += 1
        if text.strip():
            yield number, text


# tail

_NO_NEWS = events.Unreachable | events.Presence | events.Receipts | events.Standing | events.Typing
"""Events that say nothing of the log."""


class Following(Struct, frozen=True):
    """What `tail` is to print."""

    first: int = 0
    """The sequence number to begin at; 0: now."""
    last: int = 0
    """Entries before now to begin with."""
    follow: bool = True
    count: int = 0
    """Entries after which to end; 0: never."""
    timeout: float | None = None
    """Seconds without an entry after which to end."""
    json: bool = False


async def tail(
    link: Link,
    name: str,
    what: Following,
    out: TextIO,
    *,
    insecure: bool = False,
    password: str = "",
) -> None:
    """Prints entries as they come; JSON is UTF-8 wherever it is written (RFC 8259 §8.1). Raises
    PipeError."""
    if what.json and isinstance(out, TextIOWrapper):
        out.reconfigure(encoding="utf-8")
    reader = _Reader(link, name, what, out, insecure, password)
    try:
        await reader.run()
    except ResolveError as error:
        raise PipeError(str(error)) from error
    finally:
        await reader.client.close()


class _Reader:
    def __init__(
        self, link: Link, name: str, what: Following, out: TextIO, insecure: bool, password: str
    ) -> None:
        self.client = Client(link, name, self._on_event, insecure=insecure, keys=NameKeys())
        self._what = what
        self._out = out
        self._assembler = Assembler()
        self._printed = 0
        self._heard = asyncio.Event()
        self._reason = ""
        self._caught_up = False
        self._error: Exception | None = None
        self._membership = self.client.guest.join(
            link.room,
            time.monotonic(),
            backlog=what.last,
            first=what.first,
            secret=password or link.invite,
        )

    async def run(self) -> None:
        await self.client.open()
        self.client.when_late(self._say)
        while not self._done():
            self._heard.clear()
            try:
                async with asyncio.timeout(self._what.timeout):
                    await self._heard.wait()
            except TimeoutError:
                self._give_up()
                break
            if self._error is not None:
                raise self._error
        if not self._what.count:
            for entry in self._assembler.rest():
                self._print(entry)

    def _done(self) -> bool:
        if self._what.count and self._printed >= self._what.count:
            return True
        return self._caught_up and not self._what.follow

    def _give_up(self) -> None:
        seconds = self._what.timeout
        if not self._membership.joined and not self._printed:
            raise PipeError(f"no answer within {seconds:g} s{self._reason}")
        if self._what.count:
            raise PipeError(
                f"{self._printed} of {self._what.count} entries, then none for {seconds:g} s"
            )

    def _on_event(self, event: object) -> None:
        if elsewhere(event, self._membership.name):
            return
        try:
            self._take(event)
        except (OSError, PipeError) as error:
            self._error = error
        if not isinstance(event, _NO_NEWS):
            self._heard.set()

    def _take(self, event: object) -> None:
        match event:
            case Entry():
                whole = self._assembler.add(event)
                if whole is not None and not (0 < self._what.count <= self._printed):
                    self._print(whole)
            case Broken(_, seq):
                self._say(
                    f"the log went back: what was printed from {seq} on is not in it any more"
                )
            case events.CaughtUp():
                self._caught_up = True
            case Expired(_, first, last):
                self._say(f"{last - first + 1} entries have expired: {first} to {last}")
            case events.Rejected(reason) | events.Removed(_, reason):
                raise PipeError(clean(reason))
            case events.Refusal():
                raise PipeError(explained(event.reason, event.why))
            case events.Unreachable(reason=reason):
                self._reason = f" ({reason})"
            case events.Disconnected(reason):
                self._say(f"{reason}; connecting again")

    def _print(self, entry: Entry) -> None:
        self._printed += 1
        line = as_json(entry) if self._what.json else render(entry, numbered=True)
        print(line, file=self._out, flush=True)

    def _say(self, text: str) -> None:
        print(f"chat tail: {text}", file=sys.stderr)


def as_json(entry: Entry) -> str:
    """One object on one line, whatever is in it."""
    kind = Kind(entry.kind).name.lower() if entry.kind in list(Kind) else str(entry.kind)
    facts = {
        "room": entry.room,
        "seq": entry.seq,
        "author": entry.name,
        "key": entry.key.hex(),
        "endpoint": entry.endpoint,
        "time": entry.time,
        "kind": kind,
        "text": entry.text,
        "refers": entry.refers or None,
    }
    return escaped(msgspec.json.encode(facts).decode())
