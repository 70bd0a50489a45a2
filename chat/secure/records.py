"""DTLS seen from outside: records in datagrams, and OpenSSL's two ends made alike.

A record is a header of 13 bytes, type, version, epoch, sequence number and length, and a body (RFC
6347 §4.1); in epoch 0 anybody can read and forge it. OpenSSL here writes to memory, which loses
where one datagram ends and the next begins; the records' headers tell.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from OpenSSL import SSL

DATAGRAM = 1200
"""Bytes of UDP payload that are never exceeded (RFC 8085 §3.2, as QUIC's: RFC 9000 §14)."""

LONGEST = 1 << 14
"""Bytes of a datagram that are looked at: OpenSSL reads no more at once, and no network of ours
carries more."""

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22

CLIENT_HELLO = 1
SERVER_HELLO = 2
HELLO_VERIFY_REQUEST = 3

RANDOM_SIZE = 32

_HEADER = 13
_NUMBER = slice(5, 11)
_MESSAGE_HEADER = 12
_RANDOM = _HEADER + _MESSAGE_HEADER + 2
_COOKIE = _HEADER + _MESSAGE_HEADER + 3
_VERSION = 0xFEFD
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"
)


class Record(NamedTuple):
    """One record as it stands in a datagram, header included."""

    type: int
    epoch: int
    whole: bytes

    @property
    def body(self) -> bytes:
        return self.whole[_HEADER:]

    @property
    def readable(self) -> bool:
        """So forgeable."""
        return self.epoch == 0

    @property
    def number(self) -> int:
        """Each of an epoch has its own; the same one twice is a replay."""
        return int.from_bytes(self.whole[_NUMBER], "big")

    @property
    def message(self) -> int:
        """The type of the handshake message whose beginning or part it carries; 0 if there is none
        to be seen."""
        if self.type != HANDSHAKE or self.epoch or len(self.whole) < _HEADER + _MESSAGE_HEADER:
            return 0
        return self.whole[_HEADER]

    @property
    def message_number(self) -> int:
        """The place of that message in its sender's handshake, from 0."""
        return int.from_bytes(self.whole[_HEADER + 4 : _HEADER + 6], "big")


def records(datagram: bytes) -> Iterator[Record]:
    """All whole ones; what is cut off or no DTLS ends it."""
    start = 0
    while len(datagram) - start >= _HEADER and datagram[start + 1] == 0xFE:
        end = start + _HEADER + int.from_bytes(datagram[start + 11 : start + 13], "big")
        if end > len(datagram):
            return
        epoch = int.from_bytes(datagram[start + 3 : start + 5], "big")
        yield Record(datagram[start], epoch, datagram[start:end])
        start = end


def client_random(record: Record) -> bytes | None:
    """What tells one attempt of a client from another: RANDOM_SIZE bytes, the same in all its
    hellos. None if this is not the beginning of a ClientHello."""
    whole = record.whole
    first = not any(whole[_HEADER + 6 : _HEADER + 9])
    if record.message != CLIENT_HELLO or not first or len(whole) < _RANDOM + RANDOM_SIZE:
        return None
    return whole[_RANDOM : _RANDOM + RANDOM_SIZE]


def offered_cookie(record: Record) -> bytes:
    """What a HelloVerifyRequest asks for."""
    return record.whole[_COOKIE:]


class Flights:
    """What one end says of a handshake, as datagrams: whole records, as many in each as fit in
    DATAGRAM. What has no key gets new numbers each time, from `number` on: OpenSSL takes for a
    replay what has the number of something that it has seen and could not use yet, and its servers
    begin with 1, whatever number their HelloVerifyRequest had (openssl/openssl#32063, 3.2 to 4.0).
    """

    __slots__ = ("_last", "_number")

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self._last: list[Record] = []

    def say(self, stream: bytes) -> list[bytes]:
        """What OpenSSL wrote. If that is nothing, what it wrote before can still be repeated."""
        if not stream:
            return []
        self._last = list(records(stream))
        return self.repeated()

    def repeated(self) -> list[bytes]:
        """What was said last."""
        datagrams: list[bytes] = []
        for record in self._last:
            whole = self._numbered(record) if record.readable else record.whole
            if datagrams and len(datagrams[-1]) + len(whole) <= DATAGRAM:
                datagrams[-1] += whole
            else:
                datagrams.append(whole)
        return datagrams

    def forget(self) -> None:
        """Nothing is to be repeated."""
        self._last = []

    def _numbered(self, record: Record) -> bytes:
        whole = bytearray(record.whole)
        whole[_NUMBER] = self._number.to_bytes(6, "big")
        self._number += 1
        return bytes(whole)


def context(method: int) -> SSL.Context:
    """DTLS 1.2 with ECDHE, ECDSA and AEAD, and nothing that outlives a connection."""
    made = SSL.Context(method)
    made.set_min_proto_version(_VERSION)
    made.set_max_proto_version(_VERSION)
    made.set_cipher_list(_CIPHERS)
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    made.set_options(
        SSL.OP_NO_QUERY_MTU  # there is no socket to ask
        | SSL.OP_NO_TICKET
        | SSL.OP_NO_RENEGOTIATION
        | SSL.OP_NO_COMPRESSION
        | SSL.OP_CIPHER_SERVER_PREFERENCE
    )
    made.set_verify(SSL.VERIFY_NONE)
    return made


def connection(context: SSL.Context) -> SSL.Connection:
    """One end, reading from and writing to memory."""
    made = SSL.Connection(context, None)
    made.set_ciphertext_mtu(DATAGRAM)
    return made


def written(connection: SSL.Connection) -> bytes:
    """What OpenSSL wants to send, taken out."""
    stream = b""
    with suppress(SSL.WantReadError):
        while len(part := connection.bio_read(LONGEST)) == LONGEST:
            stream += part
        stream += part
    return stream
