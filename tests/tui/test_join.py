from pathlib import Path

import pytest

from chat.core.link import Link
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
    assert join.find_link() == Link("192.0.2.2", 4000, "dev")


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
    import asyncio

    async with serve(["127.0.0.1:0"]) as serving:
        here = Link("127.0.0.1", serving.endpoints[0].port)
        monkeypatch.setattr(join, "LOOPBACK", here)
        assert await asyncio.to_thread(join.find_link) == here
    assert await asyncio.to_thread(join.find_link) is None
