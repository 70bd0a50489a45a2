"""The server's side of DTLS: handshakes that go on, and connections that are kept to speak text.

A connection begins with a hello that has a good cookie, and lives until the session that came of it
is heard, DEADLINE at most; one that carries text instead lives as long as the two ends like.

What is readable on the wire can be forged: no alert is believed before the handshake is complete,
and a hello from an endpoint that has a connection begins another one beside it, which takes its
place only when complete.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from enum import Enum

from OpenSSL import SSL

from chat.core.types import Path

from .credentials import Credentials
from .exporter import Secrets, export
from .listener import Listener
from .records import (
    ALERT,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    LONGEST,
    Flights,
    Record,
    client_random,
    records,
    written,
)

PENDING = 256
"""Handshakes at once, in all: 20 MB. Linux bounds half-open TCP connections by as many where memory
is short (tcp_max_syn_backlog, tcp(7))."""

PREFIX_PENDING = 16
"""Of these, from one IPv4 address or IPv6 /64, this machine's own aside: who has one address is not
to keep others out (OpenSSH's PerSourceMaxStartups and PerSourceNetBlockSize)."""

PATH_PENDING = 2
"""Of these, from one endpoint: a client that starts over may still be answered to the attempt
before. A newer one takes the oldest one's place…"""

REPLACE_AFTER = 1.0
"""…if that is so many seconds old, so that one endpoint cannot have the server sign all the time
(RFC 6298 §2.1: TCP waits as long for a first answer)."""

DEADLINE = 10.0
"""Seconds for a handshake and the first datagram of its session: what Go's net/http allows for one
of TLS (TLSHandshakeTimeout)."""

TEXT_CONNECTIONS = 256
"""Kept connections, which take 75 KB each: 20 MB."""

PREFIX_TEXTS = 32
"""Of these, from one IPv4 address or IPv6 /64, this machine's own aside."""

TEXT = 1100
"""Bytes of text that fit in a record that fits in a datagram."""

RESEND_LEAST = 0.1
"""Seconds between two copies of one flight, however often it is asked for: less than any client
waits (RFC 9147 §5.8.2: 1 s, or 400 ms where time is short)."""


class _State(Enum):
    SHAKING = "shaking"
    DONE = "done"
    """Complete; kept to repeat its last flight."""
    TEXT = "text"
    GONE = "gone"


class _Connection:
    """One client's attempt."""

    __slots__ = ("begun", "flights", "path", "prefix", "random", "sent", "ssl", "state")

    def __init__(
        self, ssl: SSL.Connection, path: Path, random: bytes, number: int, now: float
    ) -> None:
        self.ssl = ssl
        self.path = path
        self.prefix = b"" if path.loopback else path.prefix
        self.random = random
        self.begun = now
        self.state = _State.SHAKING
        self.flights = Flights(number)
        self.sent = now
        """When the last one was said."""


class Handshakes:
    """All of them on one server. Calls back, during `receive`:

    `send(path, datagram)`; `admitted(path, secrets)` once for each handshake that is complete;
    `text(path, plaintext)` for each record of text; `closed(path)` when a connection that spoke
    text was ended by its client, or by a new handshake of its endpoint.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        random: Callable[[int], bytes],
        send: Callable[[Path, bytes], None],
        admitted: Callable[[Path, Secrets], None],
        text: Callable[[Path, bytes], None],
        closed: Callable[[Path], None],
        may_begin: Callable[[Path, float], bool] = lambda path, now: True,
    ) -> None:
        """`may_begin(path, now)` is asked for each endpoint that has echoed its cookie."""
        self.dropped: Counter[str] = Counter()
        """Datagrams that changed nothing, and connections given up, by reason."""
        self._send = send
        self._admitted = admitted
        self._text = text
        self._closed = closed
        self._may_begin = may_begin
        self._listener = Listener(credentials, random=random, refusal=self._refusal)
        self._paths: dict[Path, list[_Connection]] = {}
        """Oldest first; at most one is complete, and PATH_PENDING are not."""
        self._pending: dict[_Connection, None] = {}
        """All but those that speak text, oldest first."""
        self._prefixes: Counter[bytes] = Counter()
        """How many of the pending ones each has."""
        self._texts = 0
        self._text_prefixes: Counter[bytes] = Counter()

    @property
    def pending(self) -> int:
        """Handshakes that go on, or whose session was not heard yet."""
        return len(self._pending)

    @property
    def texts(self) -> int:
        """Connections that speak text."""
        return self._texts

    def knows(self, path: Path) -> bool:
        """Whether this endpoint has a connection, complete or not."""
        return path in self._paths

    def receive(self, datagram: bytes, path: Path, now: float) -> None:
        """Never raises for what a peer sends."""
        if len(datagram) > LONGEST:
            self.dropped["long"] += 1
            return
        taken = list(records(datagram))
        if not taken:
            self.dropped["malformed"] += 1
            return
        random = client_random(taken[0])
        if random is not None:
            self._hello(taken[0], path, random, now)
        elif path not in self._paths:
            self.dropped["stranger"] += 1
        else:
            taken = [record for record in taken if record.type != ALERT or not record.readable]
            for peer in tuple(self._paths[path]):
                self._feed(peer, taken, now)

    def write(self, path: Path, plaintext: bytes) -> None:
        """TEXT bytes at most, as one datagram, to an endpoint that speaks text; nothing to others.
        Raises ValueError for more."""
        if len(plaintext) > TEXT:
            raise ValueError(f"{len(plaintext)} bytes do not fit in a datagram")
        for peer in self._paths.get(path, ()):
            if peer.state is _State.TEXT:
                with suppress(SSL.Error):
                    peer.ssl.send(plaintext)
                self._flush(peer)

    def finished(self, path: Path) -> None:
        """The session that came of this endpoint's handshake was heard: the handshake's last flight
        was, too."""
        for peer in tuple(self._paths.get(path, ())):
            if peer.state is _State.DONE:
                self._forget(peer)

    def close(self, path: Path) -> None:
        """Says goodbye where that can be said, and forgets the endpoint."""
        for peer in tuple(self._paths.get(path, ())):
            if peer.state is not _State.SHAKING:
                self._part(peer)
            self._forget(peer)

    def deadline(self) -> float | None:
        """When `timeout` has something to do, None for never."""
        return next((peer.begun + DEADLINE for peer in self._pending), None)

    def timeout(self, now: float) -> None:
        """Forgets what has taken too long."""
        for peer in tuple(self._pending):
            if peer.begun + DEADLINE > now:
                return
            if peer.state is _State.SHAKING:
                self.dropped["slow"] += 1
            self._forget(peer)

    def _hello(self, hello: Record, path: Path, random: bytes, now: float) -> None:
        for peer in self._paths.get(path, ()):
            if peer.random == random:
                self.dropped["repeated"] += 1
                if peer.state is _State.SHAKING:
                    self._repeat(peer, now)
                return
        heard = self._listener.hear(hello, random, path, now)
        if heard.ssl is not None:
            self._begin(_Connection(heard.ssl, path, random, hello.number, now), now)
        elif heard.answer:
            self._send(path, heard.answer)
        else:
            self.dropped[heard.dropped] += 1

    def _refusal(self, path: Path, now: float) -> str:
        """Why no handshake more is begun, empty if one may be. One that takes an older one's place
        may."""
        shaking = self._shaking(path)
        if len(shaking) >= PATH_PENDING:
            return "" if shaking[0].begun + REPLACE_AFTER <= now else "often"
        if len(self._pending) >= PENDING:
            return "full"
        if not path.loopback and self._prefixes.get(path.prefix, 0) >= PREFIX_PENDING:
            return "prefix"
        return "" if self._may_begin(path, now) else "often"

    def _shaking(self, path: Path) -> list[_Connection]:
        """Those of an endpoint that are not complete, oldest first."""
        return [peer for peer in self._paths.get(path, ()) if peer.state is _State.SHAKING]

    def _begin(self, peer: _Connection, now: float) -> None:
        shaking = self._shaking(peer.path)
        if len(shaking) >= PATH_PENDING:
            self.dropped["replaced"] += 1
            self._forget(shaking[0])
        self._paths.setdefault(peer.path, []).append(peer)
        self._pending[peer] = None
        if peer.prefix:
            self._prefixes[peer.prefix] += 1
        self._advance(peer, now)

    def _feed(self, peer: _Connection, taken: list[Record], now: float) -> None:
        if not taken or peer.state is _State.GONE:
            return
        peer.ssl.bio_write(b"".join(record.whole for record in taken))
        before = peer.state
        said = self._advance(peer, now)
        repeats = any(record.type in (HANDSHAKE, CHANGE_CIPHER_SPEC) for record in taken)
        if before is peer.state is _State.DONE and repeats and not said:
            self._repeat(peer, now)

    def _advance(self, peer: _Connection, now: float) -> bool:
        """Goes as far as what was fed allows. Returns whether anything was sent."""
        said = False
        try:
            if peer.state is _State.SHAKING:
                peer.ssl.do_handshake()
                said = self._say(peer, now)
                self._complete(peer)
            while peer.state is not _State.GONE:
                self._read(peer, peer.ssl.recv(LONGEST))
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            left = isinstance(error, SSL.ZeroReturnError)
            self.dropped["left" if left else "failed"] += 1
            self._flush(peer)
            self._end(peer)
        return self._say(peer, now) or said

    def _complete(self, peer: _Connection) -> None:
        """The endpoint is this client's now, whoever had it before."""
        peer.state = _State.DONE
        secrets = export(peer.ssl)
        for old in tuple(self._paths[peer.path]):
            if old is not peer:
                self._end(old)
        self._admitted(peer.path, secrets)

    def _read(self, peer: _Connection, plaintext: bytes) -> None:
        if peer.state is _State.DONE:
            mine = self._text_prefixes.get(peer.prefix, 0) if peer.prefix else 0
            if self._texts >= TEXT_CONNECTIONS or mine >= PREFIX_TEXTS:
                self.dropped["texts full"] += 1
                self._part(peer)
                self._forget(peer)
                return
            self._settle(peer)
            peer.state = _State.TEXT
            peer.flights.forget()
            self._texts += 1
            self._text_prefixes[peer.prefix] += 1
        self._text(peer.path, plaintext)

    def _say(self, peer: _Connection, now: float) -> bool:
        """Sends what OpenSSL wrote, which it keeps to be repeated."""
        said = self._flush(peer)
        if said:
            peer.sent = now
        return said

    def _flush(self, peer: _Connection) -> bool:
        datagrams = peer.flights.say(written(peer.ssl))
        for datagram in datagrams:
            self._send(peer.path, datagram)
        return bool(datagrams)

    def _repeat(self, peer: _Connection, now: float) -> None:
        if now >= peer.sent + RESEND_LEAST:
            peer.sent = now
            for datagram in peer.flights.repeated():
                self._send(peer.path, datagram)

    def _part(self, peer: _Connection) -> None:
        with suppress(SSL.Error):
            peer.ssl.shutdown()
        self._flush(peer)

    def _end(self, peer: _Connection) -> None:
        """Not by us: who spoke text is missed."""
        spoke = peer.state is _State.TEXT
        self._forget(peer)
        if spoke:
            self._closed(peer.path)

    def _forget(self, peer: _Connection) -> None:
        if peer.state is _State.GONE:
            return
        if peer.state is _State.TEXT:
            self._texts -= 1
            self._text_prefixes[peer.prefix] -= 1
            if not self._text_prefixes[peer.prefix]:
                del self._text_prefixes[peer.prefix]
        else:
            self._settle(peer)
        peer.state = _State.GONE
        peers = self._paths[peer.path]
        peers.remove(peer)
        if not peers:
            del self._paths[peer.path]

    def _settle(self, peer: _Connection) -> None:
        """It is pending no more."""
        del self._pending[peer]
        if peer.prefix:
            self._prefixes[peer.prefix] -= 1
            if not self._prefixes[peer.prefix]:
                del self._prefixes[peer.prefix]
