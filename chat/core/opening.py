"""How a session begins. Until FIRST opens, a server keeps nothing but the ends of handshakes.

    client                                  server
    (a DTLS handshake: both have a secret and its id)
    FIRST (id, sealed)          →           derives keys, opens; draws a session id
                                ←           session datagram: WELCOME, JOINED

or, with a ticket's secret, or under `--insecure` with the published one:

    OPEN (random, ticket)       →
                                ←           ANSWER (cookie, which is the server's random)
    FIRST (cookie, sealed)      →           as above

The cookie is bound to the client's path and random. The session id goes into the session's keys,
so even a FIRST taken twice could not make one key seal two things under one counter.
"""

from collections.abc import Callable
from typing import NamedTuple

from . import protect, wire
from .channel import Channel
from .clientframes import client_frames
from .layout import MalformedError
from .limits import ADMISSION, ADMISSIONS, COOKIE_BUCKET
from .tickets import NO_TICKET, Tickets
from .types import Path


class Admission(NamedTuple):
    """A FIRST that opened."""

    channel: Channel
    frames: list[wire.Frame]
    binding: bytes
    """What a name's key signs in this session."""
    resumption: bytes
    """The secret for the next ticket."""
    shaken: bool
    """It came after a handshake, which has ended with it."""


class Again(NamedTuple):
    """A FIRST that was taken before: its session, if it still is one."""

    sid: bytes


class _Shaken(NamedTuple):
    """A handshake that ended and awaits its FIRST."""

    id: bytes
    secret: bytes
    until: float


class Doorman:
    """The server's side. Bounded by two generations of accepted randoms, 16 bytes and an id each,
    and by limits.ADMISSIONS."""

    def __init__(
        self, published: bytes | None, tickets: Tickets | None, random: Callable[[int], bytes]
    ) -> None:
        """`published`: the secret of who shakes no hands; None: nobody comes in like that.
        `tickets` None: nobody resumes."""
        self._published = published
        self._tickets = tickets
        self._random = random
        self._cookie_key = random(32)
        self._bucket = 0
        self._accepted: dict[bytes, bytes] = {}
        self._accepted_before: dict[bytes, bytes] = {}
        self._shaken: dict[Path, _Shaken] = {}

    def shaken(self, path: Path, handshake: bytes, secret: bytes, now: float) -> None:
        """A handshake has ended at this path."""
        self._shaken.pop(path, None)
        while self._shaken:
            oldest = next(iter(self._shaken))
            if self._shaken[oldest].until > now and len(self._shaken) < ADMISSIONS:
                break
            del self._shaken[oldest]
        self._shaken[path] = _Shaken(handshake, secret, now + ADMISSION)

    def answer(self, header: wire.Open, path: Path, now: float, wall: int) -> bytes:
        """ANSWER, or RETRY where there is no secret to open with."""
        secret = self._secret(header.ticket, wall)
        if secret is None:
            return wire.encode_header(wire.Retry(header.random))
        cookie = self._cookie(self._turn(now), path, header.random)
        mac = protect.answer_mac(secret, wire.VERSION, header.random, cookie)
        return wire.encode_header(
            wire.Answer(wire.VERSION, header.random, header.sending, cookie, mac)
        )

    def admit(
        self, header: wire.First, datagram: bytes, path: Path, now: float, wall: int
    ) -> Admission | Again | None:
        """None: not a FIRST that can be taken; RETRY is the answer. Raises MalformedError."""
        bucket = self._turn(now)
        known = self._accepted.get(header.random) or self._accepted_before.get(header.random)
        if known is not None:
            return Again(known)
        shaken = self._shaken.get(path)
        if shaken is not None and protect.same(shaken.id, header.cookie):
            secret = shaken.secret if shaken.until > now else None
        else:
            shaken = None
            cookies = (self._cookie(each, path, header.random) for each in (bucket, bucket - 1))
            proven = any(protect.same(header.cookie, cookie) for cookie in cookies)
            secret = self._secret(header.ticket, wall) if proven else None
        if secret is None:
            return None
        key = protect.first_key(secret, header.random, header.cookie)
        authenticated = datagram[: -len(header.sealed)]
        plaintext = protect.unseal(key, 0, authenticated, header.sealed)
        if plaintext is None:
            return None
        frames = client_frames(plaintext)
        sid = self._random(wire.SID_SIZE)
        keys = protect.session_keys(secret, header.random, header.cookie, sid)
        binding = protect.binding(secret, header.random, header.cookie)
        self._accepted[header.random] = sid
        if shaken is not None:
            del self._shaken[path]
        channel = Channel(sid, keys.to_client, keys.to_server)
        return Admission(channel, frames, binding, keys.resumption, shaken is not None)

    def _secret(self, ticket: bytes, wall: int) -> bytes | None:
        if ticket == NO_TICKET:
            return self._published
        return self._tickets.secret(ticket, wall) if self._tickets is not None else None

    def _cookie(self, bucket: int, path: Path, random: bytes) -> bytes:
        return protect.cookie(self._cookie_key, bucket, path, random)

    def _turn(self, now: float) -> int:
        """The time bucket; a random is forgotten only when no cookie for it can be good any more."""
        bucket = int(now // COOKIE_BUCKET)
        if bucket != self._bucket:
            kept = self._accepted if bucket == self._bucket + 1 else {}
            self._accepted_before, self._accepted, self._bucket = kept, {}, bucket
        return bucket


class Begun(NamedTuple):
    """A session, on the client's side."""

    channel: Channel
    frames: list[wire.Frame]
    """The server's first ones."""
    resumption: bytes
    """What its ticket, if there is one, stands for."""


class Opening:
    """The client's side: one attempt, with a random of its own."""

    def __init__(
        self,
        secret: bytes,
        random: bytes,
        plaintext: Callable[[bytes], bytes],
        *,
        ticket: bytes = NO_TICKET,
        handshake: bytes = b"",
    ) -> None:
        """`plaintext(binding)`: the frames of FIRST. `handshake`: its id, if there was one: then
        FIRST is all that is to be sent."""
        self.resumes = ticket != NO_TICKET
        self._secret = secret
        self._random = random
        self._plaintext = plaintext
        self._ticket = ticket
        self._cookie = b""
        self._first = b""
        self._sendings = 0
        if handshake:
            self._proceed(handshake)

    @property
    def answered(self) -> bool:
        return bool(self._cookie)

    def datagram(self) -> bytes:
        """What to send, and to repeat, now: OPEN, and FIRST once that was answered."""
        if self._first:
            return self._first
        self._sendings += 1
        return wire.encode_header(
            wire.Open(wire.VERSION, self._random, self._sendings % 256, self._ticket)
        )

    def answer(self, answer: wire.Answer) -> bool:
        """Whether this is the answer to our OPEN; then FIRST is what to send."""
        if answer.random != self._random or self._cookie:
            return False
        mac = protect.answer_mac(self._secret, answer.version, answer.random, answer.cookie)
        if not protect.same(mac, answer.mac):
            return False
        self._proceed(answer.cookie)
        return True

    def refused(self, retry: wire.Retry) -> bool:
        """Whether RETRY is about this very attempt, and not about one before it."""
        return retry.random == self._random

    def welcome(self, header: wire.Session, datagram: bytes) -> Begun | None:
        """The session, if this datagram is the server's first one in it."""
        if not self.answered:
            return None
        keys = protect.session_keys(self._secret, self._random, self._cookie, header.sid)
        channel = Channel(header.sid, keys.to_server, keys.to_client)
        plaintext = channel.open(header, datagram)
        if plaintext is None:
            return None
        try:
            return Begun(channel, wire.decode_frames(plaintext), keys.resumption)
        except MalformedError:
            return None

    def _proceed(self, cookie: bytes) -> None:
        self._cookie = cookie
        key = protect.first_key(self._secret, self._random, cookie)
        header = wire.encode_header(wire.First(self._random, cookie, self._ticket, b""))
        plaintext = self._plaintext(protect.binding(self._secret, self._random, cookie))
        self._first = header + protect.seal(key, 0, header, plaintext)
