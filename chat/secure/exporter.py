"""What both ends of a completed handshake know, and nobody else (RFC 5705)."""

from typing import NamedTuple

from OpenSSL.SSL import Connection

ID_SIZE = 16
SECRET_SIZE = 32

_ID = b"EXPORTER-chat-udp-1 id"
_SECRET = b"EXPORTER-chat-udp-1 secret"


class Secrets(NamedTuple):
    """Of one handshake, equal at both ends."""

    id: bytes
    """Its public name, ID_SIZE bytes: says nothing about the secret."""
    secret: bytes
    """SECRET_SIZE bytes."""


def export(connection: Connection) -> Secrets:
    """Of a connection whose handshake is complete.

    Without a context: in DTLS 1.2 none at all and an empty one give different bytes, so that both
    ends have to do the same.
    """
    return Secrets(
        connection.export_keying_material(_ID, ID_SIZE, None),
        connection.export_keying_material(_SECRET, SECRET_SIZE, None),
    )
