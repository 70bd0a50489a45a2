"""The door of a DTLS server: who has yet to echo a cookie costs nothing (RFC 6347 §4.2.1).

One connection hears all hellos. With one that has a good cookie it becomes that client's, and there
is a new one.
"""

import hmac
from collections.abc import Callable
from typing import NamedTuple

from OpenSSL import SSL

from chat.core.limits import COOKIE_BUCKET
from chat.core.types import Path

from .credentials import Credentials
from .records import Record, connection, context, written

_KEY_SIZE = 32
_COOKIE_SIZE = 16


class Heard(NamedTuple):
    """What becomes of a hello: one of these."""

    answer: bytes = b""
    """Asks for a cookie; not longer than the hello."""
    ssl: SSL.Connection | None = None
    """The cookie was good: this connection's handshake can go on."""
    dropped: str = ""
    """Why there is no answer."""


class _Asking:
    """The hello that the listener is at."""

    __slots__ = ("bucket", "now", "path", "random", "refusal")

    def __init__(self, path: Path, random: bytes, now: float) -> None:
        self.path = path
        self.random = random
        self.now = now
        self.bucket = int(now // COOKIE_BUCKET)
        self.refusal: str | None = None
        """Once its cookie was found good: why there is no place for it, empty if there is."""


class Listener:
    """`refusal(path, now)` is asked once for each good cookie: why no connection is to come of it,
    or nothing. The cookies' key, drawn from `random(size)`, is this object's own."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        random: Callable[[int], bytes],
        refusal: Callable[[Path, float], str],
    ) -> None:
        self._key = random(_KEY_SIZE)
        self._refusal = refusal
        self._context = context(SSL.DTLS_SERVER_METHOD)
        self._context.use_privatekey(credentials.key)
        self._context.use_certificate(credentials.certificate)
        self._context.set_cookie_generate_callback(self._generate)
        self._context.set_cookie_verify_callback(self._verify)
        self._ssl = connection(self._context)

    def hear(self, hello: Record, random: bytes, path: Path, now: float) -> Heard:
        """A ClientHello with this client random. Never raises for what a peer sends."""
        asking = _Asking(path, random, now)
        self._ssl.set_app_data(asking)
        self._ssl.bio_write(hello.whole)
        try:
            self._ssl.DTLSv1_listen()
        except SSL.WantReadError:
            answer = written(self._ssl)
            if asking.refusal:
                return Heard(dropped=asking.refusal)
            if 0 < len(answer) <= len(hello.whole):
                return Heard(answer=answer)
        except SSL.Error:
            written(self._ssl)
        else:
            ssl, self._ssl = self._ssl, connection(self._context)
            return Heard(ssl=ssl)
        return Heard(dropped="hello")

    def _generate(self, ssl: SSL.Connection) -> bytes:
        asking: _Asking = ssl.get_app_data()
        return self._cookie(asking, asking.bucket)

    def _verify(self, ssl: SSL.Connection, cookie: bytes) -> bool:
        """A good cookie is refused where there is no place, so that the listener stays what it is;
        the answer that OpenSSL then has for it is not sent. OpenSSL asks once more when the
        connection has taken its place."""
        asking: _Asking = ssl.get_app_data()
        if not any(
            hmac.compare_digest(cookie, self._cookie(asking, bucket))
            for bucket in (asking.bucket, asking.bucket - 1)
        ):
            return False
        if asking.refusal is None:
            asking.refusal = self._refusal(asking.path, asking.now)
        return not asking.refusal

    def _cookie(self, asking: _Asking, bucket: int) -> bytes:
        """Good for one endpoint and one client random, in this time bucket."""
        what = bucket.to_bytes(8, "big", signed=True) + asking.random + repr(asking.path).encode()
        return hmac.digest(self._key, what, "sha256")[:_COOKIE_SIZE]
