"""A server is backed up while people talk, and a new one begins from that."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from chat.core.entry import decode_entry
from chat.core.types import REGISTRY
from chat.log.sqlite import SqliteLog

from ..e2e.people import Person, present, seen
from ..e2e.programs import done, serving
from ..log.test_conformance import everything
from ..net.waiting import until
from .asking import refusal, said
from .test_admin import link_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix datagrams")

TALKERS = 3


async def talk(person: Person, stop: asyncio.Event) -> None:
    """Says numbered lines, not more at once than its window."""
    number = 0
    while not stop.is_set():
        number += 1
        person.say(f"{person.name} {number}")
        await asyncio.sleep(0)
        await until(lambda: person.pending < 20, lambda: person.state)


@pytest.mark.parametrize("quiet", [True, False])
async def test_a_server_goes_on_from_its_backup_where_clients_left_off(
    tmp_path: Path, quiet: bool
) -> None:
    """Every message acknowledged before the backup began is in it, its chains hold, and clients
    come back to it with what they know. If more was said since, they notice that it is gone."""
    store, restored, stop = tmp_path / "store", tmp_path / "restored", asyncio.Event()
    async with serving(store=store) as server:
        port, link = server.port, await link_of(server)
        people = [Person(link, f"p{number}") for number in range(TALKERS)]
        async with present(*people):
            talking = asyncio.gather(*(talk(person, stop) for person in people))
            await until(lambda: all(p.logged > 100 for p in people), seen(people), 30)
            if quiet:
                stop.set()
                await talking
                await until(lambda: not any(p.pending for p in people), seen(people))
            acknowledged = [person.logged for person in people]
            (line,) = await said(store, "backup", str(tmp_path / "copy"))
            assert line.endswith(f" bytes in {tmp_path / 'copy'}")
            stop.set()
            await talking
            await until(lambda: not any(p.pending for p in people), seen(people))
            acknowledged_since = [person.logged for person in people]
            restored.mkdir(0o700)
            shutil.copy(tmp_path / "copy", restored / "log.sqlite3")
            for name in ("identity", "identity.pem"):
                shutil.copy(store / name, restored / name)
            saved = contents(restored)
            await server.kill()
            async with serving(store=restored, port=port):
                await until(lambda: all(p.entered >= 2 for p in people), seen(people))
                for person in people:
                    person.say("after")
                after = ["after"] * TALKERS
                await until(lambda: all(p.texts[-TALKERS:] == after for p in people), seen(people))
                tail = await done("tail", link, "--from", "start", "--no-follow", "--json")
    for person, before, since in zip(people, acknowledged, acknowledged_since, strict=True):
        kept = [text for text in saved if text.startswith(f"{person.name} ")]
        assert kept == [f"{person.name} {number}" for number in range(1, len(kept) + 1)]
        assert before <= len(kept) <= since
        assert quiet is (len(kept) == since)
        assert quiet is (not any("went back" in str(each) for each in person.trouble))
        assert not quiet or person.texts == saved + after
    assert [json.loads(line)["text"] for line in tail.out] == saved + after


def contents(folder: Path) -> list[str]:
    """The texts of the lobby, whose chain is verified, as is the registry's."""
    log = SqliteLog(folder, random=os.urandom, wall=lambda: 0)
    try:
        assert everything(log, REGISTRY)
        return [decode_entry("lobby", it.seq, it.body).text for it in everything(log, "lobby")]
    finally:
        log.close()


async def test_what_cannot_be_backed_up_is_refused_in_one_line(tmp_path: Path) -> None:
    store, file = tmp_path / "store", tmp_path / "file"
    file.write_text("precious")
    async with serving(store=store):
        refused = await refusal(store, "backup", str(file))
        assert refused == f"{file} is there already: choose another name"
        refused = await refusal(store, "backup", str(tmp_path / "nowhere" / "file"))
        assert refused == f"{tmp_path / 'nowhere'} is no folder: make it first"
    assert file.read_text() == "precious"
    path = tmp_path / "admin.sock"
    async with serving("--admin-socket", str(path)):
        program = await done("admin", "--socket", str(path), "backup", str(tmp_path / "copy"))
    assert program.err == ["chat: the server keeps its log in memory: there is nothing to back up"]
    assert not (tmp_path / "copy").exists()


async def test_a_file_is_where_who_asks_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(store=tmp_path / "store"):
        monkeypatch.chdir(tmp_path)
        await said(tmp_path / "store", "backup", "copy")
    assert (tmp_path / "copy").stat().st_size > 0
