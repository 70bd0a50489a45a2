"""A client's frames, as a server reads them. What else there is in a datagram, a newer version's or a
server's own, is counted and not looked into: a lot of it fits in one.
"""

from typing import Annotated, Any

from msgspec import Struct

from .layout import REST, Layout
from .wire import FRAMES, Frame, decode_frames

_SERVERS = 0x40
"""From this type on they are a server's."""


class Foreign(Struct, frozen=True, gc=False):
    """No client's, as far as is known here."""

    body: Annotated[bytes, REST, "whatever it is"]


_OTHER: Layout[Any] = Layout(Foreign, 0)
_LAYOUTS = {
    code: FRAMES[code] if code in FRAMES and code < _SERVERS else _OTHER for code in range(256)
}


def client_frames(plaintext: bytes) -> list[Frame]:
    """All of an opened datagram, at least one. Raises MalformedError."""
    return decode_frames(plaintext, _LAYOUTS)
