"""Handshakes on networks that lose, spoil, double and reorder what they carry."""

from collections import Counter
from functools import partial
from operator import attrgetter

import pytest

from .host import PATH, path_number
from .network import Network

WITHIN = 30.0
"""Virtual seconds, for each."""

BURSTS = "loss=30% burst=3 delay=40ms±20"
CORRUPT = "corrupt=30% delay=40ms±20"


@pytest.mark.parametrize(
    "spec",
    [
        BURSTS,
        CORRUPT,
        "loss=10% dup=10% delay=30ms±30 reorder=30%",
        "loss=15% dup=20% corrupt=10% reorder=20% delay=20ms±20",
    ],
)
@pytest.mark.parametrize("half", [0, 1])
def test_everybody_gets_in(spec: str, half: int) -> None:
    for seed in range(half * 25, half * 25 + 25):
        network = Network(spec, seed)
        client = network.join(PATH)
        network.run(partial(attrgetter("heard"), client), until=WITHIN)
        given = Counter(secrets for _, secrets in network.host.admitted)
        assert set(given.values()) == {1}
        assert client.handshake.secrets in given
        network.wait(network.clock.now + 11.0)
        assert network.host.server.pending == 0


def test_many_at_once() -> None:
    network = Network(BURSTS, seed=1)
    clients = [network.join(path_number(number)) for number in range(100)]
    network.run(lambda: all(client.heard for client in clients), until=WITHIN)
    given = Counter(network.host.admitted)
    assert set(given.values()) == {1}
    for client in clients:
        assert client.handshake.secrets is not None
        assert (client.path, client.handshake.secrets) in given
    network.wait(network.clock.now + 11.0)
    assert network.host.server.pending == 0


@pytest.mark.parametrize("delay", ["1ms", "150ms", "700ms"])
def test_a_long_way_costs_three_round_trips_and_no_more(delay: str) -> None:
    network = Network(f"delay={delay}")
    client = network.join(PATH)
    network.run(lambda: client.heard, until=10.0)
    one_way = float(delay.removesuffix("ms")) / 1000
    assert client.done_at == pytest.approx(6 * one_way)
    assert len(network.host.admitted) == 1


def test_nothing_is_repeated_for_ever() -> None:
    network = Network("dup=100% delay=10ms")
    client = network.join(PATH)
    network.run(lambda: client.heard, until=1.0)
    sent = client.sent
    network.wait(60.0)
    assert client.sent == sent
    assert network.host.server.deadline() is None


def test_a_client_that_restarts_on_the_same_port() -> None:
    network = Network(BURSTS, seed=4)
    first = network.join(PATH)
    network.run(lambda: first.handshake.secrets is not None, until=WITHIN)
    for _ in range(5):
        client = network.join(PATH)
        network.run(partial(attrgetter("heard"), client), until=network.clock.now + WITHIN)
        assert network.host.admitted[-1] == (PATH, client.handshake.secrets)


def test_two_thirds_lost_still_end_in_a_session() -> None:
    network = Network("loss=60% delay=20ms", seed=2)
    client = network.join(PATH)
    network.run(lambda: client.heard, until=300.0)
    assert client.handshake.failed == ""
