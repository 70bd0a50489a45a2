"""The client's end of a session, frame by frame: it can say what no guest would."""

from chat.core import asks, wire
from chat.core.channel import Channel, PushOpener
from chat.core.opening import Opening
from chat.core.protect import PUBLISHED_SECRET
from chat.core.types import Path

from .scene import Scene


class Peer:
    """Opens a session at once, and joins `room` with it unless there is none to join."""

    def __init__(
        self,
        scene: Scene,
        name: str = "ann",
        *,
        path: Path | None = None,
        room: str = "lobby",
        secret: bytes | None = None,
        attempt: int = 1,
    ) -> None:
        self.scene = scene
        self.name = name
        self.path = path or Path(0, f"10.0.1.{len(name)}", 40_000 + scene.random.randrange(20_000))
        self.secret = secret or scene.random.randbytes(16)
        self.requests = 1
        self.replies: list[asks.Response] = []
        """Every answer so far."""
        self.pushes: dict[int, PushOpener] = {}
        self.tags: dict[str, int] = {}
        self.channel: Channel | None = None
        hello: list[asks.Request] = [asks.Hello(attempt, name, self.secret)]
        if room:
            hello.append(asks.Join(1, room, ()))
        plaintext = b"".join(wire.encode_frame(wire.Ask(asks.encode(ask))) for ask in hello)
        self.opening = Opening(PUBLISHED_SECRET, scene.random.randbytes(16), lambda _: plaintext)
        self.open()

    def open(self) -> None:
        """OPEN and FIRST; both stay in `sent`."""
        self.sent = [self.opening.datagram()]
        self.scene.receive(self.sent[-1], self.path)
        for datagram in self.scene.take(self.path):
            if datagram[0] == 0x81:
                answer = wire.decode_header(datagram)
                assert isinstance(answer, wire.Answer)
                assert self.opening.answer(answer)
        self.sent.append(self.opening.datagram())
        self.scene.receive(self.sent[-1], self.path)
        self.read()

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
        return self.ask(asks.Join(self.number(), room, ()))

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
        for datagram in self.scene.take(self.path):
            known = len(found)
            header = wire.decode_header(datagram)
            match header:
                case wire.Session():
                    found += self._opened(header, datagram)
                case wire.Push(room=tag) if tag in self.pushes:
                    found += self.pushes[tag].open(header, datagram) or ()
            for frame in found[known:]:
                if isinstance(frame, wire.Reply):
                    self._reply(asks.decode_response(frame.body))
        return found

    def _opened(self, header: wire.Session, datagram: bytes) -> list[wire.Frame]:
        if self.channel is None:
            begun = self.opening.welcome(header, datagram)
            if begun is None:
                return []
            self.channel = begun.channel
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
                    self.pushes[tag] = PushOpener(epoch, key, counter)
            case asks.Left(room=room):
                self.tags.pop(room, None)
