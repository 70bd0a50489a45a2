import asyncio

import pytest

from chat.core.types import Path
from chat.net.impair import CLEAR, Blackout, Impairment, Tally
from chat.net.impaired import Impaired

from .conftest import Run
from .waiting import until

PATH = Path(0, "192.0.2.1", 9)


class Ends:
    """Both ends of a bad network, written down."""

    def __init__(self, spec: Impairment = CLEAR, seed: int = 1) -> None:
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.loop = asyncio.get_running_loop()
        self.network = Impaired(self.loop, spec, seed)
        self.send = self.network.sending(lambda path, datagram: self.sent.append(datagram))
        self.receive = self.network.receiving(lambda datagram, path: self.received.append(datagram))

    def state(self) -> object:
        return len(self.sent), len(self.received), self.network.waiting


def test_nothing_wrong_is_at_once_and_counted(run: Run) -> None:
    async def scenario() -> None:
        ends = Ends()
        ends.send(PATH, b"out")
        ends.receive(b"in", PATH)
        assert (ends.sent, ends.received) == ([b"out"], [b"in"])
        assert ends.network.outward == ends.network.inward == Tally(seen=1)

    run(scenario())


def test_delays_keep_the_order_and_are_as_long_as_they_say(run: Run) -> None:
    async def scenario() -> None:
        ends = Ends(Impairment(delay=0.02))
        started = ends.loop.time()
        for n in range(100):
            ends.receive(b"%d" % n, PATH)
        assert ends.received == []
        assert ends.network.waiting == 100
        await until(lambda: len(ends.received) == 100, ends.state)
        assert ends.loop.time() - started >= 0.018
        assert ends.received == [b"%d" % n for n in range(100)]

    run(scenario())


def test_what_is_due_first_comes_first(run: Run) -> None:
    async def scenario() -> None:
        ends = Ends(Impairment(delay=0.05))
        ends.send(PATH, b"slow")
        ends.network.change(Impairment(delay=0.01))
        ends.send(PATH, b"fast")
        ends.network.change(CLEAR)
        ends.send(PATH, b"now")
        await until(lambda: len(ends.sent) == 3, ends.state)
        assert ends.sent == [b"now", b"fast", b"slow"]

    run(scenario())


@pytest.mark.parametrize("spec", ["delay=10ms±10", "reorder=20%"])
def test_jitter_and_reordering_overtake(run: Run, spec: str) -> None:
    async def scenario() -> None:
        ends = Ends(Impairment.parse(spec))
        for n in range(200):
            ends.send(PATH, bytes([n]))
        await until(lambda: len(ends.sent) == 200, ends.state)
        assert ends.sent != sorted(ends.sent)
        assert sorted(ends.sent) == [bytes([n]) for n in range(200)]

    run(scenario())


def test_directions_fare_differently_and_repeatably(run: Run) -> None:
    async def scenario() -> None:
        outcomes = []
        for _ in range(2):
            ends = Ends(Impairment(loss=0.5))
            for n in range(200):
                ends.send(PATH, bytes([n]))
                ends.receive(bytes([n]), PATH)
            outcomes.append((ends.sent, ends.received))
            assert ends.sent != ends.received
            assert ends.network.outward.lost == 200 - len(ends.sent)
            assert ends.network.inward.lost == 200 - len(ends.received)
        assert outcomes[0] == outcomes[1]

    run(scenario())


def test_blackouts(run: Run) -> None:
    async def scenario() -> None:
        ends = Ends()
        ends.send(PATH, b"before")
        ends.network.blackout(60)
        ends.send(PATH, b"lost")
        ends.network.blackout(0)
        ends.send(PATH, b"between")
        ends.network.change(Impairment(blackouts=(Blackout(0, 60),)))
        ends.send(PATH, b"lost too")
        ends.network.change(CLEAR)
        ends.send(PATH, b"after")
        assert ends.sent == [b"before", b"between", b"after"]
        assert ends.network.outward == Tally(seen=5, blacked_out=2)

    run(scenario())


def test_blackouts_count_from_the_start_that_is_given(run: Run) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        sent: list[bytes] = []
        network = Impaired(
            loop, Impairment(blackouts=(Blackout(100, 160),)), 1, start=loop.time() - 100
        )
        network.sending(lambda path, datagram: sent.append(datagram))(PATH, b"x")
        assert sent == []
        assert str(network.spec) == "blackout=100s..160s"

    run(scenario())


def test_nothing_is_left_behind_at_close(run: Run) -> None:
    async def scenario() -> None:
        ends = Ends(Impairment(delay=0.01))
        for _ in range(10):
            ends.send(PATH, b"x")
            ends.receive(b"x", PATH)
        ends.network.close()
        assert ends.network.waiting == 0
        ends.send(PATH, b"x")
        ends.receive(b"x", PATH)
        assert ends.network.waiting == 0
        later = asyncio.Event()
        ends.loop.call_later(0.03, later.set)
        await later.wait()
        assert not (ends.sent or ends.received)

    run(scenario())


def test_what_waits_is_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.net.impaired.WAITING", 10)

    async def scenario() -> None:
        ends = Ends(Impairment(delay=60.0))
        for _ in range(15):
            ends.send(PATH, b"x")
        assert ends.network.waiting == 10
        assert ends.network.outward.lost == 5
        ends.network.close()

    run(scenario())


def test_closing_on_arrival(run: Run) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        network = Impaired(loop, Impairment(delay=0.001), 1)
        arrived: list[bytes] = []

        def receive(datagram: bytes, path: Path) -> None:
            arrived.append(datagram)
            network.close()

        receiving = network.receiving(receive)
        receiving(b"1", PATH)
        receiving(b"2", PATH)
        await until(lambda: bool(arrived))
        assert network.waiting == 0
        assert arrived == [b"1"]

    run(scenario())
