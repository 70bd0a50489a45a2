"""A bad network, made: around any endpoint's sending and receiving, and changed while it runs."""

import asyncio
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count

from chat.core.types import Path

from .impair import CLEAR, Impairer, Impairment, Tally
from .socket import Received

Sending = Callable[[Path, bytes], None]

WAITING = 1 << 16
"""Datagrams that may be on their way at once: 60 s of a thousand a second. More are lost."""

_TICK = 0.001
"""Seconds: the resolution of uvloop's clock, so what is due within it is due."""


class Impaired:
    """Both directions of a bad network. Wrap what an endpoint sends with and what it receives by:

        network = Impaired(loop, Impairment.parse("loss=20%"), seed=1)
        connection = await connect(loop, addresses, received=network.receiving(receive), ...)
        send = network.sending(connection.send)

    Blackouts count from `start`, a time of the loop's, or from now.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        spec: Impairment = CLEAR,
        seed: int | str = 0,
        *,
        start: float | None = None,
    ) -> None:
        self._loop = loop
        start = loop.time() if start is None else start
        self._outward = Impairer(spec, f"{seed}/outward", start)
        self._inward = Impairer(spec, f"{seed}/inward", start)
        self._waiting: list[tuple[float, int, Callable[[bytes], None], bytes]] = []
        """A heap: when it is due, in which order it came, whose it is, and what."""
        self._serial = count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._closed = False

    @property
    def spec(self) -> Impairment:
        return self._outward.spec

    @property
    def outward(self) -> Tally:
        """Of what was sent."""
        return self._outward.tally

    @property
    def inward(self) -> Tally:
        """Of what was received."""
        return self._inward.tally

    @property
    def waiting(self) -> int:
        """Datagrams on their way."""
        return len(self._waiting)

    def change(self, spec: Impairment) -> None:
        """For what is sent and received from now on; blackouts count from now. The counters go on,
        and what is on its way arrives as it would have."""
        for impairer in (self._outward, self._inward):
            impairer.change(spec, self._loop.time())

    def blackout(self, seconds: float) -> None:
        """Nothing passes for so long, whatever else is wrong."""
        for impairer in (self._outward, self._inward):
            impairer.blackout(seconds, self._loop.time())

    def sending(self, send: Sending) -> Sending:
        def impaired(path: Path, datagram: bytes) -> None:
            self._pass(self._outward, datagram, partial(send, path))

        return impaired

    def receiving(self, received: Received) -> Received:
        def impaired(datagram: bytes, path: Path) -> None:
            self._pass(self._inward, datagram, lambda copy: received(copy, path))

        return impaired

    def close(self) -> None:
        """Nothing passes any more, and nothing is left on its way."""
        self._closed = True
        self._waiting.clear()
        self._arm()

    def _pass(self, impairer: Impairer, datagram: bytes, deliver: Callable[[bytes], None]) -> None:
        if self._closed:
            return
        now = self._loop.time()
        for delay, copy in impairer.judge(datagram, now):
            if not delay:
                deliver(copy)
            elif len(self._waiting) < WAITING:
                heappush(self._waiting, (now + delay, next(self._serial), deliver, copy))
                self._arm()
            else:
                impairer.discard()

    def _arm(self) -> None:
        """One timer, for what is due first."""
        if self._timer is not None and (not self._waiting or self._waiting[0][0] < self._timer_due):
            self._timer.cancel()
            self._timer = None
        if self._timer is None and self._waiting:
            self._timer_due = self._waiting[0][0]
            self._timer = self._loop.call_at(self._timer_due, self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        due = self._loop.time() + _TICK
        try:
            while self._waiting and self._waiting[0][0] <= due:
                _, _, deliver, datagram = heappop(self._waiting)
                deliver(datagram)
        finally:
            self._arm()
