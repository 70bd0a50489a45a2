import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.types import Path
from chat.net import address, kernel
from chat.net.address import (
    Address,
    BindError,
    ResolveError,
    lan_address,
    listen,
    path_of,
    resolve,
    sockaddr_of,
)

from .conftest import Run

Sockets = Callable[..., list[socket.socket]]


@pytest.fixture
def opened() -> Iterator[Sockets]:
    """`listen`, with the sockets closed afterwards."""
    sockets: list[socket.socket] = []

    def listening(*binds: str, **options: int) -> list[socket.socket]:
        found = listen(binds, **options)
        sockets.extend(found)
        return found

    yield listening
    for sock in sockets:
        sock.close()


@pytest.fixture
def ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def failing(
    monkeypatch: pytest.MonkeyPatch, number: int, *, family: int, times: int = 1 << 30
) -> None:
    """Binding to a port in this family fails, so many times."""
    left = times

    class Failing(socket.socket):
        def bind(self, sockaddr: Any) -> None:
            nonlocal left
            if self.family == family and left:
                left -= 1
                raise OSError(number, "no")
            super().bind(sockaddr)

    monkeypatch.setattr(socket, "socket", Failing)


def without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    class WithoutIpv6(socket.socket):
        def __init__(self, family: int = -1, *args: Any, **options: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *args, **options)

    monkeypatch.setattr(socket, "socket", WithoutIpv6)


def answering(monkeypatch: pytest.MonkeyPatch, answer: Exception | list[str]) -> None:
    """What a name server says to every name."""
    real = socket.getaddrinfo

    def getaddrinfo(
        host: str, port: int, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        if flags & socket.AI_NUMERICHOST:
            return real(host, port, family, type, proto, flags)
        if isinstance(answer, Exception):
            raise answer
        return [row for each in answer for row in real(each, port, family, type, proto)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


UNKNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


# Paths


@given(
    st.one_of(
        st.tuples(st.ip_addresses(v=4).map(str), st.integers(0, 65535)),
        st.tuples(
            st.ip_addresses(v=6).map(str),
            st.integers(0, 65535),
            st.just(0),
            st.integers(0, (1 << 32) - 1),
        ),
    ),
    st.integers(0, 3),
)
def test_paths_and_sockaddrs(sockaddr: kernel.Sockaddr, number: int) -> None:
    path = path_of(number, sockaddr)
    assert path.socket == number
    back = sockaddr_of(path)
    assert path_of(number, back) == path
    assert back == sockaddr or (len(sockaddr) == 4 and back == sockaddr[:2] and not sockaddr[3])
    assert isinstance(path.loopback, bool)


# Listening


def test_the_default_is_everywhere_on_one_port(opened: Sockets, ipv6: None) -> None:
    first, second = opened(port=0)
    port = first.getsockname()[1]
    assert port
    assert first.getsockname() == ("0.0.0.0", port)
    assert second.getsockname()[:2] == ("::", port)
    assert second.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
    assert not first.getblocking()


def test_port_0_is_tried_until_both_families_have_it(
    opened: Sockets, monkeypatch: pytest.MonkeyPatch, ipv6: None
) -> None:
    failing(monkeypatch, errno.EADDRINUSE, family=socket.AF_INET6, times=5)
    first, second = opened(port=0)
    assert first.getsockname()[1] == second.getsockname()[1]


def test_port_0_is_two_ports_if_it_must_be(
    opened: Sockets, monkeypatch: pytest.MonkeyPatch, ipv6: None
) -> None:
    tries = address._TRIES
    failing(monkeypatch, errno.EADDRINUSE, family=socket.AF_INET6, times=tries)
    assert all(sock.getsockname()[1] for sock in opened(port=0))


def test_the_default_without_ipv6(opened: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    without_ipv6(monkeypatch)
    (only,) = opened(port=0)
    assert only.getsockname()[0] == "0.0.0.0"


def test_a_name_is_all_its_addresses(
    opened: Sockets, monkeypatch: pytest.MonkeyPatch, ipv6: None
) -> None:
    answering(monkeypatch, ["::1", "127.0.0.1"])
    hosts = [sock.getsockname()[:2] for sock in opened("localhost:0")]
    assert [host for host, _ in hosts] == ["::1", "127.0.0.1"]
    assert len({port for _, port in hosts}) == 1


def test_a_name_without_its_ipv6_address(opened: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["::1", "127.0.0.1"])
    without_ipv6(monkeypatch)
    (only,) = opened("localhost:0")
    assert only.getsockname()[0] == "127.0.0.1"


def test_what_is_said_twice_is_meant_once(opened: Sockets) -> None:
    port = free_port()
    assert len(opened(f"127.0.0.1:{port}", "127.0.0.1", port=port)) == 1


def test_buffers_are_enlarged(opened: Sockets) -> None:
    (sock,) = opened("127.0.0.1:0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        assert kernel.buffers(sock).receive >= kernel.buffers(plain).receive
    assert kernel.buffers(sock).receive <= address.BUFFER


def test_port_in_use(opened: Sockets) -> None:
    (sock,) = opened("127.0.0.1:0")
    port = sock.getsockname()[1]
    with pytest.raises(BindError) as caught:
        listen([f"127.0.0.1:{port}"])
    assert str(caught.value) == (
        f"UDP port {port} is in use: stop the other server or choose --bind HOST:PORT"
    )


def test_nothing_stays_open_after_an_error(opened: Sockets) -> None:
    (sock,) = opened("127.0.0.1:0")
    port = free_port()
    for _ in range(2):
        with pytest.raises(BindError, match="in use"):
            listen([f"127.0.0.1:{port}", str(path_of(0, sock.getsockname()))])
    assert opened(f"127.0.0.1:{port}")


def test_an_address_of_another_machine() -> None:
    with pytest.raises(BindError) as caught:
        listen(["203.0.113.1:9999"])
    assert str(caught.value) == (
        "203.0.113.1 is not an address of this machine: bind 0.0.0.0 and open UDP port 9999 in "
        "the provider's firewall"
    )


def test_an_ipv6_address_of_another_machine(ipv6: None) -> None:
    with pytest.raises(BindError) as caught:
        listen(["[2001:db8::1]:9999"])
    assert str(caught.value) == (
        "2001:db8::1 is not an address of this machine: bind [::] and open UDP port 9999 in the "
        "provider's firewall"
    )


def test_a_port_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, errno.EACCES, family=socket.AF_INET)
    with pytest.raises(BindError) as caught:
        listen(["0.0.0.0:53"])
    assert str(caught.value) == "UDP port 53 is the system's: choose a port from 1024 up"


def test_ipv6_that_was_asked_for_and_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    without_ipv6(monkeypatch)
    with pytest.raises(BindError) as caught:
        listen(["[::]:9999"])
    assert str(caught.value) == (
        "this machine has no IPv6: choose an IPv4 address, --bind 0.0.0.0:9999"
    )


def test_an_ipv4_address_in_disguise(ipv6: None) -> None:
    with pytest.raises(BindError) as caught:
        listen(["[::ffff:127.0.0.1]:9999"])
    assert str(caught.value) == (
        "::ffff:127.0.0.1 is an IPv4 address: choose --bind 127.0.0.1:9999"
    )


def test_a_link_local_address_without_its_interface(ipv6: None) -> None:
    with pytest.raises(BindError) as caught:
        listen(["[fe80::1]:9999"])
    assert str(caught.value) == (
        "fe80::1 needs its interface: choose --bind [fe80::1%INTERFACE]:9999"
    )


def test_any_other_error(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, errno.ENOMEM, family=socket.AF_INET)
    with pytest.raises(BindError) as caught:
        listen(["127.0.0.1:9999"])
    assert str(caught.value) == (
        "cannot listen on 127.0.0.1:9999: no; choose another --bind HOST:PORT"
    )


@pytest.mark.parametrize("host", ["nowhere.example", "a..b", "[::1%nowhere]"])
def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    answering(monkeypatch, UNKNOWN)
    with pytest.raises(BindError) as caught:
        listen([f"{host}:9999"])
    assert str(caught.value) == (
        f"{host.strip('[]')!r} has no address: choose one of this machine's, such as "
        "--bind 0.0.0.0:9999"
    )


def test_what_is_no_endpoint() -> None:
    with pytest.raises(BindError, match="a port is a number"):
        listen(["0.0.0.0:http"])


# Finding a server


def resolved(host: str, port: int = 9) -> list[Address]:
    """With stdlib asyncio's loop, whose name server can be replaced."""
    with asyncio.Runner() as runner:
        return runner.run(resolve(host, port))


@pytest.mark.parametrize(
    ("host", "sockaddr"),
    [
        ("192.0.2.7", ("192.0.2.7", 9)),
        ("2001:db8::7", ("2001:db8::7", 9, 0, 0)),
        ("2001:DB8:0::7", ("2001:db8::7", 9, 0, 0)),
        ("fe80::7%3", ("fe80::7", 9, 0, 3)),
    ],
)
def test_numeric_addresses_need_no_name_server(
    monkeypatch: pytest.MonkeyPatch, host: str, sockaddr: kernel.Sockaddr
) -> None:
    answering(monkeypatch, AssertionError("a name server was asked"))
    (found,) = resolved(host)
    assert found.sockaddr == sockaddr
    assert found.path == path_of(0, sockaddr)


def test_scopes_may_be_names() -> None:
    number, name = socket.if_nameindex()[0]
    (found,) = resolved(f"fe80::7%{name}")
    assert found.path == Path(0, f"fe80::7%{number}", 9)


def test_all_addresses_in_the_system_s_order(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["2001:db8::7", "192.0.2.7", "2001:db8::7"])
    assert [found.path.host for found in resolved("chat.example")] == ["2001:db8::7", "192.0.2.7"]


def test_localhost_on_both_loops(run: Run) -> None:
    async def scenario() -> None:
        assert {found.path.loopback for found in await resolve("localhost", 9)} == {True}

    run(scenario())


@pytest.mark.parametrize(
    ("host", "answer", "line"),
    [
        ("nowhere.example", UNKNOWN, "'nowhere.example': this host is unknown; check the link"),
        (
            "chat.example",
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "no name server answers for 'chat.example': are you online?",
        ),
        (
            "fe80::1%nowhere",
            UNKNOWN,
            "'fe80::1%nowhere': this IPv6 address or its interface is unknown; check the link",
        ),
        ("a..b", UNKNOWN, "'a..b' is no host name"),
        ("x" * 70, UNKNOWN, f"{'x' * 70!r} is no host name"),
    ],
)
def test_what_cannot_be_resolved(
    monkeypatch: pytest.MonkeyPatch, host: str, answer: Exception, line: str
) -> None:
    answering(monkeypatch, answer)
    with pytest.raises(ResolveError) as caught:
        resolved(host)
    assert str(caught.value).startswith(line)
    assert len(str(caught.value).splitlines()) == 1


# This machine


FAMILIES = (socket.AF_INET, socket.AF_INET6)


@pytest.mark.parametrize("family", FAMILIES)
def test_lan_address_is_ours(family: int) -> None:
    host = lan_address(family)
    if host is not None:
        assert not Path(0, host, 9).loopback
        with closing(listen([f"[{host}]:0"])[0]):
            pass


def test_lan_address_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class Alone(socket.socket):
        def connect(self, sockaddr: Any) -> None:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Alone)
    assert [lan_address(family) for family in FAMILIES] == [None, None]


def test_lan_address_is_never_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loopback(socket.socket):
        def connect(self, sockaddr: Any) -> None:
            super().connect(("127.0.0.1", 9) if self.family == socket.AF_INET else ("::1", 9))

    monkeypatch.setattr(socket, "socket", Loopback)
    assert [lan_address(family) for family in FAMILIES] == [None, None]
