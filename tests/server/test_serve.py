"""Which links a server prints, for the sockets and the networks that it has."""

import pytest

from chat.core.types import Path
from chat.server.serve import ways

ANY4, ANY6 = Path(0, "0.0.0.0", 9999), Path(1, "::", 9999)
LOOP4, LOOP6 = Path(0, "127.0.0.1", 9), Path(1, "::1", 9)
FOUR, SIX = "192.0.2.7", "2001:db8::7"


@pytest.mark.parametrize(
    ("endpoints", "lan", "links"),
    [
        ((ANY4, ANY6), (FOUR, SIX), ["192.0.2.7:9999", "127.0.0.1:9999"]),
        ((ANY4, ANY6), (None, SIX), ["[2001:db8::7]:9999", "127.0.0.1:9999"]),
        ((ANY4, ANY6), (None, None), ["127.0.0.1:9999"]),
        ((ANY4,), (None, SIX), ["127.0.0.1:9999"]),
        ((ANY6,), (FOUR, SIX), ["[2001:db8::7]:9999", "[::1]:9999"]),
        ((ANY6,), (FOUR, None), ["[::1]:9999"]),
        ((LOOP4, ANY6), (FOUR, SIX), ["[2001:db8::7]:9999", "127.0.0.1:9"]),
        ((LOOP4, LOOP6), (FOUR, SIX), ["127.0.0.1:9", "[::1]:9"]),
        ((Path(0, FOUR, 9), ANY6), (FOUR, SIX), ["192.0.2.7:9"]),
    ],
)
def test_the_one_from_farthest_away_comes_first(
    endpoints: tuple[Path, ...], lan: tuple[str | None, str | None], links: list[str]
) -> None:
    found = ways(endpoints, None, lan)
    assert [str(way.link) for way in found] == [f"chat://{link}/lobby" for link in links]
    for way in found:
        loopback = way.link.host in ("127.0.0.1", "::1")
        assert way.purpose == ("from this machine only" if loopback else "from this network")


def test_a_name_stands_for_all_networks() -> None:
    for endpoints in ((ANY4, ANY6), (ANY6,)):
        found = ways(endpoints, ("chat.example", 0), (FOUR, SIX), "p" * 26)
        assert str(found[0].link) == f"chat://{'p' * 26}@chat.example:9999/lobby"
        assert not {FOUR, SIX} & {way.link.host for way in found}
