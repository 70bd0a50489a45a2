"""One bot, with a reactor that does nothing by itself."""

import asyncio
import socket
import time

import pytest

from chat.bots.member import Hearer, Member
from chat.bots.network import BURST, Network, Port
from chat.bots.reactor import Failed, Reactor, Readable
from chat.core.guest import Guest
from chat.core.link import Link
from chat.core.types import Path
from chat.net.address import resolve


class Still(Reactor):
    """Has the sockets' datagrams handed in by the test."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.gathering: list[socket.socket] = []

    def add(self, sock: socket.socket, received: Readable, failed: Failed) -> None:
        super().add(sock, received, failed)
        self.received = received
        self.sock = sock

    def gather(self, sock: socket.socket) -> None:
        super().gather(sock)
        self.gathering.append(sock)


async def test_for_a_guest_time_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A datagram counts as received when its socket was found ready, which may be before the alarm
    that rang meanwhile. A round trip below zero came of that once."""
    times: list[float] = []
    receive, timeout = Guest.receive, Guest.timeout

    def receiving(guest: Guest, datagram: bytes, path: Path, now: float) -> None:
        times.append(now)
        receive(guest, datagram, path, now)

    def timing_out(guest: Guest, now: float) -> None:
        times.append(now)
        timeout(guest, now)

    monkeypatch.setattr(Guest, "receive", receiving)
    monkeypatch.setattr(Guest, "timeout", timing_out)
    network = Network(Link("127.0.0.1", 9), await resolve("127.0.0.1", 9), insecure=True)
    network.reactor = still = Still(asyncio.get_running_loop())
    member = Member(network, "bot", "lobby", Hearer(), "seed")
    member.open()
    found = time.monotonic()
    member.alarm(time.monotonic())
    for datagram in (b"\x82", b"\x85"):
        still.received(datagram, found - 1)
    still.received(b"\x82", time.monotonic())
    assert len(times) >= 3
    assert times == sorted(times)
    assert times[0] >= found
    member.close(silent=True)
    network.reactor.close()


async def test_who_hears_bursts_gathers() -> None:
    network = Network(Link("127.0.0.1", 9), await resolve("127.0.0.1", 9), insecure=True)
    network.reactor = still = Still(asyncio.get_running_loop())
    member = Member(network, "bot", "lobby", Hearer(), "seed")
    member.open()
    for size in (300,) * 20 + (1100, 1101) * 10 + (1100,) * (BURST - 2):
        still.received(b"\x85" + bytes(size), time.monotonic())
    for _ in range(BURST):
        still.received(b"\x84" + bytes(1100), time.monotonic())
    assert still.gathering == []
    for _ in range(30):
        still.received(b"\x85" + bytes(1100), time.monotonic())
    assert still.gathering == [still.sock]
    member.close(silent=True)
    network.reactor.close()


async def test_a_socket_gathers_until_it_is_replaced() -> None:
    network = Network(Link("127.0.0.1", 9), await resolve("127.0.0.1", 9))
    network.reactor = still = Still(asyncio.get_running_loop())
    port = Port(network, lambda *_: None, lambda _: None)

    def burst(count: int) -> None:
        for _ in range(count):
            port.heard(1100)

    burst(BURST)
    port.bind()
    first = still.sock
    burst(BURST - 1)
    assert still.gathering == []
    burst(20)
    assert still.gathering == [first]
    port.bind()
    burst(BURST - 1)
    assert still.gathering == [first]
    burst(1)
    assert still.gathering == [first, still.sock]
    port.close()
    network.reactor.close()
