import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from chat.client import Client
from chat.core.link import Link
from chat.net.impair import CLEAR
from chat.server.serve import serve
from chat.tui import join


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(join, "user_state_path", lambda *words, **more: tmp_path / "state")
    return tmp_path / "state"


def test_the_last_link_is_remembered() -> None:
    assert join.last_link() is None
    join.remember(Link("192.0.2.1", 4000, "dev"))
    join.remember(Link("192.0.2.2", 4000, "dev"))
    assert join.last_link() == Link("192.0.2.2", 4000, "dev")


def test_a_link_with_an_invite_is_ours_alone(state: Path) -> None:
    link = Link("192.0.2.1", 4000, "dev", "a" * 26, "Abc-123")
    join.remember(link)
    assert join.last_link() == link
    assert (state / "last-link").stat().st_mode & 0o077 == 0


def test_a_broken_file_is_none(state: Path) -> None:
    state.mkdir()
    (state / "last-link").write_bytes(b"\xff\xfe")
    assert join.last_link() is None
    (state / "last-link").write_text("http://elsewhere/")
    assert join.last_link() is None


def test_where_nothing_can_be_kept_nothing_is(state: Path) -> None:
    state.write_text("no folder")
    join.remember(Link("192.0.2.1"))
    assert join.last_link() is None


async def test_this_machine_is_found_if_it_has_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(["127.0.0.1:0"]) as serving:
        monkeypatch.setattr(join, "LOOPBACK", serving.link)
        assert await asyncio.to_thread(join.find_link) == serving.link
    assert await asyncio.to_thread(join.find_link) is None


async def test_the_last_link_comes_first_unless_only_this_machine_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(["127.0.0.1:0"]) as here:
        monkeypatch.setattr(join, "LOOPBACK", here.link)
        async with serve(["127.0.0.1:0"]) as there:
            join.remember(there.link)
            assert await asyncio.to_thread(join.find_link) == there.link
        assert await asyncio.to_thread(join.find_link) == here.link
    assert await asyncio.to_thread(join.find_link) == there.link


def test_what_is_not_acknowledged_is_not_lost_with_the_screen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Quit:
        """An application whose user says two things to nobody, and quits."""

        pending = 2
        unsent: ClassVar = ["one", "two\x1b[2J"]

        def __init__(
            self,
            connect: Callable[[Callable[[object], None]], Client],
            secret: str,
            settings: object,
        ) -> None:
            self.client = connect(lambda event: None)

        async def run(self) -> None: ...

        async def settle(self, seconds: float) -> int:
            return self.pending

    monkeypatch.setattr(join, "Application", Quit)
    assert join.run(join.Options(Link("127.0.0.1", 9), "ann", CLEAR, "0")) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "chat join: 2 messages are not acknowledged",
        "one",
        "two[2J",
    ]
