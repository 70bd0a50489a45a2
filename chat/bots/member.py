"""One bot: a guest with a socket of its own.

The first bot of a process to get a push reads all of it, and those who stand at the same place of
the log take it as read, but for what is their own: where they are, what they have had before, when
they report. Each reads one in full itself, all the same, every now and then; so does who missed
something.
"""

import secrets
import time
from collections.abc import Sequence
from math import inf

from chat.core import events, wire
from chat.core.channel import opened
from chat.core.connection import Rebind
from chat.core.guest import Guest
from chat.core.protect import PUBLISHED_SECRET
from chat.core.types import Entry, Handshake, Path, Send, Tell
from chat.handshake import DTLS, Handshaker
from chat.net.impair import CLEAR, Tally
from chat.net.impaired import Impaired

from .listener import Listener
from .network import Network, Port
from .pushes import Taken
from .reactor import QUIET, Readable

PUSH = 0x85
"""First byte of one."""

LARGE = wire.DATAGRAM_MAX // 2
"""Bytes. Pushes that come in a burst are larger: of two that are not, the server would have made
one."""

FULL = 10.0
"""Seconds after which a bot reads a push in full again."""


class Hearer:
    """What a bot tells. `at` is when it was received."""

    def heard(self, entries: Sequence[Entry], at: float) -> None:
        """The next of its room."""

    def again(self, count: int) -> None:
        """A push of so many entries came that was there before."""

    def happened(self, event: object, at: float) -> None:
        """Anything else that a guest tells."""


class Member:
    """In one room."""

    def __init__(self, network: Network, name: str, room: str, hearer: Hearer, seed: str) -> None:
        now = time.monotonic()
        self._network = network
        self._hearer = hearer
        self._server = Path(0, network.link.host, network.link.port)
        self.guest = Guest(
            self._server,
            name,
            secret=PUBLISHED_SECRET if network.insecure else None,
            random=secrets.token_bytes,
            now=now,
        )
        secret = network.secret if room == network.link.room else ""
        self.room = self.guest.join(room, now, backlog=0, secret=secret)
        if not network.repair:
            self.room.inbox = Listener(room, backlog=0)
        self._full_at = 0.0
        self._closed = False
        self._scheduled = False
        self._now = now
        """The guest's: it never goes back."""
        self._alarm = inf
        """What it is to be woken for may be over by then, or be later."""
        self._instance = self.guest.instance
        self._taken = Taken(self.room)
        self._rest = 0.0
        """When the guest has something to do, even if nothing happens but that."""
        self._impaired: Impaired | None = None
        receive: Readable = self._received
        if network.impairment != CLEAR:
            self._impaired = Impaired(network.loop, network.impairment, seed)
            receive = self._delayed(self._impaired)
        self._port = Port(network, receive, self._failed)
        self._send = self._impaired.sending(self._port.send) if self._impaired else self._port.send
        self._handshaker = Handshaker(
            network.loop,
            self.guest,
            network.link,
            network.trust,
            send=self._send,
            turn=self._soon,
            say=lambda line: hearer.happened(events.Notice(line), time.monotonic()),
        )

    @property
    def tally(self) -> Tally:
        """Of the impaired network."""
        return self._impaired.inward + self._impaired.outward if self._impaired else Tally()

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def head(self) -> int:
        """The newest entry it has heard of."""
        self._taken.tell()
        return self.room.inbox.head

    @property
    def hint(self) -> str:
        """Why there may be no session yet."""
        return self._handshaker.hint

    def open(self) -> None:
        self._port.bind()
        self.guest.connect(self._moment())
        self._turn()

    def say(self, text: str) -> int:
        """Its ticket. Raises NotSaidError."""
        (ticket,) = self.guest.say(self.room.name, text, self._moment())
        self._turn()
        return ticket

    def close(self, *, silent: bool = False) -> None:
        """With a goodbye, unless it vanishes."""
        if self._closed:
            return
        if not silent:
            self.guest.close(self._moment())
            self._turn()
        self._closed = True
        self._network.reactor.forget(self)
        self._handshaker.close()
        self._network.tally += self.tally
        if self._impaired is not None:
            self._impaired.close()
        self._port.close()

    def _delayed(self, impaired: Impaired) -> Readable:
        receive = impaired.receiving(lambda copy, _: self._received(copy, time.monotonic()))
        return lambda datagram, _: receive(datagram, self._server)

    def _failed(self, error: OSError) -> None:
        host, port = self._network.link.host, self._network.link.port
        refused = isinstance(error, ConnectionRefusedError)
        reason = f"nobody listens at {host}, UDP port {port}" if refused else str(error.strerror)
        self.guest.unreachable(reason, self._moment())
        self._soon()

    # In and out

    def _received(self, datagram: bytes, at: float) -> None:
        if not datagram or self._closed:
            return
        self._now = now = max(at, self._now)
        if datagram[0] == PUSH:
            if len(datagram) > LARGE:
                self._port.heard(len(datagram))
            push = self._network.pushes.get(datagram) if at < self._full_at else None
            if push is not None and self._taken.take(push, self._instance, now):
                self._hearer.heard(push.entries, at)
                self._rested(now)
            else:
                self._read(datagram, at)
        elif datagram[0] in DTLS:
            self._handshaker.receive(datagram)
            self._moment()
            self._soon()
        else:
            self._taken.tell()
            self.guest.receive(datagram, self._server, now)
            self._turn(at)

    def _rested(self, now: float) -> None:
        """A push was taken as read, which puts off the head that was due."""
        if now < self._rest:
            self._network.reactor.heard(self, now)
        else:
            self._taken.tell()
            self.guest.timeout(now)
            self._turn(now)

    def _read(self, datagram: bytes, at: float) -> None:
        self._taken.tell()
        self.guest.receive(datagram, self._server, self._now)
        self._full_at = at + FULL
        entries = self._turn(at)
        if self._network.repair and entries:
            self._network.pushes.add(datagram, self.room, tuple(entries))
        elif not self._network.repair and not entries:
            self._hearer.again(self._opens(datagram))

    def _opens(self, datagram: bytes) -> int:
        """How many entries are in a push of the server's."""
        header, keys = wire.decode_header(datagram), self.room.opener
        if not isinstance(header, wire.Push) or keys is None:
            return 0
        source = keys.source(header.epoch)
        if source is None or opened(source, header.counter, datagram) is None:
            return 0
        return header.count

    def alarm(self, now: float) -> None:
        """It is time, or was to be: pushes that are taken as read put off what is due."""
        self._alarm = inf
        self._now = now
        if self._taken and now < min(self._taken.at + QUIET, self._rest):
            self._wake(min(self._rest, now + FULL))
            return
        self._taken.tell()
        deadline = self.guest.deadline()
        if deadline is not None and deadline <= now:
            self.guest.timeout(now)
            self._turn(now)
        elif deadline is not None:
            self._wake(deadline)

    def _wake(self, when: float) -> None:
        self._alarm = when
        self._network.reactor.wake(self, when)

    def _moment(self) -> float:
        """Now, for the guest, which has been told all that came before."""
        self._taken.tell()
        self._now = time.monotonic()
        return self._now

    def _soon(self) -> None:
        if not self._scheduled and not self._closed:
            self._scheduled = True
            self._network.loop.call_soon(self._turn)

    def _turn(self, at: float | None = None) -> list[Entry]:
        """Does what the guest wants; returns what it told of the room's log."""
        self._scheduled = False
        if self._closed:
            return []
        self._taken.tell()
        at = self._now if at is None else at
        entries: list[Entry] = []
        for effect in self.guest.drain():
            match effect:
                case Send(path, datagram):
                    self._send(path, datagram)
                case Tell(Entry() as entry):
                    entries.append(entry)
                    self._hearer.heard((entry,), at)
                case Tell(event):
                    if isinstance(event, events.Connected):
                        self._handshaker.close()
                    self._hearer.happened(event, at)
                case Rebind():
                    self._port.bind()
                case Handshake():
                    self._handshaker.begin()
        self._instance = self.guest.instance
        self._rest = self.guest.deadline(pushed=True) or inf
        deadline = self.guest.deadline()
        if deadline is not None and deadline < self._alarm and not self._closed:
            self._wake(deadline)
        return entries
