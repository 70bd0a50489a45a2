"""`chat forget`, with a user's configuration of its own."""

from pathlib import Path

import pytest
from platformdirs import user_config_path

from chat.core.link import Link
from chat.secure.trust import Trust

from .programs import done

PIN = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trust:
    """What the programs that the test starts find."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert user_config_path("chat", appauthor=False).is_relative_to(tmp_path)
    return Trust()


@pytest.mark.parametrize(
    "word",
    [
        "example.org",
        "Example.org:9999",
        f"chat://{PIN}:invite@example.org:9999/den",
        "chat://example.org",
    ],
)
async def test_a_server_is_forgotten_once(trust: Trust, word: str) -> None:
    trust.check(Link("example.org"), PIN)
    program = await done("forget", word)
    assert (program.code, program.err) == (0, [])
    assert program.out == [f"forgot example.org:9999 (its key was {PIN})"]
    program = await done("forget", word)
    assert (program.code, program.out) == (1, [])
    assert program.err == ["chat: example.org:9999 is not known; nothing to forget"]


async def test_an_ipv6_server_is_forgotten_in_any_spelling(trust: Trust) -> None:
    trust.check(Link("2001:db8::1", 7), PIN)
    program = await done("forget", "[2001:DB8:0::1]:7")
    assert program.out == [f"forgot [2001:db8::1]:7 (its key was {PIN})"]


async def test_a_file_that_cannot_be_read_is_one_line(trust: Trust) -> None:
    trust.path.mkdir(parents=True)
    program = await done("forget", "example.org")
    assert (program.code, program.out) == (1, [])
    assert program.err == [f"chat: {trust.path} cannot be read: Is a directory"]


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["a:b:c"], "chat forget: Invalid value for 'HOST[:PORT]': 'a:b:c': use HOST, HOST:PORT"),
        (["pin@h"], "a pin has 26 letters and digits 2-7; copy the whole link"),
        ([], "chat forget: Missing argument 'HOST[:PORT]'; see chat forget --help"),
    ],
)
async def test_wrong_usage_is_one_line(trust: Trust, args: list[str], line: str) -> None:
    program = await done("forget", *args)
    assert (program.code, program.out, len(program.err)) == (2, [], 1)
    assert line in program.err[0]
