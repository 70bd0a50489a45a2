import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from chat.net import kernel

from .conftest import family

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says so")


@pytest.fixture
def sock(host: str) -> Iterator[socket.socket]:
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((host, 0))
        yield sock


def test_enlarge_gets_what_is_allowed(sock: socket.socket) -> None:
    before = kernel.buffers(sock)
    kernel.enlarge(sock, 1 << 30)
    after = kernel.buffers(sock)
    assert after.receive >= before.receive
    assert after.send >= before.send
    kernel.enlarge(sock, 1)
    assert kernel.buffers(sock) == after, "never less"


def test_enlarge_where_too_much_is_refused() -> None:
    asked: list[int] = []

    class Bsd(socket.socket):
        def setsockopt(self, level: int, option: int, value: object, *rest: object) -> None:
            assert isinstance(value, int)
            asked.append(value)
            if value > 1 << 20:
                raise OSError(55, "No buffer space available")
            super().setsockopt(level, option, value)

    with Bsd(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        kernel.enlarge(sock, 4 << 20)
        assert asked[:3] == [4 << 20, 2 << 20, 1 << 20]
        assert kernel.buffers(sock).receive <= 1 << 20


@linux
@pytest.mark.parametrize("count", [kernel.receive_drops, kernel.listed_drops])
def test_drops_are_those_that_found_no_room(
    sock: socket.socket, count: Callable[[socket.socket], int | None]
) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    assert count(sock) == 0
    with socket.socket(sock.family, socket.SOCK_DGRAM) as other:
        for _ in range(50):
            other.sendto(bytes(500), sock.getsockname())
    received = 0
    try:
        while True:
            sock.recv(500)
            received += 1
    except BlockingIOError:
        pass
    assert received < 50
    assert count(sock) == 50 - received


@linux
def test_complaints_name_the_endpoint(sock: socket.socket) -> None:
    kernel.keep_complaints(sock, sock.family)
    assert kernel.complaint(sock) is None
    with closing(socket.socket(sock.family, socket.SOCK_DGRAM)) as other:
        other.bind((sock.getsockname()[0], 0))
        nobody = other.getsockname()
    sock.sendto(b"anybody?", nobody)
    complaint = kernel.complaint(sock)
    assert complaint is not None
    assert complaint.address == nobody
    assert complaint.errno == 111
    assert kernel.complaint(sock) is None


def test_options_that_are_missing_are_left_out() -> None:
    class Sandboxed(socket.socket):
        def setsockopt(self, *args: object) -> None:
            raise OSError(92, "Protocol not available")

    with Sandboxed(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        kernel.never_fragment(sock, socket.AF_INET)
        kernel.keep_complaints(sock, socket.AF_INET)
