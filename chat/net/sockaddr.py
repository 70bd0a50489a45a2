"""Endpoints as the kernel has them: a `Path` packed like Linux's sockaddr_in or sockaddr_in6.

All names of one socket have the same size, so that those of a room lie side by side in one array,
and what is received names its sender by bytes that are a dictionary's key as they are.
"""

import socket
import struct

from chat.core.types import Path

_IPV4 = struct.Struct("=H2s4s8x")
"""Family, port and address: ip(7). Port and address are in network byte order."""

_IPV6 = struct.Struct("=H2sI16sI")
"""Family, port, flow, address, scope: ipv6(7)."""

_FAMILY = struct.Struct("=H")

SIZES = {socket.AF_INET: _IPV4.size, socket.AF_INET6: _IPV6.size}
"""Bytes of a name, by family."""


def packed(path: Path) -> bytes:
    """The name of the endpoint beyond a path."""
    port = path.port.to_bytes(2, "big")
    if ":" not in path.host:
        return _IPV4.pack(socket.AF_INET, port, socket.inet_aton(path.host))
    host, _, scope = path.host.partition("%")
    address = socket.inet_pton(socket.AF_INET6, host)
    return _IPV6.pack(socket.AF_INET6, port, 0, address, int(scope or 0))


def unpacked(number: int, name: bytes) -> Path:
    """The path to a name, seen from our socket `number`."""
    if len(name) == _IPV4.size:
        _, port, address = _IPV4.unpack(name)
        return Path(number, socket.inet_ntoa(address), int.from_bytes(port, "big"))
    _, port, _, address, scope = _IPV6.unpack(name)
    host = socket.inet_ntop(socket.AF_INET6, address)
    return Path(number, f"{host}%{scope}" if scope else host, int.from_bytes(port, "big"))


def split(number: int, names: bytes | bytearray | memoryview) -> list[Path]:
    """The paths to names of one family that lie side by side."""
    size = SIZES[_FAMILY.unpack_from(names)[0]] if names else 1
    return [unpacked(number, bytes(names[at : at + size])) for at in range(0, len(names), size)]
