"""Sealed streams of datagrams: one of a session in both directions, one of a room to all members."""

from collections.abc import Iterator
from functools import lru_cache

from . import protect, signatures, wire
from .signatures import SIGNATURE_SIZE

BODY_MAX = wire.DATAGRAM_MAX - wire.SEALED_OFFSET[0x84] - wire.TAG_SIZE
"""Bytes of frames in a session's datagram."""

PUSH_MAX = wire.DATAGRAM_MAX - wire.SEALED_OFFSET[0x85] - wire.TAG_SIZE - SIGNATURE_SIZE
"""Bytes of frames in a push; the same with and without a signature."""


def packed(frames: list[bytes], size: int) -> Iterator[bytes]:
    """Consecutive frames joined into plaintexts of at most `size` bytes."""
    start = total = 0
    for index, frame in enumerate(frames):
        if total and total + len(frame) > size:
            yield b"".join(frames[start:index])
            start, total = index, 0
        total += len(frame)
        if total > size:
            raise ValueError(f"a frame of {total} bytes fits no datagram")
    if total:
        yield b"".join(frames[start:])


class Channel:
    """One end of a session: keys, counters, replay window, and the frames that wait to be sealed."""

    __slots__ = ("_counter", "_frames", "_receive_key", "_send_key", "sid", "window")

    def __init__(self, sid: bytes, send_key: bytes, receive_key: bytes) -> None:
        self.sid = sid
        self.window = protect.ReplayWindow()
        self._send_key = send_key
        self._receive_key = receive_key
        self._counter = 0
        self._frames: list[bytes] | None = None
        """Ten thousand sessions are idle at any time: an empty list each would be half a megabyte."""

    def queue(self, frame: wire.Frame) -> None:
        self.queue_encoded(wire.encode_frame(frame))

    def queue_encoded(self, frames: bytes) -> None:
        """Frames that stay together in one datagram."""
        if self._frames is None:
            self._frames = [frames]
        else:
            self._frames.append(frames)

    def datagrams(self) -> Iterator[bytes]:
        """Seals what was queued, into as few datagrams as it fits."""
        frames, self._frames = self._frames, None
        for plaintext in packed(frames or [], BODY_MAX):
            yield self.seal(plaintext)

    def seal(self, plaintext: bytes) -> bytes:
        header = wire.encode_header(wire.Session(self.sid, self._counter, b""))
        sealed = protect.seal(self._send_key, self._counter, header, plaintext)
        self._counter += 1
        return header + sealed

    @property
    def spent(self) -> bool:
        """The key has sealed as many datagrams as it may."""
        return self._counter >= protect.COUNTER_MAX

    def open(self, header: wire.Session, datagram: bytes) -> bytes | None:
        """The frames inside, or None: forged, damaged, or seen before."""
        if not self.window.fresh(header.counter):
            return None
        authenticated = datagram[: -len(header.sealed)]
        plaintext = protect.unseal(self._receive_key, header.counter, authenticated, header.sealed)
        if plaintext is not None:
            self.window.take(header.counter)
        return plaintext


class PushSealer:
    """The server's end of a room: what is sealed here, every member opens."""

    __slots__ = ("_signer", "counter", "epoch", "key", "tag")

    def __init__(
        self, tag: int, epoch: int, key: bytes, signer: signatures.Signer | None = None
    ) -> None:
        """`signer` None: nothing is signed."""
        self.tag = tag
        self.epoch = epoch
        self.key = key
        self.counter = 0
        self._signer = signer

    def seal(self, first: int, count: int, plaintext: bytes) -> bytes:
        header = wire.encode_header(
            wire.Push(self.tag, self.epoch, self.counter, first, count, b"")
        )
        datagram = header + protect.seal(self.key, self.counter, header, plaintext)
        self.counter += 1
        if self._signer is None:
            return datagram
        return datagram + signatures.sign_push(self._signer, self.key, datagram)


class PushOpener:
    """A member's end of a room."""

    __slots__ = ("_start", "epoch", "received", "source", "window")

    def __init__(self, epoch: int, key: bytes, counter: int, public: bytes = b"") -> None:
        """`counter` is of the next push, from JOINED: what came before does not count as lost.
        `public`: what the server signs pushes with, if it does."""
        self.epoch = epoch
        self.received = 0
        self.window = protect.ReplayWindow()
        self.source: Source = (key, public)
        """Members that have the same one are sent the same bytes."""
        self._start = counter

    @property
    def highest(self) -> int:
        """Pushes that must have been sent since this member joined."""
        return max(0, min(self.window.top + 1, protect.COUNTER_MAX) - self._start)

    def open(self, header: wire.Push, datagram: bytes) -> list[wire.Frame] | None:
        """None: forged, damaged, or seen before. Raises MalformedError."""
        if header.epoch != self.epoch or not self.window.fresh(header.counter):
            return None
        plaintext = opened(self.source, header.counter, datagram)
        if plaintext is None:
            return None
        self.take(header.counter)
        return wire.decode_frames(plaintext)

    def take(self, counter: int, count: int = 1) -> None:
        """So many pushes from this number on have opened, all of them fresh."""
        for each in range(counter, counter + count):
            self.window.take(each)
            self.received += each >= self._start


Source = tuple[bytes, bytes]
"""A room's key, and what its pushes are signed with, or empty."""


@lru_cache(256)
def opened(source: Source, counter: int, datagram: bytes) -> bytes | None:
    """The frames in a push, or None: forged or damaged. A member who forged it must not move
    anybody's window either: this comes before that. Members that share a process open each push
    once: it is the same bytes for all of them."""
    key, public = source
    said = datagram[:-SIGNATURE_SIZE] if public else datagram
    start = wire.SEALED_OFFSET[0x85]
    plaintext = protect.unseal(key, counter, said[:start], said[start:])
    if plaintext is None or not public:
        return plaintext
    signature = datagram[-SIGNATURE_SIZE:]
    return plaintext if signatures.push_verified(public, key, said, signature) else None
