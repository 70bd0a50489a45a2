"""`python -m tests.e2e.turns`: a server that says how long the turns of its loop took.

A turn goes from one look for what is ready to the next, so it is measured where a loop looks: in its
selector. What counts is the processor's time of the loop's own thread: other threads, and whatever
else the machine does, are none of its doing. SIGUSR1 begins to measure; SIGTERM ends it all, and
then there is one line on stdout: `turns LONGEST COUNT`, milliseconds and a number.
"""

import asyncio
import selectors
import signal
import time

from chat.server.serve import serve


class Stopwatch(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self.count = 0
        self._since = time.thread_time()

    def begin(self) -> None:
        self.longest, self.count = 0.0, 0
        self._since = time.thread_time()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.longest = max(self.longest, time.thread_time() - self._since)
        self.count += 1
        ready = super().select(timeout)
        self._since = time.thread_time()
        return ready


async def main(stopwatch: Stopwatch) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, stopwatch.begin)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(["127.0.0.1:0"]) as serving:
        print(f"listening on {serving.endpoints[0]}", flush=True)
        await stop.wait()
        print(f"turns {1000 * stopwatch.longest:.2f} {stopwatch.count}", flush=True)


if __name__ == "__main__":
    watch = Stopwatch()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(watch)) as runner:
        runner.run(main(watch))
