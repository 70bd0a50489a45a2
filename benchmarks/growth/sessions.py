"""What sessions that say nothing cost: memory, the joins, keepalives."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

from msgspec import Struct

from chat.core.link import Link
from chat.loop import run_loop
from chat.status import StatusError, ask

from ..fanout.machine import SERVER_CORE, Unfit, on_core
from ..fanout.server import CORE_SHARE
from ..idle import memory, server, spent
from .swarm import AT_ONCE, Swarm

SETTLING = 35.0
"""Seconds after the last join: heads have come down to their beat, and everybody has had one."""

_WARM = 2.0
"""Seconds for the first ones, so that what a server takes once is not counted as theirs."""

_STATUS = 5.0
"""Seconds for the server to say how many are there."""


class Idle(Struct, frozen=True):
    """So many sessions on one socket of a server."""

    sessions: int
    kib: float
    """Of the server's memory, for each session beyond the first ones."""
    join_ms: float
    """Of the server's CPU, for each join beyond the first ones."""
    present_ms: float
    """The part of it that went to those who were in already, if they cost as much as later."""
    share: float
    """Of a core, while nobody says anything."""
    lost: int
    """Sessions that ended."""
    heard: float
    """Datagrams a second of all sessions, from the server."""
    said: float
    """And to it."""
    dropped: int
    """Datagrams that the crowd was too slow for."""
    crowd_share: float
    trouble: str = ""
    """Why the last one of those that are lost ended, as far as it knows."""

    @property
    def why(self) -> str:
        """What the figures are made of."""
        traffic = max(self.heard + self.said, 1e-9)
        said, heard = (60 * rate / self.sessions for rate in (self.said, self.heard))
        parts = [
            f"{said:.1f} datagrams a minute from each and {heard:.1f} to it",
            f"{self.share / traffic * 1e6:.1f} us a datagram",
            f"{self.present_ms:.2f} ms of a join for those who are in",
        ]
        if self.trouble:
            parts.append(f"the last one lost: {self.trouble}")
        if self.dropped:
            parts.append(f"{self.dropped:,} datagrams lost by the crowd itself")
        return "; ".join(parts)


def measure(sessions: int, seconds: float, progress: Callable[[str], None]) -> Idle:
    """On a server of its own. Raises Unfit."""
    if sessions <= AT_ONCE:
        raise Unfit(f"the first {AT_ONCE} sessions are not measured, so there have to be more")
    with ExitStack() as stack:
        with on_core(SERVER_CORE):
            link, pid = stack.enter_context(server())
        swarm = Swarm((link.host, link.port), sessions)
        stack.callback(swarm.close)
        what = f"{sessions:,} idle sessions"
        swarm.come_in(AT_ONCE, lambda _: None)
        swarm.live(_WARM)
        first = _Moment(pid)
        swarm.come_in(sessions, lambda count: progress(f"{what}: {count:,} are in"))
        full = _Moment(pid)
        progress(f"{what}: becoming quiet")
        swarm.live(SETTLING)
        progress(f"{what}: {seconds:g} s of silence")
        said, heard, before = swarm.said, swarm.heard, _Moment(pid)
        swarm.live(seconds)
        after = _Moment(pid)
        share = before.share(after)
        if share.crowd > CORE_SHARE:
            raise Unfit(f"the generator took {share.crowd:.0%} of its core")
        missing = sessions - _members(link)
        joins = sessions - AT_ONCE
        took = full.at - first.at
        return Idle(
            sessions=sessions,
            kib=(after.memory - first.memory) * 1024 / joins,
            join_ms=(full.server - first.server) * 1e3 / joins,
            present_ms=share.server * took / 2 * 1e3 / joins,
            share=share.server,
            lost=max(swarm.lost, missing),
            heard=(swarm.heard - heard) / (after.at - before.at),
            said=(swarm.said - said) / (after.at - before.at),
            dropped=swarm.drops,
            crowd_share=share.crowd,
            trouble=swarm.trouble if swarm.lost else "",
        )


class _Shares(NamedTuple):
    """Of a core each."""

    server: float
    crowd: float


class _Moment:
    """What the server and this process have spent by now, in seconds of CPU, and the server's
    memory, in MiB."""

    def __init__(self, pid: int) -> None:
        self.at = time.monotonic()
        self.server = spent(pid)
        self.crowd = time.process_time()
        self.memory = memory(pid)

    def share(self, later: "_Moment") -> _Shares:
        """From this one on."""
        took = later.at - self.at
        return _Shares((later.server - self.server) / took, (later.crowd - self.crowd) / took)


def _members(link: Link) -> int:
    """That the server counts. Raises Unfit."""
    try:
        answer = run_loop(ask(link, _STATUS))
    except StatusError as error:
        raise Unfit(str(error)) from None
    if answer.members is None:
        raise Unfit("the server does not tell how many are there: it is on another machine")
    return answer.members
