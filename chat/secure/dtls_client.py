"""The client's side of the secure handshake: one attempt, which goes on until somebody ends it.

Whose key the server has proven is for the caller to judge: no certificate authority is asked.
"""

from collections.abc import Callable

from OpenSSL import SSL

from .credentials import certificate_key
from .exporter import Secrets, export
from .records import (
    ALERT,
    HANDSHAKE,
    HELLO_VERIFY_REQUEST,
    LONGEST,
    SERVER_HELLO,
    Flights,
    Record,
    connection,
    context,
    offered_cookie,
    records,
    written,
)

RESEND = (0.25, 0.25, 0.25, 0.35, 0.5, 0.7, 1.0)
"""Seconds until a flight is repeated, and repeated again; the last one is for all that follow. RFC
9147 §5.8.2 waits longer each time, too, from 400 ms on where time is short."""

PATIENCE = 2.0
"""Seconds without progress, and up to JITTER more, until another beginning is tried."""

JITTER = 1.0

PAUSE = 0.1
"""Seconds between two beginnings, or two answers to repeated flights: what causes them may be
forged, and come in any number."""

_FATAL = 2
_HINTS = {
    40: "the server has no cipher in common with this client",
    70: "the server speaks no DTLS 1.2",
    71: "the server says that it has no secure sessions",
}
"""By alert (RFC 5246 §7.2): handshake_failure, protocol_version, insufficient_security."""


class ClientHandshake:
    """One attempt. `datagrams()` are to be sent to the server after each call.

    Loss, garbage and forgery only make it start over. `jitter()` is drawn from 0 to 1.
    """

    def __init__(self, now: float, *, jitter: Callable[[], float]) -> None:
        self.secrets: Secrets | None = None
        """What the handshake gave, once it is complete."""
        self.public = b""
        """The key that the server has proven to have, DER SubjectPublicKeyInfo."""
        self.failed = ""
        """Why the server ended it, under the keys that were agreed; empty if it did not."""
        self.hint = ""
        """Why it may not get on: what somebody says in the server's name, proven by nothing."""
        self.answered = False
        """What came was taken for the server's, and gone on from."""
        self._jitter = jitter
        self._context = context(SSL.DTLS_CLIENT_METHOD)
        self._out: list[bytes] = []
        self._begin(now)

    def datagrams(self) -> list[bytes]:
        """What to send now. Once."""
        out, self._out = self._out, []
        return out

    def receive(self, datagram: bytes, now: float) -> None:
        """Never raises for what a peer sends."""
        if self.failed or self._broken or len(datagram) > LONGEST:
            return
        taken = [record for record in records(datagram) if self._acceptable(record)]
        if self.secrets is not None:
            self._answer(taken, now)
        elif any(self._is_other_cookie(record) for record in taken):
            self._start_over(now)
            return
        if taken:
            self._ssl.bio_write(b"".join(record.whole for record in taken))
            self._advance(now)

    def deadline(self) -> float | None:
        """When `timeout` has something to do, None for never."""
        if self.secrets is not None or self.failed:
            return None
        return self._restart if self._broken else min(self._resend, self._restart)

    def timeout(self, now: float) -> None:
        if self.secrets is not None or self.failed:
            return
        if now >= self._restart:
            self._begin(now)
        elif now >= self._resend and not self._broken:
            self._send(self._flights.repeated(), now)

    def _begin(self, now: float) -> None:
        """With a connection, and so a client random, of its own."""
        self._ssl = connection(self._context)
        self._ssl.set_connect_state()
        self._flights = Flights()
        self._said = 0
        self._broken = False
        self._cookie: bytes | None = None
        self._begun = now
        self._advance(now)

    def _acceptable(self, record: Record) -> bool:
        """Leaves out what is known to do harm without a proof."""
        if record.type == ALERT and record.readable:
            self._note(record.body)
            return False
        if self._cookie is None and record.message_number == 0:
            if record.message == HELLO_VERIFY_REQUEST:
                self._cookie = offered_cookie(record)
            elif record.message == SERVER_HELLO:
                self._cookie = b""
        # What is left of the attempt before would wait in this one, and spoil it.
        return self._cookie is not None

    def _is_other_cookie(self, record: Record) -> bool:
        """OpenSSL keeps to its first cookie, which then was forged, spoilt or is out of date."""
        return record.message == HELLO_VERIFY_REQUEST and offered_cookie(record) != self._cookie

    def _answer(self, taken: list[Record], now: float) -> None:
        """The server has not heard our last flight if it repeats the one before. That it repeats
        its own last one needs no answer: it would repeat it again."""
        if now >= self._sent + PAUSE and any(
            record.type == HANDSHAKE and record.readable for record in taken
        ):
            self._send(self._flights.repeated(), now)

    def _advance(self, now: float) -> None:
        try:
            if self.secrets is None:
                self._ssl.do_handshake()
                self._complete()
            while True:
                self._ssl.recv(LONGEST)
        except SSL.WantReadError:
            self._say(now)
        except (SSL.Error, ValueError) as error:
            if self.secrets is None:
                self._start_over(now)
            elif isinstance(error, SSL.ZeroReturnError):
                self.failed = "the server has closed the secure session"
            else:
                self.failed = f"the server refuses the secure session ({_reason(error)})"

    def _complete(self) -> None:
        """Raises ValueError where the server's key is none that this protocol uses."""
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            raise ValueError("a server without a certificate")
        self.public = certificate_key(certificate)
        self.secrets = export(self._ssl)

    def _say(self, now: float) -> None:
        """A new flight is progress, and is given time."""
        flight = self._flights.say(written(self._ssl))
        if flight:
            self._said += 1
            self.answered |= self._said > 1
            self._restart = now + PATIENCE + JITTER * self._jitter()
            self._sends = 0
            self._send(flight, now)

    def _send(self, flight: list[bytes], now: float) -> None:
        self._out += flight
        self._sent = now
        self._resend = now + RESEND[min(self._sends, len(RESEND) - 1)]
        self._sends += 1

    def _start_over(self, now: float) -> None:
        """At once, unless it has just done so."""
        self._broken = True
        self._restart = max(now, self._begun + PAUSE)
        if self._restart <= now:
            self._begin(now)

    def _note(self, alert: bytes) -> None:
        if len(alert) == 2 and alert[0] == _FATAL:
            unknown = f"the server refuses a secure session (alert {alert[1]})"
            self.hint = _HINTS.get(alert[1], unknown)


def _reason(error: Exception) -> str:
    """In OpenSSL's words."""
    match error.args:
        case ([(_, _, str(reason)), *_],):
            return reason
    return "no reason given"
