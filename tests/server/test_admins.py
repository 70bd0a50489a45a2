"""Who is an admin: `chat.server.admins`, and `chat serve --admin`, `--admins`."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.core.roles import Role
from chat.core.signatures import Signer
from chat.secure.namekeys import NameKeys
from chat.server.admins import Admins, AdminsError, parse_key

from ..e2e.people import Person, present
from ..e2e.programs import done, running, serving
from ..net.waiting import until

ANN, BOB, EVE = (Signer(bytes([number]) * 32).public for number in (1, 2, 3))


def write(file: Path, *lines: str) -> str:
    file.write_text("\n".join(lines))
    return str(file)


def test_a_key_is_what_chat_key_prints() -> None:
    assert parse_key(ANN.hex()) == ANN
    assert parse_key(ANN.hex().upper()) == ANN


@pytest.mark.parametrize(
    "text",
    ["", "ann", ANN.hex()[:-2], ANN.hex() + "00", ANN.hex()[:-1] + "g", ANN.hex(" "), "é" * 64],
)
def test_what_is_no_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(AdminsError, match="64 hexadecimal digits, as `chat key` prints"):
        parse_key(text)


def test_a_file_has_one_a_line_and_words_for_people(tmp_path: Path) -> None:
    file = write(
        tmp_path / "admins",
        "\ufeff# who looks after this server",
        "",
        f"{ANN.hex()} ann",
        f"  {BOB.hex().upper()}\tbob, on Tuesdays # and Fridays\r",
        f"# {EVE.hex()} not any more",
        ANN.hex(),
    )
    assert Admins(file=file).load() == {ANN, BOB}
    assert Admins([EVE], file).load() == {ANN, BOB, EVE}
    assert Admins([EVE]).load() == {EVE}


def test_the_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    admins = Admins([EVE], write(tmp_path / "admins", ANN.hex()))
    assert admins.load() == {ANN, EVE}
    write(tmp_path / "admins", BOB.hex())
    assert admins.load() == {BOB, EVE}
    write(tmp_path / "admins")
    assert admins.load() == {EVE}


def test_a_bad_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "admins", ANN.hex(), "# bob", "bob")
    with pytest.raises(AdminsError, match=r"admins, line 3: a key has 64 hexadecimal digits"):
        Admins(file=file).load()
    (tmp_path / "admins").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AdminsError, match="that is no text"):
        Admins(file=file).load()
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(AdminsError, match="name a file with one key a line"):
            Admins(file=str(path)).load()


# The command


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--admin", "ann"], "--admin a key has 64 hexadecimal digits"),
        (["--admin", ANN.hex(), "--insecure"], "--insecure shows nobody's key"),
        (["--admins", "somewhere", "--insecure"], "--insecure shows nobody's key"),
    ],
)
async def test_options_that_cannot_be_meant_so_are_wrong_usage(args: list[str], said: str) -> None:
    program = await done("serve", "--bind", "127.0.0.1:0", "--store", "memory:", *args)
    assert program.code == 2
    assert any(said in line for line in program.err), program.err


async def test_a_file_that_cannot_be_read_is_an_error_of_one_line(tmp_path: Path) -> None:
    file = write(tmp_path / "admins", "# nobody", "ann")
    args = ("--bind", "127.0.0.1:0", "--store", "memory:", "--admins", file)
    program = await done("serve", *args)
    assert program.code == 1
    (line,) = program.err
    assert line.startswith(f"chat serve: --admins {file}, line 2: a key has 64")


async def test_a_hangup_reads_the_file_again_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "admins", ANN.hex())
    async with serving("--admins", file, "--admin", EVE.hex()) as server:

        def said() -> list[str]:
            return [line for line in server.err if "admin" in line]

        async def hangup(*lines: str) -> str:
            before = len(said())
            write(tmp_path / "admins", *lines)
            server.signal(signal.SIGHUP)
            await until(lambda: len(said()) > before, lambda: server.err)
            return said()[before]

        assert (await hangup(ANN.hex(), BOB.hex())).endswith("read again: 3 admins")
        assert "line 1: a key has 64" in (bad := await hangup("bob"))
        assert bad.endswith("who was an admin stays one")
        assert (await hangup()).endswith("read again: 1 admin")
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0


EARLY = """
import os, signal, sys
from chat.cli import run
from chat.server import serve

opened = serve.open_log


def hung_up(*args, **options):
    os.kill(os.getpid(), signal.SIGHUP)
    return opened(*args, **options)


serve.open_log = hung_up
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
async def test_a_hangup_while_it_starts_is_heeded_when_it_has(tmp_path: Path) -> None:
    file = write(tmp_path / "admins", ANN.hex())
    serve = ("serve", "--bind", "127.0.0.1:0", "--store", "memory:", "--admins", file)
    async with running(sys.executable, "-c", EARLY, *serve) as server:
        await server.line("link ")
        await until(lambda: any("read again: 1 admin" in line for line in server.err))
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0


async def test_a_hangup_of_its_own_terminal_ends_it(tmp_path: Path) -> None:
    terminal, inside = os.openpty()
    try:
        file = write(tmp_path / "admins", ANN.hex())
        async with serving("--admins", file, stdin=inside) as server:
            server.signal(signal.SIGHUP)
            await until(lambda: any("read again" in line for line in server.err))
            os.close(terminal)
            terminal = -1
            server.signal(signal.SIGHUP)
            assert await server.ended() == 0
    finally:
        os.close(inside)
        if terminal >= 0:
            os.close(terminal)


@pytest.fixture
def hangups() -> Iterator[None]:
    """As a terminal's programs have them, also where all of this runs under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangups")
async def test_a_hangup_ends_a_server_that_has_no_file_to_read_and_its_clients_are_told() -> None:
    async with serving() as server:
        bob = Person(server.link, "bob")
        async with present(bob):
            server.signal(signal.SIGHUP)
            assert await server.ended() == 0
            await until(lambda: not bob.client.guest.connected, lambda: bob.state)
    assert any("going down" in line for line in server.err)


async def test_who_is_listed_moderates_the_lobby_until_it_is_not(tmp_path: Path) -> None:
    keys = NameKeys(tmp_path / "keys")
    file = write(tmp_path / "admins", keys.key("ann").public.hex())
    async with serving("--admins", file) as server:
        ann, bob = Person(server.link, "ann", keys=keys), Person(server.link, "bob")
        async with present(ann, bob):
            standing = ann.client.guest.standing
            await until(lambda: (it := standing("lobby")) is not None and it.role is Role.ADMIN)
            ann.act("slow", seconds=60)
            await until(lambda: bool(ann.done), lambda: ann.state)
            write(tmp_path / "admins", "# nobody")
            server.signal(signal.SIGHUP)
            await until(lambda: (it := standing("lobby")) is not None and it.role is Role.MEMBER)
            ann.act("slow")
            await until(lambda: bool(ann.refusals), lambda: ann.state)
            assert ann.refusals[0].reason.startswith("only its moderators")
