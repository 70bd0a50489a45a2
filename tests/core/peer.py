"""The client's end of a session, frame by frame: it can say what no guest would."""

from typing import Any

from chat.core import asks, wire
from chat.core.channel import Channel
from chat.core.keyring import Keyring
from chat.core.opening import Opening
from chat.core.protect import PUBLISHED_SECRET
from chat.core.signatures import NameKey, name_claim
from chat.core.tickets import NO_TICKET
from chat.core.types import Path

from .scene import Scene


class Peer:
    """Opens a session at once, and joins `room` with it unless there is none to join.

    A secure scene is told of a handshake before, unless there is a `ticket` and the secret that it
    stands for, `resumption`. `key`: whose the name is to be."""

    def __init__(
        self,
        scene: Scene,
        name: str = "ann",
        *,
        path: Path | None = None,
        room: str = "lobby",
        secret: bytes | None = None,
        attempt: int = 1,
        key: NameKey | None = None,
        ticket: bytes = NO_TICKET,
        resumption: bytes = PUBLISHED_SECRET,
    ) -> None:
        self.scene = scene
        self.name = name
        self.path = path or Path(0, f"10.0.1.{len(name)}", 40_000 + scene.random.randrange(20_000))
        self.secret = secret or scene.random.randbytes(16)
        self.attempt = attempt
        self.requests = 1
        self.replies: list[asks.Response] = []
        """Every answer so far."""
        self.pushes: dict[int, Keyring] = {}
        self.tags: dict[str, int] = {}
        self.channel: Channel | None = None
        self.key = key
        self.binding = b""
        self.resumption = b""
        """What the newest ticket stands for."""
        self.retried = False
        """The OPEN was not taken."""

        def plaintext(binding: bytes) -> bytes:
            self.binding = binding
            hello: list[asks.Request] = [asks.Hello(attempt, name, self.secret, *self.claim(name))]
            if room:
                hello.append(asks.Join(1, room, ()))
            return b"".join(wire.encode_frame(wire.Ask(asks.encode(ask))) for ask in hello)

        random, handshake = scene.random.randbytes(16), b""
        if scene.secure and ticket == NO_TICKET:
            handshake, resumption = scene.random.randbytes(16), scene.random.randbytes(32)
            scene.hub.admitted(self.path, handshake, resumption, scene.now)
        self.opening = Opening(resumption, random, plaintext, ticket=ticket, handshake=handshake)
        self.open()

    def claim(self, name: str) -> tuple[bytes, bytes]:
        """Its key, and the proof that the name is to be that key's in this session."""
        if self.key is None:
            return b"", b""
        return self.key.public, self.key.sign(name_claim(self.binding, self.scene.server, name))

    def open(self) -> None:
        """OPEN, if there is to be one, and FIRST; they stay in `sent`."""
        self.sent = []
        if not self.opening.answered:
            self.sent.append(self.opening.datagram())
            self.scene.receive(self.sent[-1], self.path)
            for datagram in self._taken():
                header = wire.decode_header(datagram)
                if isinstance(header, wire.Answer):
                    assert self.opening.answer(header)
                elif isinstance(header, wire.Retry):
                    self.retried = self.opening.refused(header)
        if self.opening.answered:
            self.sent.append(self.opening.datagram())
            self.scene.receive(self.sent[-1], self.path)
            self.read()

    @property
    def welcome(self) -> asks.Welcome:
        """The newest one."""
        return next(it for it in reversed(self.replies) if isinstance(it, asks.Welcome))

    def again(self, **changed: Any) -> "Peer":
        """Its next session, as itself, with its ticket."""
        asked: dict[str, Any] = {
            "path": self.path,
            "secret": self.secret,
            "attempt": self.attempt + 1,
            "key": self.key,
            "ticket": self.welcome.ticket,
            "resumption": self.resumption,
        }
        return Peer(self.scene, self.name, **{**asked, **changed})

    @property
    def tag(self) -> int:
        """Of the one room it is in."""
        (tag,) = self.tags.values()
        return tag

    def send(self, *frames: wire.Frame, path: Path | None = None) -> list[wire.Frame]:
        """One datagram; what comes back."""
        return self.send_plaintext(b"".join(map(wire.encode_frame, frames)), path=path)

    def send_plaintext(self, plaintext: bytes, *, path: Path | None = None) -> list[wire.Frame]:
        assert self.channel is not None
        self.read()
        self.sent.append(self.channel.seal(plaintext))
        self.scene.receive(self.sent[-1], path or self.path)
        return self.read()

    def ask(self, request: asks.Request) -> list[asks.Response]:
        """The answers that come to it at once."""
        before = len(self.replies)
        self.send(wire.Ask(asks.encode(request)))
        return self.replies[before:]

    def number(self) -> int:
        """For a request."""
        self.requests += 1
        return self.requests

    def join(self, room: str) -> list[asks.Response]:
        return self.ask(asks.Join(self.number(), room, (), "", self.out(room)))

    def out(self, room: str) -> asks.Stay:
        """The newest stay there that it knows to be over, because it was put out."""
        gone = [it.stay for it in self.replies if isinstance(it, asks.Removed) and it.room == room]
        return max(gone, default=(0, 0))

    def say(
        self, *texts: str, first: int = 1, tag: int | None = None, kind: int = 1
    ) -> list[wire.Frame]:
        room = self.tag if tag is None else tag
        drafts = [
            wire.Draft(room, n, kind, 0, 0, text.encode()) for n, text in enumerate(texts, first)
        ]
        return [frame for draft in drafts for frame in self.send(draft)]

    def read(self) -> list[wire.Frame]:
        """The frames that came since, pushed ones too."""
        found: list[wire.Frame] = []
        for datagram in self._taken():
            known = len(found)
            header = wire.decode_header(datagram)
            match header:
                case wire.Session():
                    found += self._opened(header, datagram)
                case wire.Push(room=tag, epoch=epoch) if tag in self.pushes:
                    if self.pushes[tag].knows(epoch, self.scene.now):
                        found += self.pushes[tag].open(header, datagram, self.scene.now) or ()
            for frame in found[known:]:
                if isinstance(frame, wire.Reply):
                    self._reply(asks.decode_response(frame.body))
                elif isinstance(frame, wire.RoomKey) and frame.room in self.pushes:
                    self.pushes[frame.room].add(frame)
        return found

    def _taken(self) -> list[bytes]:
        """What came since and is sealed, or about sealing: not text, nor text inside of DTLS."""
        return [it for it in self.scene.take(self.path) if 0x80 <= it[0] <= 0xBF]

    def _opened(self, header: wire.Session, datagram: bytes) -> list[wire.Frame]:
        if self.channel is None:
            begun = self.opening.welcome(header, datagram)
            if begun is None:
                return []
            self.channel = begun.channel
            self.resumption = begun.resumption
            return begun.frames
        if header.sid != self.channel.sid:
            return []
        plaintext = self.channel.open(header, datagram)
        assert plaintext is not None
        return wire.decode_frames(plaintext)

    def _reply(self, reply: asks.Response) -> None:
        self.replies.append(reply)
        match reply:
            case asks.Joined(room=room, tag=tag, epoch=epoch, key=key, counter=counter):
                self.tags[room] = tag
                if key:
                    push_key = self.welcome.push_key
                    self.pushes[tag] = Keyring(epoch, key, counter, push_key)
            case asks.Left(room=room):
                self.tags.pop(room, None)
