"""What the hub asks of the log, done in order and in batches.

The first request after a quiet moment is done at once. While the server is busy, whatever was
asked for within a few milliseconds is one batch: its appends are one commit, and what comes out of
it for a room is one push. So everything that a message costs beyond its bytes is shared: the
commit, the seal, the signature, and each member's datagram.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from chat.core.types import Append, Fetch, Follow, Open, Record, Request, Trim, Unfollow
from chat.log.api import CHUNK, DamagedLogError, Log, LogError

T = TypeVar("T")

TICK = 0.005
"""Seconds, at most, that a message waits for others on a busy server, and that they then take
together: the longer a batch takes, the less it is waited for."""

SHARE = 1 / 16
"""Of the time goes, at most, into what small batches cost by themselves (one that took 100 us is
followed by the next one after 1.6 ms), and as much into tidying the log."""

SLOW = 0.002
"""Seconds that a batch may take on the loop, on a smoothed average (one eighth of it is the newest
one). A disk slower than that is waited for on a thread."""

DISTRUST = 10.0
"""Seconds until it is given another chance."""

LULL = 1.0
"""Seconds, at least, between two looks at whether the log is to be tidied."""


class Batch:
    """What came of one batch, in the order in which the hub is to hear it."""

    __slots__ = ("answers", "news", "results", "trouble")

    def __init__(self) -> None:
        self.results: list[tuple[str, dict[bytes, int] | str]] = []
        """Of each append."""
        self.news: list[tuple[str, tuple[Record, ...]]] = []
        self.answers: list[tuple[Open | Fetch, object]] = []
        """What each Open and Fetch is answered with; a LogError where it cannot be."""
        self.trouble = ""
        """Why the log refused something, or nothing."""

    @property
    def more(self) -> bool:
        """The log has more to say."""
        return sum(len(records) for _, records in self.news) >= CHUNK


def perform(log: Log, requests: Sequence[Request]) -> Batch:
    """One batch: the appends first, as one commit, so that every look at the log sees them. Raises
    DamagedLogError where nothing can be appended any more; who only reads is just refused."""
    batch = Batch()
    appends = [request for request in requests if isinstance(request, Append)]
    try:
        if appends:
            results = log.append([(append.room, append.drafts) for append in appends])
            batch.results = [
                (append.room, result) for append, result in zip(appends, results, strict=True)
            ]
    except DamagedLogError:
        raise
    except LogError as error:
        batch.trouble = str(error)
        batch.results = [(append.room, batch.trouble) for append in appends]
    for request in requests:
        try:
            match request:
                case Open(_, room, instance, points):
                    batch.answers.append((request, log.open(room, instance, points)))
                case Fetch(_, room, ranges, budget):
                    batch.answers.append((request, log.fetch(room, ranges, budget)))
                case Follow(room, after):
                    log.follow(room, after)
                case Unfollow(room):
                    log.unfollow(room)
                case Trim(room, before):
                    log.trim(room, before)
        except LogError as error:
            batch.trouble = str(error)
            if isinstance(request, Open | Fetch):
                batch.answers.append((request, error))
    try:
        batch.news = log.news()
    except LogError as error:
        batch.trouble = str(error)
    return batch


class Committer:
    """Runs the log; `deliver(batch)` is called on the loop.

    A batch that waits for nothing but this machine's memory is done on the loop itself: to hand it
    to a thread and back takes longer than a commit. What waits for a disk is done on a thread.
    """

    def __init__(
        self, log: Log, deliver: Callable[[Batch], None], gather: Callable[[], None]
    ) -> None:
        """Needs a running loop. `gather()` is called when a batch that had to wait is about to
        begin: what else can be submitted is part of it."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the log is closed; an exception if the log did what it must not."""
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._deliver = deliver
        self._gather = gather
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log")
        self._waiting: list[Request] = []
        self._more = False
        """The log has more to say than one batch held."""
        self._busy = False
        """It is being used, here or on the thread."""
        self._closing = False
        self._began = self._next_at = self._trusted_at = 0.0
        """When the newest batch began; when the next one may; from when on the log is fast."""
        self._took = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._lull: asyncio.TimerHandle | None = None
        self._looks = False
        """Whether the log is to be tidied is asked as soon as it is not being used."""

    def submit(self, requests: Sequence[Request]) -> None:
        self._waiting += requests
        self._go_on()

    @property
    def ticking(self) -> bool:
        """A batch waits for its time; then `gather` is called."""
        return self._timer is not None

    def close(self) -> None:
        """Once everything submitted is stored and answered, the log is closed, and `ended` done."""
        self._closing = True
        self._go_on()

    def _go_on(self) -> None:
        """Begins the next batch, if there is one and it is time for it."""
        if self._busy or self._tidies():
            return
        if self._waiting or self._more:
            wait = self._next_at - time.monotonic()
            if wait <= 0 or self._closing:
                self._begin()
            elif self._timer is None:
                self._timer = self._loop.call_later(wait, self._tick)
        elif self._closing:
            self._end()

    def _tick(self) -> None:
        self._timer, self._next_at = None, 0.0
        try:
            self._gather()
        finally:
            self._go_on()

    def _begin(self) -> None:
        requests, self._waiting = self._waiting, []
        self._began = time.monotonic()
        if self._log.waits or self._began < self._trusted_at:
            self._on_thread(partial(perform, self._log, requests), self._performed)
            return
        self._busy = True
        try:
            batch = perform(self._log, requests)
        except Exception as error:
            self._end(error)
            if isinstance(error, LogError):
                return
            raise
        self._took += (time.monotonic() - self._began - self._took) / 8
        if self._took > SLOW:
            self._took, self._trusted_at = 0.0, self._began + DISTRUST
        self._performed(batch)

    def _performed(self, batch: Batch) -> None:
        began = time.monotonic() if self._log.waits else self._began
        self._more = batch.more
        try:
            self._deliver(batch)
        except Exception as error:
            self._end(error)  # Half of it was told: better no server than one that is wrong.
            raise
        took = time.monotonic() - began
        self._next_at = began + min(took / SHARE, TICK - took)
        self._busy = False
        if batch.results and self._lull is None:
            self._lull = self._loop.call_later(LULL, self._look)
        self._go_on()

    def _look(self) -> None:
        self._lull, self._looks = None, True
        self._go_on()

    def _tidies(self) -> bool:
        """Whether the log is tidied now, which waits for the disk."""
        looks, self._looks = self._looks, False
        if not looks or self._closing or not self._log.untidy:
            return False
        self._on_thread(self._log.tidy, partial(self._tidied, time.monotonic()))
        return True

    def _tidied(self, began: float, _: None) -> None:
        if self._lull is not None:
            self._lull.cancel()
        wait = (time.monotonic() - began) / SHARE
        self._lull = self._loop.call_later(max(LULL, wait), self._look)
        self._busy = False
        self._go_on()

    def _on_thread(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """`then` is called on the loop with what comes of it, unless it fails."""

        def done(job: asyncio.Future[T]) -> None:
            error = job.exception()
            if error is None:
                then(job.result())
            else:
                self._end(error)

        self._busy = True
        self._loop.run_in_executor(self._thread, work).add_done_callback(done)

    def _end(self, error: BaseException | None = None) -> None:
        """Nothing more is done: the log is closed, and `ended`."""

        def closed(job: asyncio.Future[None]) -> None:
            failure = error or job.exception()
            self._thread.shutdown()
            if failure is None:
                self.ended.set_result(None)
            else:
                self.ended.set_exception(failure)

        self._busy = True
        self._loop.run_in_executor(self._thread, self._log.close).add_done_callback(closed)
