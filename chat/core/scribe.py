"""The bytes of a room's entries, as its server makes them: by members, and by its own pen."""

from . import wire
from .amend import flaw
from .entry import TEXT_MAX, Byline, decode_entry, encode_entry
from .layout import MalformedError
from .limits import TOPIC_BYTES
from .text import is_utf8
from .types import Kind, Snapshot

_KINDS = frozenset((Kind.MESSAGE, Kind.ACTION, Kind.TOPIC, Kind.EDIT, Kind.DELETE, Kind.REACTION))
_FREE = frozenset((Kind.MESSAGE, Kind.ACTION))
"""Which may say anything."""


def is_sound(draft: wire.Draft, direct: bool) -> bool:
    """Whether a draft can become an entry; `direct`: of a room of two."""
    kind, text = draft.kind, draft.text
    if kind not in _KINDS or len(text) > TEXT_MAX or not (text.isascii() or is_utf8(text)):
        return False
    if kind in _FREE:
        return True
    if kind == Kind.TOPIC:
        return len(text) <= TOPIC_BYTES and not direct
    return flaw(kind, draft.refers, text.decode(), bool(draft.more)) is None


class Scribe:
    """Of one room; owns its time, which never goes back."""

    __slots__ = ("_wall", "pen")

    def __init__(self, pen: bytes) -> None:
        """`pen`: the instance of what the server itself says."""
        self.pen = pen
        self._wall = 0

    def start(self, room: str, snapshot: Snapshot) -> None:
        """The log was opened: its time goes on from its newest entry's."""
        if not snapshot.tail:
            return
        try:
            self._wall = decode_entry(room, snapshot.head.seq, snapshot.tail).time
        except MalformedError:
            self._wall = 0

    def entry(self, author: Byline, draft: wire.Draft, wall: int) -> bytes:
        """What a member says."""
        self._wall = time = max(self._wall, wall)
        more = bool(draft.more)
        return author.entry(draft.kind, draft.n, time, draft.text, draft.refers, more)

    def note(
        self, n: int, kind: Kind, author: str, key: bytes, text: str, refers: int, wall: int
    ) -> bytes:
        """What the server says of somebody who did it; `key`: the id of that one's. It has no
        endpoint, so that it is known for the server's."""
        self._wall = max(self._wall, wall)
        return encode_entry(
            kind=kind,
            instance=self.pen,
            n=n,
            time=self._wall,
            name=author,
            text=text,
            key=key,
            refers=refers,
        )
