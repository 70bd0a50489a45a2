"""The event loop of a crowd, inside that of the process: the sockets of all its bots behind one
wake-up, and what they wait for behind one timer.

A push makes a thousand sockets ready at once. They are found by one call, and the moment of it is
the time at which all of that counts as received: what is read last has not waited for its reader.
Nothing is late for a bot that is there already: its timer comes after what its socket had.
Only who stood still does not know how long ago something came.
"""

import asyncio
import selectors
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from itertools import chain
from typing import Protocol

from chat.core.timers import Timers
from chat.net import kernel
from chat.net.timer import Timer

TURN = 0.002
"""Seconds of work, before others than bots have a turn: what is to be sent, above all."""

LARGEST = 1500
"""Bytes; no datagram of ours is as large."""

Readable = Callable[[bytes, float], None]
Failed = Callable[[OSError], None]


BEAT = 0.1
"""Seconds after which it looks again in any case, so that it knows when it could not."""

STILL = 0.4
"""Seconds between two looks, after which it stood still: stopped by Ctrl-Z, or without a CPU."""

QUIET = 0.35
"""Seconds after a push, in which nothing else of a guest's is due: the first head is, then."""


class Waiting(Hashable, Protocol):
    """Who has an alarm."""

    def alarm(self, now: float) -> None: ...


class _Source:
    """A socket, and who is told of it."""

    __slots__ = ("failed", "read", "received", "rest", "sock")

    def __init__(self, sock: socket.socket, received: Readable, failed: Failed) -> None:
        self.sock = sock
        self.read: Callable[[int], bytes] = sock.recv
        self.received = received
        self.failed = failed
        self.rest: list[bytes] = []
        """Of a burst that was one read: what was not handed over yet, the first of it last."""


class Reactor:
    """`received(datagram, at)` is called for each datagram of a socket that was added, and
    `failed(error)` for each error that it has."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._selector = selectors.DefaultSelector()
        self._ready: deque[_Source] = deque()
        self._at = time.monotonic()
        """When it looked last."""
        self.resumed = 0.0
        """When it went on after it had stood still last."""
        self.still = 0.0
        """Seconds for which it did, in all."""
        self._alarms: Timers[Waiting] = Timers()
        self._heard: OrderedDict[Waiting, float] = OrderedDict()
        """When each has heard a push that leaves it nothing to do: all wait equally long for the
        next one, so they need no alarms, and who has waited longest is first."""
        self._timer = Timer(loop, lambda _: self._begin())
        self._going = False
        """A turn has ended before all was done, and the next one comes."""
        self._closed = False
        self._timer.set(self._at + BEAT)
        loop.add_reader(self._selector.fileno(), self._begin)

    def add(self, sock: socket.socket, received: Readable, failed: Failed) -> None:
        self._selector.register(sock, selectors.EVENT_READ, _Source(sock, received, failed))

    def gather(self, sock: socket.socket) -> None:
        """From now on a burst that comes on this socket is one read, where the system can do that:
        for who hears many, since a datagram by itself takes half as long again to read so."""
        if kernel.gather(sock):
            source = self._selector.get_key(sock).data
            source.read = partial(self._next, source)

    def remove(self, sock: socket.socket) -> None:
        """Before it is closed."""
        self._selector.unregister(sock).data.rest.clear()

    def wake(self, who: Waiting, when: float) -> None:
        """At the latest; each has one alarm, and what it is for may be over by then. Who is always
        due comes after those who were due before."""
        self._alarms.set_earlier(who, max(when, self._at))
        self._expect(when)

    def heard(self, who: Waiting, now: float) -> None:
        """It is woken when it has heard nothing more for so long."""
        self._heard[who] = now
        self._heard.move_to_end(who)
        self._expect(now + QUIET)

    def forget(self, who: Waiting) -> None:
        self._alarms.cancel(who)
        self._heard.pop(who, None)

    def close(self) -> None:
        self._loop.remove_reader(self._selector.fileno())
        self._selector.close()
        self._timer.set(None)
        self._closed = True

    def _begin(self) -> None:
        if not self._going:
            self._turn()

    def _turn(self) -> None:
        """What is ready, and then what is due; each for so long, and the rest in the next turn."""
        if self._closed:
            return
        self._going = True
        try:
            if not self._ready:
                self._look()
            self._read(time.monotonic() + TURN)
            if not self._ready:
                self._ring(time.monotonic() + TURN)
        finally:
            due = self._due()
            self._going = bool(self._ready) or due <= time.monotonic()
            if self._going:
                self._loop.call_soon(self._turn)
            else:
                self._timer.set(due)

    def _look(self) -> None:
        self._ready.extend(key.data for key, _ in self._selector.select(0))
        before, self._at = self._at, time.monotonic()
        if self._at - before > STILL:
            self.resumed = self._at
            self.still += self._at - before

    def _due(self) -> float:
        due = self._at + BEAT
        if self._heard:
            due = min(due, next(iter(self._heard.values())) + QUIET)
        alarm = self._alarms.deadline()
        return due if alarm is None else min(due, alarm)

    def _expect(self, when: float) -> None:
        due = self._timer.deadline
        if not self._going and (due is None or when < due):
            self._timer.set(when)

    def _read(self, until: float) -> None:
        ready, at = self._ready, self._at
        while ready and time.monotonic() < until:
            source = ready.popleft()
            try:
                datagram = source.read(LARGEST)
            except BlockingIOError:
                continue
            except OSError as error:
                if source.sock.fileno() >= 0:  # It may have been closed since.
                    source.failed(error)
                continue
            source.received(datagram, at)

    def _next(self, source: _Source, _: int) -> bytes:
        """Of who gathers, and is ready for as long as there is more of what it read."""
        if not source.rest:
            source.rest.extend(reversed(kernel.receive(source.sock)))
        datagram = source.rest.pop()
        if source.rest:
            self._ready.appendleft(source)
        return datagram

    def _ring(self, until: float) -> None:
        now = time.monotonic()
        for who in chain(self._quiet(now), self._alarms.due(now)):
            who.alarm(now)
            now = time.monotonic()
            if now >= until:
                return

    def _quiet(self, now: float) -> Iterator[Waiting]:
        while self._heard:
            who, at = next(iter(self._heard.items()))
            if at + QUIET > now:
                return
            del self._heard[who]
            yield who
