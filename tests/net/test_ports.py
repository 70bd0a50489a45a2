import asyncio
import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import pytest

from chat.core.types import Path
from chat.net.address import listen, path_of
from chat.net.mmsg import MOST
from chat.net.port import BATCH, BURST
from chat.net.ports import Ports
from chat.net.sockaddr import packed, split
from chat.net.socket import BACKLOG, Endpoint

from .conftest import Run, family
from .waiting import turns, until

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has error queues")


class Server:
    """What a server would do with its sockets, written down."""

    def __init__(self, *sockets: socket.socket) -> None:
        self.received: list[tuple[bytes, Path]] = []
        self.refused: list[Path] = []
        self.heard_at_refusal: list[int] = []
        self.turns: list[int] = []
        """What had been received at each turn."""
        self.ports = Ports(
            asyncio.get_running_loop(),
            sockets,
            received=lambda datagram, path: self.received.append((datagram, path)),
            refused=self.refuse,
            turn=lambda: self.turns.append(len(self.received)),
        )

    def refuse(self, path: Path) -> None:
        self.refused.append(path)
        self.heard_at_refusal.append(len(self.received))

    def state(self) -> object:
        return len(self.received), self.refused, self.ports.traffic


@contextmanager
def serving(*hosts: str) -> Iterator[Server]:
    server = Server(*listen([f"[{host}]:0" for host in hosts]))
    try:
        yield server
    finally:
        server.ports.close()


@contextmanager
def client(host: str) -> Iterator[socket.socket]:
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.settimeout(10)
        yield sock


def names_of(*socks: socket.socket) -> bytearray:
    return bytearray(b"".join(packed(path_of(0, sock.getsockname())) for sock in socks))


def closed_port(host: str) -> Path:
    with client(host) as sock:
        return path_of(0, sock.getsockname())


# Receiving


def test_a_burst_is_read_in_batches_with_one_turn_each(run: Run, host: str) -> None:
    async def scenario() -> None:
        with serving(host) as server, client(host) as sock:
            for n in range(200):
                sock.sendto(b"%d" % n, (host, server.ports.paths[0].port))
            await until(lambda: len(server.received) == 200, server.state)
            path = path_of(0, sock.getsockname())
            assert server.received == [(b"%d" % n, path) for n in range(200)]
            assert server.turns == [64, 128, 192, 200]
            assert server.ports.traffic.wakeups == len(server.turns)
            assert server.ports.traffic.received == 200

    run(scenario())


def test_two_sockets_share_a_batch(run: Run) -> None:
    async def scenario() -> None:
        server = Server(*listen(["127.0.0.1:0"]), *listen(["127.0.0.1:0"]))
        with closing(server.ports), client("127.0.0.1") as sock:
            for path in server.ports.paths:
                for _ in range(100):
                    sock.sendto(b"x", path[1:])
            await until(lambda: len(server.received) == 200, server.state)
            first_turn = [path.socket for _, path in server.received[: server.turns[0]]]
            assert sorted(first_turn) == [0] * (BATCH // 2) + [1] * (BATCH // 2)

    run(scenario())


@pytest.mark.parametrize("size", [0, 1, 1200, 2049, 60_000])
def test_whole_datagrams_whatever_their_size(run: Run, host: str, size: int) -> None:
    async def scenario() -> None:
        with serving(host) as server, client(host) as sock:
            sock.sendto(bytes(size), (host, server.ports.paths[0].port))
            await until(lambda: bool(server.received), server.state)
            assert server.received == [(bytes(size), path_of(0, sock.getsockname()))]

    run(scenario())


def test_a_callback_that_fails_costs_no_other_datagram(run: Run) -> None:
    async def scenario() -> None:
        failures: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
        received: list[bytes] = []
        turns_taken: list[int] = []

        def receive(datagram: bytes, path: Path) -> None:
            received.append(datagram)
            if datagram == b"bad":
                raise ZeroDivisionError

        ports = Ports(
            loop,
            listen(["127.0.0.1:0"]),
            received=receive,
            refused=lambda path: None,
            turn=lambda: turns_taken.append(len(received)),
        )
        with client("127.0.0.1") as sock:
            for datagram in (b"good", b"bad", b"too"):
                sock.sendto(datagram, ports.paths[0][1:])
            await until(lambda: len(received) == 3)
        assert [type(failure) for failure in failures] == [ZeroDivisionError]
        assert turns_taken == [2, 3]
        ports.close()

    run(scenario())


def test_while_it_rests_nothing_is_read_and_then_all_at_once(run: Run) -> None:
    async def scenario() -> None:
        with serving("127.0.0.1") as server, client("127.0.0.1") as sock:
            server.ports.rest()
            server.ports.rest()
            for n in range(5):
                sock.sendto(b"%d" % n, server.ports.paths[0][1:])
            await turns(20)
            assert not server.received
            server.ports.catch_up()
            assert [datagram for datagram, _ in server.received] == [b"0", b"1", b"2", b"3", b"4"]
            assert server.turns == [5]
            sock.sendto(b"awake", server.ports.paths[0][1:])
            await until(lambda: len(server.received) == 6, server.state)
            server.ports.catch_up()
            assert len(server.turns) == 2, "it was not resting"

    run(scenario())


def test_it_does_not_rest_while_something_waits_to_be_sent(run: Run) -> None:
    async def scenario() -> None:
        with stubborn() as (sock, server), client("127.0.0.1") as peer:
            sock.fail(errno.EAGAIN)
            server.ports.send(path_of(0, peer.getsockname()), b"x")
            server.ports.rest()
            sock.failing = 0
            await until(lambda: server.ports.traffic.sent == 1, server.state)

    run(scenario())


def test_it_does_not_rest_in_a_flood(run: Run) -> None:
    async def scenario() -> None:
        with serving("127.0.0.1") as server, client("127.0.0.1") as sock:
            for _ in range(BATCH):
                sock.sendto(b"x", server.ports.paths[0][1:])
            await until(lambda: len(server.received) == BATCH, server.state)
            server.ports.rest()
            sock.sendto(b"x", server.ports.paths[0][1:])
            await until(lambda: len(server.received) == BATCH + 1, server.state)

    run(scenario())


def test_a_rest_ends_with_the_ports(run: Run) -> None:
    async def scenario() -> None:
        with serving("127.0.0.1") as server:
            server.ports.rest()
            server.ports.close()
            server.ports.catch_up()

    run(scenario())


# Errors


@linux
def test_a_refusal_is_told_once_and_the_socket_goes_on(run: Run, host: str) -> None:
    """With IP_RECVERR, uvloop's own add_reader would be deaf after the first refusal."""

    async def scenario() -> None:
        with serving(host) as server, client(host) as sock:
            nobody = closed_port(host)
            for _ in range(3):
                server.ports.send(nobody, b"anybody?")
                await until(lambda: len(server.refused) > len(server.received), server.state)
                wakeups = server.ports.traffic.wakeups
                await turns(100)
                assert server.ports.traffic.wakeups == wakeups, "it spins"
                sock.sendto(b"hello", (host, server.ports.paths[0].port))
                await until(lambda: len(server.refused) == len(server.received), server.state)
            assert server.refused == [nobody] * 3
            assert server.ports.traffic.errors["icmp ECONNREFUSED"] == 3
            assert server.ports.traffic.wakeups <= 9
            assert len(server.turns) == server.ports.traffic.wakeups

    run(scenario())


@linux
def test_a_refusal_costs_no_other_endpoint_anything(run: Run, host: str) -> None:
    async def scenario() -> None:
        with serving(host) as server, client(host) as sock:
            nobody, somebody = closed_port(host), path_of(0, sock.getsockname())
            for n in range(3 * BATCH):
                server.ports.send(nobody, b"anybody?")
                server.ports.send(somebody, b"%d" % n)
            assert [sock.recv(100) for _ in range(3 * BATCH)] == [
                b"%d" % n for n in range(3 * BATCH)
            ]
            await until(lambda: len(server.refused) == 3 * BATCH, server.state)
            assert set(server.refused) == {nobody}
            await turns(10)
            wakeups = server.ports.traffic.wakeups
            await turns(100)
            assert server.ports.traffic.wakeups == wakeups, "it spins"
            assert server.ports.traffic.sent == 6 * BATCH

    run(scenario())


@linux
def test_refusals_are_found_among_datagrams(run: Run, host: str) -> None:
    async def scenario() -> None:
        with serving(host) as server, client(host) as sock:
            nobody = closed_port(host)
            for _ in range(100):
                sock.sendto(b"x", (host, server.ports.paths[0].port))
            server.ports.send(nobody, b"anybody?")
            await until(lambda: len(server.received) == 100, server.state)
            assert server.refused == [nobody]
            assert server.heard_at_refusal[0] <= BATCH, "at the first wake-up"

    run(scenario())


class Stubborn(socket.socket):
    """A socket whose sends fail as told."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.error: OSError | None = None
        self.failing = 0
        self.attempts = 0
        self.sent: list[bytes] = []

    def sendto(self, *args: Any) -> int:
        self.attempts += 1
        if self.error is not None and self.failing:
            self.failing -= 1
            raise self.error
        self.sent.append(args[0])
        return super().sendto(*args)

    def fail(self, number: int, times: int = 1 << 30) -> None:
        self.error, self.failing = OSError(number, errno.errorcode[number]), times


@contextmanager
def stubborn() -> Iterator[tuple[Stubborn, Server]]:
    sock = Stubborn()
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    server = Server(sock)
    try:
        yield sock, server
    finally:
        server.ports.close()


def test_a_full_send_buffer_queues_and_then_drops(run: Run) -> None:
    async def scenario() -> None:
        with stubborn() as (sock, server), client("127.0.0.1") as peer:
            path = path_of(0, peer.getsockname())
            sock.fail(errno.EAGAIN)
            for n in range(300):
                server.ports.send(path, n.to_bytes(1200, "big"))
            traffic = server.ports.traffic
            assert sock.attempts == 1, "who waits is not overtaken"
            assert traffic.queued == BACKLOG // 1248
            assert traffic.dropped == 300 - traffic.queued
            assert traffic.sent == 0
            await turns(10)
            assert traffic.sent == 0
            sock.failing = 0
            await until(lambda: traffic.sent == traffic.queued, server.state)
            assert [int.from_bytes(each, "big") for each in sock.sent] == list(
                range(len(sock.sent))
            )
            assert len(sock.sent) == traffic.queued
            await turns(10)
            wakeups = traffic.wakeups
            await turns(100)
            assert traffic.wakeups == wakeups, "it still waits for room"
            server.ports.send(path, b"on")
            assert traffic.sent == traffic.queued + 1

    run(scenario())


def test_empty_datagrams_cannot_fill_the_queue(run: Run) -> None:
    async def scenario() -> None:
        with stubborn() as (sock, server):
            sock.fail(errno.EAGAIN)
            for _ in range(10_000):
                server.ports.send(Path(0, "127.0.0.1", 9), b"")
            assert server.ports.traffic.queued == BACKLOG // 48

    run(scenario())


@pytest.mark.parametrize(
    "number", [errno.EPERM, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED]
)
def test_an_error_that_stays_is_counted_and_one_that_passes_is_not(run: Run, number: int) -> None:
    async def scenario() -> None:
        with stubborn() as (sock, server), client("127.0.0.1") as peer:
            path = path_of(0, peer.getsockname())
            sock.fail(number, times=2)
            server.ports.send(path, b"gone")
            assert server.ports.traffic.errors == {f"send {errno.errorcode[number]}": 1}
            sock.fail(number, times=1)
            server.ports.send(path, b"passed")
            assert peer.recv(10) == b"passed"
            assert server.ports.traffic.errors == {f"send {errno.errorcode[number]}": 1}

    run(scenario())


def test_a_full_queue_of_the_machine_is_not_tried_again(run: Run) -> None:
    async def scenario() -> None:
        with stubborn() as (sock, server):
            sock.fail(errno.ENOBUFS)
            server.ports.send(Path(0, "127.0.0.1", 9), b"x")
            assert sock.attempts == 1
            assert server.ports.traffic.errors == {"send ENOBUFS": 1}

    run(scenario())


def test_a_queued_datagram_that_fails_holds_nobody_up(run: Run) -> None:
    async def scenario() -> None:
        with stubborn() as (sock, server), client("127.0.0.1") as peer:
            sock.fail(errno.EAGAIN)
            server.ports.send(Path(0, "127.0.0.1", 0), b"to nowhere")
            server.ports.send(path_of(0, peer.getsockname()), b"x")
            sock.failing = 0
            await until(lambda: server.ports.traffic.sent == 1, server.state)
            assert peer.recv(10) == b"x"
            assert server.ports.traffic.errors.total() == 1

    run(scenario())


def test_what_cannot_be_sent_ends_nothing(run: Run, host: str) -> None:
    async def scenario() -> None:
        with serving(host) as server, client(host) as sock:
            server.ports.send(path_of(0, sock.getsockname()), bytes(70_000))
            server.ports.send(Path(0, host, 0), b"port 0")
            assert server.ports.traffic.errors == {"send EMSGSIZE": 1, "send EINVAL": 1}
            server.ports.send(path_of(0, sock.getsockname()), b"x")
            assert sock.recv(10) == b"x"

    run(scenario())


# Sending, closing


def test_push_sends_the_same_to_all(run: Run, host: str) -> None:
    async def scenario() -> None:
        with serving(host) as server, client(host) as one, client(host) as two:
            server.ports.push(0, names_of(one, two), [b"all"])
            assert one.recv(10) == two.recv(10) == b"all"
            assert server.ports.traffic.sent == 2

    run(scenario())


def test_a_burst_of_one_size_comes_as_the_datagrams_it_was(run: Run, host: str) -> None:
    async def scenario() -> None:
        sizes = [100] * (BURST + 3) + [40, 60, 60, 0, 1, 1200]
        burst = [bytes([n]) * size for n, size in enumerate(sizes)]
        with serving(host) as server, client(host) as one, client(host) as two:
            server.ports.push(0, names_of(one, two), burst)
            for sock in (one, two):
                assert [sock.recv(2000) for _ in burst] == burst
            assert server.ports.traffic.sent == 2 * len(burst)
            assert not server.ports.traffic.errors

    run(scenario())


@pytest.mark.parametrize("missing", ["sendmmsg", "segments"])
def test_a_push_where_the_kernel_has_less(
    run: Run, host: str, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "sendmmsg":
        monkeypatch.setattr("chat.net.mmsg.AVAILABLE", False)
    else:
        monkeypatch.setattr("chat.net.kernel.cuts", lambda sock: False)

    async def scenario() -> None:
        with serving(host) as server, client(host) as one, client(host) as two:
            server.ports.push(0, names_of(one, two), [b"a", b"b"])
            for sock in (one, two):
                assert [sock.recv(10), sock.recv(10)] == [b"a", b"b"]
                sock.sendto(b"hello", (host, server.ports.paths[0].port))
            await until(lambda: len(server.received) == 2, server.state)
            assert {path for _, path in server.received} == {
                path_of(0, sock.getsockname()) for sock in (one, two)
            }
            assert server.ports.traffic.sent == 4

    run(scenario())


class Grudging:
    """Sends like the kernel's call, to at most `share` endpoints at once; every other time it
    fails."""

    def __init__(self, sock: socket.socket, share: int, number: int) -> None:
        self.calls = 0
        self._sock, self._share, self._number = sock, share, number

    def __call__(self, fd: int, name_size: int, *, segments: bool) -> "Grudging":
        return self

    def send(self, names: memoryview, payload: bytes, segment: int) -> int:
        self.calls += 1
        if self.calls % 2:
            raise OSError(self._number, "")
        for path in split(0, names)[: self._share]:
            for at in range(0, len(payload), segment):
                self._sock.sendto(payload[at : at + segment], path[1:])
        return min(self._share, len(split(0, names)))


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.EINTR, errno.EIO])
@pytest.mark.parametrize("burst", [[b"a"], [b"a", b"b", b"c"]])
def test_a_push_in_parts_reaches_each_member_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int, burst: list[bytes]
) -> None:
    """The kernel may send to some of them only; what fails is about one of them, or about somebody
    else; and where it cannot cut a burst, it goes one by one."""

    async def scenario() -> None:
        socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(10)
        (ours,) = listen(["127.0.0.1:0"])
        monkeypatch.setattr("chat.net.mmsg.Sender", Grudging(ours, 3, number))
        server = Server(ours)
        with closing(server.ports):
            server.ports.push(0, names_of(*socks), burst)
            for sock in socks:
                assert [sock.recv(10) for _ in burst] == burst
                sock.setblocking(False)
                with pytest.raises(BlockingIOError):
                    sock.recv(10)
                sock.close()
            assert server.ports.traffic.sent == 8 * len(burst)
            assert not server.ports.traffic.errors

    run(scenario())


def test_a_push_into_a_full_send_buffer_waits_in_order(run: Run) -> None:
    async def scenario() -> None:
        with stubborn() as (sock, server), client("127.0.0.1") as one, client("127.0.0.1") as two:
            sock.fail(errno.EAGAIN)
            server.ports.send(path_of(0, one.getsockname()), b"first")
            server.ports.push(0, names_of(one, two), [b"a", b"b"])
            assert server.ports.traffic.queued == 5
            assert server.ports.traffic.sent == 0
            assert server.ports.queued() == {
                path_of(0, one.getsockname()): len("firstab") + 3 * 48,
                path_of(0, two.getsockname()): len("ab") + 2 * 48,
            }
            sock.failing = 0
            await until(lambda: server.ports.traffic.sent == 5, server.state)
            assert [one.recv(10) for _ in range(3)] == [b"first", b"a", b"b"]
            assert [two.recv(10) for _ in range(2)] == [b"a", b"b"]
            assert server.ports.queued() == {}

    run(scenario())


@linux
def test_more_members_than_one_call_takes(run: Run) -> None:
    async def scenario() -> None:
        with serving("127.0.0.1") as server, client("127.0.0.1") as one, client("127.0.0.1") as two:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            names = names_of(*[one] * (MOST + 50), two)
            server.ports.push(0, names, [b"x"])
            assert two.recv(10) == b"x"
            assert server.ports.traffic.sent == MOST + 51

    run(scenario())


@linux
def test_receive_drops_of_all_sockets(run: Run) -> None:
    async def scenario() -> None:
        sockets = listen(["127.0.0.1:0"]) + listen(["127.0.0.1:0"])
        server = Server(*sockets)
        with closing(server.ports), client("127.0.0.1") as sock:
            for each in sockets:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                for _ in range(50):
                    sock.sendto(bytes(500), each.getsockname())
            drops = server.ports.receive_drops()
            assert drops is not None
            await until(lambda: len(server.received) == 100 - drops, server.state)
            assert {path.socket for _, path in server.received} == {0, 1}

    run(scenario())


def test_close_from_within_a_callback(run: Run) -> None:
    async def scenario() -> None:
        received: list[bytes] = []

        def receive(datagram: bytes, path: Path) -> None:
            received.append(datagram)
            ports.close()

        ports = Ports(
            asyncio.get_running_loop(),
            listen(["127.0.0.1:0"]) + listen(["127.0.0.1:0"]),
            received=receive,
            refused=lambda path: None,
            turn=lambda: None,
        )
        with client("127.0.0.1") as sock:
            for path in ports.paths:
                sock.sendto(b"1", path[1:])
                sock.sendto(b"2", path[1:])
            await until(lambda: bool(received))
            await turns(10)
        assert received == [b"1"]
        ports.close()
        ports.send(Path(0, "127.0.0.1", 9), b"too late")
        ports.push(0, bytearray(packed(Path(0, "127.0.0.1", 9))), [b"too late"])
        assert ports.traffic.sent == 0
        await turns(10)

    run(scenario())


def test_a_muted_endpoint_says_nothing() -> None:
    heard: list[object] = []
    endpoint = Endpoint(partial(path_of, 7), lambda *args: heard.append(args), heard.append)
    error = ConnectionRefusedError()
    endpoint.datagram_received(b"x", ("fe80::1", 9, 0, 2))
    endpoint.error_received(error)
    assert heard == [(b"x", Path(7, "fe80::1%2", 9)), error]
    endpoint.mute()
    endpoint.datagram_received(b"x", ("127.0.0.1", 9))
    endpoint.error_received(error)
    assert len(heard) == 2
