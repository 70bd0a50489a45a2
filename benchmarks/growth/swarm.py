"""Sessions by the thousand: real guests, in one loop, at endpoints of their own."""

import gc
import hashlib
import heapq
import random
import secrets
import selectors
import time
from collections.abc import Callable
from math import ceil, inf

from chat.core import events
from chat.core.guest import Guest
from chat.core.types import Handshake, Path, Send, Tell
from chat.handshake import DTLS
from chat.secure.dtls_client import ClientHandshake

from ..fanout.machine import Unfit
from .endpoints import Endpoints, address

ROOM = 500
"""Members of each room: who comes is told to all of it once a second, so that a larger one would
measure that."""

AT_ONCE = 100
"""Sessions that are on their way in at the same time: a server keeps 256 handshakes."""

_STUCK = 30.0
"""Seconds in which nobody comes in, and the rest counts as kept out."""


class _Member:
    """One session, and the handshake that it begins with."""

    __slots__ = ("at", "due", "endpoints", "entered", "guest", "handshake")

    def __init__(self, number: int, server: Path, endpoints: Endpoints, now: float) -> None:
        self.at = address(number)
        self.endpoints = endpoints
        self.guest = Guest(server, f"m{number}", secret=None, random=secrets.token_bytes, now=now)
        self.handshake: ClientHandshake | None = None
        self.entered = False
        self.due = inf
        """When it is looked after next."""

    def receive(self, datagram: bytes, server: Path, now: float) -> None:
        if datagram[0] not in DTLS:
            self.guest.receive(datagram, server, now)
        elif self.handshake is not None:
            unfinished = self.handshake.secrets is None
            self.handshake.receive(datagram, now)
            agreed = self.handshake.secrets
            if unfinished and agreed is not None:
                proven = hashlib.sha256(self.handshake.public).digest()
                self.guest.admitted(agreed.id, agreed.secret, proven, now)

    def timeout(self, now: float) -> None:
        self.guest.timeout(now)
        if self.handshake is not None:
            self.handshake.timeout(now)

    def deadline(self) -> float:
        shaking = self.handshake.deadline() if self.handshake is not None else None
        times = (self.guest.deadline(), shaking)
        return min((time for time in times if time is not None), default=inf)


class Swarm:
    """`lost` sessions were open and ended, `drops` datagrams did not get to theirs because this
    process was too slow."""

    def __init__(self, server: tuple[str, int], sessions: int) -> None:
        self.sessions = sessions
        self.entered = 0
        self.lost = 0
        self.said = self.heard = 0
        """Datagrams of all sessions."""
        self.trouble = ""
        """What a session was told last that went wrong."""
        self._server = Path(0, *server)
        self._selector = selectors.DefaultSelector()
        self._endpoints = [Endpoints(server) for _ in range(ceil(sessions / ROOM))]
        for endpoints in self._endpoints:
            self._selector.register(endpoints, selectors.EVENT_READ, endpoints)
        self._members: dict[bytes, _Member] = {}
        self._due: list[tuple[float, bytes]] = []

    @property
    def drops(self) -> int:
        return sum(endpoints.drops for endpoints in self._endpoints)

    def come_in(self, until: int, progress: Callable[[int], None]) -> None:
        """Joins until so many are in. Raises Unfit."""
        moved = time.monotonic()
        while self.entered < until:
            here, now = self.entered, time.monotonic()
            while len(self._members) < min(until, here + AT_ONCE):
                self._begin(now)
            self._turn()
            if self.entered // ROOM > here // ROOM:
                self._settle()
                progress(self.entered)
            if self.entered > here:
                moved = now
            elif now - moved > _STUCK:
                raise Unfit(
                    f"{self.entered:,} sessions came in, and then none in {_STUCK:g} s: "
                    f"{self.trouble or 'the server does not answer'}"
                )

    def live(self, seconds: float) -> None:
        """Does for so long what sessions do."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn(end)

    def close(self) -> None:
        """Nobody says goodbye: the server is about to end."""
        self._selector.close()
        for endpoints in self._endpoints:
            endpoints.close()
        self._members.clear()
        gc.unfreeze()
        gc.collect()

    def _settle(self) -> None:
        """Guests stay: the collector need not look at those that are in again and again."""
        gc.collect()
        gc.freeze()

    def _begin(self, now: float) -> None:
        number = len(self._members)
        member = _Member(number, self._server, self._endpoints[number // ROOM], now)
        self._members[member.at] = member
        member.guest.join(f"room{number // ROOM}", now, backlog=0)
        member.guest.connect(now)
        self._act(member, now)

    def _turn(self, end: float = inf) -> None:
        """What came goes before what is due: who is heard late has not been silent."""
        soonest = min(self._due[0][0] if self._due else inf, end)
        pause = min(max(soonest - time.monotonic(), 0.0), 1.0)
        ready = self._selector.select(pause)
        for key, _ in ready:
            for at, datagram in key.data.receive():
                now = time.monotonic()
                member = self._members[at]
                self.heard += 1
                member.receive(datagram, self._server, now)
                self._act(member, now)
        now = time.monotonic()
        while not ready and self._due and self._due[0][0] <= now:
            due, at = heapq.heappop(self._due)
            member = self._members[at]
            if due == member.due:
                member.due = inf
                if (moved := member.deadline()) > now:
                    self._watch(member, moved)
                else:
                    member.timeout(now)
                    self._act(member, now)

    def _act(self, member: _Member, now: float) -> None:
        for effect in member.guest.drain():
            match effect:
                case Send(_, datagram):
                    self._send(member, datagram)
                case Handshake():
                    member.handshake = ClientHandshake(now, jitter=random.random)
                case Tell(event):
                    self._told(member, event)
        if member.handshake is not None:
            for datagram in member.handshake.datagrams():
                self._send(member, datagram)
        self._watch(member, member.deadline())

    def _watch(self, member: _Member, due: float) -> None:
        """A deadline that has moved away is found out about when the one before has come."""
        if due < member.due:
            member.due = due
            heapq.heappush(self._due, (due, member.at))

    def _send(self, member: _Member, datagram: bytes) -> None:
        self.said += 1
        member.endpoints.send(member.at, datagram)

    def _told(self, member: _Member, event: object) -> None:
        match event:
            case events.Connected():
                member.handshake = None
            case events.Entered() if not member.entered:
                member.entered = True
                self.entered += 1
            case events.Disconnected(reason=reason):
                self.lost += 1
                self.trouble = reason
            case events.Rejected(reason=reason) | events.Unreachable(reason=reason):
                self.trouble = reason
