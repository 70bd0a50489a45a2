"""Whom a ban or a mute is about, as the log says it: subjects, any of which is enough.

A subject is a key, an instance, or an address with all that one customer of a provider has. An
IPv4 address is one in IPv6's clothes, too.
"""

from functools import lru_cache
from ipaddress import ip_address, ip_network

from msgspec import Struct

from .limits import RULINGS
from .member import Member
from .types import INSTANCE_SIZE, bare_address

_KEY, _INSTANCE, _NET = "key:", "instance:", "net:"

_KEY_SIZE = 32


def subjects_of(member: Member) -> tuple[str, ...]:
    """Somebody, its key first: a name changes, and so does an address. An address of this machine
    tells nobody from anybody else."""
    found = [subject_of_key(member.public)] if member.public else []
    found.append(_INSTANCE + member.instance.hex())
    if not member.path.loopback:
        found.append(_NET + _neighbourhood(member.path.host))
    return tuple(found)


def subject_of_key(key: bytes) -> str:
    return _KEY + key.hex()


def key_of(subject: str) -> bytes | None:
    """32 bytes, if it is a key."""
    return _bytes(subject, _KEY, _KEY_SIZE)


def subject_of_address(text: str) -> str | None:
    """An address or a prefix; of a lone IPv6 address, the /64 that it is in. None: it is neither."""
    host, slash, size = text.partition("/")
    try:
        address = ip_address(bare_address(host))
        if not slash:
            size = "64" if address.version == 6 and not address.is_loopback else ""
        elif ":" in host and address.version == 4:
            size = str(int(size) - 96)
        return _NET + str(ip_network(f"{address}/{size}" if size else address, strict=False))
    except ValueError:
        return None


def is_address(subject: str) -> bool:
    return subject.startswith(_NET)


class Meant(Struct, frozen=True):
    """Subjects, read once for all who are compared with them."""

    keys: frozenset[bytes]
    instances: frozenset[bytes]
    networks: tuple[tuple[int, int, int], ...]
    """Bytes of such an address, how many of its last bits may be any, and those before them."""

    def names(self, member: Member) -> bool:
        """Whoever it is, from wherever it comes."""
        return member.public in self.keys or member.instance in self.instances

    def covers(self, member: Member) -> bool:
        """It comes from there, whoever it is."""
        if not self.networks:
            return False
        address = bare_address(member.path.host)
        number = int.from_bytes(address)
        for size, anything, prefix in self.networks:
            if number >> anything == prefix and len(address) == size:
                return True
        return False


@lru_cache(RULINGS)
def meant_by(subjects: tuple[str, ...]) -> Meant:
    """What cannot be read, or is a later version's, means nobody."""
    keys = (key_of(subject) for subject in subjects)
    instances = (_bytes(subject, _INSTANCE, INSTANCE_SIZE) for subject in subjects)
    networks = (_network(subject) for subject in subjects if is_address(subject))
    return Meant(
        frozenset(key for key in keys if key is not None),
        frozenset(instance for instance in instances if instance is not None),
        tuple(network for network in networks if network is not None),
    )


def _bytes(subject: str, sort: str, size: int) -> bytes | None:
    try:
        found = bytes.fromhex(subject.removeprefix(sort))
    except ValueError:
        return None
    return found if subject.startswith(sort) and len(found) == size else None


def _network(subject: str) -> tuple[int, int, int] | None:
    try:
        network = ip_network(subject.removeprefix(_NET), strict=False)
    except ValueError:
        return None
    anything = network.max_prefixlen - network.prefixlen
    return network.max_prefixlen // 8, anything, int(network.network_address) >> anything


@lru_cache(4096)
def _neighbourhood(host: str) -> str:
    address = bare_address(host)
    return str(ip_network((address, 64 if len(address) > 4 else 32), strict=False))
