"""The log's thread: what the hub asks of the log, done in order and off the event loop.

Whatever has been asked for by the time the thread is free is one batch, and its appends are one
commit: the busier the server, the fewer the commits. Answers come back in one call on the loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from chat.core.types import Append, Fetch, Follow, Open, Record, Request, Trim, Unfollow
from chat.log.api import CHUNK, DamagedLogError, Log, LogError


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
    """Runs the log on a thread of its own; `deliver(batch)` is called on the loop."""

    def __init__(self, log: Log, deliver: Callable[[Batch], None]) -> None:
        """Needs a running loop."""
        self._log = log
        self._deliver = deliver
        self._waiting: list[Request] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log")
        self.task = asyncio.get_running_loop().create_task(self._run())
        """Done when the log is closed; an exception if the log did what it must not."""

    def submit(self, requests: Sequence[Request]) -> None:
        self._waiting += requests
        self._wake.set()

    def close(self) -> None:
        """Once everything submitted is stored and answered, the log is closed, and `task` done."""
        self._closing = True
        self._wake.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        more = False
        try:
            while self._waiting or more or not self._closing:
                if not more:
                    await self._wake.wait()
                self._wake.clear()
                requests, self._waiting = self._waiting, []
                batch = await loop.run_in_executor(self._thread, perform, self._log, requests)
                more = batch.more
                self._deliver(batch)
        finally:
            await loop.run_in_executor(self._thread, self._log.close)
            self._thread.shutdown()
