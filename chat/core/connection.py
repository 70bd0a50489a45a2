"""A guest's session with its server: opened, probed, and opened anew when nothing answers.

One instance, which others know this guest by, over any number of sessions one after the other.
Each opening draws its own random, so no two sessions ever share a key.
"""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from . import asks, events, limits, protect, wire
from .channel import Channel
from .introduction import Introduction
from .liveness import Liveness
from .opening import Opening
from .recovery import RoundTrip
from .signatures import NameKey
from .types import Effect, Handshake, Path, Send, Tell

_TRIES = 4
"""Repetitions of one OPEN or FIRST before a new attempt, from another endpoint if there is one."""

_REFUSED = _TRIES + 1
"""In the place of their number: it was answered, but not taken."""

_EAGER = 0.25
"""Seconds between the first repetitions: nothing is known of the path yet, and an opening is a few
small datagrams. The wait doubles from the third on."""

_WAIT_MAX = 8.0

_PATIENT = 3
"""Attempts in vain that make the next one wait for longer."""

_HANDSHAKE_WAIT = 2.5
"""Seconds for the first handshake whose server has not been heard; then another of its addresses is
tried."""

_HANDSHAKE_MOST = 10.0
"""Seconds for one whose server has."""

_REFUSED_PAUSE = 5.0
"""Seconds, at least, before a server that refused is asked again."""


class Rebind(Struct, frozen=True):
    """To the shell: nothing answers here; go on from another endpoint."""


class SessionUser(Protocol):
    """Whoever's session it is."""

    def greeting(self) -> list[asks.Request]:
        """What goes with HELLO."""

    def began(self) -> None:
        """A session stands; nothing of an older one counts in it."""

    def ended(self) -> None:
        """The session is gone; the next one is being opened."""


class Connection:
    """`live` while a session stands. Every `now` is monotonic seconds."""

    def __init__(
        self,
        server: Path,
        user: SessionUser,
        emit: Callable[[Effect | Rebind], None],
        *,
        secret: bytes | None,
        random: Callable[[int], bytes],
        key_of: Callable[[str], NameKey | None],
    ) -> None:
        """`secret` is the published one; None: the shell is asked for handshakes."""
        self.me = Introduction(secret, random, key_of)
        self.rtt = RoundTrip()
        self.dropped: Counter[str] = Counter()
        self._server = server
        self._user = user
        self._emit = emit
        self._random = random
        self._channel: Channel | None = None
        self._liveness: Liveness | None = None
        self._reset_token = b""
        self.push_key = b""
        """What the server signs pushes with, if it does."""
        self.reading = 0
        """The number of the session's datagram that is being read."""
        self._welcomed = self._ever = False
        self._opening: Opening | None = None
        self._opening_at: float | None = None
        """When the opening, or the handshake before it, goes on."""
        self._shaking: float | None = None
        """When the handshake began that we wait for."""
        self._tries = self._attempts = 0
        self._unanswered = 0
        """Datagrams of openings since the server was last heard."""
        self._sent: dict[int, float] = {}
        """When each sending of this OPEN went out."""

    @property
    def live(self) -> bool:
        return self._channel is not None

    @property
    def heard_at(self) -> float | None:
        """When something authentic last came in; None without a session."""
        return self._liveness.heard_at if self._liveness else None

    def chance(self) -> float:
        """From 0 to 1."""
        return int.from_bytes(self._random(4), "big") / (1 << 32)

    # What its user does with it

    def open(self, now: float) -> None:
        """A new attempt."""
        self._attempts += 1
        self._tries = 0
        self._sent = {}
        self._shaking = None
        self._opening = self.me.opening(self._user.greeting)
        if self._opening is not None:
            self._send_opening(now)
        else:
            self._shaking = now
            self._opening_at = now + min(_HANDSHAKE_WAIT * (1 + self._patience), _HANDSHAKE_MOST)
            self._emit(Handshake())

    def admitted(self, handshake: bytes, secret: bytes, server: bytes, now: float) -> None:
        """The handshake has ended, and the server is the right one: `server` is what it proved."""
        if self._shaking is not None:
            self._shaking = None
            self._opening = self.me.shaken(handshake, secret, server, self._user.greeting)
            self._send_opening(now)

    def shaking(self, now: float) -> None:
        """The server was heard in the handshake: it gets more time."""
        if self._shaking is not None:
            self._opening_at = self._shaking + _HANDSHAKE_MOST
            self._unanswered = self._patience

    def distrusted(self, reason: str) -> None:
        """The handshake has ended, and the server is not the right one: nothing more is tried."""
        self._give_up(reason)

    def queue(self, frame: wire.Frame) -> None:
        """Goes out with the next flush; only while live."""
        assert self._channel is not None
        self._channel.queue(frame)

    def flush(self, now: float) -> None:
        """Seals and sends what was queued."""
        if self._channel is None:
            return
        for datagram in self._channel.datagrams():
            self._emit(Send(self._server, datagram))
            if self._liveness is not None:
                self._liveness.sent(now)
        if self._channel.spent:
            self.lose("its keys are used up", now)

    def suspect(self, now: float) -> None:
        """Something was not answered in time: probe, unless that is being done."""
        if self._liveness is not None and not self._liveness.probing:
            self._probe(now)

    def probe(self, now: float) -> None:
        """Our endpoint may be another one: the server is to know."""
        if self._liveness is not None:
            self._probe(now)

    def lose(self, reason: str, now: float, within: float = 0.0) -> None:
        """This session is over; the next one begins to be opened, `within` so many seconds."""
        self._channel = self._liveness = None
        if self._welcomed:
            self._welcomed = False
            self._emit(Tell(events.Disconnected(reason)))
        self._user.ended()
        if within:
            self._opening = self._shaking = None
            self._opening_at = now + within * self.chance()
        else:
            self.open(now)

    def renew(self, reason: str, now: float) -> None:
        """Goes on as somebody new."""
        self._goodbye(now)
        self.me.renew()
        self.lose(reason, now)

    def close(self, now: float) -> None:
        """Says goodbye; nothing is sent or awaited after it."""
        self._goodbye(now)
        self._channel = self._liveness = None
        self._opening = self._opening_at = self._shaking = None

    def unreachable(self, reason: str, now: float) -> None:
        """The network says so, which anybody could have forged: worth a word, and a probe."""
        if self._channel is None:
            self._emit(Tell(events.Unreachable(self._attempts, reason)))
        else:
            self.suspect(now)

    # Datagrams

    def heard(self, now: float) -> None:
        """Something authentic came in."""
        self.rtt.heard(now)
        if self._liveness is not None:
            self._liveness.heard(now)

    def pushed(self, members: int, now: float) -> None:
        """Something authentic came in, to all of so many."""
        self.heard(now)
        if self._liveness is not None:
            self._liveness.beat(members, now)

    def receive(self, header: wire.Session, datagram: bytes, now: float) -> list[wire.Frame]:
        """The frames of a session datagram; none where it is not for us. Raises MalformedError."""
        channel = self._channel
        if channel is not None and channel.sid == header.sid:
            plaintext = channel.open(header, datagram)
            if plaintext is None:
                self.dropped["not opened"] += 1
                return []
            self.heard(now)
            self.reading = header.counter
            return wire.decode_frames(plaintext)
        begun = self._opening.welcome(header, datagram) if self._opening is not None else None
        if begun is None:
            self.dropped["unknown session id"] += 1
            return []
        if self._refused(begun.frames, now):
            return []
        self.rtt.elsewhere()
        self._measure(now)
        self._channel = begun.channel
        self.reading = header.counter
        self.me.begun(begun.resumption)
        self._opening = self._opening_at = None
        self._attempts = self._unanswered = 0
        self._liveness = Liveness(self.rtt, self.chance, now)
        self._user.began()
        return begun.frames

    def moved(self, now: float) -> None:
        """We send from a new endpoint from now on."""
        self.rtt.elsewhere()
        self.probe(now)

    def _measure(self, now: float) -> None:
        """By the session's first datagram, the answer to one of our FIRSTs. To which one is known
        if there was only one; if nothing else is known of the path, the last one will do."""
        sent = self._sent.get(self._tries)
        if sent is not None and (self._tries == 1 or not self.rtt.measured):
            self.rtt.sample(now - sent)

    def answer(self, header: wire.Answer, now: float) -> None:
        if self._opening is None or not self._opening.answer(header):
            self.dropped["stray answer"] += 1
        elif header.version != wire.VERSION:
            elder = "the server" if header.version < wire.VERSION else "this program"
            self._reject(f"{elder} speaks an older protocol: update it", now)
        else:
            if header.sending in self._sent:
                self.rtt.sample(now - self._sent[header.sending])
            self._tries, self._unanswered = 0, self._patience
            self._sent = {}
            self._send_opening(now)

    def retry(self, header: wire.Retry, now: float) -> None:
        """OPEN or FIRST was not taken: another attempt, soon."""
        if self._opening is None or not self._opening.refused(header):
            self.dropped["stray retry"] += 1
        elif self._opening.answered:
            self._tries = _REFUSED
            soon = now + self._wait() / 4
            self._opening_at = min(self._opening_at or soon, soon)
        elif self._opening.resumes:
            self.me.forget()
            self.open(now)
        else:
            self._give_up("the server takes secure sessions only: leave out --insecure")

    def reset(self, header: wire.Reset, now: float) -> None:
        """The server knows nothing of our session, if it is the one who can say so."""
        if self._channel is not None and protect.same(header.token, self._reset_token):
            self.lose("the server was restarted", now, within=limits.RESUME_SPREAD)
        else:
            self.dropped["stray reset"] += 1

    def welcome(self, welcome: asks.Welcome) -> None:
        self._reset_token = welcome.reset
        self.me.keep(welcome.ticket)
        self.push_key = welcome.push_key
        if not self._welcomed:
            self._welcomed = True
            self.me.called(welcome.name)
            again, self._ever = self._ever, True
            self._emit(
                Tell(
                    events.Connected(
                        welcome.name, welcome.asked, welcome.endpoint, again, welcome.verified
                    )
                )
            )

    def pong(self, pong: wire.Pong, now: float) -> None:
        if self._liveness is not None:
            self._liveness.pong(pong.token, now)

    # Time

    def deadline(self) -> float | None:
        live = self._liveness
        if live is None:
            return self._opening_at
        return live.keepalive_at if live.probe_at is None else live.probe_at

    def timeout(self, now: float) -> None:
        deadline = self.deadline()
        if deadline is None or deadline > now:
            return
        if self._liveness is not None:
            self._probe(now)
        elif self._opening is not None and self._tries < _TRIES:
            self._send_opening(now)
        else:
            if self._shaking is not None or (self._opening and self._tries != _REFUSED):
                self._emit(Tell(events.Unreachable(self._attempts, "no answer")))
                self._emit(Rebind())
            self.open(now)

    def _send_opening(self, now: float) -> None:
        assert self._opening is not None
        self._tries += 1
        self._unanswered += 1
        self._sent[self._tries] = now
        self._emit(Send(self._server, self._opening.datagram()))
        self._opening_at = now + self._wait()

    @property
    def _patience(self) -> int:
        """How many attempts were in vain, up to a few: the path may be longer than they waited."""
        return min(self._attempts - 1, _PATIENT)

    def _wait(self) -> float:
        """Seconds until what opens is repeated; with jitter, so that a crowd does not march."""
        doubled = _EAGER * (1 << min(max(0, self._unanswered - 2), 16))
        return min(doubled, _WAIT_MAX) * (1 + self.chance() / 4)

    def _probe(self, now: float) -> None:
        assert self._liveness is not None
        token = self._liveness.ping(now)
        if token is None:
            self.lose("the server is silent", now)
        else:
            self.queue(wire.Ping(token))

    def _refused(self, frames: list[wire.Frame], now: float) -> bool:
        """A first datagram may also say that there will be no session."""
        for frame in frames:
            if isinstance(frame, wire.Reply):
                match asks.decode_response(frame.body):
                    case asks.Welcome():
                        return False
                    case asks.Refused(reason=reason):
                        self._reject(reason, now)
                        return True
        return True

    def _reject(self, reason: str, now: float) -> None:
        self._emit(Tell(events.Rejected(reason)))
        self._opening = None
        self._opening_at = now + _REFUSED_PAUSE * (1 + self.chance())

    def _give_up(self, reason: str) -> None:
        self._opening = self._opening_at = self._shaking = None
        self._emit(Tell(events.Rejected(reason, True)))

    def _goodbye(self, now: float) -> None:
        if self._channel is not None:
            self._channel.queue(wire.Bye())
            self.flush(now)
