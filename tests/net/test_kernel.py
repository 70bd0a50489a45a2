import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from chat.net import kernel
from chat.net.address import path_of
from chat.net.mmsg import Sender
from chat.net.sockaddr import SIZES, packed

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


@linux
@pytest.mark.parametrize("gathers", [True, False])
@pytest.mark.parametrize("sizes", [[1200] * 30, [100, 100, 40], [7, 1], [50]])
def test_a_burst_is_one_read_of_who_gathers(
    sock: socket.socket, sizes: list[int], gathers: bool
) -> None:
    assert not gathers or kernel.gather(sock)
    burst = [bytes([n]) * size for n, size in enumerate(sizes)]
    with socket.socket(sock.family, socket.SOCK_DGRAM) as other:
        sender = Sender(other.fileno(), SIZES[sock.family], segments=True)
        name = memoryview(packed(path_of(0, sock.getsockname())))
        assert sender.send(name, b"".join(burst), sizes[0]) == 1
    reads = 1 if gathers else len(burst)
    read = [kernel.receive(sock) for _ in range(reads)]
    assert [datagram for datagrams in read for datagram in datagrams] == burst
    with pytest.raises(BlockingIOError):
        kernel.receive(sock)


@linux
def test_the_largest_burst_comes_whole(sock: socket.socket) -> None:
    assert kernel.gather(sock)
    kernel.enlarge(sock, 1 << 20)
    burst = [bytes([n]) * 1180 for n in range(55)]
    with socket.socket(sock.family, socket.SOCK_DGRAM) as other:
        sender = Sender(other.fileno(), SIZES[sock.family], segments=True)
        name = memoryview(packed(path_of(0, sock.getsockname())))
        assert sender.send(name, b"".join(burst), 1180) == 1
    assert kernel.receive(sock) == burst


GRO = (kernel.SOL_UDP, kernel.UDP_GRO)


@pytest.mark.parametrize(
    ("level", "kind", "data", "expected"),
    [
        (*GRO, struct.pack("=i", 4), [b"0123", b"4567", b"89"]),
        (*GRO, struct.pack("=i", 5), [b"01234", b"56789"]),
        (*GRO, struct.pack("=i", 9), [b"012345678", b"9"]),
        (*GRO, struct.pack("=i", 10), [b"0123456789"]),
        (*GRO, struct.pack("=i", 11), [b"0123456789"]),
        (*GRO, struct.pack("=i", 0), [b"0123456789"]),
        (*GRO, struct.pack("=i", -1), [b"0123456789"]),
        (*GRO, struct.pack("=h", 4), [b"0123456789"]),
        (*GRO, b"", [b"0123456789"]),
        (socket.IPPROTO_IP, kernel.UDP_GRO, struct.pack("=i", 4), [b"0123456789"]),
        (kernel.SOL_UDP, kernel.UDP_SEGMENT, struct.pack("=i", 4), [b"0123456789"]),
    ],
)
def test_a_payload_is_cut_by_its_note(
    level: int, kind: int, data: bytes, expected: list[bytes]
) -> None:
    notes = [(socket.SOL_SOCKET, 29, bytes(16)), (level, kind, data)]
    assert list(kernel.cut(b"0123456789", notes)) == expected
    assert list(kernel.cut(b"0123456789", [])) == [b"0123456789"]
    assert list(kernel.cut(b"", notes)) == [b""]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_who_cannot_gather_says_so(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    class Without(socket.socket):
        def setsockopt(self, *args: object) -> None:
            assert platform == "linux", "not asked elsewhere, where the number is another option's"
            raise OSError(92, "Protocol not available")

    monkeypatch.setattr("sys.platform", platform)
    with Without(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert not kernel.gather(sock)
