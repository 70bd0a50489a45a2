import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.types import Path, chained


@pytest.mark.parametrize(
    ("host", "shown"),
    [("192.0.2.1", "192.0.2.1:9999"), ("2001:db8::1", "[2001:db8::1]:9999")],
)
def test_a_path_is_shown_as_its_endpoint(host: str, shown: str) -> None:
    assert str(Path(3, host, 9999)) == shown


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("128.0.0.1", False),
        ("192.0.2.1", False),
        ("::", False),
        ("fe80::1%eth0", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, loopback: bool) -> None:
    assert Path(0, host, 1).loopback is loopback


@given(st.lists(st.binary(max_size=30), max_size=6), st.binary(min_size=8, max_size=8))
def test_a_chained_digest_says_everything_before_it(bodies: list[bytes], origin: bytes) -> None:
    """In the words of DESIGN: `SHA-1(previous || body)[:8]`."""
    digest = naive = origin
    for body in bodies:
        digest = chained(digest, body)
        naive = hashlib.sha1(naive + body).digest()[:8]
    assert digest == naive


def test_a_chain_is_another_one_after_any_change() -> None:
    origin = bytes(8)
    one = chained(chained(origin, b"a"), b"b")
    assert one != chained(chained(origin, b"b"), b"a")
    assert one != chained(chained(bytes(7) + b"\1", b"a"), b"b")
