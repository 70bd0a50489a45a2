"""The server: one loop around one hub.

Each turn of the loop takes all datagrams that are there, drains the hub once, sends, hands the log
its requests, and arms one timer.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from socket import socket

from chat.core import asks
from chat.core.audit import Audited
from chat.core.happenings import Came, Skipped, Went
from chat.core.hub import Hub
from chat.core.motions import Operated
from chat.core.plain import Policy
from chat.core.protect import PUBLISHED_SECRET
from chat.core.snapshot import RoomRow, SessionRow
from chat.core.types import (
    Append,
    Check,
    Close,
    Effect,
    Extract,
    Fetch,
    Follow,
    Harden,
    Open,
    Path,
    Push,
    Request,
    Send,
    Snapshot,
    Subscribe,
    Tell,
    Trim,
    Unfollow,
    Unsubscribe,
)
from chat.log.api import Log, LogError
from chat.net.fanout import Fanout
from chat.net.ports import Ports
from chat.net.timer import Timer
from chat.secure.credentials import Credentials

from .checker import Checker
from .commit import Batch, Committer
from .door import Door, server_id

log = logging.getLogger("chat.server")

_WATCH = 10.0
"""Seconds between two looks at what the kernel dropped."""


class Server:
    """Owns sockets, hub and log from `start` to `close`."""

    def __init__(
        self,
        sockets: Sequence[socket],
        store: Log,
        *,
        identity: bytes,
        credentials: Credentials | None,
        version: str,
        plain: Policy = Policy.LOOPBACK,
        masked: bool = False,
    ) -> None:
        """Needs a running loop. `store` is used on another thread from now on. `credentials` are
        what handshakes prove; None: sessions' keys are published."""
        self._loop = asyncio.get_running_loop()
        self._hub = Hub(
            secret=PUBLISHED_SECRET if credentials is None else None,
            identity=identity,
            server=server_id(credentials) if credentials is not None else b"",
            random=secrets.token_bytes,
            now=time.monotonic(),
            version=version,
            plain=plain,
            masked=masked,
        )
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._timer = Timer(self._loop, self._timeout)
        self._door_timer = Timer(self._loop, self._close_slow)
        self._draining = False
        self._trouble = ""
        self._drops = 0
        self._ports = Ports(
            self._loop,
            sockets,
            received=self._received,
            refused=self._refused,
            turn=self._turn,
        )
        self._door = Door(self._hub, credentials, send=self._ports.send, push=self._ports.push)
        self._fanout = Fanout(self._door.push)
        self._committer = Committer(store, self._answered, self._ports.catch_up)
        self._checker = Checker(self._checked, self._hardened)
        self._watch = self._loop.call_later(_WATCH, self._look)

    def admins(self, keys: frozenset[bytes]) -> None:
        """Whose names' public keys make them admins in every room from now on."""
        self._hub.admins(keys, time.monotonic())
        self._turn()

    async def start(self) -> tuple[Path, ...]:
        """Where it listens, once it answers. Raises what the log raises."""
        self._turn()
        await asyncio.wait(
            (self._ready, self._committer.ended), return_when=asyncio.FIRST_COMPLETED
        )
        for ended in (self._committer.ended, self._ready):
            if ended.done():
                ended.result()
        return self._ports.paths

    async def run(self) -> None:
        """Until it is closed. Raises what the log raises that it must not."""
        await asyncio.shield(self._committer.ended)

    async def close(self) -> None:
        """What was said is stored and told to all; then the clients learn that we go."""
        self._draining = True
        self._watch.cancel()
        self._checker.close()
        self._committer.close()
        await asyncio.wait((self._committer.ended,))
        self._hub.shutdown()
        self._turn()
        self._timer.set(None)
        self._door_timer.set(None)
        self._ports.close()

    # For the operator

    @property
    def members(self) -> int:
        """Sessions and endpoints of plain text."""
        return self._hub.census().members

    def sessions(self, after: float) -> Iterator[SessionRow]:
        """Everybody who came after that moment; to be read at once."""
        return self._hub.sessions(after, self._ports.queued(), time.monotonic())

    def list_rooms(self, after: str) -> Iterator[RoomRow]:
        """All rooms but direct ones, by name, after that one; to be read at once."""
        return self._hub.list_rooms(after)

    async def operate(self, act: asks.Act) -> Operated:
        """Moderates as the operator; without a room in the whole server. What came of it, when
        the log has it."""
        ticket: asyncio.Future[Operated] = self._loop.create_future()
        self._hub.operate(ticket, act, time.monotonic(), time.time_ns() // 1_000_000)
        self._turn()
        return await ticket

    async def audit(self, room: str, after: int) -> Audited:
        """What was done there, or in all rooms, after that seq of the registry: a page of it."""
        ticket: asyncio.Future[Audited] = self._loop.create_future()
        self._hub.audit(ticket, room, after)
        self._turn()
        return await ticket

    def announce(self, text: str) -> int | None:
        """Tells everybody. To how many; None: the announcement before is still being told."""
        told = self._hub.announce(text, time.monotonic())
        self._turn()
        return told

    def take_nobody(self, reason: str) -> None:
        """From now on nobody new, who is told why."""
        self._hub.take_nobody(reason)

    # Turns

    def _received(self, datagram: bytes, path: Path) -> None:
        if not self._draining:
            self._door.receive(datagram, path, time.monotonic(), time.time_ns() // 1_000_000)

    def _refused(self, path: Path) -> None:
        self._door.refuses(path, time.monotonic())

    def _turn(self) -> None:
        requests: list[Request] = []
        for effect in self._hub.drain():
            self._do(effect, requests)
        self._fanout.flush()
        if requests:
            self._committer.submit(requests)
        if self._committer.ticking:
            self._ports.rest()
        self._timer.set(self._hub.deadline())
        self._door_timer.set(self._door.deadline())

    def _do(self, effect: Effect, requests: list[Request]) -> None:
        match effect:
            case Send(path, datagram):
                self._door.send(path, datagram)
            case Push(group, datagram):
                self._fanout.push(group, datagram)
            case Subscribe(group, path):
                self._fanout.subscribe(group, path)
            case Unsubscribe(group, path):
                self._fanout.unsubscribe(group, path)
            case Close(path):
                self._door.close(path)
            case Append() | Open() | Fetch() | Follow() | Unfollow() | Trim():
                requests.append(effect)
            case Check() | Harden():
                self._checker.submit(effect)
            case Tell(Came(name, endpoint, form)):
                log.info("%s came, %s, %s", name, endpoint, form.value)
            case Tell(Went(name, endpoint, form)):
                log.info("%s went, %s, %s", name, endpoint, form.value)

            case Tell(Operated(asyncio.Future() as ticket) | Audited(asyncio.Future() as ticket)):
                if not ticket.done():  # It was waited for in vain.
                    ticket.set_result(effect.event)
            case Tell(Skipped(entries)):
                log.warning(
                    "%d entries of the registry were skipped: damaged, or a newer version's",
                    entries,
                )

    def _timeout(self, now: float) -> None:
        self._hub.timeout(now)
        self._turn()

    def _close_slow(self, now: float) -> None:
        self._door.timeout(now)
        self._turn()

    def _answered(self, batch: Batch) -> None:
        """The log's answers: pushes and acknowledgements come out of here."""
        hub, now, wall = self._hub, time.monotonic(), time.time_ns() // 1_000_000
        for room, result in batch.results:
            hub.appended(room, result, now)
        for room, records in batch.news:
            hub.logged(room, records, now, wall)
        for request, answer in batch.answers:
            match answer:
                case Snapshot():
                    hub.opened(request.ticket, answer, now, wall)
                case Extract():
                    hub.fetched(request.ticket, answer, now, wall)
                case _:
                    hub.failed(request.ticket, str(answer), now, wall)
        if (batch.results or batch.trouble) and batch.trouble != self._trouble:
            self._trouble = batch.trouble
            if batch.trouble:
                log.error("the log refuses: %s", batch.trouble)
            else:
                log.warning("the log takes what is said again")
        self._turn()
        if not self._ready.done():
            if hub.ready:
                self._ready.set_result(None)
            elif hub.trouble:
                self._ready.set_exception(LogError(hub.trouble))

    def _checked(self, ticket: object, ok: bool | None) -> None:
        self._hub.checked(ticket, ok, time.monotonic(), time.time_ns() // 1_000_000)
        self._turn()

    def _hardened(self, ticket: object, verifier: str) -> None:
        self._hub.hardened(ticket, verifier, time.monotonic(), time.time_ns() // 1_000_000)
        self._turn()

    def _look(self) -> None:
        """Silent loss is the worst kind: what the kernel dropped is said."""
        drops = self._ports.receive_drops() or 0
        if drops > self._drops:
            log.warning(
                "the kernel dropped %d datagrams: the server was too busy", drops - self._drops
            )
            self._drops = drops
        self._watch = self._loop.call_later(_WATCH, self._look)
