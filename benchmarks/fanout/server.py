"""What all contestants are: a server that was started, a crowd at it, and rounds."""

import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from chat.bots.measure import cpu_seconds

from .cases import Case
from .crowd import Crowd, Outcome
from .machine import SERVER_CORE, Unfit, on_core, prefer

LATE_SHARE = 0.01
"""Of the sends; with more of them late, and more than one, the generator was too slow."""

CORE_SHARE = 0.9
"""Of its core; a generator that takes more of it was the bottleneck."""

DEADLINE = 10.0
"""Seconds for a server to be there, and for each step of a join."""


class Tools(NamedTuple):
    """What contestants need: where to put things, and our two programs."""

    directory: Path
    crowd: Path
    floor: Path


class Latency(Struct, frozen=True):
    """Of deliveries, from the intended send time, in ms."""

    p50: float
    p90: float
    p99: float
    max: float


class Sample(Struct, frozen=True):
    """One round. `invalid`: why it does not count, or nothing."""

    cpu_us: float
    """Of the server, per delivery."""
    goodput: float
    """Deliveries a second, each counted once."""
    latency: Latency | None
    wire: float
    """Payload bytes of datagrams, or of the stream, per delivery; IP and UDP or TCP not counted."""
    packets: float
    """Datagrams per delivery; for streams: reads."""
    logged: float
    """Messages for each second of the server's CPU."""
    server_share: float
    """Of its core."""
    crowd_share: float
    asides: float
    """Datagrams a second that members send besides those of the schedule, such as reports."""
    outcome: Outcome
    invalid: str = ""


class Server(ABC):
    """A contestant in one case."""

    name: str
    version = ""
    crowd: Crowd

    def __init__(self, tools: Tools, case: Case, deaf: int = 0) -> None:
        """`deaf`: members that are there and never read."""
        self.tools = tools
        self.case = case
        self.deaf = deaf
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def asides(self) -> int:
        """Datagrams that members have sent besides those of schedules."""
        return 0

    @abstractmethod
    def open(self) -> None:
        """Starts the server and brings its crowd in. Raises Unfit or OSError."""

    @abstractmethod
    def play(self, seconds: float) -> tuple[Outcome, Callable[[int, int], int | None]]:
        """One round. Also returns which line of its schedule a message was that a member heard;
        None where that is not known."""

    def close(self) -> None:
        """Ends all that it has started."""
        if hasattr(self, "crowd"):
            self.crowd.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def start(self, command: Sequence[str], *, output: bool = False) -> subprocess.Popen[bytes]:
        """The server's process, on its own core."""
        with on_core(SERVER_CORE):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if output else subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.tools.directory,
                start_new_session=True,
            )
        prefer(self._process.pid)
        return self._process

    def measure(self, seconds: float) -> Sample:
        """A round, and what the server spent on it. Raises Unfit if the server is gone."""
        cpu, asides = self._spent(), self.asides
        outcome, line_of = self.play(seconds)
        cpu = self._spent() - cpu
        took = max(outcome.elapsed_s, 1e-9)
        busy = outcome.cpu_s + self.crowd.helping
        delivered = max(1, outcome.delivered)
        latency = self._latency(outcome, line_of) if self.case.rate else None
        return Sample(
            cpu_us=cpu * 1e6 / delivered,
            goodput=outcome.delivered / took,
            latency=latency,
            wire=outcome.bytes / delivered,
            packets=outcome.datagrams / delivered,
            logged=outcome.sent / max(cpu, 1e-9),
            server_share=cpu / took,
            crowd_share=busy / took,
            asides=(self.asides - asides) / took,
            outcome=outcome,
            invalid=self._objection(outcome, busy / took),
        )

    def _spent(self) -> float:
        """Seconds of CPU, of all threads."""
        seconds = cpu_seconds(self._process.pid) if self._process is not None else None
        if seconds is None:
            raise Unfit(f"{self.name} has ended by itself")
        return seconds

    def _objection(self, outcome: Outcome, share: float) -> str:
        if outcome.errors:
            return f"{outcome.errors} sends or connections failed"
        if outcome.late > max(1, LATE_SHARE * outcome.lines):
            return f"{outcome.late} of {outcome.lines} sends were late"
        if share > CORE_SHARE:
            return f"the generator took {share:.0%} of its core"
        if outcome.drops and not self.case.flat:
            return f"the kernel dropped {outcome.drops} datagrams at the crowd"
        if outcome.lost:
            return f"{outcome.lost} of {outcome.expected} deliveries never came"
        return ""

    def _latency(
        self, outcome: Outcome, line_of: Callable[[int, int], int | None]
    ) -> Latency | None:
        times: list[int] = []
        for message, member, at in self.crowd.deliveries:
            line = line_of(message, member)
            if line is not None:
                times.append(int(at - outcome.start_ns - line * 1e9 / self.case.rate))
        if not times:
            return None
        times.sort()
        last = len(times) - 1
        return Latency(*(times[int(last * share)] / 1e6 for share in (0.5, 0.9, 0.99, 1.0)))


class Step:
    """Of a join: what to say, and what to hear before anything else is said."""

    def __init__(self, say: bytes, until: bytes, *refused: bytes) -> None:
        """`refused`: what is heard where it will not be."""
        self.say = say
        self._until = until
        self._refused = refused

    def expect(self, sock: socket.socket) -> None:
        """Raises Unfit where it is refused, or not answered within DEADLINE."""
        heard, end = b"", time.monotonic() + DEADLINE
        while self._until not in heard:
            sock.settimeout(max(0.001, end - time.monotonic()))
            try:
                more = sock.recv(65536)
            except TimeoutError:
                raise Unfit(f"a member did not hear {self._until!r} in {DEADLINE:g} s") from None
            heard += more
            for each in self._refused:
                if each in heard:
                    line = heard[heard.index(each) :].splitlines()[0]
                    raise Unfit(f"a member was refused: {line.decode(errors='replace')}")
            if not more:
                raise Unfit("a member's connection was closed")
