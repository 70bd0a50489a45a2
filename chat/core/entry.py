"""An entry's body: the same bytes in the log, in a push and in a fetch.

1  kind (low 4 bits), more (16), refers follows (32), endpoint form (high 2 bits)
8  instance
6  time, ms since 1970
1  length of the name (low 7 bits), key id follows (128)
…  n, as a varint (RFC 9000 §16)
8  refers, where flagged
…  endpoint: nothing, 4 masked bytes, 4 + 2 (IPv4, port) or 16 + 2 (IPv6, port)
…  name
8  key id, where flagged
…  text, to the end
"""

import ipaddress
import struct
from functools import lru_cache

from .layout import MalformedError
from .types import INSTANCE_SIZE, Entry, Path

TEXT_MAX = 900
"""Bytes of UTF-8 in one entry: with everything around it, it fits one datagram."""

_ENDPOINT_SIZES = (0, 4, 6, 18)
_ENDPOINT_FORMS = {size: form << 6 for form, size in enumerate(_ENDPOINT_SIZES)}
_START = struct.Struct(f">B{INSTANCE_SIZE}sHIB")
_HEAD = _START.size


def pack_endpoint(path: Path) -> bytes:
    """An endpoint as it stands in an entry: address and port, network byte order."""
    address = ipaddress.ip_address(path.host.partition("%")[0])
    return address.packed + path.port.to_bytes(2, "big")


@lru_cache(4096)
def show_endpoint(packed: bytes) -> str:
    """`ip:port`, `[ip]:port`, `~` and hexadecimal for a masked one, or nothing."""
    if len(packed) < 6:
        return f"~{packed.hex()}" if packed else ""
    host = str(ipaddress.ip_address(packed[:-2]))
    return str(Path(0, host, int.from_bytes(packed[-2:], "big")))


def read_endpoint(text: str) -> bytes:
    """What `show_endpoint` shows as this; empty: it is nothing that it would show."""
    try:
        if text.startswith("~"):
            packed = bytes.fromhex(text[1:])
        else:
            host, _, port = text.rpartition(":")
            packed = pack_endpoint(Path(0, host.strip("[]"), int(port)))
    except (ValueError, OverflowError):
        return b""
    return packed if show_endpoint(packed) == text else b""


def _varint(value: int) -> bytes:
    if value < 1 << 6:
        return value.to_bytes(1, "big")
    if value < 1 << 14:
        return (value | 1 << 14).to_bytes(2, "big")
    if value < 1 << 30:
        return (value | 2 << 30).to_bytes(4, "big")
    if value < 1 << 62:
        return (value | 3 << 62).to_bytes(8, "big")
    raise ValueError(f"{value} is too large")


class Byline:
    """What all entries of one author say of it, laid out. `endpoint` as `pack_endpoint` gives it, or
    4 masked bytes."""

    __slots__ = ("_form", "_instance", "_packed", "_sizes")

    def __init__(self, instance: bytes, name: str, endpoint: bytes, key: bytes) -> None:
        label = name.encode()
        self._instance = instance
        self._form = _ENDPOINT_FORMS[len(endpoint)]
        self._sizes = len(label) | bool(key) << 7
        self._packed = endpoint + label + key

    def entry(self, kind: int, n: int, time: int, text: bytes, refers: int, more: bool) -> bytes:
        """One of them; `text` is UTF-8. The caller keeps to the limits."""
        flags = kind | more << 4 | bool(refers) << 5 | self._form
        start = _START.pack(flags, self._instance, time >> 32, time & 0xFFFFFFFF, self._sizes)
        about = refers.to_bytes(8, "big") if refers else b""
        return start + _varint(n) + about + self._packed + text


def encode_entry(
    *,
    kind: int,
    instance: bytes,
    n: int,
    time: int,
    name: str,
    text: str,
    endpoint: bytes = b"",
    key: bytes = b"",
    refers: int = 0,
    more: bool = False,
) -> bytes:
    """The entry of an author that has a single one to make."""
    author = Byline(instance, name, endpoint, key)
    return author.entry(kind, n, time, text.encode(), refers, more)


def decode_entry(room: str, seq: int, body: bytes) -> Entry:
    """Raises MalformedError."""
    if len(body) <= _HEAD:
        raise MalformedError("entry cut short")
    flags, sizes = body[0], body[_HEAD - 1]
    at = _HEAD

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        if at > len(body):
            raise MalformedError("entry cut short")
        return body[at - size : at]

    width = 1 << (body[at] >> 6)
    n = int.from_bytes(take(width), "big") & ((1 << (8 * width - 2)) - 1)
    refers = int.from_bytes(take(8), "big") if flags & 32 else 0
    endpoint = take(_ENDPOINT_SIZES[flags >> 6])
    label = take(sizes & 127)
    key = take(8) if sizes & 128 else b""
    try:
        name, text = label.decode(), body[at:].decode()
    except UnicodeDecodeError as error:
        raise MalformedError("entry is not UTF-8") from error
    return Entry(
        room=room,
        seq=seq,
        kind=flags & 15,
        name=name,
        key=key,
        endpoint=show_endpoint(endpoint),
        instance=body[1 : 1 + INSTANCE_SIZE],
        n=n,
        time=int.from_bytes(body[1 + INSTANCE_SIZE : _HEAD - 1], "big"),
        refers=refers,
        text=text,
        more=bool(flags & 16),
    )
