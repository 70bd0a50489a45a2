"""A server process in virtual time, on a store that outlives it. It may crash between any two of
the steps of a message's way: received, drained, committed, answered, said."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from random import Random

from chat.core import asks
from chat.core.hub import Hub
from chat.core.plain import Policy
from chat.core.types import (
    REGISTRY,
    Append,
    Check,
    Draft,
    Effect,
    Extract,
    Fetch,
    Follow,
    Group,
    Harden,
    Open,
    Path,
    Point,
    Push,
    Range,
    Record,
    Request,
    Send,
    Snapshot,
    Subscribe,
    Trim,
    Unfollow,
    Unsubscribe,
)
from chat.log.api import Log, LogError
from chat.server.commit import perform

from .. import verifiers
from .clock import Clock
from .network import SERVER, Network

WALL = 1_700_000_000_000
SERVER_ID = b"what the server proves"
IDENTITY = b"identity of the simulated server"

CHECKING = 0.04
"""Seconds, on the average, that a password takes."""


class Violation(AssertionError):
    """Something that must hold did not."""


class Refusing(Log):
    """A store whose disk is full: it takes nothing and finds nothing, and goes on saying."""

    def __init__(self, log: Log, reason: str) -> None:
        self._log = log
        self._reason = reason

    def append(self, appends: Sequence[tuple[str, Sequence[Draft]]]) -> list[dict[bytes, int]]:
        raise LogError(self._reason)

    def open(self, room: str, instance: bytes, points: Iterable[Point]) -> Snapshot:
        raise LogError(self._reason)

    def fetch(self, room: str, ranges: Sequence[Range], budget: int) -> Extract:
        raise LogError(self._reason)

    def follow(self, room: str, after: int) -> None:
        self._log.follow(room, after)

    def unfollow(self, room: str) -> None:
        self._log.unfollow(room)

    def news(self) -> list[tuple[str, tuple[Record, ...]]]:
        return self._log.news()

    def trim(self, room: str, before: int) -> None:
        raise LogError(self._reason)

    def close(self) -> None:
        """The store below is closed by who opened it."""


class Server:
    """`crash_at` counts steps: the process dies instead of taking that one."""

    def __init__(
        self,
        clock: Clock,
        network: Network,
        random: Random,
        store: Callable[[], Log],
        *,
        log_delay: float = 0.002,
    ) -> None:
        self.hub: Hub | None = None
        self.log: Log
        self.archive: dict[str, dict[int, Record]] = {}
        """Everything that was ever committed, which retention may have taken since."""
        self.committed: dict[tuple[str, bytes], int] = {}
        """The newest n of each instance in each room."""
        self.groups: dict[Group, set[Path]] = {}
        self.steps = 0
        self.crash_at: int | None = None
        self.down_for = 1.0
        self.crashes = 0
        self.broken_log: str | None = None
        """A reason for which the store refuses everything for now."""
        self.log_delay = log_delay
        self.wall_offset = 0
        self.current: str | None = None
        """Whose step this is, for the watches."""
        self.on_push: Callable[[Group, bytes], None] = lambda group, datagram: None
        """Called with each push."""
        self.process = 0
        """Counts them."""
        self._clock = clock
        self._network = network
        self._random = random
        self._store = store
        self._heard: dict[Path, int] = {}
        self._told: dict[Path, int] = {}
        self._last_logged: dict[str, int] = {}
        self._requests: list[Request] = []
        self._more_news = False
        self._log_busy = False
        self._timer_at = 0.0

    @property
    def now(self) -> float:
        return self._clock.now

    @property
    def calm(self) -> int:
        """What the wall clock would say if nobody set it. Stores go by this: they forget, as they
        promise, what is older than a week or a month by their clock."""
        return WALL + int(self._clock.now * 1000)

    @property
    def wall(self) -> int:
        return self.calm + self.wall_offset

    def start(self) -> None:
        self.process += 1
        self.log = self._store()
        self.groups = {}
        self._last_logged = {}
        self._timer_at = 0.0
        self._requests = []
        self._more_news = False
        self._log_busy = False
        self.hub = Hub(
            secret=None,
            server=SERVER_ID,
            identity=IDENTITY,
            random=self._random.randbytes,
            now=self._clock.now,
            version="sim",
            plain=Policy.ANY,
        )
        self._network.attach(SERVER, self._received)
        self._network.admit = self._admit
        self._drain()

    def crash(self) -> None:
        """Nothing of the process is left; the store has what was committed."""
        if self.hub is None:
            return
        self.crashes += 1
        self.process += 1
        self.hub = None
        self.groups = {}
        kill = getattr(self.log, "kill", None)
        if kill is not None:
            kill()
        self._network.detach(SERVER)
        self._clock.after(self.down_for, self.start)

    def _step(self, delay: float, action: Callable[[Hub], None]) -> None:
        """Schedules a step of this process; it dies with it."""
        process = self.process

        def run() -> None:
            if process != self.process or self.hub is None:
                return
            self.steps += 1
            if self.steps == self.crash_at:
                self.crash()
                return
            action(self.hub)

        self._clock.after(delay, run)

    def _admit(self, path: Path) -> tuple[bytes, bytes, bytes] | None:
        """A handshake has ended, if there is anybody to shake hands with."""
        if self.hub is None:
            return None
        handshake, secret = self._random.randbytes(16), self._random.randbytes(32)
        self.hub.admitted(path, handshake, secret, self._clock.now)
        self._drain()
        return handshake, secret, SERVER_ID

    def turn(self) -> None:
        if self.hub is not None:
            self._drain()

    def operate(self, act: asks.Act) -> None:
        """By the operator, who does not read the answer."""
        if self.hub is not None:
            self.hub.operate(None, act, self._clock.now, self.wall)
            self._drain()

    def _received(self, datagram: bytes, source: Path) -> None:
        self._heard[source] = self._heard.get(source, 0) + len(datagram) + 28
        self._step(0, lambda hub: self._take(hub, datagram, source))

    def _take(self, hub: Hub, datagram: bytes, source: Path) -> None:
        hub.receive(datagram, source, self._clock.now, self.wall)
        self._drain()

    def _drain(self) -> None:
        """The end of a turn: the hub's effects, and its next timer."""
        hub = self.hub
        assert hub is not None
        for effect in hub.drain():
            self._do(hub, effect)
        self._ask_log()
        deadline = hub.deadline()
        if deadline is not None and not self._clock.now < self._timer_at <= deadline:
            self._timer_at = at = max(deadline, self._clock.now)
            self._step(at - self._clock.now, lambda hub: self._timeout(hub, at))

    def _timeout(self, hub: Hub, at: float) -> None:
        if at != self._timer_at:
            return  # Another one was set since.
        self._timer_at = 0.0
        deadline = hub.deadline()
        if deadline is not None and deadline <= self._clock.now:
            hub.timeout(self._clock.now)
        self._drain()

    def _ask_log(self) -> None:
        """The log does one batch after the other, and is sometimes slow."""
        if (self._requests or self._more_news) and not self._log_busy:
            self._log_busy = True
            self._step(self.log_delay * (0.5 + self._random.random()), self._perform)

    def _perform(self, _: Hub) -> None:
        requests, self._requests = self._requests, []
        log = Refusing(self.log, self.broken_log) if self.broken_log else self.log
        batch = perform(log, requests)
        self._more_news = batch.more
        for room, result in batch.results:
            if isinstance(result, dict):
                self.committed.update({(room, author): n for author, n in result.items()})
            self._step(0.0002, partial(self._appended, room, result))
        for room, records in batch.news:
            archive = self.archive.setdefault(room, {})
            archive.update((record.seq, record) for record in records)
            self._step(0.0004, partial(self._logged, room, records))
        for request, answer in batch.answers:
            self._step(0.0005, partial(self._answered, request, answer))
        self._step(0.0006, self._log_done)

    def _log_done(self, _: Hub) -> None:
        self._log_busy = False
        self._ask_log()

    def _do(self, hub: Hub, effect: Effect) -> None:
        match effect:
            case Send(path, datagram):
                self._check_size(datagram)
                self._check_budget(hub, path, datagram)
                self._network.send(datagram, SERVER, path)
            case Subscribe(group, path):
                members = self.groups.setdefault(group, set())
                if path in members:
                    raise Violation(f"{path} subscribed twice to {group}")
                members.add(path)
            case Unsubscribe(group, path):
                members = self.groups[group]
                if path not in members:
                    raise Violation(f"{path} was not subscribed to {group}")
                members.discard(path)
                if not members:
                    del self.groups[group]
            case Push(group, datagram):
                self._check_size(datagram)
                self.on_push(group, datagram)
                for path in sorted(self.groups.get(group, ())):
                    self._network.send(datagram, SERVER, path)
            case Follow(room, after):
                floor = self.log.open(room, b"", ()).floor if room == REGISTRY else 1
                self._last_logged[room] = max(after, floor - 1)
                self._requests.append(effect)
            case Unfollow(room):
                self._last_logged.pop(room, None)
                self._requests.append(effect)
            case Append() | Open() | Fetch() | Trim():
                self._requests.append(effect)
            case Check() | Harden():
                took = CHECKING * (0.5 + self._random.random())
                self._step(took, partial(self._checked, effect))

    def _checked(self, effect: Check | Harden, hub: Hub) -> None:
        verifiers.answer(hub, effect, self._clock.now, self.wall)
        self._drain()

    def _answered(self, request: Open | Fetch, answer: object, hub: Hub) -> None:
        match answer:
            case Snapshot():
                hub.opened(request.ticket, answer, self._clock.now, self.wall)
            case Extract():
                hub.fetched(request.ticket, answer, self._clock.now, self.wall)
            case _:
                hub.failed(request.ticket, str(answer), self._clock.now, self.wall)
        if hub.trouble:
            self.crash()
        else:
            self._drain()

    def _appended(self, room: str, result: dict[bytes, int] | str, hub: Hub) -> None:
        hub.appended(room, result, self._clock.now)
        self._drain()

    def _logged(self, room: str, records: tuple[Record, ...], hub: Hub) -> None:
        if room not in self._last_logged:
            return
        for record in records:
            if record.seq != self._last_logged[room] + 1:
                raise Violation(f"{room}: {record.seq} said after {self._last_logged[room]}")
            self._last_logged[room] = record.seq
        hub.logged(room, records, self._clock.now, self.wall)
        self._drain()

    def _check_size(self, datagram: bytes) -> None:
        if len(datagram) > 1200:
            raise Violation(f"a datagram of {len(datagram)} bytes")

    def _check_budget(self, hub: Hub, path: Path, datagram: bytes) -> None:
        """Promise 4: three bytes for one, to whom has not proven that it hears us."""
        if path in hub._sealed.by_path or path in hub._plain.endpoints or path.loopback:
            return
        self._told[path] = self._told.get(path, 0) + len(datagram) + 28
        if self._told[path] > 3 * self._heard.get(path, 0):
            raise Violation(f"{path} got {self._told[path]} for {self._heard.get(path, 0)} bytes")
