"""Who may run what."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from chat.bots.allowed import Allowed, read_allowed
from chat.bots.bot import BotError

from .test_calls import entry

ALLOWED = Allowed({"ann": "00" * 8, "bob": "*"}, {"date": ("/bin/date", "-u")})


@pytest.mark.parametrize(
    ("name", "key", "may"),
    [
        ("ann", bytes(8), True),
        ("ann", b"\x01" * 8, False),
        ("ann", b"", False),
        ("Ann", bytes(8), False),
        ("bob", b"\x01" * 8, True),
        ("bob", b"", False),
        ("eve", b"\x01" * 8, False),
    ],
)
def test_only_verified_names_on_the_list_may(name: str, key: bytes, may: bool) -> None:
    assert ALLOWED.permits(replace(entry("x"), name=name, key=key)) is may


def test_words_come_after_two_dashes() -> None:
    assert ALLOWED.argv("date", []) == ["/bin/date", "-u"]
    assert ALLOWED.argv("date", ["-s", "now"]) == ["/bin/date", "-u", "--", "-s", "now"]
    assert ALLOWED.argv("/bin/date", []) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("names = 1\nrun = {}", r"Expected `object`, got `int` - at `\$.names`"),
        ("[names]\n[run]\nx = 'date'", "Expected `array`, got `str`"),
        ("[names]\n[run]\nx = ['date']", r'x needs an absolute path: x = \["/usr/bin/…"\]'),
        ("[names]\n[run]\nx = ['./date']", "absolute path"),
        ("[names]\n[run]\nx = []", "absolute path"),
        ("[names]", "missing required field `run`"),
        ("[names]\n[run]\n[shell]", "unknown field `shell`"),
        ("names", "at end of document"),
    ],
)
def test_a_file_that_says_something_else_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "command.toml"
    file.write_text(text)
    with pytest.raises(BotError, match=reason) as caught:
        read_allowed(str(file))
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_nothing_is_allowed_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(BotError, match="it is off"):
        read_allowed(None)
    with pytest.raises(BotError, match="cannot be read: No such file"):
        read_allowed(str(tmp_path / "none"))


def test_the_example_is_one(tmp_path: Path) -> None:
    from chat.bots import allowed

    file = tmp_path / "command.toml"
    file.write_text((allowed.__doc__ or "").split("\n\n", 1)[1])
    assert set(read_allowed(str(file)).run) == {"date", "load"}
