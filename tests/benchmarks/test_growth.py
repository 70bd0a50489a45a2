"""Sessions that share a socket are told apart, come in, and are missed when they are gone."""

import socket
import sys
from contextlib import closing

import pytest

from benchmarks.fanout.machine import Unfit
from benchmarks.fanout.report import About
from benchmarks.growth import report
from benchmarks.growth.endpoints import Endpoints, address
from benchmarks.growth.report import Line
from benchmarks.growth.sessions import measure
from benchmarks.growth.swarm import Swarm
from benchmarks.idle import server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="IP_PKTINFO is Linux's")

NOBODY = ("127.0.0.1", 9)


def test_one_socket_speaks_for_many_endpoints() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        with closing(Endpoints(sock.getsockname())) as endpoints:
            numbers = (0, 1, 300, 70_000)
            for number in numbers:
                endpoints.send(address(number), b"%d" % number)
            came = [sock.recvfrom(100) for _ in numbers]
            assert [data for data, _ in came] == [b"0", b"1", b"300", b"70000"]
            assert [host for _, (host, _) in came] == [
                "127.1.0.0",
                "127.1.0.1",
                "127.1.1.44",
                "127.2.17.112",
            ]
            for data, where in reversed(came):
                sock.sendto(data + b" back", where)
            expected = [(address(n), b"%d back" % n) for n in reversed(numbers)]
            assert list(endpoints.receive()) == expected
            assert list(endpoints.receive()) == []


def test_a_swarm_comes_in_and_stays() -> None:
    with server() as (link, _), closing(Swarm((link.host, link.port), 5)) as swarm:
        seen: list[int] = []
        swarm.come_in(2, seen.append)
        assert swarm.entered == 2
        swarm.come_in(5, seen.append)
        swarm.live(0.5)
        assert (swarm.entered, swarm.lost, swarm.drops) == (5, 0, 0)
        assert swarm.said >= 5 * 4
        assert swarm.heard >= 5 * 4


def test_a_swarm_without_a_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.growth.swarm._STUCK", 0.2)
    with closing(Swarm(NOBODY, 1)) as swarm, pytest.raises(Unfit, match="0 sessions came in"):
        swarm.come_in(1, lambda _: None)


def test_a_size_that_is_not_measured_says_why() -> None:
    with pytest.raises(Unfit) as refused:
        measure(100, 1.0, lambda _: None)
    about = About("a machine", "a network", "2026-01-01", "0123", 5, 4.0)
    rows = report.text([Line("100 idle sessions", trouble=str(refused.value))], about).splitlines()
    assert rows[-1].startswith("| 100 idle sessions |")
    assert "not measured: the first 100 sessions are not measured" in rows[-1]
