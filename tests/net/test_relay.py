import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chat.core.types import Path
from chat.net.address import BindError, ResolveError, listen, path_of
from chat.net.impair import Impairment, Tally
from chat.net.ports import Ports

from ..relay import Relay
from .conftest import Run
from .waiting import until

LOST = Impairment(loss=1.0)


class Echo:
    """A server that says everything back, and remembers who said what."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, Path]] = []
        self.ports = Ports(
            asyncio.get_running_loop(),
            listen(["127.0.0.1:0"]),
            received=self.receive,
            refused=lambda path: None,
            turn=lambda: None,
        )

    def receive(self, datagram: bytes, path: Path) -> None:
        self.heard.append((datagram, path))
        self.ports.send(path, datagram)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.ports.paths[0].port

    @property
    def clients(self) -> list[Path]:
        """In order of appearance."""
        return list(dict.fromkeys(path for _, path in self.heard))


class Client:
    def __init__(self, relay: Relay) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind(("127.0.0.1", 0))
        self.relay = ("127.0.0.1", relay.port)
        self.path = path_of(0, self.sock.getsockname())

    def send(self, datagram: bytes) -> None:
        self.sock.sendto(datagram, self.relay)

    def received(self) -> list[bytes]:
        """What has come since the last call."""
        datagrams = []
        try:
            while True:
                datagrams.append(self.sock.recv(2048))
        except BlockingIOError:
            return datagrams

    async def ask(self, datagram: bytes) -> None:
        """Sends it, and waits for the echo of just that."""
        self.send(datagram)
        got: list[bytes] = []

        def answered() -> bool:
            got.extend(self.received())
            return bool(got)

        await until(answered)
        assert got == [datagram]


@contextmanager
def echo() -> Iterator[Echo]:
    server = Echo()
    try:
        yield server
    finally:
        server.ports.close()


@contextmanager
def clients(relay: Relay, count: int) -> Iterator[list[Client]]:
    found = [Client(relay) for _ in range(count)]
    try:
        yield found
    finally:
        for client in found:
            client.sock.close()


def test_each_client_is_an_endpoint_of_its_own(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            async with Relay(server.address) as relay:
                with clients(relay, 3) as each:
                    for client in each:
                        await client.ask(b"hello")
                        await client.ask(b"again")
                    assert relay.clients == tuple(client.path for client in each)
                    seen = [relay.seen_as(client.path) for client in each]
                    assert seen == server.clients
                    assert len(set(seen)) == 3
                    assert relay.outward == relay.inward == Tally(seen=6)

    run(scenario())


def test_both_directions_are_impaired_and_counted(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            spec = Impairment.parse("loss=20% dup=10% delay=2ms±2 corrupt=5%")
            async with Relay(server.address, spec, seed=7) as relay:
                with clients(relay, 1) as (client,):
                    got: list[bytes] = []
                    for n in range(300):
                        client.send(n.to_bytes(2, "big"))
                        await asyncio.sleep(0)
                        got += client.received()

                    def settled() -> bool:
                        got.extend(client.received())
                        there, back = relay.outward, relay.inward
                        return (
                            there.seen == 300
                            and back.seen == 300 - there.lost + there.duplicated
                            and len(got) == back.seen - back.lost + back.duplicated
                        )

                    await until(settled, lambda: (len(got), relay.outward, relay.inward))
                    for tally in (relay.outward, relay.inward):
                        assert tally.lost
                        assert tally.duplicated
                        assert tally.corrupted
                    assert set(got) - {n.to_bytes(2, "big") for n in range(300)}

    run(scenario())


def test_the_same_seed_is_the_same_network(run: Run) -> None:
    async def scenario() -> None:
        assert await heard(seed=3) == await heard(seed=3)
        assert await heard(seed=3) != await heard(seed=4)

    async def heard(seed: int) -> list[bytes]:
        with echo() as server:
            async with Relay(server.address, Impairment(loss=0.5), seed) as relay:
                with clients(relay, 1) as (client,):
                    for n in range(50):
                        client.send(bytes([n]))
                    await until(lambda: relay.outward.seen == 50)
                    await until(lambda: len(server.heard) == 50 - relay.outward.lost)
                    return [datagram for datagram, _ in server.heard]

    run(scenario())


def test_rebind_moves_all_clients(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            async with Relay(server.address) as relay:
                with clients(relay, 2) as each:
                    for client in each:
                        await client.ask(b"1")
                    before = server.clients
                    relay.rebind()
                    for client in each:
                        await client.ask(b"2")
                    assert len(set(server.clients)) == 4
                    server.ports.send(before[0], b"to the old endpoint")
                    for client in each:
                        await client.ask(b"3")
                    assert len(relay.clients) == 2

    run(scenario())


def test_rebind_moves_one_client(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            async with Relay(server.address) as relay:
                with clients(relay, 2) as (one, two):
                    await one.ask(b"1")
                    await two.ask(b"1")
                    before = relay.seen_as(one.path), relay.seen_as(two.path)
                    relay.rebind(one.path)
                    await one.ask(b"2")
                    await two.ask(b"2")
                    assert relay.seen_as(one.path) != before[0]
                    assert relay.seen_as(two.path) == before[1]
                    assert len(server.clients) == 3

    run(scenario())


def test_blackouts_and_changes(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            async with Relay(server.address) as relay:
                with clients(relay, 3) as (one, two, newcomer):
                    await one.ask(b"1")
                    await two.ask(b"1")

                    relay.blackout(60, one.path)
                    one.send(b"lost")
                    await until(lambda: relay.outward.blacked_out == 1)
                    await two.ask(b"2")

                    relay.blackout(60)
                    for client in (one, two, newcomer):
                        client.send(b"lost")
                    await until(lambda: relay.outward.blacked_out == 4)
                    relay.blackout(0)
                    for client in (one, two, newcomer):
                        await client.ask(b"3")

                    relay.change(LOST)
                    for client in (one, two, newcomer):
                        client.send(b"lost")
                    await until(lambda: relay.outward.lost == 3)
                    relay.change(Impairment())
                    await one.ask(b"4")
                    assert b"lost" not in [datagram for datagram, _ in server.heard]

    run(scenario())


def test_too_many_clients(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            async with Relay(server.address, clients=2) as relay:
                with clients(relay, 3) as (one, two, three):
                    await one.ask(b"1")
                    await two.ask(b"1")
                    three.send(b"1")
                    await until(lambda: relay.refused == 1)
                    await one.ask(b"2")
                    assert len(server.clients) == 2

    run(scenario())


def test_idle_clients_are_forgotten_but_not_their_counts(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            async with Relay(server.address, clients=1, idle=1.0) as relay:
                with clients(relay, 2) as (one, two):
                    await one.ask(b"1")
                    await until(lambda: relay.clients == ())
                    await two.ask(b"2")
                    assert relay.outward == relay.inward == Tally(seen=2)

    run(scenario())


def test_a_target_that_is_gone_ends_nothing(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            address = server.address
        async with Relay(address) as relay:
            with clients(relay, 1) as (client,):
                client.send(b"anybody?")
                await until(lambda: relay.failed > 0)
                ports = Ports(
                    asyncio.get_running_loop(),
                    listen([f"127.0.0.1:{address[1]}"]),
                    received=lambda datagram, path: ports.send(path, datagram),
                    refused=lambda path: None,
                    turn=lambda: None,
                )
                await client.ask(b"back")
                ports.close()

    run(scenario())


def test_leaving_closes_everything(run: Run) -> None:
    async def scenario() -> None:
        with echo() as server:
            before = asyncio.all_tasks()
            async with Relay(server.address, Impairment(delay=1.0)) as relay:
                with clients(relay, 2) as each:
                    for client in each:
                        client.send(b"on its way")
                    await until(lambda: len(relay.clients) == 2)
            assert relay.clients == ()
            assert relay.outward.seen == 2
            await until(lambda: asyncio.all_tasks() == before)
            assert server.heard == []

    run(scenario())


def test_errors_when_entered(run: Run) -> None:
    async def scenario() -> None:
        with pytest.raises(ResolveError):
            await Relay(("fe80::1%nowhere", 9)).__aenter__()
        with echo() as server:
            taken = f"127.0.0.1:{server.address[1]}"
            with pytest.raises(BindError, match="in use"):
                await Relay(server.address, bind=taken).__aenter__()

    run(scenario())
