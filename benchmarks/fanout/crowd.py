"""The crowd: N sockets read by a C process, which also says what is to be said, and when."""

import mmap
import select
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import msgspec

from .machine import punctual

RING = 4096
"""Messages beyond a gap that are told apart; as in crowd.c."""

_MEMBER = struct.Struct("=QQQIIIIII")
_SIZE = _MEMBER.size + RING // 8
_LINE = struct.Struct("=III")
_DELIVERY = struct.Struct("=IIQ")
_FROM = struct.Struct("=cI")

DRAIN = 10.0
"""Seconds to wait for what was sent last: a slow server has a second's worth of a whole window."""

_STUCK = 10.0
"""Seconds, beyond what a round is to take, until the crowd counts as broken."""


class Line(NamedTuple):
    """What is written to one socket at once."""

    sender: int
    """The socket's index."""
    data: bytes
    messages: int = 1


class Plan(NamedTuple):
    """A round."""

    mode: str
    """`r`: a line is sent at its intended time; `w`: in a closed loop of `window` messages, for
    `seconds` at most; `l`: who holds the sessions sends."""
    seconds: float
    reach: int
    """Members who are to hear each message."""
    rate: float = 0.0
    window: float = 0.0
    base: int = 0
    """The number of the last message before this round."""
    timed: bool = False
    """When each delivery came is written down."""
    messages: int = 0
    """That there may be, at most, where they are timed."""


class Outcome(msgspec.Struct, frozen=True):
    """What the C process says of a round."""

    sent: int
    lines: int
    expected: int
    delivered: int
    lost: int
    duplicates: int
    late: int
    """Sends that were more than 1 ms late."""
    latest_ns: int
    errors: int
    drops: int
    """By the kernel, at the members' sockets."""
    datagrams: int
    bytes: int
    logged: int
    start_ns: int
    elapsed_s: float
    cpu_s: float


class Mark(NamedTuple):
    """One member's row of the ledger."""

    contiguous: int
    head: int
    received: int
    top: int
    start: int
    epoch: int

    @property
    def reached(self) -> int:
        """The highest counter of a push under this key, plus one."""
        return self.top if self.received else 0

    @property
    def highest(self) -> int:
        """Pushes that must have been sent under this key since the member had it."""
        return max(0, self.top - self.start)


class Crowd:
    """Owns the C process and the ledger. The sockets stay the caller's."""

    _here: ClassVar[dict[int, "Crowd"]] = {}
    """All that are there, by their control's number: members live on between their rounds."""

    def __init__(
        self,
        program: Path,
        kind: str,
        sockets: Sequence[socket.socket],
        members: int,
        directory: Path,
        *,
        marks: Sequence[Mark] = (),
        tape: Iterable[int] = (),
        deaf: int = 0,
    ) -> None:
        """The first `members` of `sockets` receive; the last `deaf` of these are never read.
        `marks`: where they begin, `tape`: whose pushes are told, for `kind` push."""
        self.members = members
        self.told: Callable[[int, bytes], None] = lambda member, datagram: None
        """Is given a member's datagrams that are not pushes; of those on the tape, all."""
        self.missing: Callable[[int], None] = lambda member: None
        """Is told of a member that has a gap."""
        self.turn: Callable[[], float] = lambda: 1.0
        """Is called again and again during a round; returns the seconds within which it wants to
        be called again."""
        self._directory = directory
        with tempfile.NamedTemporaryFile(dir=directory, delete=False) as file:
            file.truncate(members * _SIZE)
            self._ledger = mmap.mmap(file.fileno(), members * _SIZE)
        tape = set(tape)
        for member in range(members):
            mark = marks[member] if marks else Mark(0, 0, 0, 0, 0, 0)
            flags = (member in tape, member >= members - deaf)
            row = (mark.contiguous, mark.head, 0, *mark[2:], *flags)
            _MEMBER.pack_into(self._ledger, member * _SIZE, *row)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            handed = [theirs.fileno(), *(sock.fileno() for sock in sockets)]
            command = [program, kind, handed[0], file.name, members, *handed[1:]]
            self._process = subprocess.Popen(
                [*map(str, command)], pass_fds=handed, start_new_session=True
            )
        punctual(self._process.pid)
        self._control.setblocking(False)
        self._here[self._control.fileno()] = self
        self._outcome: Outcome | None = None
        self.drain = DRAIN
        self.helping = 0.0
        """Seconds of CPU that this process spent during the last round."""
        self._deliveries: list[tuple[int, int, int]] = []

    def mark(self, member: int) -> Mark:
        """What this member has so far."""
        contiguous, head, _, *rest = _MEMBER.unpack_from(self._ledger, member * _SIZE)
        return Mark(contiguous, head, *rest[:4])

    def gaps(self, member: int, head: int) -> list[tuple[int, int]]:
        """(first, last) of what a member misses up to `head`."""
        contiguous = self.mark(member).contiguous
        at = member * _SIZE + _MEMBER.size
        ring = int.from_bytes(self._ledger[at : at + RING // 8], "little")
        gaps: list[tuple[int, int]] = []
        for message in range(contiguous + 1, min(head, contiguous + RING) + 1):
            if ring >> message % RING & 1:
                continue
            if gaps and gaps[-1][1] == message - 1:
                gaps[-1] = gaps[-1][0], message
            else:
                gaps.append((message, message))
        return gaps

    def heard(self, member: int, first: int, count: int) -> None:
        """These came some other way."""
        self._say(f"heard {member} {first} {count}")

    def stop(self, messages: int) -> None:
        """So many were sent, and no more will be."""
        self._say(f"stop {messages}")

    def run(self, plan: Plan, script: Iterable[Line] = ()) -> Outcome:
        """One round, from its first message to its last delivery, or DRAIN after that was due."""
        with (
            tempfile.NamedTemporaryFile(dir=self._directory) as lines,
            tempfile.NamedTemporaryFile(dir=self._directory) as log,
        ):
            for line in script:
                lines.write(_LINE.pack(line.sender, len(line.data), line.messages) + line.data)
            lines.flush()
            if plan.timed:
                log.truncate(max(1, plan.messages * plan.reach) * _DELIVERY.size)
            self._outcome = None
            began = time.process_time()
            self._say(
                f"run {plan.mode} {plan.rate} {plan.window} {plan.seconds} {self.drain} "
                f"{plan.reach} {plan.base} {lines.name} {log.name if plan.timed else '-'}"
            )
            self.serve(plan.seconds + self.drain + _STUCK, until_done=True)
            if self._outcome is None:
                raise TimeoutError("the crowd does not end its round")
            outcome: Outcome = self._outcome
            self.helping = time.process_time() - began
            data = log.read(outcome.logged * _DELIVERY.size) if plan.timed else b""
        self._deliveries = list(_DELIVERY.iter_unpack(data))
        return outcome

    @property
    def deliveries(self) -> list[tuple[int, int, int]]:
        """(message, member, ns of the monotonic clock) of the last round, if it was timed."""
        return self._deliveries

    def serve(self, seconds: float, *, until_done: bool = False) -> None:
        """Hears what the C processes tell, for so long or until the round is over."""
        end = time.monotonic() + seconds
        poll = select.poll()
        for number in self._here:
            poll.register(number, select.POLLIN)
        while (now := time.monotonic()) < end:
            pause = min(end - now, *(max(crowd.turn(), 0.0) for crowd in self._here.values()))
            for number, _ in poll.poll(pause * 1000):
                self._here[number]._listen()
            if until_done and self._outcome is not None:
                return

    def close(self) -> None:
        self._here.pop(self._control.fileno(), None)
        self._control.close()
        try:
            self._process.wait(_STUCK)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ledger.close()

    def _listen(self) -> None:
        for _ in range(64):
            try:
                packet = self._control.recv(4096)
            except BlockingIOError:
                return
            match packet[:1]:
                case b"j":
                    self._outcome = msgspec.json.decode(packet[1:], type=Outcome)
                case b"s":
                    self.told(_FROM.unpack_from(packet)[1], packet[_FROM.size :])
                case b"g":
                    self.missing(_FROM.unpack_from(packet)[1])
                case _:
                    raise ChildProcessError("the crowd has ended")

    def _say(self, command: str) -> None:
        while True:
            try:
                self._control.send(command.encode())
                return
            except BlockingIOError:
                self._listen()
