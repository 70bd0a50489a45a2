"""Too slow, too lossy, or not there at all: it costs the others nothing, and nobody an entry."""

import pytest

from chat.core import limits
from chat.core.congestion import Congestion
from chat.core.names import LOBBY
from chat.core.types import Entry, Path

from .client import Client
from .network import HEADERS, Link
from .world import World, world_of

RATE = 250_000.0
"""Bytes a second: 2 Mbit/s."""

PUSH = 0x85


class Talk:
    """Some talk, at so many messages a second together, and it is seen how long each takes to all."""

    def __init__(self, world: World, talkers: list[Client], *, rate: float, size: int = 0) -> None:
        self.delays: list[float] = []
        """Seconds, of what was heard since they were taken last."""
        self.on = True
        self._world = world
        self._talkers = talkers
        self._rate = rate
        self._size = size
        self._said: dict[str, float] = {}
        for client in world.clients:
            client.heard = self._heard
        self._say(0)

    def run(self, seconds: float) -> list[float]:
        """How long everything took that was heard meanwhile."""
        self.delays = []
        self._world.run(self._world.clock.now + seconds)
        return self.delays

    def _say(self, number: int) -> None:
        if not self.on:
            return
        client = self._talkers[number % len(self._talkers)]
        self._world.say(client, size=self._size)
        self._said[client.said[LOBBY][-1].text] = self._world.clock.now
        self._world.clock.after(1 / self._rate, lambda: self._say(number + 1))

    def _heard(self, entry: Entry) -> None:
        if entry.text in self._said:
            self.delays.append(self._world.clock.now - self._said[entry.text])


def congestion(world: World) -> Congestion:
    assert world.server.hub is not None
    return world.server.hub._house.rooms[LOBBY]._congestion


def out(world: World) -> int:
    return congestion(world)._set.out


def shown(client: Client) -> list[int]:
    return [entry.seq for entry in client.screens.get(LOBBY, ())]


def test_on_a_clean_network_nothing_is_paced_however_much_is_said() -> None:
    world = world_of(20)
    talk = Talk(world, world.clients, rate=400, size=200)
    delays = talk.run(5.0)
    assert len(delays) > 20 * 1900
    assert max(delays) < 0.1
    assert congestion(world).pace.rate is None
    assert {client.guest.rooms[LOBBY].outbox.window for client in world.clients} == {64}
    talk.on = False
    world.finish()


@pytest.mark.parametrize("how", ["stopped", "blackholed"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_others_notice_nothing_of_a_fifth_that_are_not_there(how: str, seed: int) -> None:
    world = world_of(15, seed=seed)
    lost, others = world.clients[:3], world.clients[3:]
    talk = Talk(world, others[:2], rate=30)
    calm = talk.run(5.0)
    for client in lost:
        if how == "stopped":
            client.stop()
        else:
            world.network.cut.add(client.path)
    delays = talk.run(12.0)
    assert out(world) == len(lost)
    assert congestion(world).pace.rate is None
    assert max(delays) <= 1.1 * max(calm)
    assert len(delays) >= 0.99 * 30 * 12 * len(others)
    talk.on = False
    world.network.cut.clear()
    for client in lost:
        if how == "stopped":
            client.go_on()
    world.finish()
    world.run(world.clock.now + 2 * limits.PUSH_AGAIN[0] + 5.0)
    assert out(world) == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_loses_half_fetches_everything_and_is_pushed_to_again_when_that_is_over(
    seed: int,
) -> None:
    world = world_of(6, seed=seed)
    lossy, others = world.clients[0], world.clients[1:]
    talk = Talk(world, others[:2], rate=20)
    calm = talk.run(3.0)
    world.network.loss[lossy.path.host] = 0.5
    delays = talk.run(10.0)
    assert out(world) == 1
    assert lossy.guest.rooms[LOBBY].polling.on
    before = len(shown(lossy))
    assert before > 0.8 * len(shown(others[0]))
    talk.delays = delays = []
    world.run(world.clock.now + 1.0)
    assert sorted(delays)[len(delays) // 2] <= 1.1 * max(calm), "the others wait for nobody"
    world.network.loss.clear()
    talk.run(limits.PUSH_AGAIN[0] + 8.0)
    assert out(world) == 0
    assert not lossy.guest.rooms[LOBBY].polling.on
    assert max(talk.run(3.0)) <= 1.1 * max(calm)
    assert out(world) == 0
    talk.on = False
    world.finish()
    assert shown(lossy) == shown(others[0])


@pytest.mark.parametrize("rate", [3, 30])
def test_those_who_stay_when_most_leave_are_pushed_to(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were told an interval of a large room, and are soon to report as in a small one; while
    much is said, too, so that no head is due."""
    monkeypatch.setattr(limits, "REPORTS_CALM", 1.0)
    world = world_of(20)
    stay, go = world.clients[:4], world.clients[4:]
    talk = Talk(world, stay[:2], rate=rate)
    talk.run(25.0)
    for client in go:
        client.guest.close(world.clock.now)
        client.drain()
    del world.clients[4:]
    talk.run(40.0)
    assert {client.guest.rooms[LOBBY]._reporter.interval for client in stay} == {4.0}
    assert world.injected["not pushed to"] == 0
    talk.on = False
    world.finish()


class Bottleneck:
    """Twenty who listen behind one link, and two elsewhere who talk three times as much as it can
    carry; it is looked at each twentieth of a second."""

    def __init__(self, seed: int, queue: int) -> None:
        self.world = world_of(22, seed=seed)
        self.link = Link(self.world.clock, rate=RATE, queue=queue)
        self.pushed = 0
        """Bytes of pushes that were sent that way."""
        talkers, self.behind = self.world.clients[:2], self.world.clients[2:]
        for client in self.behind:
            self.world.network.links[client.path.host] = self.link
        self._send = self.world.network.send
        self.world.network.send = self._count
        self.talk = Talk(self.world, talkers, rate=100, size=300)

    def _count(self, datagram: bytes, source: Path, target: Path) -> None:
        if target.host in self.world.network.links and datagram[0] == PUSH:
            self.pushed += len(datagram) + HEADERS
        self._send(datagram, source, target)

    def run(self, seconds: float) -> tuple[float, float, float]:
        """Bytes a second of pushes, mean queue in seconds, and the share that was dropped."""
        self.pushed = 0
        carried, dropped, queues = self.link.carried, self.link.dropped, list[float]()
        until = self.world.clock.now + seconds
        while self.world.clock.now < until:
            self.talk.run(0.05)
            queues.append(self.link.queue / RATE)
        carried, dropped = self.link.carried - carried, self.link.dropped - dropped
        share = dropped / (carried + dropped)
        return self.pushed / seconds, sum(queues) / len(queues), share

    def end(self) -> None:
        """The link is as fast as the others, and the authors have said most of what they had."""
        self.world.network.links.clear()
        self.talk.run(25.0)
        self.world.finish()
        for client in self.behind:
            assert shown(client) == shown(self.world.clients[0])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pushes_through_a_link_that_is_too_small_back_off_and_its_queue_does_not_stand(
    seed: int,
) -> None:
    narrow = Bottleneck(seed, queue=64_000)
    pushed, queue, dropped = narrow.run(1.5)
    assert pushed > 3 * RATE, "a flood"
    assert dropped > 0.5
    narrow.run(3.5)
    pushed, queue, dropped = narrow.run(7.0)
    assert pushed < 0.9 * RATE
    assert queue < 0.2
    assert dropped < 0.05
    narrow.talk.on = False
    first = len(shown(narrow.behind[0]))
    _, queue, dropped = narrow.run(7.0)
    assert queue < 0.2
    assert dropped < 0.05
    assert len(shown(narrow.behind[0])) > first + 100, "they read on"
    narrow.end()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nor_does_one_of_two_seconds_that_loses_nothing_before_it_is_full(seed: int) -> None:
    bloated = Bottleneck(seed, queue=512_000)
    bloated.run(5.0)
    pushed, _, _ = bloated.run(3.0)
    assert pushed < 0.8 * RATE
    bloated.talk.on = False
    bloated.run(4.0)
    _, queue, dropped = bloated.run(6.0)
    assert queue < 0.3
    assert dropped == 0
    bloated.end()
