import pytest
from OpenSSL import SSL

from chat.secure.exporter import ID_SIZE, SECRET_SIZE, export

from .host import Host, Peer


def test_both_ends_have_the_same_and_nobody_else_has() -> None:
    host = Host()
    peer, other = host.shaken(), host.shaken()
    first, second = (secrets for _, secrets in host.admitted)
    assert peer.secrets == first
    assert other.secrets == second
    assert len({*first, *second}) == 4
    assert (len(first.id), len(first.secret)) == (ID_SIZE, SECRET_SIZE) == (16, 32)


def test_the_labels_and_the_context_are_the_protocols() -> None:
    """No context at all, which here is another thing than an empty one."""
    peer = Host().shaken()

    def exported(label: bytes, size: int, context: bytes | None) -> bytes:
        return peer.ssl.export_keying_material(label, size, context)

    assert peer.secrets.id == exported(b"EXPORTER-chat-udp-1 id", 16, None)
    assert peer.secrets.secret == exported(b"EXPORTER-chat-udp-1 secret", 32, None)
    assert peer.secrets.secret != exported(b"EXPORTER-chat-udp-1 secret", 32, b"")


def test_there_is_nothing_to_export_before() -> None:
    with pytest.raises(SSL.Error):
        export(Peer().ssl)
