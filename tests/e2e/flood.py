"""Somebody who wants a server to be busy: as many datagrams as one process can send.

python -m tests.e2e.flood KIND PORT SECONDS RATE [SESSION]

KIND: junk, strangers (unknown session ids), session (the id SESSION, in hex, from elsewhere),
hellos (ClientHellos that look right). RATE datagrams a second at most, from several sockets. Prints
one line of JSON: how many datagrams and bytes were sent, how many bytes came back.
"""

import json
import os
import random
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from chat.secure.dtls_client import ClientHandshake
from chat.secure.records import client_random, records

SOCKETS = 8
PREPARED = 4096
"""Different datagrams: to make one each time would cost more than to send it."""

BATCH = 64
SID_SIZE = 8


class Sent(NamedTuple):
    """What a flood came to."""

    datagrams: int
    bytes_out: int
    bytes_back: int
    seconds: float


def hellos(count: int, chance: random.Random) -> list[bytes]:
    """Each of another client, none of which has a cookie."""
    (whole,) = ClientHandshake(0.0, jitter=lambda: 0.0).datagrams()
    original = client_random(next(records(whole)))
    assert original is not None
    return [whole.replace(original, chance.randbytes(len(original))) for _ in range(count)]


def _junk(chance: random.Random) -> bytes:
    """Nothing that a plain-text client could have said."""
    first = chance.choice((0x00, 0x16, 0x17, 0x80, 0x81, 0x83, 0x8F, 0xBF, 0xF8, 0xFF))
    return bytes((first,)) + chance.randbytes(chance.choice((0, 8, 40, 200, 1199, 1300)))


def prepared(kind: str, session: bytes, chance: random.Random) -> list[bytes]:
    make: Callable[[], bytes]
    match kind:
        case "junk":
            make = lambda: _junk(chance)
        case "strangers":
            make = lambda: b"\x84" + chance.randbytes(SID_SIZE + 4 + 60)
        case "session":
            make = lambda: b"\x84" + session + chance.randbytes(4 + 60)
        case "hellos":
            return hellos(PREPARED, chance)
        case _:
            raise SystemExit(f"there is no {kind}")
    return [make() for _ in range(PREPARED)]


def flood(datagrams: list[bytes], port: int, seconds: float, rate: float) -> Sent:
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
    for sock in socks:
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
    target = ("127.0.0.1", port)
    sent = out = back = 0
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        if sent > passed * rate:
            time.sleep(0.0005)
            continue
        sock = socks[(sent // BATCH) % SOCKETS]
        first = random.randrange(PREPARED - BATCH)
        for datagram in datagrams[first : first + BATCH]:
            with suppress(BlockingIOError, ConnectionRefusedError):
                out += sock.sendto(datagram, target)
                sent += 1
        back += heard(sock)
    passed = time.monotonic() - start
    time.sleep(0.2)
    back += sum(heard(sock) for sock in socks)
    return Sent(sent, out, back, passed)


def heard(sock: socket.socket) -> int:
    """Bytes that have come since the last call."""
    size = 0
    with suppress(BlockingIOError, ConnectionRefusedError):
        while True:
            size += sock.recv_into(_buffer)
    return size


_buffer = bytearray(65_536)


def resident(process: int) -> float:
    """MiB of memory of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    os.nice(5)
    kind, port, seconds, rate, *session = sys.argv[1:]
    datagrams = prepared(kind, bytes.fromhex(session[0]) if session else b"", random.Random(7))
    print("ready", flush=True)
    sys.stdin.readline()
    print(
        json.dumps(flood(datagrams, int(port), float(seconds), float(rate))._asdict()), flush=True
    )
