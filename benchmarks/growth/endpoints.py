"""One UDP socket that is as many endpoints as it likes: one for each address of 127.0.0.0/8.

A socket for each session would need more open files than a process may have. The addresses are
this machine's own, so Linux lets a socket that is bound to all of them say from which one it sends,
and tells at which one it received (IP_PKTINFO, ip(7)).
"""

import ipaddress
import socket
import struct
from collections.abc import Iterator

from chat.net import kernel
from chat.net.connection import BUFFER

_IP_PKTINFO = 8
"""linux/in.h; Python's socket module lacks it."""

_PKTINFO = struct.Struct("=i4s4s")
"""struct in_pktinfo: the interface, the local address, the address in the datagram's header."""

_ROOM = socket.CMSG_SPACE(_PKTINFO.size)

_BATCH = 64
"""Datagrams that are received before something else has its turn."""

_FIRST = int(ipaddress.IPv4Address("127.1.0.0"))
"""Of the addresses that are given out."""


def address(number: int) -> bytes:
    """The one of endpoint `number`, 4 bytes."""
    return (_FIRST + number).to_bytes(4, "big")


class Endpoints:
    """The socket, on a port of its own."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self._sock.setblocking(False)
        self._sock.bind(("0.0.0.0", 0))
        kernel.enlarge(self._sock, BUFFER)

    def fileno(self) -> int:
        return self._sock.fileno()

    def send(self, source: bytes, datagram: bytes) -> None:
        """From this address to the server."""
        note = _PKTINFO.pack(0, source, bytes(4))
        self._sock.sendmsg((datagram,), ((socket.IPPROTO_IP, _IP_PKTINFO, note),), 0, self._server)

    def receive(self) -> Iterator[tuple[bytes, bytes]]:
        """What is there, up to a batch: the address that it came to, and the datagram."""
        for _ in range(_BATCH):
            try:
                datagram, notes, _, _ = self._sock.recvmsg(2048, _ROOM)
            except BlockingIOError:
                return
            ((_, _, note),) = notes
            yield _PKTINFO.unpack(note)[2], datagram

    @property
    def drops(self) -> int:
        """Datagrams that the kernel dropped because nobody received them in time."""
        return kernel.receive_drops(self._sock) or 0

    def close(self) -> None:
        self._sock.close()
