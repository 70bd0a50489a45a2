import asyncio
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import pytest

from chat.core.types import Path
from chat.net.address import Address, path_of
from chat.net.connection import Connection, connect
from chat.net.gathering import GatheringTransport
from chat.net.socket import Endpoint

from .conftest import Run, family
from .waiting import turns, until

NOWHERE = Address(socket.AF_INET, ("255.255.255.255", 9))
"""Broadcasting needs a permission: connecting fails at once."""


@pytest.fixture(autouse=True, params=["the system's best", "the loop's transport"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A connection is the same with either."""
    if request.param == "the loop's transport":
        monkeypatch.setattr("chat.net.kernel.gather", lambda sock: False)
    return str(request.param)


@contextmanager
def server(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.settimeout(10)
        yield sock


def at(*sockets: socket.socket) -> list[Address]:
    return [Address(sock.family, sock.getsockname()) for sock in sockets]


class Client:
    """What a client would do with its connections, written down; as a context it closes them."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, Path]] = []
        self.errors: list[OSError] = []
        self.connections: list[Connection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for connection in self.connections:
            connection.close()

    def receive(self, datagram: bytes, path: Path) -> None:
        self.received.append((datagram, path))

    async def connect(self, addresses: Sequence[Address]) -> Connection:
        loop = asyncio.get_running_loop()
        connection = await connect(
            loop, addresses, received=self.receive, failed=self.errors.append
        )
        self.connections.append(connection)
        return connection

    def begin(self, addresses: Sequence[Address]) -> Connection:
        loop = asyncio.get_running_loop()
        connection = Connection(loop, addresses, received=self.receive, failed=self.errors.append)
        self.connections.append(connection)
        return connection

    def state(self) -> object:
        return self.received, self.errors


def test_there_and_back(run: Run, host: str) -> None:
    async def scenario() -> None:
        with Client() as client, server(host) as sock:
            connection = await client.connect(at(sock))
            assert connection.server == path_of(0, sock.getsockname())
            connection.send(connection.server, b"")
            connection.send(connection.server, b"ping")
            datagram, sender = sock.recvfrom(100)
            assert (datagram, path_of(0, sender)) == (b"ping", connection.local)
            sock.sendto(b"pong", sender)
            sock.sendto(b"", sender)
            await until(lambda: len(client.received) == 2, client.state)
            assert client.received == [(b"pong", connection.server), (b"", connection.server)]
            traffic = connection.traffic
            assert (traffic.sent, traffic.received, traffic.dropped) == (1, 2, 1)

    run(scenario())


def test_others_are_not_heard(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock, server() as other:
            connection = await client.connect(at(sock))
            assert connection.local is not None
            other.sendto(b"psst", connection.local[1:])
            sock.sendto(b"hello", connection.local[1:])
            await until(lambda: bool(client.received), client.state)
            assert [datagram for datagram, _ in client.received] == [b"hello"]

    run(scenario())


def test_a_rebind_is_a_new_port_to_the_next_address(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client, server() as one, server() as two:
            connection = await client.connect(at(one, two))
            constant, old = connection.server, connection.local
            assert old is not None
            connection.send(constant, b"1")
            assert one.recv(10) == b"1"

            connection.rebind()
            assert connection.local is None
            connection.send(constant, b"2")
            connection.send(constant, b"3")
            one.sendto(b"late", old[1:])
            await connection.opened()
            assert [two.recv(10), two.recv(10)] == [b"2", b"3"]
            assert connection.server == path_of(0, two.getsockname())
            assert connection.local not in (None, old)
            assert connection.local is not None
            two.sendto(b"new", connection.local[1:])
            await until(lambda: bool(client.received), client.state)
            assert [datagram for datagram, _ in client.received] == [b"new"]

            connection.rebind()
            await connection.opened()
            assert connection.server == constant, "round and round"

    run(scenario())


@pytest.fixture
def endpoints(monkeypatch: pytest.MonkeyPatch) -> "list[Counted]":
    """All that connections have made."""
    made: list[Counted] = []

    class Listed(Counted):
        def connection_made(self, transport: Any) -> None:
            made.append(self)
            self.transport = transport

    monkeypatch.setattr("chat.net.connection.Endpoint", Listed)
    return made


class Counted(Endpoint):
    transport: Any = None
    lost = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def test_it_gathers_where_the_system_can(
    run: Run, endpoints: list[Counted], transport: str
) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            await client.connect(at(sock))
            gathers = isinstance(endpoints[0].transport, GatheringTransport)
            assert gathers == (sys.platform == "linux" and transport == "the system's best")

    run(scenario())


@pytest.mark.parametrize("pause", range(6))
def test_rebinds_in_a_row_leave_one_socket(run: Run, endpoints: list[Counted], pause: int) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = client.begin(at(sock))
            connection.send(connection.server, b"x")
            for _ in range(5):
                await turns(pause)
                connection.rebind()
            await connection.opened()
            await until(lambda: len(asyncio.all_tasks()) == 1)
            await until(lambda: sum(not each.lost for each in endpoints) == 1)
            assert sock.recv(10) == b"x"
            assert connection.traffic.sent == 1
            connection.close()
            await until(lambda: all(each.lost for each in endpoints))

    run(scenario())


def test_the_replaced_socket_is_not_heard(run: Run, endpoints: list[Counted]) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = await client.connect(at(sock))
            (old,) = endpoints
            connection.rebind()
            old.datagram_received(b"late", sock.getsockname())
            old.error_received(ConnectionRefusedError())
            await connection.opened()
            assert connection.local is not None
            sock.sendto(b"new", connection.local[1:])
            await until(lambda: bool(client.received), client.state)
            assert [datagram for datagram, _ in client.received] == [b"new"]
            assert client.errors == []

    run(scenario())


def test_the_first_address_with_a_route_is_taken(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = await client.connect([NOWHERE, *at(sock)])
            assert connection.server == path_of(0, sock.getsockname())
            assert client.errors == []

    run(scenario())


def test_no_route_is_told_and_may_pass(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client:
            connection = await client.connect([NOWHERE, NOWHERE])
            assert [type(error) for error in client.errors] == [PermissionError]
            assert connection.local is None
            connection.send(connection.server, b"x")
            connection.rebind()
            connection.send(connection.server, b"y")
            await connection.opened()
            assert len(client.errors) == 2
            assert connection.traffic.dropped == 2

    run(scenario())


def test_a_refusal_is_told_and_the_connection_goes_on(run: Run, host: str) -> None:
    async def scenario() -> None:
        with Client() as client:
            with server(host) as sock:
                address = sock.getsockname()
                connection = await client.connect(at(sock))
            connection.send(connection.server, b"anybody?")
            await until(lambda: bool(client.errors), client.state)
            assert isinstance(client.errors[0], ConnectionRefusedError)
            with socket.socket(family(host), socket.SOCK_DGRAM) as again:
                again.bind(address)
                again.settimeout(10)
                connection.send(connection.server, b"back?")
                assert again.recv(10) == b"back?"

    run(scenario())


def test_too_large_a_datagram_ends_nothing(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = await client.connect(at(sock))
            connection.send(connection.server, bytes(70_000))
            await until(lambda: bool(client.errors), client.state)
            connection.send(connection.server, b"x")
            assert sock.recv(10) == b"x"

    run(scenario())


def test_a_transport_that_is_full_gets_no_more(run: Run, endpoints: list[Counted]) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = await client.connect(at(sock))
            endpoints[0].pause_writing()
            connection.send(connection.server, b"1")
            endpoints[0].resume_writing()
            connection.send(connection.server, b"2")
            assert sock.recv(10) == b"2"
            assert connection.traffic.dropped == 1

    run(scenario())


def test_what_is_sent_while_opening_is_bounded(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = await client.connect(at(sock))
            connection.rebind()
            for _ in range(300):
                connection.send(connection.server, bytes(1200))
            assert connection.traffic.dropped > 0
            await connection.opened()
            assert connection.traffic.sent + connection.traffic.dropped == 300

    run(scenario())


def test_nothing_is_heard_or_sent_after_close(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = await client.connect(at(sock))
            assert connection.local is not None
            sock.sendto(b"late", connection.local[1:])
            connection.close()
            connection.close()
            connection.rebind()
            connection.send(connection.server, b"x")
            await connection.opened()
            await asyncio.sleep(0)
            assert connection.local is None
            assert client.received == []
            assert connection.traffic.sent == 0

    run(scenario())


def test_close_while_opening(run: Run) -> None:
    async def scenario() -> None:
        with Client() as client, server() as sock:
            connection = await client.connect(at(sock))
            before = asyncio.all_tasks()
            connection.rebind()
            connection.close()
            await until(lambda: asyncio.all_tasks() == before)
            assert connection.local is None
            assert client.errors == []

    run(scenario())


def test_needs_an_address(run: Run) -> None:
    async def scenario() -> None:
        with pytest.raises(ValueError, match="address"):
            await Client().connect([])

    run(scenario())
