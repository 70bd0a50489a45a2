"""A push that a member has read, so that others in the same process need not: it is the same bytes
for all of a room, and those who are at the same place of the log make the same of it.
"""

from msgspec import Struct

from . import wire
from .channel import Source, opened
from .inbox import Inbox
from .keyring import Keyring
from .layout import MalformedError
from .types import Entry, Kind


class ReadPush(Struct, frozen=True):
    """Nothing but entries, which change nothing in the room but that they are there."""

    header: wire.Push
    source: Source
    before: bytes
    """The chained digest before its first entry."""
    digests: tuple[bytes, ...]
    """And after each."""
    entries: tuple[Entry, ...]
    authors: frozenset[bytes]
    """Their instances: an author's own entries are an acknowledgement."""

    def follows(self, other: "ReadPush") -> bool:
        """Right after that one, in the log and by number: nothing was sent to the room between."""
        before, header = other.header, self.header
        return (
            header.counter == before.counter + 1
            and header.first == before.first + before.count
            and header.epoch == before.epoch
            and self.before == other.digests[-1]
            and self.source == other.source
        )


def read_push(
    datagram: bytes, keys: Keyring, inbox: Inbox, entries: tuple[Entry, ...]
) -> ReadPush | None:
    """After `datagram` was read: `entries` are what came of it. None: it is more than entries, or
    did not come in its turn, so each has to read it."""
    try:
        header = wire.decode_header(datagram)
        if not isinstance(header, wire.Push):
            return None
        seqs = range(header.first, header.first + header.count)
        source, before = keys.source(header.epoch), inbox.digest(header.first - 1)
        if source is None or before is None or tuple(each.seq for each in entries) != tuple(seqs):
            return None
        frames = wire.decode_frames(opened(source, header.counter, datagram) or b"")
    except MalformedError:
        return None
    digests = tuple(each for seq in seqs if (each := inbox.digest(seq)) is not None)
    plain = len(frames) == 1 and isinstance(frames[0], wire.Entries)
    topics = any(entry.kind == Kind.TOPIC for entry in entries)
    if not plain or topics or not digests or len(digests) != header.count:
        return None
    authors = frozenset(entry.instance for entry in entries)
    return ReadPush(header, source, before, digests, entries, authors)
