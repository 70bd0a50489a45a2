"""`chat admin` and a server, as processes."""

import asyncio
import json
import re
import signal
import socket
import stat
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

import chat
from chat.cli import run
from chat.core.durations import seconds
from chat.ops.asker import ask
from chat.ops.messages import PAGE_ROWS, Sessions

from ..e2e.people import Person, present
from ..e2e.programs import PATIENCE, Server, done, serving
from ..net.waiting import until
from .asking import admin, refusal, said

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix datagrams")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


class Guest:
    """Somebody with `nc -u`."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", server.port))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self.lines: list[str] = []

    async def hears(self, start: str) -> str:
        """A line that begins so."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            while not (found := [line for line in self.lines if line.startswith(start)]):
                data = await loop.sock_recv(self._socket, 2000)
                self.lines += data.decode().splitlines()
        return found[0]

    def says(self, line: str) -> None:
        self._socket.send(f"{line}\n".encode())

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def guest(server: Server) -> AsyncIterator[Guest]:
    guest = Guest(server)
    try:
        guest.says("hello")
        await guest.hears("-- you are")
        yield guest
    finally:
        guest.close()


async def link_of(server: Server) -> str:
    return (await server.line("link ")).removeprefix("link ")


async def test_sessions_are_listed_for_people_and_for_programs(store: Path) -> None:
    async with (
        serving(store=store) as server,
        guest(server) as nc,
        chat.connect(await link_of(server), name="ann") as room,
    ):
        await room.say("hello")
        lines = await said(store, "sessions")
        rows = [json.loads(line) for line in await said(store, "sessions", "--json")]
        assert len(await said(store, "--json", "sessions")) == 2
    names = lines[0].split()
    assert names == [
        "ENDPOINT",
        "PROTOCOL",
        "RTT",
        "RECV-Q",
        "SEND-Q",
        "DROPS",
        "AGE",
        "NAME",
        "ROOMS",
    ]
    assert [line.index("lobby") for line in lines[1:]] == [lines[0].index("ROOMS")] * 2
    assert all(line.split()[-1] == "lobby" for line in lines[1:])
    text, sealed = rows
    assert (text["endpoint"], text["protocol"]) == (f"127.0.0.1:{nc.port}", "text")
    assert (sealed["name"], sealed["protocol"], sealed["rooms"]) == ("ann", "sealed", ["lobby"])
    assert text["round_trip"] is None
    assert (sealed["recv_queue"], sealed["send_queue"], sealed["drops"]) == (0, 0, 0)


async def test_the_lobby_can_be_moderated_before_anybody_was_there(store: Path) -> None:
    async with serving(store=store) as server:
        await said(store, "ban", "lobby", "127.0.0.0/8", "2h")
        refused = await done("send", await link_of(server), "hello")
    assert refused.code == 1
    assert "you are banned from lobby" in refused.err[-1]


async def test_the_server_is_named_before_or_behind(store: Path) -> None:
    """What stands behind counts more, and both more than the environment."""
    elsewhere = str(store / "no")
    async with serving(store=store):
        for words in (
            ["--store", elsewhere, "rooms", "--store", str(store)],
            ["rooms", "--store", str(store)],
            ["--store", str(store), "rooms"],
            ["--socket", elsewhere, "rooms", "--socket", str(store / "admin.sock")],
        ):
            asked = await done("admin", *words, env={"CHAT_ADMIN_STORE": elsewhere})
            assert (asked.code, asked.err) == (0, []), words


async def test_it_is_a_program(store: Path) -> None:
    async with serving(store=store):
        asked = await done("admin", "--store", str(store), "rooms", "--json")
        refused = await done("admin", "backup", "x", env={"CHAT_SERVE_STORE": str(store / "no")})
    assert (asked.code, asked.out, asked.err) == (0, [], [])
    assert (refused.code, refused.out, len(refused.err)) == (1, [], 1)


async def test_more_sessions_than_one_page_has_are_all_listed(store: Path) -> None:
    async with serving(store=store) as server, AsyncExitStack() as guests:
        ports = {
            (await guests.enter_async_context(guest(server))).port for _ in range(2 * PAGE_ROWS + 1)
        }
        rows = [json.loads(line) for line in await said(store, "sessions", "--json")]
        assert len(rows) == len(ports)
        assert {int(row["endpoint"].rpartition(":")[2]) for row in rows} == ports


async def test_rooms_are_listed(store: Path) -> None:
    async with serving(store=store) as server, guest(server) as nc:
        nc.says("/join dev")
        await nc.hears(f"-- you are guest-{nc.port} in dev")
        nc.says("/topic \u202eevil\x1b[2J")
        await nc.hears(f"[127.0.0.1:{nc.port}] * guest-{nc.port} changed the topic")
        lines = await said(store, "rooms")
        rows = [json.loads(line) for line in await said(store, "rooms", "--json")]
    assert lines[0].split() == ["NAME", "MEMBERS", "ENTRIES", "POLICY", "TOPIC"]
    assert lines[1:] == ["dev          1        1  -       evil[2J", "lobby        0        -  -"]
    assert [row["name"] for row in rows] == ["dev", "lobby"]
    assert (rows[0]["members"], rows[0]["entries"], rows[1]["entries"]) == (1, 1, None)


async def test_everybody_is_told(store: Path) -> None:
    async with serving(store=store) as server, guest(server) as nc:
        ann = Person(await link_of(server), "ann")
        async with present(ann):
            assert await said(store, "broadcast", "tea", "is ready") == ["told to 2 members"]
            assert await nc.hears("-- from") == "-- from the operator: tea is ready"
            await until(lambda: bool(ann.notices), lambda: ann.state)
            refused = await refusal(store, "broadcast", "more tea")
            assert refused.startswith("what was said before is still being told")

            async with asyncio.timeout(PATIENCE):
                while (await admin(store, "broadcast", "more tea")).code:
                    pass
            await until(lambda: len(ann.notices) == 2, lambda: ann.state)
        assert ann.notices == ["from the operator: tea is ready", "from the operator: more tea"]


async def test_what_is_no_notice_is_told_to_nobody(store: Path) -> None:
    async with serving(store=store) as server, guest(server) as nc:
        too_long = await refusal(store, "broadcast", "ü" * 451)
        assert too_long == "that is too long for a notice: at most 900 bytes"
        assert await refusal(store, "broadcast", 901 * "!") == too_long
        nothing = await refusal(store, "broadcast", " ")
        assert nothing == "there is nothing to tell: write it behind broadcast"
        assert await refusal(store, "broadcast", "\udcff") == "that is no text: write it in UTF-8"
        await said(store, "broadcast", "tea\x1b[2J\n-- is ready" + 880 * "!")
        heard = await nc.hears("-- from")
        assert heard == "-- from the operator: tea[2J -- is ready" + 880 * "!"
        assert server.code is None


async def refused(server: Server) -> int:
    """In so many seconds, as somebody new is told."""
    late = Guest(server)
    late.says("hello")
    line = await late.hears("-- ")
    late.close()
    found = re.fullmatch("-- the server goes down in (.+); come again when it is back", line)
    assert found is not None, line
    lasts = seconds(found[1].replace(" ", ""))
    assert lasts is not None
    return lasts


async def test_a_server_is_drained(store: Path) -> None:
    async with serving(store=store) as server:
        async with guest(server) as nc:
            assert await said(store, "drain", "90s") == ["the server goes down in 1m 30s"]
            assert await nc.hears("-- the server") == "-- the server goes down in 1m 30s"
            while (told := await refused(server)) == 90:
                pass
            assert 60 < told < 90, "who comes later is told how long it still is"
            assert await refusal(store, "drain") == "the server is going down already"
            assert server.code is None
            nc.says("/quit")
        assert await server.ended() == 0
    assert not (store / "admin.sock").exists()


@pytest.mark.parametrize("duration", [[], ["1s"]])
async def test_a_drain_ends_though_somebody_stays(store: Path, duration: list[str]) -> None:
    async with serving(store=store) as server, guest(server):
        await said(store, "drain", *duration)
        assert await server.ended() == 0


async def test_the_server_says_less(store: Path) -> None:
    async with serving(store=store) as server:
        assert await said(store, "log-level", "warning") == ["warning; before it was info"]
        async with guest(server):
            pass
        assert await said(store, "log-level", "info", "--json") == [
            '{"ok": true, "text": "info; before it was warning"}'
        ]
        async with guest(server) as second:
            pass
        await said(store, "drain")
        await server.ended()
    came = [line for line in server.err if " came, " in line]
    assert len(came) == 1
    assert str(second.port) in came[0]


async def test_admins_are_read_again(store: Path, tmp_path: Path) -> None:
    admins = tmp_path / "admins"
    admins.write_text(f"{'11' * 32} ann\n")
    async with serving("--admins", str(admins), store=store):
        admins.write_text(f"{'11' * 32} ann\n{'22' * 32} bob\n")
        assert await said(store, "reload") == ["2 admins"]
        admins.write_text("nonsense")
        assert (await refusal(store, "reload")).startswith(f"--admins {admins}, line 1: a key has")


async def test_the_socket_is_for_its_user_and_goes_with_the_server(store: Path) -> None:
    path = store / "admin.sock"
    async with serving(store=store) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
        assert not path.exists()
        refused = await refusal(store, "sessions")
        assert refused == (
            f"no server listens at {path}: is chat serve running? name its --store or --socket"
        )


async def test_what_a_killed_server_left_is_replaced(store: Path) -> None:
    async with serving(store=store) as server:
        await server.kill()
    assert (store / "admin.sock").exists()
    assert (await refusal(store, "sessions")).startswith("no server listens at")
    async with serving(store=store):
        assert len(await said(store, "sessions")) == 1


async def test_the_socket_can_be_elsewhere_or_nowhere(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere"
    async with serving("--admin-socket", str(path)):
        program = await done("admin", "--socket", str(path), "sessions")
        assert (program.code, len(program.out)) == (0, 1)
        other = await done("serve", "--admin-socket", str(path), "--bind", "127.0.0.1:0")
        assert (other.code, other.out) == (1, [])
        assert other.err[-1].startswith(f"chat serve: a server listens at {path} already")
    async with serving("--admin-socket", "off", store=store):
        assert not (store / "admin.sock").exists()
    env = {"CHAT_ADMIN_SOCKET": str(path), "CHAT_SERVE_STORE": "memory:"}
    program = await done("admin", "sessions", env=env)
    assert program.err == [
        f"chat: no server listens at {path}: is chat serve running? name its --store or --socket"
    ]
    program = await done("admin", "--store", "memory:", "sessions")
    assert program.code == 2
    assert program.err[0].startswith("chat admin sessions: there is no admin socket by default")


async def test_a_socket_that_cannot_be_does_not_keep_a_server_from_serving(tmp_path: Path) -> None:
    """Unless it was asked for."""
    store = tmp_path / ("long" * 30)
    async with serving(store=store) as server:
        assert any("chat admin does not reach this server" in line for line in server.err)
        assert (await done("send", await link_of(server), "hello")).code == 0


async def test_a_flood_of_questions_delays_nobody(store: Path) -> None:
    """Four that ask as fast as they can, and somebody who talks."""
    async with serving(store=store) as server:
        ann = Person(await link_of(server), "ann")
        async with present(ann):
            stop, asked, said = threading.Event(), Counter[int](), list[str]()
            flooding = asyncio.gather(
                *(asyncio.to_thread(flood, store / "admin.sock", stop, asked) for _ in range(4))
            )
            while len(said) < 50 or asked.total() < 20:
                said.append(f"message {len(said)}")
                ann.say(said[-1])
                await until(lambda: not ann.pending, lambda: ann.state)
            stop.set()
            await flooding
    assert ann.texts == said


def flood(path: Path, stop: threading.Event, asked: Counter[int]) -> None:
    while not stop.is_set():
        next(ask(path, Sessions()))
        asked[threading.get_ident()] += 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nosuch"], "chat admin: No such command 'nosuch'; see chat admin --help"),
        (["drain", "soon"], "chat admin drain: soon is no duration up to 24h: write 90s"),
        (["drain", "25h"], "chat admin drain: 25h is no duration up to 24h: write 90s, 10m or 2h"),
        (["log-level", "loud"], "chat admin log-level: Invalid value for 'LEVEL'"),
        (["broadcast"], "chat admin broadcast: Missing argument 'TEXT"),
        (["backup"], "chat admin backup: Missing argument 'FILE'"),
        (["kick"], "chat admin kick: in which room? name it first; see"),
        (["ban"], "chat admin ban: in which room? name it first, or --everywhere; see"),
        (["kick", "lobby"], "chat admin kick: it takes ROOM NAME [REASON]; see"),
        (["kick", "a b", "bob"], "chat admin kick: a room's name has"),
        (["mute", "lobby", "bob", "10x"], "chat admin mute: 10x is no duration: write"),
        (["op", "lobby", "bob", "king"], "chat admin op: king is no role; see"),
        (["delete", "lobby", "9" * 19], "chat admin delete: which message?"),
        (["delete", "lobby", "that"], "chat admin delete: which message? chat tail --json shows"),
        (["password", "lobby", "hush"], "chat admin password: a password is asked for, so that"),
    ],
)
def test_wrong_usage_is_one_line(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["admin", *words]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(line)
