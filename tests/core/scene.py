"""A hub in a world of its own: its log answers at once, nothing gets lost, and time stands still
until it is moved."""

from collections import defaultdict
from random import Random

from chat.core.entry import decode_entry
from chat.core.hub import Hub
from chat.core.plain import Policy
from chat.core.protect import PUBLISHED_SECRET
from chat.core.types import (
    Append,
    Check,
    Effect,
    Entry,
    Fetch,
    Follow,
    Group,
    Harden,
    Open,
    Path,
    Push,
    Range,
    Request,
    Send,
    Subscribe,
    Tell,
    Trim,
    Unfollow,
    Unsubscribe,
)
from chat.log.memory import MemoryLog

from .. import verifiers

SERVER = Path(0, "10.0.0.1", 9999)
IDENTITY = b"identity of the server in the scene"
SERVER_ID = b"what its handshakes prove, 32 byte"[:32]
HERE = Path(0, "127.0.0.1", 5000)
"""A plain-text client on the server's machine."""
ELSEWHERE = Path(0, "192.0.2.7", 5000)


class Scene:
    """`stalled`: the log takes requests and answers none of them until `answer` is called.
    `secure`: sessions need handshakes, whose ends `Hub.admitted` tells."""

    def __init__(
        self,
        *,
        seed: int = 1,
        plain: Policy = Policy.LOOPBACK,
        masked: bool = False,
        secure: bool = False,
    ) -> None:
        self.random = Random(seed)
        self.now = 1000.0
        self.offset = 1_700_000_000_000
        self.log = MemoryLog(random=self.random.randbytes, wall=lambda: self.wall)
        self.groups: dict[Group, set[Path]] = {}
        self.boxes: defaultdict[Path, list[bytes]] = defaultdict(list)
        """What each endpoint got and nobody took yet."""
        self.effects: list[Effect] = []
        """Everything the hub asked for."""
        self.stalled = False
        self.trouble = ""
        """Why the log refuses appends and opens."""
        self.overworked = False
        """No password can be checked."""
        self.secure = secure
        self.server = SERVER_ID if secure else b""
        self._plain = plain
        self._masked = masked
        self.start()

    def start(self, identity: bytes = IDENTITY) -> None:
        """A process; nothing is left of the one before but its log."""
        self._waiting: list[Request] = []
        self._checks: list[Check | Harden] = []
        self.groups.clear()
        self.log._followed.clear()
        self.hub = Hub(
            secret=None if self.secure else PUBLISHED_SECRET,
            identity=identity,
            server=self.server,
            random=self.random.randbytes,
            now=self.now,
            version="1.2.3",
            plain=self._plain,
            masked=self._masked,
        )
        self.turn()

    @property
    def wall(self) -> int:
        return self.offset + int(self.now * 1000)

    def receive(self, datagram: bytes, path: Path) -> None:
        """One datagram, and everything that comes of it."""
        self.hub.receive(datagram, path, self.now, self.wall)
        self.turn()

    def write(self, text: str, path: Path = HERE) -> list[str]:
        """Plain text from an endpoint; what it got back."""
        self.take(path)
        self.receive(text.encode(), path)
        return self.lines(path)

    def take(self, path: Path) -> list[bytes]:
        return self.boxes.pop(path, [])

    def lines(self, path: Path = HERE) -> list[str]:
        """What this plain-text endpoint got since it was asked last."""
        texts = [datagram for datagram in self.take(path) if not 0x80 <= datagram[0] <= 0xBF]
        return b"".join(texts).decode().split("\n")[:-1]

    def turn(self) -> None:
        """Until the hub, its log and who checks passwords have nothing left to say."""
        while True:
            effects = self.hub.drain()
            self.effects += effects
            for effect in effects:
                self._do(effect)
            checks, self._checks = self._checks, []
            for check in checks:
                verifiers.answer(self.hub, check, self.now, self.wall, busy=self.overworked)
            if self.stalled or not self._waiting:
                if not effects:
                    return
            else:
                self._answer_waiting()

    def answer(self) -> None:
        """The log is not stalled any more."""
        self.stalled = False
        self._answer_waiting()
        self.turn()

    def wait(self, seconds: float) -> None:
        """Time goes on, from one of the hub's deadlines to the next."""
        until = self.now + seconds
        while (deadline := self.hub.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.hub.timeout(self.now)
            self.turn()
        self.now = until

    def entries(self, room: str = "lobby") -> list[Entry]:
        """All of a room's log."""
        everything = Range(1, self.log.open(room, b"", ()).head.seq)
        runs = self.log.fetch(room, [everything], 1 << 30).runs
        return [decode_entry(room, it.seq, it.body) for run in runs for it in run.records]

    def asked(self, kind: type[Effect]) -> list[Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def told(self) -> list[object]:
        return [effect.event for effect in self.effects if isinstance(effect, Tell)]

    def _do(self, effect: Effect) -> None:
        match effect:
            case Send(path, datagram):
                self.boxes[path].append(datagram)
            case Push(group, datagram):
                for path in sorted(self.groups.get(group, ())):
                    self.boxes[path].append(datagram)
            case Subscribe(group, path):
                assert path not in self.groups.setdefault(group, set())
                self.groups[group].add(path)
            case Unsubscribe(group, path):
                self.groups[group].remove(path)
            case Append() | Open() | Fetch() | Follow() | Unfollow() | Trim():
                self._waiting.append(effect)
            case Check() | Harden():
                self._checks.append(effect)

    def _answer_waiting(self) -> None:
        """As the server's thread does it: one commit, then what else was asked for."""
        hub, requests, self._waiting = self.hub, self._waiting, []
        appends = [request for request in requests if isinstance(request, Append)]
        if self.trouble:
            for append in appends:
                hub.appended(append.room, self.trouble, self.now)
        else:
            results = self.log.append([(append.room, append.drafts) for append in appends])
            for append, result in zip(appends, results, strict=True):
                hub.appended(append.room, result, self.now)
        for request in requests:
            match request:
                case Open(ticket) if self.trouble:
                    hub.failed(ticket, self.trouble, self.now, self.wall)
                case Open(ticket, room, instance, points):
                    hub.opened(ticket, self.log.open(room, instance, points), self.now, self.wall)
                case Fetch(ticket, room, ranges, budget):
                    hub.fetched(ticket, self.log.fetch(room, ranges, budget), self.now, self.wall)
                case Follow(room, after):
                    self.log.follow(room, after)
                case Unfollow(room):
                    self.log.unfollow(room)
                case Trim(room, before):
                    self.log.trim(room, before)
        while news := self.log.news():
            for room, records in news:
                hub.logged(room, records, self.now, self.wall)
