"""What may be asked of the kernel about a UDP socket: room, no fragments, errors, drops.

Linux has all of it, other systems some; what is missing is silently not there. Python's socket
module lacks most of the numbers: they are those of linux/in.h and linux/in6.h, the same on all
architectures.
"""

import socket
import struct
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

Sockaddr = tuple[str, int] | tuple[str, int, int, int]
"""(host, port), or for IPv6 also (host, port, flow, scope)."""

_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE = 10, 23, 3
_IP_RECVERR, _IPV6_RECVERR = 11, 25

SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104
"""udp(7): the kernel cuts what it is given into datagrams of that size; and hands over several as
one payload, with a note of the size at which to cut it."""

_GATHERED, _NOTES, _SIZE = 65_535, 64, struct.Struct("=i")
"""Bytes of such a payload at most (what is beyond the room for it is lost in silence), more than
enough for the note, and what is in it."""

_SO_MEMINFO, _MEMINFO = 55, struct.Struct("=9I")
"""linux/sock_diag.h; the last of the nine is the number of drops."""

_ERROR = struct.Struct("=IBBBxII")
"""struct sock_extended_err of linux/errqueue.h: errno, origin, type, code, info, data."""

_ICMP = (2, 3)
"""SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6."""

_ANCILLARY = 512
"""Room for one sock_extended_err and the sockaddr of who complains."""


class Buffers(NamedTuple):
    """Bytes that the kernel holds for a socket, payload and bookkeeping."""

    receive: int
    send: int


class Complaint(NamedTuple):
    """An ICMP message about a datagram that we sent to `address`. Anybody may forge it."""

    errno: int
    address: Sockaddr


def enlarge(sock: socket.socket, size: int) -> None:
    """Buffers of `size` bytes, or the most that is allowed."""
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        asked = size
        while asked > sock.getsockopt(socket.SOL_SOCKET, option):
            try:
                sock.setsockopt(socket.SOL_SOCKET, option, asked)
            except OSError:  # Linux grants what it may, BSDs refuse what is too much.
                asked //= 2
            else:
                break


def buffers(sock: socket.socket) -> Buffers:
    """What was granted. Linux reports the double, for bookkeeping that it adds."""
    share = 2 if sys.platform == "linux" else 1
    return Buffers(
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // share,
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // share,
    )


def never_fragment(sock: socket.socket, family: int) -> None:
    """DF is set on all that goes out, whatever an ICMP message, forged or not, says of the path
    (RFC 8085 §3.2); and the kernel need not choose an IP id."""
    _ask(sock, family, _IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PMTUDISC_PROBE)


def keep_complaints(sock: socket.socket, family: int) -> None:
    """ICMP messages are queued for `complaint`, with the endpoint that each is about.

    Each also fails one call on the socket, whichever comes next: a send to anybody, or a receive.
    And with it, ENOBUFS says what is otherwise dropped in silence by a full queue of this machine.
    """
    _ask(sock, family, _IP_RECVERR, _IPV6_RECVERR, 1)


def complaint(sock: socket.socket) -> Complaint | None:
    """The next one. Until there is none left, the socket polls as failed."""
    if sys.platform == "linux":
        try:
            _, notes, _, address = sock.recvmsg(0, _ANCILLARY, socket.MSG_ERRQUEUE)
        except OSError:  # EAGAIN: there is none
            return None
        for level, kind, data in notes:
            if (level, kind) in (
                (socket.IPPROTO_IP, _IP_RECVERR),
                (socket.IPPROTO_IPV6, _IPV6_RECVERR),
            ):
                number, origin, *_ = _ERROR.unpack_from(data)
                return Complaint(number if origin in _ICMP else 0, address)
        return Complaint(0, address)
    return None


def receive_drops(sock: socket.socket) -> int | None:
    """Datagrams dropped because the receive buffer was full; None: the kernel does not say."""
    if sys.platform == "linux":
        try:
            answer = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
            return int(_MEMINFO.unpack(answer)[-1])
        except (OSError, struct.error):
            return listed_drops(sock)
    return None


def listed_drops(sock: socket.socket) -> int | None:
    """The same from the list of all sockets (proc(5)), where ours is known by its inode."""
    listed = Path("/proc/net/udp6" if sock.family == socket.AF_INET6 else "/proc/net/udp")
    try:
        inode = str(Path(f"/proc/self/fd/{sock.fileno()}").stat().st_ino)
        rows = [line.split() for line in listed.read_text().splitlines()[1:]]
    except OSError:
        return None
    return next((int(row[-1]) for row in rows if row[9] == inode), None)


def cuts(sock: socket.socket) -> bool:
    """Whether several datagrams can be sent as one payload (UDP_SEGMENT, Linux 4.18)."""
    if sys.platform != "linux":
        return False
    try:
        sock.getsockopt(SOL_UDP, UDP_SEGMENT)
    except OSError:
        return False
    return True


def gather(sock: socket.socket) -> bool:
    """From now on datagrams that came from one sender, one right after the other, are handed over
    together (UDP_GRO, Linux 5.0): only `receive` may read them. False: this system does not."""
    if sys.platform != "linux":
        return False
    try:
        sock.setsockopt(SOL_UDP, UDP_GRO, 1)
    except OSError:
        return False
    return True


def receive(sock: socket.socket) -> Sequence[bytes]:
    """The datagrams, one or more, that one call brings of a socket that gathers. Raises OSError as
    `recv` does."""
    payload, notes, _, _ = sock.recvmsg(_GATHERED, _NOTES)
    return cut(payload, notes) if notes else (payload,)


def cut(payload: bytes, notes: Iterable[tuple[int, int, bytes]]) -> Sequence[bytes]:
    """The datagrams of a payload: all of the size in its note, but the last, which may be smaller.
    Without a note, or with one that makes no sense, it is one."""
    for level, kind, data in notes:
        if (level, kind, len(data)) == (SOL_UDP, UDP_GRO, _SIZE.size):
            (size,) = _SIZE.unpack(data)
            if 0 < size < len(payload):
                return [payload[at : at + size] for at in range(0, len(payload), size)]
    return (payload,)


def _ask(sock: socket.socket, family: int, ipv4: int, ipv6: int, value: int) -> None:
    """Sets an option of Linux's, where it exists: sandboxes lack some."""
    if sys.platform == "linux":
        with suppress(OSError):
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, ipv6, value)
            else:
                sock.setsockopt(socket.IPPROTO_IP, ipv4, value)
