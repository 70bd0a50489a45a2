"""How a session begins: OPEN, ANSWER, FIRST, RETRY. Until FIRST opens, a server keeps nothing.

    client                                server
    OPEN (random)             →
                              ←           ANSWER (cookie, which is the server's random)
    FIRST (cookie, sealed)    →           derives keys, opens; draws a session id
                              ←           session datagram: WELCOME, JOINED

The cookie is bound to the client's path and random. The session id goes into the session's keys,
so even a FIRST taken twice could not make one key seal two things under one counter.
"""

from collections.abc import Callable
from typing import NamedTuple

from . import protect, wire
from .channel import Channel
from .layout import MalformedError
from .limits import COOKIE_BUCKET
from .types import Path


class Admission(NamedTuple):
    """A FIRST that opened."""

    channel: Channel
    frames: list[wire.Frame]


class Again(NamedTuple):
    """A FIRST that was taken before: its session, if it still is one."""

    sid: bytes


class Doorman:
    """The server's side. Bounded by two generations of accepted randoms, 16 bytes and an id each."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes]) -> None:
        self._secret = secret
        self._random = random
        self._cookie_key = random(32)
        self._bucket = 0
        self._accepted: dict[bytes, bytes] = {}
        self._accepted_before: dict[bytes, bytes] = {}

    def answer(self, header: wire.Open, path: Path, now: float) -> bytes:
        cookie = self._cookie(self._turn(now), path, header.random)
        mac = protect.answer_mac(self._secret, wire.VERSION, header.random, cookie)
        return wire.encode_header(
            wire.Answer(wire.VERSION, header.random, header.sending, cookie, mac)
        )

    def admit(
        self, header: wire.First, datagram: bytes, path: Path, now: float
    ) -> Admission | Again | None:
        """None: not a FIRST that can be taken; RETRY is the answer. Raises MalformedError."""
        bucket = self._turn(now)
        known = self._accepted.get(header.random) or self._accepted_before.get(header.random)
        if known is not None:
            return Again(known)
        if not any(
            protect.same(header.cookie, self._cookie(each, path, header.random))
            for each in (bucket, bucket - 1)
        ):
            return None
        key = protect.first_key(self._secret, header.random, header.cookie)
        authenticated = datagram[: -len(header.sealed)]
        plaintext = protect.unseal(key, 0, authenticated, header.sealed)
        if plaintext is None:
            return None
        frames = wire.decode_frames(plaintext)
        sid = self._random(wire.SID_SIZE)
        keys = protect.session_keys(self._secret, header.random, header.cookie, sid)
        self._accepted[header.random] = sid
        return Admission(Channel(sid, keys.to_client, keys.to_server), frames)

    def _cookie(self, bucket: int, path: Path, random: bytes) -> bytes:
        return protect.cookie(self._cookie_key, bucket, path, random)

    def _turn(self, now: float) -> int:
        """The time bucket; a random is forgotten only when no cookie for it can be good any more."""
        bucket = int(now // COOKIE_BUCKET)
        if bucket != self._bucket:
            kept = self._accepted if bucket == self._bucket + 1 else {}
            self._accepted_before, self._accepted, self._bucket = kept, {}, bucket
        return bucket


class Opening:
    """The client's side: one attempt, with a random of its own."""

    def __init__(self, secret: bytes, random: bytes, plaintext: bytes) -> None:
        """`plaintext`: the frames of FIRST."""
        self._secret = secret
        self._random = random
        self._plaintext = plaintext
        self._cookie = b""
        self._first = b""
        self._sendings = 0

    @property
    def answered(self) -> bool:
        return bool(self._cookie)

    def datagram(self) -> bytes:
        """What to send, and to repeat, now: OPEN, and FIRST once that was answered."""
        if self._first:
            return self._first
        self._sendings += 1
        padding = bytes(wire.OPEN_SIZE - wire.SEALED_OFFSET[0x80])
        return wire.encode_header(
            wire.Open(wire.VERSION, self._random, self._sendings % 256, padding)
        )

    def answer(self, answer: wire.Answer) -> bool:
        """Whether this is the answer to our OPEN; then FIRST is what to send."""
        if answer.random != self._random or self._cookie:
            return False
        mac = protect.answer_mac(self._secret, answer.version, answer.random, answer.cookie)
        if not protect.same(mac, answer.mac):
            return False
        self._cookie = answer.cookie
        key = protect.first_key(self._secret, self._random, self._cookie)
        header = wire.encode_header(wire.First(self._random, self._cookie, b""))
        self._first = header + protect.seal(key, 0, header, self._plaintext)
        return True

    def refused(self, retry: wire.Retry) -> bool:
        """Whether RETRY is about this very attempt, and not about one before it."""
        return self.answered and retry.random == self._random

    def welcome(
        self, header: wire.Session, datagram: bytes
    ) -> tuple[Channel, list[wire.Frame]] | None:
        """The session, if this datagram is the server's first one in it."""
        if not self.answered:
            return None
        keys = protect.session_keys(self._secret, self._random, self._cookie, header.sid)
        channel = Channel(header.sid, keys.to_server, keys.to_client)
        plaintext = channel.open(header, datagram)
        if plaintext is None:
            return None
        try:
            return channel, wire.decode_frames(plaintext)
        except MalformedError:
            return None
