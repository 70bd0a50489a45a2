"""The server's end of a real guest's session, frame by frame: it does what it is told."""

from collections import deque
from random import Random
from typing import Any

from chat.core import asks, wire
from chat.core.channel import Channel, PushSealer
from chat.core.connection import Rebind
from chat.core.guest import Guest
from chat.core.opening import Admission, Doorman
from chat.core.protect import PUBLISHED_SECRET
from chat.core.signatures import NameKey, Signer
from chat.core.tickets import Tickets
from chat.core.types import Handshake, Path, Point, Send, Tell

from .logs import Past
from .scene import IDENTITY, SERVER, SERVER_ID

CLIENT = Path(0, "192.0.2.33", 4000)
RESET = b"a reset token 16"


class Host:
    """`silent`: it hears everything and answers nothing by itself. Otherwise it opens sessions,
    and lets the guest into each room that has a `Past`."""

    def __init__(
        self,
        *rooms: str,
        entries: int = 0,
        seed: int = 1,
        silent: bool = False,
        name: str = "ann",
        secure: bool = False,
        key: NameKey | None = None,
    ) -> None:
        """`secure`: it takes handshakes and tickets, and signs what it pushes. `key`: the guest's,
        for any name."""
        self.random = Random(seed)
        self.now = 1000.0
        self.silent = silent
        self.lets_in = True
        """It answers joins by itself."""
        self.pasts = {room: Past(entries) for room in rooms}
        self.tags = {room: tag for tag, room in enumerate(rooms, 1)}
        published = None if secure else PUBLISHED_SECRET
        self.signer = Signer(self.random.randbytes(32)) if secure else None
        self.tickets = Tickets(IDENTITY, self.random.randbytes) if secure else None
        self.doorman = Doorman(published, self.tickets, self.random.randbytes)
        self.handshakes: list[float] = []
        """When the guest asked for one."""
        self.channel: Channel | None = None
        self.sealers: dict[int, PushSealer] = {}
        self.last_n: dict[str, int] = {}
        self.datagrams: list[bytes] = []
        """From the guest, which nobody took yet."""
        self.frames: list[wire.Frame] = []
        """Inside of them."""
        self.told: list[object] = []
        """By the guest, to its user."""
        self.rebinds = 0
        self._on_its_way: deque[bytes] = deque()
        self._turning = False
        self.guest = Guest(
            SERVER,
            name,
            secret=published,
            random=self.random.randbytes,
            now=self.now,
            key_of=lambda _: key,
        )
        for room in rooms:
            self.guest.join(room, self.now)
        self.guest.connect(self.now)
        self.turn()

    # The guest's side

    def turn(self) -> None:
        """Until neither has anything more to say to the other."""
        if self._turning:
            return
        self._turning = True
        while True:
            effects = self.guest.drain()
            for effect in effects:
                match effect:
                    case Send(path, datagram):
                        assert path == SERVER
                        assert len(datagram) <= wire.DATAGRAM_MAX
                        self.datagrams.append(datagram)
                        self._heard(datagram)
                    case Tell(event):
                        self.told.append(event)
                    case Rebind():
                        self.rebinds += 1
                    case Handshake():
                        self.handshakes.append(self.now)
                        if not self.silent:
                            self.shake()
            if self._on_its_way:
                self.guest.receive(self._on_its_way.popleft(), SERVER, self.now)
            elif not effects:
                break
        self._turning = False

    def wait(self, seconds: float) -> None:
        """Time goes on, from one of the guest's deadlines to the next."""
        until = self.now + seconds
        for _ in range(10_000):
            deadline = self.guest.deadline()
            if deadline is None or deadline > until:
                break
            self.now = max(self.now, deadline)
            self.guest.timeout(self.now)
            self.turn()
        else:
            raise AssertionError("the guest does not come to rest")
        self.now = until

    def events(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def asked(self, kind: type[Any]) -> list[Any]:
        """The requests of this kind that came, oldest first."""
        bodies = [frame.body for frame in self.frames if isinstance(frame, wire.Ask)]
        return [ask for ask in map(asks.decode_request, bodies) if isinstance(ask, kind)]

    def got(self, kind: type[Any]) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, kind)]

    # The server's side

    @property
    def wall(self) -> int:
        return 1_700_000_000_000 + int(self.now * 1000)

    def restart(self, identity: bytes = IDENTITY) -> None:
        """Another process, of this identity."""
        self.channel = None
        self.sealers.clear()
        if self.tickets is not None:
            self.signer = Signer(self.random.randbytes(32))
            self.tickets = Tickets(identity, self.random.randbytes)
        published = None if self.tickets else PUBLISHED_SECRET
        self.doorman = Doorman(published, self.tickets, self.random.randbytes)

    def shake(self) -> None:
        """The handshake that the guest asked for ends, and the server is the right one."""
        handshake, secret = self.random.randbytes(16), self.random.randbytes(32)
        self.doorman.shaken(CLIENT, handshake, secret, self.now)
        self.guest.admitted(handshake, secret, SERVER_ID, self.now)
        self.turn()

    def deliver(self, datagram: bytes) -> None:
        self._on_its_way.append(datagram)
        self.turn()

    def send(self, *frames: wire.Frame) -> None:
        self.send_plaintext(b"".join(map(wire.encode_frame, frames)))

    def send_plaintext(self, plaintext: bytes) -> None:
        assert self.channel is not None
        self.deliver(self.channel.seal(plaintext))

    def reply(self, *responses: asks.Response) -> None:
        self.send(*(wire.Reply(asks.encode(response)) for response in responses))

    def push(self, room: str, first: int, count: int = 1, *frames: wire.Frame) -> None:
        """Entries of a room's past, and frames after them."""
        bodies = self.pasts[room].block(first, count)
        entries = wire.encode_frame(wire.Entries(bodies)) if bodies else b""
        plaintext = entries + b"".join(map(wire.encode_frame, frames))
        self.deliver(self.sealers[self.tags[room]].seal(first, len(bodies), plaintext))

    def page(self, fetch: wire.Fetch, *, index: int = 0, pages: int = 1, most: int = 1000) -> None:
        """The answer to a fetch, in one page; `most` entries of its first range."""
        room = next(room for room, tag in self.tags.items() if tag == fetch.room)
        past, wanted = self.pasts[room], fetch.ranges[0]
        floor, first, previous, bodies = past.pages(wanted, most)[0]
        head = past.head
        self.send(
            wire.Page(
                fetch.request, index, pages, fetch.room, floor, *head, first, previous, bodies
            )
        )

    def joined(self, join: asks.Join, **changed: Any) -> asks.Joined:
        past, tag = self.pasts[join.room], self.tags[join.room]
        sealer = self.sealers.setdefault(tag, self._sealer(tag))
        points = tuple(Point(*point) for point in join.points)
        fields: dict[str, Any] = {
            "r": join.r,
            "room": join.room,
            "tag": tag,
            "epoch": sealer.epoch,
            "key": sealer.key,
            "counter": sealer.counter,
            "floor": past.floor,
            "head": past.head.seq,
            "digest": past.head.digest,
            "origin": past.origin,
            "matched": past.match(points),
            "last_n": self.last_n.get(join.room, 0),
            "window": 64,
            "interval": 10,
            "ordinal": 1,
            "topic": "",
            "peer": "",
        }
        return asks.Joined(**{**fields, **changed})

    def _heard(self, datagram: bytes) -> None:
        match wire.decode_header(datagram):
            case wire.Open() as header if not self.silent:
                answer = self.doorman.answer(header, CLIENT, self.now, self.wall)
                self.guest.receive(answer, SERVER, self.now)
            case wire.First() as header if not self.silent:
                admission = self.doorman.admit(header, datagram, CLIENT, self.now, self.wall)
                if isinstance(admission, Admission):
                    self.channel = admission.channel
                    self._welcome(admission)
            case wire.Session() as header if self.channel and header.sid == self.channel.sid:
                plaintext = self.channel.open(header, datagram)
                assert plaintext is not None
                frames = wire.decode_frames(plaintext)
                self.frames += frames
                if not self.silent:
                    self._let_in(frames)

    def _welcome(self, admission: Admission) -> None:
        self.admission = admission
        self.frames += admission.frames
        hello = self.asked(asks.Hello)[-1]
        ticket = self.tickets.issue(admission.resumption, self.wall) if self.tickets else b""
        push_key = self.signer.public if self.signer else b""
        self.reply(
            asks.Welcome(hello.name, hello.name, str(CLIENT), RESET, False, ticket, push_key)
        )
        self._let_in(admission.frames)

    def _sealer(self, tag: int) -> PushSealer:
        return PushSealer(tag, 0, self.random.randbytes(16), self.signer)

    def _let_in(self, frames: list[wire.Frame]) -> None:
        for frame in frames if self.lets_in else ():
            if isinstance(frame, wire.Ask):
                ask = asks.decode_request(frame.body)
                if isinstance(ask, asks.Join) and ask.room in self.pasts:
                    self.reply(self.joined(ask))
