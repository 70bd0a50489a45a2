import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.core.link import DEFAULT_PORT, BadLinkError, Link, parse_endpoint, parse_link
from chat.core.names import LOBBY

from .strategies import NAMES

PIN = "abcdefghijklmnopqrstuvwxyz"
PINS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)
INVITES = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
HOSTS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.from_regex(r"[a-z][a-z0-9-]{0,8}(\.[a-z]{1,5}){0,2}", fullmatch=True),
)
LINKS = st.one_of(
    st.builds(Link, HOSTS, st.integers(1, 65535), NAMES),
    st.builds(Link, HOSTS, st.integers(1, 65535), NAMES, PINS),
    st.builds(Link, HOSTS, st.integers(1, 65535), NAMES, PINS, INVITES),
)


@given(LINKS)
def test_a_link_is_read_as_it_was_written(link: Link) -> None:
    assert parse_link(str(link)) == link


@given(LINKS)
def test_a_link_survives_a_shell_unquoted(link: Link) -> None:
    assert shlex.split(str(link)) == [str(link)]
    assert not set(str(link)) & set(" \t\n|&;<>()$`\\\"'*?#~=%!{}")


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("chat.example.org", Link("chat.example.org")),
        ("chat.example.org:7", Link("chat.example.org", 7)),
        ("192.0.2.1", Link("192.0.2.1")),
        ("chat://h", Link("h")),
        ("chat://h/", Link("h")),
        ("chat://h/den", Link("h", room="den")),
        ("chat://h/Den", Link("h", room="den")),
        ("chat://h/%23den".replace("%23", "#"), Link("h", room="den")),
        (f"chat://{PIN}@h", Link("h", pin=PIN)),
        (f"chat://{PIN.upper()}@h", Link("h", pin=PIN)),
        (f"chat://{PIN}:in-Vite_018@h:7/den", Link("h", 7, "den", PIN, "in-Vite_018")),
        ("chat://[2001:db8::1]", Link("2001:db8::1")),
        ("chat://[2001:db8::1]:7/den", Link("2001:db8::1", 7, "den")),
        ("2001:db8::1", Link("2001:db8::1")),
        ("  h:7  ", Link("h", 7)),
        ("h:7/den", Link("h", 7, "den")),
    ],
)
def test_a_link_may_leave_out_what_is_usual(text: str, link: Link) -> None:
    assert parse_link(text) == link


def test_what_is_left_out_is_the_lobby_and_the_usual_port() -> None:
    assert (Link("h").port, Link("h").room) == (DEFAULT_PORT, LOBBY)
    assert str(Link("2001:db8::1")) == "chat://[2001:db8::1]:9999/lobby"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "has no host"),
        ("   ", "has no host"),
        ("chat://", "has no host"),
        ("chat:///den", "has no host"),
        ("http://h", "is no link"),
        ("CHAT://h", "is no link"),
        ("chat://h:x", "a port is a number"),
        ("chat://h:-1", "a port is a number"),
        ("chat://h:65536", "a port is a number"),
        ("chat://h:\u0661", "a port is a number"),
        ("chat://h:0", "from 1 to 65535"),
        ("chat://h:1:2", "use HOST, HOST:PORT or"),
        ("chat://[h:1:2]:3", "use HOST, HOST:PORT or"),
        ("chat://[::1", "an IPv6 address is written"),
        ("chat://[::1]7", "an IPv6 address is written"),
        ("chat://@h", "the server's pin"),
        ("chat://:invite@h", "the server's pin"),
        ("chat://pin@h", "a pin has 26 letters and digits 2-7; copy the whole link"),
        ("ann@h", "a pin has 26 letters and digits 2-7; copy the whole link"),
        (f"chat://{PIN[1:]}@h", "a pin has 26"),
        (f"chat://{PIN}a@h", "a pin has 26"),
        (f"chat://{PIN[1:]}1@h", "a pin has 26"),
        (f"chat://{PIN[1:]}\u212a@h", "a pin has 26"),  # The sign of Kelvin: its small letter is k.
        (f"chat://{PIN}:@h", "an invite has letters"),
        (f"chat://{PIN}:a:b@h", "an invite has letters"),
        (f"chat://{PIN}:$HOME@h", "an invite has letters"),
        ("chat://h/a b", "a room's name"),
        ("chat://h/a/b", "a room's name"),
        ("chat://h/@ann", "a room's name"),
        ("chat://a b", "has no host"),
        ("chat://h?x", "has no host"),
        ("bad\nhost", "has no host"),
    ],
)
def test_a_bad_link_is_refused_in_one_line_that_says_why(text: str, hint: str) -> None:
    with pytest.raises(BadLinkError) as caught:
        parse_link(text)
    assert hint in str(caught.value)
    assert str(caught.value).isprintable()


@given(st.text(max_size=30))
def test_any_text_is_a_link_or_a_bad_one_and_nothing_else(text: str) -> None:
    try:
        link = parse_link(text)
    except BadLinkError as error:
        assert "\n" not in str(error)
        return
    assert 0 < link.port < 1 << 16
    assert link.host


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("h", ("h", 9999)),
        ("h:0", ("h", 0)),
        ("[::]:0", ("::", 0)),
        ("::", ("::", 9999)),
        ("[::1]", ("::1", 9999)),
        ("h:65535", ("h", 65535)),
    ],
)
def test_an_endpoint_is_a_host_and_perhaps_a_port(text: str, endpoint: tuple[str, int]) -> None:
    assert parse_endpoint(text) == endpoint


def test_a_port_may_be_needed() -> None:
    with pytest.raises(BadLinkError, match="has no port"):
        parse_endpoint("h", None)
    assert parse_endpoint("h:1", None) == ("h", 1)
