"""A server process in virtual time, on a store that outlives it. It may crash between any two of
the steps of a message's way: received, drained, committed, answered, said."""

from collections.abc import Callable
from functools import partial
from random import Random

from chat.core.hub import Hub
from chat.core.plain import Policy
from chat.core.protect import PUBLISHED_SECRET
from chat.core.types import (
    Append,
    Effect,
    Fetch,
    Follow,
    Group,
    Open,
    Path,
    Push,
    Record,
    Send,
    Subscribe,
    Unfollow,
    Unsubscribe,
)
from chat.log.api import Log, LogError

from .clock import Clock
from .network import SERVER, Network

WALL = 1_700_000_000_000
IDENTITY = b"identity of the simulated server"


class Violation(AssertionError):
    """Something that must hold did not."""


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
        self._clock = clock
        self._network = network
        self._random = random
        self._store = store
        self._process = 0
        self._heard: dict[Path, int] = {}
        self._told: dict[Path, int] = {}
        self._last_logged: dict[str, int] = {}
        self._log_busy_until = 0.0
        self._timer_at = 0.0

    @property
    def wall(self) -> int:
        return WALL + int(self._clock.now * 1000) + self.wall_offset

    def start(self) -> None:
        self._process += 1
        self.log = self._store()
        self.groups = {}
        self._last_logged = {}
        self._timer_at = 0.0
        self._log_busy_until = self._clock.now
        self.hub = Hub(
            secret=PUBLISHED_SECRET,
            identity=IDENTITY,
            random=self._random.randbytes,
            now=self._clock.now,
            version="sim",
            plain=Policy.ANY,
        )
        self._network.attach(SERVER, self._received)
        self._drain()

    def crash(self) -> None:
        """Nothing of the process is left; the store has what was committed."""
        if self.hub is None:
            return
        self.crashes += 1
        self._process += 1
        self.hub = None
        self.groups = {}
        kill = getattr(self.log, "kill", None)
        if kill is not None:
            kill()
        self._network.detach(SERVER)
        self._clock.after(self.down_for, self.start)

    def _step(self, delay: float, action: Callable[[Hub], None]) -> None:
        """Schedules a step of this process; it dies with it."""
        process = self._process

        def run() -> None:
            if process != self._process or self.hub is None:
                return
            self.steps += 1
            if self.steps == self.crash_at:
                self.crash()
                return
            action(self.hub)

        self._clock.after(delay, run)

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
        effects = hub.drain()
        appends: list[Append] = []
        for effect in effects:
            if isinstance(effect, Append):
                appends.append(effect)
            else:
                self._do(hub, effect)
        if appends:
            self._step(self._log_time(), lambda _: self._commit(appends))
        deadline = hub.deadline()
        if deadline is not None and not self._clock.now < self._timer_at <= deadline:
            self._timer_at = deadline
            self._step(deadline - self._clock.now, self._timeout)

    def _timeout(self, hub: Hub) -> None:
        self._timer_at = 0.0
        deadline = hub.deadline()
        if deadline is not None and deadline <= self._clock.now:
            hub.timeout(self._clock.now)
        self._drain()

    def _log_time(self) -> float:
        """The log does one thing after the other, and is sometimes slow."""
        took = self.log_delay * (0.5 + self._random.random())
        self._log_busy_until = max(self._log_busy_until, self._clock.now) + took
        return self._log_busy_until - self._clock.now

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
                for path in sorted(self.groups.get(group, ())):
                    self._network.send(datagram, SERVER, path)
            case Open():
                self._step(self._log_time(), lambda _: self._open(effect))
            case Follow(room, after):
                self._last_logged[room] = after
                self._step(self._log_time(), lambda _: self._follow(room, after))
            case Unfollow(room):
                self._last_logged.pop(room, None)
                self._step(self._log_time(), lambda _: self.log.unfollow(room))
            case Fetch():
                self._step(self._log_time(), lambda _: self._fetch(effect))

    def _open(self, open: Open) -> None:
        snapshot = self.log.open(open.room, open.instance, open.points)

        def answer(hub: Hub) -> None:
            hub.opened(open.ticket, snapshot, self._clock.now, self.wall)
            self._drain()

        self._step(0.0005, answer)

    def _fetch(self, fetch: Fetch) -> None:
        extract = self.log.fetch(fetch.room, fetch.ranges, fetch.budget)

        def answer(hub: Hub) -> None:
            hub.fetched(fetch.ticket, extract, self._clock.now)
            self._drain()

        self._step(0.0005, answer)

    def _follow(self, room: str, after: int) -> None:
        self.log.follow(room, after)
        self._say_news()

    def _commit(self, appends: list[Append]) -> None:
        try:
            if self.broken_log:
                raise LogError(self.broken_log)
            results: list[dict[bytes, int] | str] = list(
                self.log.append([(append.room, append.drafts) for append in appends])
            )
        except LogError as error:
            results = [str(error)] * len(appends)
        for append, result in zip(appends, results, strict=True):
            self._step(0.0002, partial(self._appended, append.room, result))
        self._say_news()

    def _appended(self, room: str, result: dict[bytes, int] | str, hub: Hub) -> None:
        hub.appended(room, result, self._clock.now)
        self._drain()

    def _say_news(self) -> None:
        for room, records in self.log.news():
            archive = self.archive.setdefault(room, {})
            archive.update((record.seq, record) for record in records)
            self._step(0.0004, partial(self._logged, room, records))

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
        if path in hub._sealed.by_path or path in hub._plain.endpoints:
            return
        self._told[path] = self._told.get(path, 0) + len(datagram) + 28
        if self._told[path] > 3 * self._heard.get(path, 0):
            raise Violation(f"{path} got {self._told[path]} for {self._heard.get(path, 0)} bytes")
