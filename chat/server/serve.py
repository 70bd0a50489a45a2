"""A server, from its sockets to the links that lead to it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from socket import AF_INET, AF_INET6
from typing import NamedTuple

from msgspec.structs import replace

from chat.core.link import Link, parse_endpoint
from chat.core.plain import Policy
from chat.core.types import Path
from chat.log.api import RETENTION, Durability, Retention
from chat.log.stores import MEMORY, folder_of, open_log
from chat.net.address import lan_address, listen
from chat.secure.credentials import pin_of

from .identity import load_identity, new_identity
from .shell import Server

_NETWORK = "from this network"
_MACHINE = "from this machine only"


class Way(NamedTuple):
    """A link, and from where it leads here."""

    link: Link
    purpose: str


class Serving(NamedTuple):
    """A server that answers."""

    endpoints: tuple[Path, ...]
    ways: tuple[Way, ...]
    server: Server

    @property
    def link(self) -> Link:
        """The one that works from farthest away."""
        return self.ways[0].link


@asynccontextmanager
async def serve(
    bind: Sequence[str] = (),
    *,
    advertise: str = "",
    store: str = MEMORY,
    durability: Durability = Durability.PROCESS,
    retention: Retention = RETENTION,
    plain: Policy = Policy.LOOPBACK,
    masked: bool = False,
    insecure: bool = False,
    admins: frozenset[bytes] = frozenset(),
) -> AsyncIterator[Serving]:
    """A server until the block ends: then what was said is stored, and it is gone.

    `bind`: HOST:PORT each, port 0 picks; none: 0.0.0.0 and [::], port 9999. `store`: a folder, or
    `memory:`. `insecure`: keys from the published secret, and links without a pin. `admins`: public
    keys of names. Raises BindError, LogError, IdentityError, BadLinkError, each one line.
    """
    from chat import __version__

    named = parse_endpoint(advertise, 0) if advertise else None
    sockets = listen(bind)
    try:
        folder = folder_of(store)
        identity = load_identity(folder) if folder else new_identity()
        log = await asyncio.to_thread(open_log, store, durability=durability, retention=retention)
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    server = Server(
        sockets,
        log,
        identity=identity.secret,
        credentials=None if insecure else identity.credentials,
        version=__version__,
        plain=plain,
        masked=masked,
    )
    try:
        server.admins(admins)
        endpoints = await server.start()
        pin = "" if insecure else pin_of(identity.credentials.public)
        lan = lan_address(AF_INET), lan_address(AF_INET6)
        yield Serving(endpoints, tuple(ways(endpoints, named, lan, pin)), server)
    finally:
        await server.close()


def ways(
    endpoints: Sequence[Path],
    named: tuple[str, int] | None,
    lan: tuple[str | None, str | None],
    pin: str = "",
) -> list[Way]:
    """The links that lead to these sockets, the one that works from farthest away first. `named`:
    what the operator says others know this machine by, port 0 for the port that is bound. `lan`:
    its IPv4 and IPv6 address; the latter is only for where the former leads nowhere."""
    first = endpoints[0]
    found: list[Way] = []
    if named is not None:
        found.append(Way(Link(named[0], named[1] or first.port), "from where that name leads here"))
    for endpoint in endpoints:
        host, port = endpoint.host, endpoint.port
        if endpoint.loopback:
            found.append(Way(Link(host, port), _MACHINE))
        elif host == "0.0.0.0":
            if lan[0] is not None and named is None:
                found.append(Way(Link(lan[0], port), _NETWORK))
            found.append(Way(Link("127.0.0.1", port), _MACHINE))
        elif host != "::" and named is None:
            found.append(Way(Link(host, port), _NETWORK))
    wide = next((endpoint.port for endpoint in endpoints if endpoint.host == "::"), None)
    if wide is not None and named is None and not any(way.purpose == _NETWORK for way in found):
        if not found:
            found.append(Way(Link("::1", wide), _MACHINE))
        if lan[1] is not None:
            found.insert(0, Way(Link(lan[1], wide), _NETWORK))
    return [way._replace(link=replace(way.link, pin=pin)) for way in found]
