"""The crowd counts what a server that is known to lose and to repeat has really delivered."""

import fcntl
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.fanout import machine
from benchmarks.fanout.cases import text
from benchmarks.fanout.crowd import RING, Crowd, Line, Mark, Plan
from chat.core import wire
from chat.net import kernel
from chat.net.address import path_of
from chat.net.mmsg import Sender
from chat.net.sockaddr import SIZES, packed

from ..needs import needs

pytestmark = [
    needs("cc"),
    pytest.mark.skipif(sys.platform != "linux", reason="epoll and sendmmsg are Linux's"),
]

START = Mark(contiguous=100, head=100, received=0, top=7, start=7, epoch=3)
"""A member that came when 100 entries were there, and 7 pushes under the room's key."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return machine.program("crowd", tmp_path_factory.mktemp("native"))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def udp_pairs(stack: ExitStack, count: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """The members' ends, and the server's."""
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(count)]
    for sock in (sock for pair in pairs for sock in pair):
        stack.enter_context(sock)
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def wait_until_read(sock: socket.socket) -> None:
    """What was sent from it has come to the other end."""
    deadline = time.monotonic() + 10
    while fcntl.ioctl(sock, termios.TIOCOUTQ, struct.pack("i", 0)) != struct.pack("i", 0):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def push(counter: int, first: int, count: int = 1, epoch: int = 3) -> bytes:
    return wire.encode_header(wire.Push(1, epoch, counter, first, count, b"sealed"))


def once(act: Callable[[], None]) -> Callable[[], float]:
    """A turn that does it the first time."""
    left = [act]

    def turn() -> float:
        while left:
            left.pop()()
        return 0.01

    return turn


def test_what_is_lost_repeated_and_repaired(
    program: Path, tmp_path: Path, stack: ExitStack
) -> None:
    members, server = udp_pairs(stack, 3)
    crowd = Crowd(program, "push", members, 3, tmp_path, marks=[START] * 3, tape=[2])
    stack.callback(crowd.close)
    told: list[tuple[int, bytes]] = []
    missing: list[int] = []
    crowd.told = lambda member, datagram: told.append((member, datagram))

    def repair(member: int) -> None:
        missing.append(member)
        assert crowd.gaps(member, 110) == [(104, 104)]
        crowd.heard(member, 104, 1)

    crowd.missing = repair

    def serve() -> None:
        for number in range(1, 11):
            server[0].send(push(6 + number, 100 + number))
        for number in (1, 2, 3, 5, 5, 6, 9, 8, 7, 10):  # 4 is lost, 5 comes twice
            server[1].send(push(6 + number, 100 + number))
        server[2].send(push(7, 101, 10))
        server[2].send(b"\x84 for who has the keys")
        server[2].send(push(7, 101, 10))
        crowd.stop(10)

    crowd.turn = once(serve)
    outcome = crowd.run(Plan(mode="l", seconds=1, reach=3))
    assert (outcome.sent, outcome.expected, outcome.delivered, outcome.lost) == (10, 30, 30, 0)
    assert outcome.duplicates == 1 + 10
    assert outcome.datagrams == 10 + 10 + 2
    assert missing == [1]
    assert told == [(2, push(7, 101, 10)), (2, b"\x84 for who has the keys"), told[0]]
    assert [crowd.mark(member).contiguous for member in range(3)] == [110, 110, 110]
    assert [crowd.mark(member).received for member in range(3)] == [10, 9, 1]
    assert [crowd.mark(member).highest for member in range(3)] == [10, 10, 1]


def test_a_burst_is_heard_push_by_push(program: Path, tmp_path: Path, stack: ExitStack) -> None:
    member, server = (
        stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2)
    )
    member.bind(("127.0.0.1", 0))
    kernel.enlarge(member, 1 << 20)
    crowd = Crowd(program, "push", [member], 1, tmp_path, marks=[START], tape=[0])
    stack.callback(crowd.close)
    told: list[bytes] = []
    crowd.told = lambda member, datagram: told.append(datagram)
    sender = Sender(server.fileno(), SIZES[server.family], segments=True)
    name = memoryview(packed(path_of(0, member.getsockname())))
    pushes = [push(6 + number, 100 + number).ljust(1200, b"*") for number in range(1, 31)]
    alone = push(37, 131)

    def serve() -> None:
        for burst in (pushes[:20], [*pushes[20:29], pushes[29][:100]]):
            assert sender.send(name, b"".join(burst), 1200) == 1
        server.sendto(alone, member.getsockname())
        crowd.stop(31)

    crowd.turn = once(serve)
    outcome = crowd.run(Plan(mode="l", seconds=1, reach=1))
    assert (outcome.delivered, outcome.lost, outcome.duplicates) == (31, 0, 0)
    assert (outcome.datagrams, outcome.bytes) == (31, 29 * 1200 + 100 + len(alone))
    assert told == [*pushes[:29], pushes[29][:100], alone]
    assert member.getsockopt(kernel.SOL_UDP, kernel.UDP_GRO), "as real clients do"


def test_what_nobody_repairs_is_lost(program: Path, tmp_path: Path, stack: ExitStack) -> None:
    members, server = udp_pairs(stack, 2)
    crowd = Crowd(program, "push", members, 2, tmp_path, marks=[START] * 2, deaf=1)
    stack.callback(crowd.close)

    def serve() -> None:
        server[0].send(push(7, 101))
        server[0].send(push(9, 103))
        server[0].send(push(0, 104, epoch=4))
        server[1].send(push(7, 101))
        crowd.stop(4)

    crowd.turn = once(serve)
    crowd.drain = 0.5
    outcome = crowd.run(Plan(mode="l", seconds=0.1, reach=1))
    assert (outcome.expected, outcome.delivered, outcome.lost) == (4, 3, 1)
    assert crowd.gaps(0, 106) == [(102, 102), (105, 106)]
    assert crowd.mark(0)[:4] == (101, 104, 1, 1)
    assert crowd.mark(0).epoch == 4
    assert crowd.mark(1) == START


def test_entries_too_far_beyond_a_gap_wait_for_their_repair(
    program: Path, tmp_path: Path, stack: ExitStack
) -> None:
    members, server = udp_pairs(stack, 1)
    crowd = Crowd(program, "push", members, 1, tmp_path, marks=[START])
    stack.callback(crowd.close)

    def serve() -> None:
        server[0].send(push(7, 101 + RING))
        wait_until_read(server[0])
        crowd.heard(0, 101, RING)
        crowd.heard(0, 101 + RING, 1)
        crowd.stop(RING + 1)

    crowd.turn = once(serve)
    outcome = crowd.run(Plan(mode="l", seconds=0.1, reach=1))
    assert (outcome.delivered, outcome.lost, outcome.duplicates) == (RING + 1, 0, 0)
    assert crowd.mark(0).contiguous == 101 + RING


def test_text_that_comes_in_pieces(program: Path, tmp_path: Path, stack: ExitStack) -> None:
    member, server = map(stack.enter_context, socket.socketpair())
    speaker, hears = map(stack.enter_context, socket.socketpair())
    crowd = Crowd(program, "text", [member, speaker], 1, tmp_path)
    stack.callback(crowd.close)
    hears.setblocking(False)
    heard = b""

    def serve() -> float:
        nonlocal heard
        try:
            heard += hears.recv(1 << 16)
        except BlockingIOError:
            return 0.002
        for each in heard.splitlines():
            for at in range(0, len(each), 7):
                server.send(b":m PRIVMSG " + each[at : at + 7] if at == 0 else each[at : at + 7])
        heard = b""
        return 0.002

    crowd.turn = serve
    script = [Line(1, text(50 + number) + b"\n") for number in range(1, 21)]
    plan = Plan("r", 0.1, 1, rate=200, base=50, timed=True, messages=20)
    outcome = crowd.run(plan, script)
    assert (outcome.sent, outcome.delivered, outcome.lost, outcome.duplicates) == (20, 20, 0, 0)
    assert [message for message, _, _ in crowd.deliveries] == list(range(51, 71))
    for place, (_, who, at) in enumerate(crowd.deliveries):
        assert who == 0
        assert at >= outcome.start_ns + place * 5_000_000


def test_a_closed_loop_keeps_its_window(program: Path, tmp_path: Path, stack: ExitStack) -> None:
    members, server = udp_pairs(stack, 4)
    speaker, hears = udp_pairs(stack, 1)
    crowd = Crowd(program, "text", [*members, *speaker], 4, tmp_path)
    stack.callback(crowd.close)
    hears[0].setblocking(False)
    waiting: list[bytes] = []
    most = 0

    def serve() -> float:
        nonlocal most
        try:
            while True:
                waiting.append(hears[0].recv(1000))
        except BlockingIOError:
            most = max(most, len(waiting))
        for sock in server if waiting else ():
            sock.send(waiting[0])
        del waiting[:1]
        return 0.001

    crowd.turn = serve
    script = [Line(4, text(number)) for number in range(1, 31)]
    outcome = crowd.run(Plan("w", 30.0, 4, window=3), script)
    assert (outcome.sent, outcome.expected, outcome.delivered) == (30, 120, 120)
    assert most <= 3
