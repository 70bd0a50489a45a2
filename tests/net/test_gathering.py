import asyncio
import socket
import sys
from collections.abc import Iterator, Sequence, Sized
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from chat.net import kernel
from chat.net.address import path_of
from chat.net.gathering import BATCH, HIGH, GatheringTransport
from chat.net.mmsg import Sender
from chat.net.sockaddr import SIZES, packed

from .conftest import Run, family
from .waiting import turns, until

# Elsewhere there is no UDP_GRO and this transport is never made: `test_connection` tests what is.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux gathers")


class Told(asyncio.DatagramProtocol):
    """All that a protocol was told, in order."""

    def __init__(self) -> None:
        self.datagrams: list[bytes] = []
        self.peers: set[object] = set()
        self.errors: list[Exception] = []
        self.happened: list[str] = []
        self.bad: bytes | None = None
        """It raises at this datagram."""
        self.last: bytes | None = None
        """And closes at this one."""
        self.gives_up = False
        """And aborts at an error."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.happened.append("made")
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.datagrams.append(data)
        self.peers.add(addr)
        if data == self.bad:
            raise ZeroDivisionError
        if data == self.last:
            self.transport.close()

    def error_received(self, exc: Exception) -> None:
        self.errors.append(exc)
        if self.gives_up:
            self.transport.abort()

    def pause_writing(self) -> None:
        self.happened.append("paused")

    def resume_writing(self) -> None:
        self.happened.append("resumed")

    def connection_lost(self, exc: Exception | None) -> None:
        assert exc is None
        self.happened.append("lost")

    def state(self) -> object:
        return len(self.datagrams), self.errors, self.happened


class Counting(socket.socket):
    """Counts how often it is tried to send."""

    tries = 0

    def send(self, *args: Any) -> int:
        self.tries += 1
        return super().send(*args)


class Ends:
    """A transport, what it tells, and the other end."""

    def __init__(self, ours: Counting, theirs: socket.socket) -> None:
        self.ours, self.theirs = ours, theirs
        self.told = Told()
        self.transport = GatheringTransport(asyncio.get_running_loop(), ours, self.told)

    def burst(self, datagrams: Sequence[bytes]) -> None:
        """All of the first one's size but the last, as one payload."""
        sender = Sender(self.theirs.fileno(), SIZES[self.theirs.family], segments=True)
        name = memoryview(packed(path_of(0, self.ours.getsockname())))
        assert sender.send(name, b"".join(datagrams), len(datagrams[0])) == 1


@contextmanager
def over_udp(host: str = "127.0.0.1") -> Iterator[Ends]:
    with ExitStack() as stack:
        ours = stack.enter_context(Counting(family(host), socket.SOCK_DGRAM))
        theirs = stack.enter_context(socket.socket(family(host), socket.SOCK_DGRAM))
        theirs.bind((host, 0))
        theirs.settimeout(10)
        ours.connect(theirs.getsockname())
        ours.setblocking(False)
        assert kernel.gather(ours)
        ends = Ends(ours, theirs)
        stack.callback(ends.transport.abort)
        yield ends


@contextmanager
def over_unix() -> Iterator[Ends]:
    """Who sends finds the buffer full when the other end does not read: over UDP that is hard to
    get on one machine."""
    end, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with Counting(fileno=end.detach()) as ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        ours.setblocking(False)
        theirs.settimeout(10)
        ends = Ends(ours, theirs)
        try:
            yield ends
        finally:
            ends.transport.abort()


def numbered(count: int, size: int, last: int) -> list[bytes]:
    """The last one may be shorter."""
    return [bytes([n]) * size for n in range(count - 1)] + [bytes([count - 1]) * last]


def more(items: Sized, count: int) -> bool:
    return len(items) > count


async def read(sock: socket.socket, count: int) -> list[bytes]:
    """So many, and the loop goes on meanwhile."""
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    return [await asyncio.wait_for(loop.sock_recv(sock, 2000), 10) for _ in range(count)]


def test_a_burst_is_told_datagram_by_datagram(run: Run, host: str) -> None:
    async def scenario() -> None:
        with over_udp(host) as ends:
            bursts = [numbered(30, 1200, 1200), numbered(5, 100, 40), [b"one"], numbered(2, 7, 1)]
            for burst in bursts:
                ends.burst(burst)
            ends.theirs.sendto(b"", ends.ours.getsockname())
            expected = [datagram for burst in bursts for datagram in burst] + [b""]
            await until(lambda: len(ends.told.datagrams) == len(expected), ends.told.state)
            assert ends.told.datagrams == expected
            assert ends.told.peers == {ends.theirs.getsockname()}
            assert ends.told.errors == []

    run(scenario())


def test_it_tells_who_it_is(run: Run, host: str) -> None:
    async def scenario() -> None:
        with over_udp(host) as ends:
            told = [ends.transport.get_extra_info(name) for name in ("socket", "peername")]
            assert told == [ends.ours, ends.theirs.getsockname()]
            assert ends.transport.get_extra_info("sockname") == ends.ours.getsockname()
            ends.transport.sendto(b"to the peer")
            ends.transport.sendto(b"")
            ends.transport.sendto(b"by name", ends.theirs.getsockname())
            assert [ends.theirs.recv(20), ends.theirs.recv(20)] == [b"to the peer", b"by name"]
            with pytest.raises(ValueError, match="connected"):
                ends.transport.sendto(b"to others", ends.ours.getsockname())

    run(scenario())


def test_others_have_their_turn_in_a_flood(run: Run) -> None:
    async def scenario() -> None:
        with over_udp() as ends:
            for _ in range(5):
                ends.burst(numbered(BATCH // 2, 100, 100))
            seen = set()
            for _ in range(10_000):
                await turns(1)
                seen.add(len(ends.told.datagrams))
            assert seen - {0} == {BATCH, 2 * BATCH, 5 * BATCH // 2}

    run(scenario())


def test_refusals_are_told_and_end_nothing(run: Run, host: str) -> None:
    """By themselves, among what is received, and where a send is the call that fails."""

    async def scenario() -> None:
        with over_udp(host) as ends:
            peer = ends.theirs.getsockname()
            ends.theirs.close()
            for _ in range(2):
                before = len(ends.told.errors)
                ends.transport.sendto(b"anybody?")
                await until(partial(more, ends.told.errors, before), ends.told.state)
            ends.transport.sendto(b"anybody?")
            ends.transport.sendto(b"fails for the one before")
            assert len(ends.told.errors) == 3
            assert {type(error) for error in ends.told.errors} == {ConnectionRefusedError}
            ends.transport.sendto(bytes(70_000))
            with socket.socket(family(host), socket.SOCK_DGRAM) as back:
                back.bind(peer)
                back.settimeout(10)
                ends.transport.sendto(b"back?")
                assert back.recv(10) == b"back?"
                back.sendto(b"yes", ends.ours.getsockname())
                await until(lambda: ends.told.datagrams == [b"yes"], ends.told.state)

    run(scenario())


def test_what_one_datagram_raises_costs_no_other(run: Run) -> None:
    async def scenario() -> None:
        raised: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: raised.append(type(context["exception"])))
        with over_udp() as ends:
            burst = numbered(4, 10, 5)
            ends.told.bad = burst[1]
            ends.burst(burst)
            await until(lambda: len(ends.told.datagrams) == 4, ends.told.state)
            assert ends.told.datagrams == burst
            assert raised == [ZeroDivisionError]

    run(scenario())


def test_who_closes_in_the_middle_of_a_burst_is_told_no_more(run: Run) -> None:
    async def scenario() -> None:
        with over_udp() as ends:
            burst = numbered(4, 10, 5)
            ends.told.last = burst[1]
            ends.burst(burst)
            ends.burst(burst)
            await until(lambda: "lost" in ends.told.happened, ends.told.state)
            await turns(10)
            assert ends.told.datagrams == burst[:2]
            assert ends.told.happened == ["made", "lost"]
            assert ends.ours.fileno() < 0
            ends.transport.sendto(b"too late")
            ends.transport.close()
            await turns(10)
            assert ends.told.happened == ["made", "lost"]
            assert ends.told.errors == []

    run(scenario())


def test_what_finds_no_room_is_sent_in_its_order_when_there_is_some(run: Run) -> None:
    async def scenario() -> None:
        with over_unix() as ends:
            said = [b"%04d" % n + bytes(1000) for n in range(2 * HIGH // 1000)]
            for each in said:
                ends.transport.sendto(each)
            assert ends.told.happened == ["made", "paused"]
            ends.theirs.send(b"heard meanwhile")
            await until(lambda: bool(ends.told.datagrams), ends.told.state)
            first = ends.theirs.recv(2000)
            ends.transport.sendto(b"after all of them, though there is room now")
            *rest, last = await read(ends.theirs, len(said))
            assert [first, *rest] == said
            assert last == b"after all of them, though there is room now"
            await until(lambda: ends.told.happened[-1] == "resumed", ends.told.state)
            assert ends.told.happened == ["made", "paused", "resumed"]
            ends.transport.sendto(b"at once")
            ends.theirs.settimeout(10)
            assert ends.theirs.recv(10) == b"at once"
            assert ends.told.errors == []

    run(scenario())


def test_a_socket_that_can_be_written_to_wakes_nobody_when_nothing_waits(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[object] = []
    receive = kernel.receive

    def counted(sock: socket.socket) -> Sequence[bytes]:
        woken.append(sock)
        return receive(sock)

    monkeypatch.setattr("chat.net.kernel.receive", counted)

    async def scenario() -> None:
        with over_unix() as ends:
            for _ in range(100):
                ends.transport.sendto(bytes(1000))
            await read(ends.theirs, 100)
            await turns(10)
            woken.clear()
            await turns(100)
            assert woken == []

    run(scenario())


def test_who_closes_has_said_everything(run: Run) -> None:
    async def scenario() -> None:
        with over_unix() as ends:
            said = [b"%04d" % n + bytes(1000) for n in range(50)]
            for each in said:
                ends.transport.sendto(each)
            ends.transport.close()
            assert ends.transport.is_closing()
            ends.transport.sendto(b"too late")
            ends.theirs.send(b"not heard any more")
            tries = ends.ours.tries
            await turns(100)
            assert ends.ours.tries == tries, "it spins"
            assert await read(ends.theirs, len(said)) == said
            await until(lambda: "lost" in ends.told.happened, ends.told.state)
            assert ends.ours.fileno() < 0
            assert ends.told.datagrams == []

    run(scenario())


def test_who_aborts_has_not(run: Run) -> None:
    async def scenario() -> None:
        with over_unix() as ends:
            for _ in range(1000):
                ends.transport.sendto(bytes(1000))
            ends.transport.abort()
            assert ends.transport.is_closing()
            assert ends.ours.fileno() < 0
            await turns(10)
            assert ends.told.happened == ["made", "paused", "lost"]

    run(scenario())


def test_who_aborts_because_of_what_waits_fails_no_more(run: Run) -> None:
    async def scenario() -> None:
        raised: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
        with over_unix() as ends:
            for _ in range(100):
                ends.transport.sendto(bytes(1000))
            ends.told.gives_up = True
            ends.theirs.close()
            await until(lambda: "lost" in ends.told.happened, ends.told.state)
            assert ends.ours.fileno() < 0
            assert len(ends.told.errors) == 1
            assert raised == []

    run(scenario())
