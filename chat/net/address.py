"""Endpoints by name: the server's sockets, and where a client finds a server.

A `Path` names an endpoint by its host's numeric address, an IPv6 scope included (`fe80::1%4`); the
operating system wants a sockaddr. `path_of` and `sockaddr_of` turn one into the other.
"""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chat.core.link import DEFAULT_PORT, BadLinkError, parse_endpoint
from chat.core.types import Path

from . import kernel
from .kernel import Sockaddr

BUFFER = 8 << 20
"""Bytes asked for in each direction. The usual default, 212,992, holds 92 datagrams of 1200 bytes;
what more comes before the next turn of the loop is lost without a word."""

_TRIES = 16
"""To find one port that is free in both families."""

_PRIVILEGED = 1024


class BindError(Exception):
    """One line that says why the server cannot listen there, and what to do."""


class ResolveError(Exception):
    """One line that says why no server can be reached under this name."""


class _PortTakenError(Exception):
    """The port that the system picked in one family is in use in the other."""


class Address(NamedTuple):
    """One of the addresses of a host."""

    family: int
    sockaddr: Sockaddr

    @property
    def path(self) -> Path:
        """As a client's socket, its only one, names it."""
        return path_of(0, self.sockaddr)

    def at(self, port: int) -> "Address":
        """Another port of it."""
        match self.sockaddr:
            case (host, _, flow, scope):
                return Address(self.family, (host, port, flow, scope))
            case (host, _):
                return Address(self.family, (host, port))


class _Wish(NamedTuple):
    address: Address
    optional: bool
    """Left out where the machine has no IPv6."""


def path_of(socket: int, sockaddr: Sockaddr) -> Path:
    """The endpoint at `sockaddr`, seen from our socket number `socket`."""
    if len(sockaddr) == 4 and sockaddr[3]:
        return Path(socket, f"{sockaddr[0]}%{sockaddr[3]}", sockaddr[1])
    return Path(socket, sockaddr[0], sockaddr[1])


def sockaddr_of(path: Path) -> Sockaddr:
    """What `sendto` takes for a path that `path_of` made."""
    if "%" in path.host:
        host, _, scope = path.host.partition("%")
        return host, path.port, 0, int(scope)
    return path.host, path.port


def listen(binds: Sequence[str] = (), *, port: int = DEFAULT_PORT) -> list[socket.socket]:
    """The server's UDP sockets, bound and nonblocking, one for each address. Raises BindError.

    `binds` are HOST:PORT or [IPV6]:PORT; without any these are 0.0.0.0 and [::] at `port`, and
    IPv6 is left out where the machine has none. Each family has sockets of its own
    (IPV6_V6ONLY), so that no IPv4 client hides in an IPv6 address. All that ask for port 0 get
    the same port, where there is one that is free for all.
    """
    wishes = list(dict.fromkeys(wish for bind in binds for wish in _wishes(bind, port))) or [
        _Wish(Address(socket.AF_INET, ("0.0.0.0", port)), optional=False),
        _Wish(Address(socket.AF_INET6, ("::", port)), optional=True),
    ]
    for _ in range(_TRIES):
        try:
            return _bind_all(wishes, together=True)
        except _PortTakenError:
            continue
    return _bind_all(wishes, together=False)


async def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, best first (RFC 6724). Numeric ones, with or without a scope, need
    no name server. Raises ResolveError."""
    try:
        found = _numeric(host, port)
        if not found and ":" not in host:
            loop = asyncio.get_running_loop()
            found = _addresses(await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM))
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise ResolveError(f"no name server answers for {host!r}: are you online?") from error
        found = []
    except (OSError, ValueError) as error:  # ValueError: what no host name can look like
        raise ResolveError(f"{host!r} is no host name: {error}") from error
    if not found:
        what = "IPv6 address or its interface is unknown" if ":" in host else "host is unknown"
        raise ResolveError(f"{host!r}: this {what}; check the link")
    return found


def lan_address(family: int = socket.AF_INET) -> str | None:
    """This machine's address as its local network sees it, a guess; None where there is no network
    of that family.

    Connecting a UDP socket sends nothing: it only asks the routing table which address would be
    used towards one that belongs to nobody (RFC 5737, RFC 3849).
    """
    nobody = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((nobody, 9))
            host = str(sock.getsockname()[0])
    except OSError:
        return None
    address = ipaddress.ip_address(host)
    if address.is_loopback or address.is_unspecified or address.is_link_local:
        return None
    return host


def _wishes(bind: str, port: int) -> Iterator[_Wish]:
    """All addresses of the host: `localhost` is one in each family."""
    try:
        host, port = parse_endpoint(bind, port)
        found = _numeric(host, port)
        if not found and ":" not in host:
            found = _addresses(socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM))
    except BadLinkError as error:
        raise BindError(str(error)) from error
    except (OSError, ValueError):
        found = []
    if not found:
        raise BindError(
            f"{host!r} has no address: choose one of this machine's, such as --bind 0.0.0.0:{port}"
        )
    families = {address.family for address in found}
    for address in found:
        yield _Wish(address, address.family == socket.AF_INET6 and len(families) > 1)


def _numeric(host: str, port: int) -> list[Address]:
    """The address that is written there, without asking anybody; else nothing."""
    flags = socket.AI_NUMERICHOST
    try:
        return _addresses(socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=flags))
    except socket.gaierror:
        return []


def _addresses(found: Sequence[tuple[int, int, int, str, tuple[object, ...]]]) -> list[Address]:
    addresses: dict[Address, None] = {}
    for family, _, _, _, sockaddr in found:
        match sockaddr:
            case (str(host), int(port)):
                addresses[Address(family, (host, port))] = None
            case (str(host), int(port), int(flow), int(scope)):
                addresses[Address(family, (host, port, flow, scope))] = None
    return list(addresses)


def _bind_all(wishes: Sequence[_Wish], *, together: bool) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    picked = 0
    try:
        for wish in wishes:
            port = wish.address.sockaddr[1]
            try:
                sock = _bind(wish.address.at(port or picked))
            except OSError as error:
                if wish.optional and error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    continue
                if picked and not port and error.errno == errno.EADDRINUSE:
                    raise _PortTakenError from error
                raise BindError(_explained(error, wish.address)) from error
            sockets.append(sock)
            if together and not port:
                picked = sock.getsockname()[1]
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _bind(address: Address) -> socket.socket:
    sock = socket.socket(address.family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if address.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        kernel.enlarge(sock, BUFFER)
        kernel.never_fragment(sock, address.family)
        kernel.keep_complaints(sock, address.family)
        sock.bind(address.sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock


def _explained(error: OSError, address: Address) -> str:
    host, port = address.sockaddr[:2]
    ip = ipaddress.ip_address(host)
    everywhere = "[::]" if ip.version == 6 else "0.0.0.0"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return f"{host} is an IPv4 address: choose --bind {ip.ipv4_mapped}:{port}"
    if isinstance(ip, ipaddress.IPv6Address) and ip.is_link_local and "%" not in address.path.host:
        return f"{host} needs its interface: choose --bind [{host}%INTERFACE]:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"UDP port {port} is in use: stop the other server or choose --bind HOST:PORT"
        case errno.EADDRNOTAVAIL:
            return (
                f"{host} is not an address of this machine: bind {everywhere} and open UDP port "
                f"{port} in the provider's firewall"
            )
        case errno.EACCES | errno.EPERM if port < _PRIVILEGED:
            return f"UDP port {port} is the system's: choose a port from {_PRIVILEGED} up"
        case errno.EAFNOSUPPORT if ip.version == 6:
            return f"this machine has no IPv6: choose an IPv4 address, --bind 0.0.0.0:{port}"
    return f"cannot listen on {address.path}: {error.strerror}; choose another --bind HOST:PORT"
