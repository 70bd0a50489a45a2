import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.types import Path
from chat.net.sockaddr import SIZES, packed, split, unpacked

hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: socket.inet_ntop(socket.AF_INET6, address.packed)),
    st.integers(1, 2**32 - 1).map(lambda scope: f"fe80::1%{scope}"),
)
paths = st.builds(Path, st.integers(0, 3), hosts, st.integers(0, 65535))


@given(path=paths)
def test_a_name_says_the_endpoint(path: Path) -> None:
    assert unpacked(path.socket, packed(path)) == path


@given(all_of_them=st.lists(paths))
def test_names_side_by_side(all_of_them: list[Path]) -> None:
    for one_family in (True, False):
        some = [path._replace(socket=1) for path in all_of_them if (":" in path.host) is one_family]
        assert split(1, b"".join(map(packed, some))) == some


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_is_what_the_kernel_has(host: str) -> None:
    """As large as the system's own structure; that it means the same is for sockets to show."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    assert len(packed(Path(0, host, 9))) == SIZES[family] == {"127.0.0.1": 16, "::1": 28}[host]
