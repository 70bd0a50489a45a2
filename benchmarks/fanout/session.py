"""One sealed member, without a loop around it: comes in, reports, repairs, says things.

Its pushes are counted by the crowd; what takes keys is done here.
"""

import hashlib
import random
import secrets
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import NamedTuple

from chat.core import asks, limits, protect, wire
from chat.core.channel import Channel
from chat.core.introduction import Introduction
from chat.core.liveness import Liveness
from chat.core.outbox import Draft, Outbox
from chat.core.polling import Polling
from chat.core.recovery import FetchWindow, RoundTrip
from chat.core.reporter import Reporter
from chat.core.speaker import Speaker
from chat.core.timers import earliest
from chat.core.types import Kind, Range
from chat.net import kernel
from chat.net.connection import BUFFER
from chat.secure.dtls_client import ClientHandshake

from .crowd import Mark
from .machine import Unfit
from .server import DEADLINE

_AGAIN = 0.25
"""Seconds after which what opens a session is sent again."""

_SLACK = 0.001
"""Seconds between two looks at what a member has to do, at least."""


class _Fetch(NamedTuple):
    """The one that is outstanding."""

    request: int
    sent: float
    due: float
    pages: set[int]


class Session:
    """A member of one room. Every `now` is monotonic seconds."""

    def __init__(self, server: tuple[str, int], name: str, room: str, *, insecure: bool) -> None:
        """Comes in, and blocks for it. Raises Unfit."""
        self.rtt = RoundTrip()
        self._speaker = Speaker(room, self.rtt)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        kernel.enlarge(self.sock, BUFFER)
        self.sock.connect(server)
        me = Introduction(
            protect.PUBLISHED_SECRET if insecure else None, secrets.token_bytes, lambda _: None
        )
        me.name = name
        self.instance = me.instance
        self.signed = False
        self.asides = 0
        """Datagrams sent that are not drafts by a schedule: reports for the most part."""
        joined = self._enter(me, room)
        self.sock.setblocking(False)
        self.tag = joined.tag
        now = time.monotonic()
        self.outbox.window = joined.window
        self._speaker.enter(joined.last_n, now)
        self.key = joined.key
        start = joined.counter
        self.mark = Mark(joined.head, joined.head, 0, start, start, joined.epoch)
        """Where it begins."""
        self.reporter = Reporter(self.rtt)
        self.reporter.begin(joined.interval, joined.ordinal, now)
        self._polling = Polling(self.rtt)
        """Of who is not pushed to."""
        self._change = 0
        self._window = FetchWindow()
        self._fetch: _Fetch | None = None
        self._fetches = 0
        self._queued = 0.0
        self._tries = 0
        self._gap_at: float | None = None
        self._liveness = Liveness(self.rtt, random.random, now)

    @property
    def outbox(self) -> Outbox:
        """What it has yet to say, or to say again."""
        return self._speaker.outbox

    @property
    def polls(self) -> bool:
        """The server does not push to this one at the moment."""
        return self._polling.on

    # In

    def receive(self, datagram: bytes, now: float) -> list[wire.Frame]:
        """What is in a session's datagram. Raises Unfit where the session is over."""
        header = wire.decode_header(datagram)
        if isinstance(header, wire.Reset):
            raise Unfit("the server ended a session")
        if not isinstance(header, wire.Session) or header.sid != self._channel.sid:
            return []
        plaintext = self._channel.open(header, datagram)
        if plaintext is None:
            return []
        self._heard(now)
        frames = wire.decode_frames(plaintext)
        for frame in frames:
            match frame:
                case wire.Pong(token):
                    self._liveness.pong(token, now)
                case wire.Ack(n=n):
                    self._speaker.answered(n, now)
                case wire.PathChallenge(token):
                    self._channel.queue(wire.PathResponse(token))
                case wire.Window(size=size):
                    self.outbox.window = size
                case wire.Pushing(change=change, on=on) if change > self._change:
                    self._change = change
                    if on:
                        self._polling.stop()
                    elif not self._polling.on:
                        self._polling.start(now)
        return frames

    def page(self, page: wire.Page, now: float) -> bool:
        """Whether it is of our fetch, and new."""
        fetch = self._fetch
        if fetch is None or page.request != fetch.request or page.index in fetch.pages:
            return False
        if not fetch.pages:
            self.rtt.sample(now - fetch.sent)
            self._queued = now - fetch.sent - self.rtt.least
        fetch.pages.add(page.index)
        if len(fetch.pages) >= page.pages:
            self._window.complete(page.pages, self._queued)
            self._polling.answered(bool(page.bodies), now)
            self._tries = 0
            self._fetch, self._gap_at = None, now
        return True

    def gap(self, now: float) -> None:
        """Something is missing, or merely late."""
        if self._gap_at is None:
            self._gap_at = now + self.rtt.reordering

    def acked(self, n: int, now: float) -> None:
        """Ours are in the log up to `n`: somebody was pushed that."""
        self._heard(now)
        self._speaker.logged(self.outbox.ack(n), now)

    # Out

    def say(self, said: bytes) -> None:
        """Goes out with `speak`, as the window allows."""
        self.outbox.add(Draft(0, Kind.MESSAGE, said.decode(), 0, False))

    def speak(self, now: float) -> None:
        """What may go out now, or has to again."""
        if self._speaker.overdue(now) and not self._liveness.probing:
            self._ping(now)
        for n, draft in self._speaker.say(now):
            self._channel.queue(self._draft(n, draft.text.encode()))
        self.flush(now)

    def ahead(self, n: int, said: bytes) -> bytes:
        """The datagram of a draft that somebody else sends, in the order in which it is sealed."""
        return self._channel.seal(wire.encode_frame(self._draft(n, said)))

    def work(
        self,
        now: float,
        mark: Callable[[], Mark],
        gaps: Callable[[], list[tuple[int, int]]],
    ) -> float:
        """Reports, pings, fetches and repeats what is due; returns when to come again."""
        report = self.reporter.report(self.tag, mark().contiguous, mark(), now)
        if report is not None:
            self._channel.queue(report)
        if now >= self._ping_at:
            self._ping(now)
        if self._fetch is not None and now >= self._fetch.due:
            self._window.lost()
            self._tries += 1
            self._fetch, self._gap_at = None, now
        poll_at = self._polling.due
        wanted = [time for time in (self._gap_at, poll_at) if time is not None and time <= now]
        if wanted and self._fetch is None:
            self._repair(gaps(), mark(), now)
        if (self._speaker.deadline or inf) <= now:
            self.speak(now)
        self.flush(now)
        fetch = self._fetch.due if self._fetch is not None else None
        waiting = (self._gap_at, self._polling.due) if self._fetch is None else ()
        report_at = self.reporter.deadline(mark().contiguous, mark())
        if report_at is None:  # Nobody says when there is something to report: it is looked at.
            report_at = max(self.reporter.due, now + self.reporter.interval / 4)
        due = earliest(self._ping_at, self._speaker.deadline, report_at, fetch, *waiting)
        return max(now + _SLACK, due or inf)

    def flush(self, now: float) -> None:
        for datagram in self._channel.datagrams():
            self.sock.send(datagram)
            self.asides += 1
            self._liveness.sent(now)

    def close(self) -> None:
        self._channel.queue(wire.Bye())
        with suppress(OSError):  # the server may be gone already
            self.flush(time.monotonic())
        self.sock.close()

    def _draft(self, n: int, said: bytes) -> wire.Draft:
        return wire.Draft(self.tag, n, Kind.MESSAGE, 0, 0, said)

    def _heard(self, now: float) -> None:
        self.rtt.heard(now)
        self._liveness.heard(now)

    @property
    def _ping_at(self) -> float:
        probe = self._liveness.probe_at
        return self._liveness.keepalive_at if probe is None else probe

    def _ping(self, now: float) -> None:
        token = self._liveness.ping(now)
        if token is None:
            raise Unfit("the server is silent")
        self._channel.queue(wire.Ping(token))

    def _repair(self, gaps: list[tuple[int, int]], mark: Mark, now: float) -> None:
        if self._polling.on:
            first = max([mark.head, *(last for _, last in gaps)]) + 1
            gaps = [*gaps, (first, first + limits.BUFFERED_ENTRIES)]
            self._polling.asked(now)
        if not gaps:
            self._gap_at = None
            return
        self._fetches += 1
        self._fetch = _Fetch(self._fetches, now, now + self.rtt.timeout(self._tries), set())
        ranges = tuple(Range(first, last) for first, last in gaps[: limits.RANGES])
        self._channel.queue(wire.Fetch(self._fetches, self.tag, self._window.size, ranges))

    # Coming in

    def _enter(self, me: Introduction, room: str) -> asks.Joined:
        def greeting() -> list[asks.Request]:
            return [asks.Join(1, room, ())]

        opening = me.opening(greeting)
        if opening is None:
            handshake = self._shake()
            assert handshake.secrets is not None
            server = hashlib.sha256(handshake.public).digest()
            opening = me.shaken(handshake.secrets.id, handshake.secrets.secret, server, greeting)
        end = time.monotonic() + DEADLINE
        channel: Channel | None = None
        while (now := time.monotonic()) < end:
            if channel is None:
                self.sock.send(opening.datagram())
            while (datagram := self._next(now + _AGAIN)) is not None:
                frames: list[wire.Frame] = []
                match wire.decode_header(datagram):
                    case wire.Answer() as header if opening.answer(header):
                        break
                    case wire.Retry():
                        raise Unfit("the server does not let members in this way")
                    case wire.Session() as header if channel is not None:
                        plaintext = channel.open(header, datagram)
                        frames = wire.decode_frames(plaintext) if plaintext else []
                    case wire.Session() as header:
                        begun = opening.welcome(header, datagram)
                        if begun is not None:
                            self.rtt.sample(time.monotonic() - now)
                            channel, frames = begun.channel, begun.frames
                joined = self._joined(frames)
                if joined is not None and channel is not None:
                    self._channel = channel
                    return joined
        raise Unfit(f"a member was not let in within {DEADLINE:g} s")

    def _joined(self, frames: list[wire.Frame]) -> asks.Joined | None:
        for frame in frames:
            if isinstance(frame, wire.Reply):
                match asks.decode_response(frame.body):
                    case asks.Welcome() as welcome:
                        self.signed = bool(welcome.push_key)
                    case asks.Joined() as joined:
                        return joined
                    case asks.Refused(reason=reason):
                        raise Unfit(f"the server refused a member: {reason}")
        return None

    def _shake(self) -> ClientHandshake:
        handshake = ClientHandshake(time.monotonic(), jitter=random.random)
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            for datagram in handshake.datagrams():
                self.sock.send(datagram)
            if handshake.secrets is not None:
                return handshake
            came = self._next(handshake.deadline() or end)
            if came is not None:
                handshake.receive(came, time.monotonic())
            else:
                handshake.timeout(time.monotonic())
        raise Unfit(f"no handshake within {DEADLINE:g} s")

    def _next(self, until: float) -> bytes | None:
        """The next datagram; None: there is none by then."""
        pause = max(0.0, until - time.monotonic())
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        if not poll.poll(pause * 1000):
            return None
        try:
            return self.sock.recv(2048)
        except ConnectionRefusedError:
            raise Unfit("the server is not there") from None
