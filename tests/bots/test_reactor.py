"""Sockets and alarms of many, in turns."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence, Sized
from functools import partial
from typing import Any

import pytest

from chat.bots.interrupts import SIGNALS, Interrupts
from chat.bots.reactor import BEAT, QUIET, STILL, TURN, Reactor
from chat.net.address import path_of
from chat.net.mmsg import Sender
from chat.net.sockaddr import SIZES, packed

from ..net.waiting import turns, until

# These tests make their bursts with UDP_SEGMENT, which no other system has. That a socket without
# UDP_GRO is read as ever is tested everywhere.
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux sends bursts")

LONG = TURN / 2


class Peer:
    """A socket of the reactor's, and one that sends to it."""

    def __init__(self) -> None:
        self.ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ours.bind(("127.0.0.1", 0))
        self.ours.setblocking(False)
        self.theirs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.theirs.connect(self.ours.getsockname())

    def burst(self, datagrams: Sequence[bytes]) -> None:
        """All of the first one's size but the last, as one payload."""
        sender = Sender(self.theirs.fileno(), SIZES[self.theirs.family], segments=True)
        name = memoryview(packed(path_of(0, self.ours.getsockname())))
        assert sender.send(name, b"".join(datagrams), len(datagrams[0])) == 1

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


class Sleeper:
    """Notes when it is woken."""

    def __init__(self, done: Callable[[], None] = lambda: None) -> None:
        self.woken: list[float] = []
        self.done = done

    def alarm(self, now: float) -> None:
        self.woken.append(now)
        self.done()


@pytest.fixture
async def reactor() -> AsyncIterator[Reactor]:
    reactor = Reactor(asyncio.get_running_loop())
    yield reactor
    reactor.close()


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    peers = [Peer() for _ in range(20)]
    yield peers
    for peer in peers:
        peer.close()


def unexpected(error: OSError) -> None:
    raise AssertionError(error)


def more(items: Sized, count: int) -> bool:
    return len(items) > count


def busy(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


async def test_all_that_is_found_ready_at_once_counts_as_received_then(
    reactor: Reactor, peers: list[Peer]
) -> None:
    got: list[tuple[bytes, float]] = []

    def received(datagram: bytes, at: float) -> None:
        got.append((datagram, at))
        busy(LONG)

    for number, peer in enumerate(peers):
        reactor.add(peer.ours, received, unexpected)
        peer.theirs.send(b"%d" % number)
    before = time.monotonic()
    await until(lambda: len(got) == len(peers), lambda: got)
    assert sorted(int(datagram) for datagram, _ in got) == list(range(len(peers)))
    assert {at for _, at in got} == {got[0][1]}
    assert before <= got[0][1] < before + len(peers) * LONG


async def test_others_have_their_turn_in_between(reactor: Reactor, peers: list[Peer]) -> None:
    got: list[bytes] = []

    def received(datagram: bytes, at: float) -> None:
        got.append(datagram)
        busy(LONG)

    for peer in peers:
        reactor.add(peer.ours, received, unexpected)
        peer.theirs.send(b"!")
    await until(lambda: bool(got))
    seen = len(got)
    await turns(2)
    assert seen < len(got) < len(peers)


async def test_alarms_come_in_time_in_their_order_and_after_what_was_there(
    reactor: Reactor, peers: list[Peer]
) -> None:
    order: list[str] = []
    now = time.monotonic()
    late, early = Sleeper(lambda: order.append("late")), Sleeper(lambda: order.append("early"))
    forgotten = Sleeper()
    for who, when in ((late, now + 0.03), (early, now + 0.9), (early, now + 0.02)):
        reactor.wake(who, when)
    reactor.wake(early, now + 0.8)
    reactor.wake(forgotten, now + 0.01)
    reactor.forget(forgotten)
    reactor.add(peers[0].ours, lambda *_: order.append("datagram"), unexpected)
    peers[0].theirs.send(b"!")
    busy(0.04)
    await until(lambda: len(order) == 3, lambda: order)
    assert order == ["datagram", "early", "late"]
    assert forgotten.woken == []
    assert late.woken[0] >= early.woken[0] >= now + 0.02


async def test_who_hears_nothing_more_is_woken(reactor: Reactor) -> None:
    now = time.monotonic()
    quiet, lively, gone = Sleeper(), Sleeper(), Sleeper()
    for who, due in ((lively, 0.01), (gone, 0.02), (quiet, 0.03), (lively, 0.2)):
        reactor.heard(who, now + due - QUIET)
    reactor.forget(gone)
    await until(lambda: bool(quiet.woken))
    assert now + 0.03 <= quiet.woken[0]
    assert not lively.woken
    await until(lambda: bool(lively.woken))
    assert now + 0.2 <= lively.woken[0]
    assert not gone.woken


async def test_many_alarms_at_once_do_not_hold_up_what_is_received(
    reactor: Reactor, peers: list[Peer]
) -> None:
    sleepers = [Sleeper(lambda: busy(LONG)) for _ in range(50)]
    for sleeper in sleepers:
        reactor.wake(sleeper, time.monotonic())
    got: list[int] = []
    reactor.add(
        peers[0].ours, lambda *_: got.append(sum(len(each.woken) for each in sleepers)), unexpected
    )
    await until(lambda: any(each.woken for each in sleepers))
    peers[0].theirs.send(b"!")
    await until(lambda: all(each.woken for each in sleepers) and bool(got))
    assert got[0] < 20


async def test_an_alarm_may_set_and_cancel_alarms(reactor: Reactor) -> None:
    start = time.monotonic()
    times = [start + 0.01, start + 0.03, start + 0.06]
    again = Sleeper()
    again.done = lambda: reactor.wake(again, times[min(len(again.woken), 2)])
    gone, last = Sleeper(), Sleeper()
    canceller = Sleeper(lambda: reactor.forget(gone))
    for who in (canceller, gone):
        reactor.wake(who, start + 0.02)
        reactor.heard(who, start + 0.5)
    reactor.wake(again, times[0])
    reactor.wake(last, start + 0.1)
    await until(lambda: bool(last.woken))
    assert all(0 <= woken - due < 0.1 for woken, due in zip(again.woken, times))
    reactor.forget(again)
    assert len(canceller.woken) == 1
    assert not gone.woken


async def test_who_is_always_due_lets_others_have_their_turn(
    reactor: Reactor, peers: list[Peer]
) -> None:
    restless = [Sleeper() for _ in range(10)]
    for each in restless:
        each.done = partial(reactor.wake, each, 0.0)
        reactor.wake(each, 0.0)
    got: list[bytes] = []
    reactor.add(peers[0].ours, lambda datagram, _: got.append(datagram), unexpected)
    for number in range(5):
        peers[0].theirs.send(b"%d" % number)
        before = len(restless[0].woken)
        await until(partial(more, got, number))
        await until(partial(more, restless[0].woken, before + 1))
    most, least = (f(len(each.woken) for each in restless) for f in (max, min))
    assert most <= least + 1, "each in its turn"
    for each in restless:
        reactor.forget(each)


async def test_ctrl_c_is_heard_between_two_turns(reactor: Reactor, peers: list[Peer]) -> None:
    got: list[bytes] = []
    seen: list[int] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    Interrupts().tell(lambda: seen.append(len(got)))

    def received(datagram: bytes, at: float) -> None:
        got.append(datagram)
        if len(got) == 1:
            signal.raise_signal(signal.SIGINT)
        busy(LONG)

    try:
        for peer in peers:
            reactor.add(peer.ours, received, unexpected)
            peer.theirs.send(b"!")
        await until(lambda: len(got) == len(peers))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert seen
    assert seen[0] < 8


async def test_who_stood_still_knows_for_how_long(reactor: Reactor, peers: list[Peer]) -> None:
    await asyncio.sleep(STILL + 2 * BEAT)
    assert (reactor.still, reactor.resumed) == (0.0, 0.0), "nothing to do is no standing still"
    got: list[float] = []
    reactor.add(peers[0].ours, lambda _, at: got.append(reactor.resumed - at), unexpected)
    peers[0].theirs.send(b"!")
    before = time.monotonic()
    busy(STILL)
    await until(lambda: bool(got))
    assert got == [0.0], "known when what had come meanwhile is read"
    assert STILL < reactor.still < time.monotonic() - before + 2 * BEAT
    await asyncio.sleep(2 * BEAT)
    assert reactor.resumed < time.monotonic() - BEAT


async def test_what_one_raises_stops_no_other(reactor: Reactor, peers: list[Peer]) -> None:
    raised: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    got: list[bytes] = []

    def received(datagram: bytes, at: float) -> None:
        got.append(datagram)
        if datagram == b"bad":
            raise ValueError("of a bot")

    for peer in peers:
        reactor.add(peer.ours, received, unexpected)
        peer.theirs.send(b"bad" if peer is peers[0] else b"good")
    await until(lambda: len(got) == len(peers), lambda: got)
    assert len(raised) == 1
    peers[0].theirs.send(b"again")
    await until(lambda: b"again" in got)


async def test_who_is_gone_is_not_read(reactor: Reactor, peers: list[Peer]) -> None:
    got: list[Peer] = []

    def closes(other: Peer) -> Callable[[bytes, float], None]:
        def received(datagram: bytes, at: float) -> None:
            got.append(other)
            reactor.remove(other.ours)
            other.ours.close()

        return received

    one, other = peers[:2]
    for peer, gone in ((one, other), (other, one)):
        reactor.add(peer.ours, closes(gone), unexpected)
        peer.theirs.send(b"!")
    await until(lambda: bool(got))
    await turns(5)
    assert len(got) == 1


@pytest.mark.parametrize("gathers", [False, True])
async def test_errors_are_told(reactor: Reactor, peers: list[Peer], gathers: bool) -> None:
    failed: list[OSError] = []
    sock = peers[0].ours
    sock.connect(peers[1].ours.getsockname())
    peers[1].ours.close()
    reactor.add(sock, lambda *_: None, failed.append)
    if gathers:
        reactor.gather(sock)
    sock.send(b"?")
    await until(lambda: bool(failed))
    assert isinstance(failed[0], ConnectionRefusedError)


BURST = [b"%02d" % number + bytes(600) for number in range(29)] + [b"29"]
"""The last one is shorter."""


@linux
@pytest.mark.parametrize("gathers", [True, False])
async def test_who_gathers_has_a_burst_by_one_look(
    reactor: Reactor, peers: list[Peer], gathers: bool
) -> None:
    got: list[tuple[bytes, float]] = []
    peer = peers[0]
    reactor.add(peer.ours, lambda *each: got.append(each), unexpected)
    if gathers:
        reactor.gather(peer.ours)
    peer.burst(BURST)
    peer.theirs.send(b"one")
    peer.theirs.send(b"")
    await until(lambda: len(got) == 32, lambda: got)
    assert [datagram for datagram, _ in got] == [*BURST, b"one", b""]
    times = [at for _, at in got]
    assert times == sorted(times)
    assert (times[0] == times[29]) == gathers


async def test_where_the_system_does_not_gather_each_is_read(
    reactor: Reactor, peers: list[Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.net.kernel.gather", lambda sock: False)
    got: list[bytes] = []
    reactor.add(peers[0].ours, lambda datagram, _: got.append(datagram), unexpected)
    reactor.gather(peers[0].ours)
    for each in BURST:
        peers[0].theirs.send(each)
    await until(lambda: len(got) == len(BURST), lambda: got)
    assert got == BURST


@linux
async def test_who_gathers_in_the_middle_of_a_burst_misses_nothing(
    reactor: Reactor, peers: list[Peer]
) -> None:
    got: list[bytes] = []
    peer = peers[0]

    def received(datagram: bytes, at: float) -> None:
        got.append(datagram)
        if len(got) == 2:
            reactor.gather(peer.ours)
            peer.burst(BURST)

    reactor.add(peer.ours, received, unexpected)
    peer.burst(BURST)
    await until(lambda: len(got) == 2 * len(BURST), lambda: got)
    assert got == 2 * BURST


@linux
async def test_who_is_gone_hears_no_more_of_its_burst(reactor: Reactor, peers: list[Peer]) -> None:
    got: list[bytes] = []
    gone, other = peers[:2]

    def received(datagram: bytes, at: float) -> None:
        got.append(datagram)
        if len(got) == 2:
            reactor.remove(gone.ours)
            gone.ours.close()

    reactor.add(gone.ours, received, unexpected)
    reactor.gather(gone.ours)
    gone.burst(BURST)
    await until(lambda: len(got) == 2, lambda: got)
    reactor.add(other.ours, lambda datagram, _: got.append(datagram), unexpected)
    other.theirs.send(b"other")
    await until(lambda: len(got) > 2, lambda: got)
    assert got == [*BURST[:2], b"other"]


@linux
async def test_what_one_of_a_burst_raises_stops_no_other(
    reactor: Reactor, peers: list[Peer]
) -> None:
    raised: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    got: list[bytes] = []

    def received(datagram: bytes, at: float) -> None:
        got.append(datagram)
        if len(got) == 3:
            raise ValueError("of a bot")

    reactor.add(peers[0].ours, received, unexpected)
    reactor.gather(peers[0].ours)
    peers[0].burst(BURST)
    await until(lambda: len(got) == len(BURST), lambda: got)
    assert got == BURST
    assert len(raised) == 1


@linux
async def test_others_have_their_turn_within_a_burst(reactor: Reactor, peers: list[Peer]) -> None:
    got: list[bytes] = []

    def received(datagram: bytes, at: float) -> None:
        got.append(datagram)
        busy(LONG)

    reactor.add(peers[0].ours, received, unexpected)
    reactor.gather(peers[0].ours)
    peers[0].burst(BURST)
    await until(lambda: bool(got))
    seen = len(got)
    await turns(2)
    assert seen < len(got) < len(BURST)
