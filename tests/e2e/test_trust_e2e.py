"""Who trusts which server: pins, known_hosts, and the two ends of --insecure, as programs say it."""

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest

from chat.core import events
from chat.core.link import Link, parse_link
from chat.secure.trust import NAME, Trust

from ..net.waiting import until
from .people import Person, present
from .programs import Program, Server, done, serving

OTHER_PIN = "abcdefghijklmnopqrstuvwxyz"
BOUND = 15.0
"""Seconds within which a program says that there is no way, with several times that for a machine
that is busy."""


@pytest.fixture
def known_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the programs that the test starts."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "chat" / NAME


async def pinned(server: Server) -> Link:
    """The link that the server prints."""
    link = parse_link((await server.line("link ")).removeprefix("link "))
    assert link.pin
    return link


async def ended(command: Awaitable[Program]) -> Program:
    """With one line, and soon."""
    start = time.monotonic()
    program = await asyncio.wait_for(command, BOUND)
    print(f"{time.monotonic() - start:.1f} s: {program.err}")
    assert program.code == 1, (program.out, program.err)
    assert program.out == []
    assert len(program.err) == 1, program.err
    return program


async def test_the_right_pin_and_no_pin_are_silent(known_hosts: Path) -> None:
    async with serving() as server:
        link = await pinned(server)
        for each in (server.link, str(link)):
            sent = await done("send", each, "hello")
            assert (sent.code, sent.out, sent.err) == (0, [], [])
            tail = await done("tail", each, "--last", "1", "--no-follow")
            assert (tail.code, tail.err) == (0, [])
            assert tail.out[0].endswith(": hello")
    assert not known_hosts.exists(), "on this machine, only port 9999 is remembered"


async def test_a_wrong_pin_is_the_end(known_hosts: Path) -> None:
    async with serving() as server:
        right = (await pinned(server)).pin
        link = f"chat://{OTHER_PIN}@127.0.0.1:{server.port}"
        for command in (["send", link, "secret"], ["tail", link, "--no-follow"]):
            program = await ended(done(*command))
            line = program.err[0]
            assert line.startswith("chat: ")
            assert f"the server at 127.0.0.1:{server.port} is not the one" in line
            assert right in line
            assert f"the link says {OTHER_PIN}" in line
        log = await done("tail", server.link, "--from", "start", "--no-follow")
        assert log.out == []
    assert not known_hosts.exists()


async def test_a_server_set_up_anew_stops_who_knows_the_old_one(
    known_hosts: Path, tmp_path: Path
) -> None:
    """On a port that is remembered, as every one elsewhere and 9999 here."""
    async with serving(store=tmp_path / "one") as server:
        port = server.port
        first = await pinned(server)
        known_hosts.parent.mkdir(parents=True)
        known_hosts.write_text(f"127.0.0.1:{port} {first.pin}\n")
        sent = await done("send", server.link, "before")
        assert (sent.code, sent.err) == (0, [])
    async with serving(store=tmp_path / "two", port=port) as server:
        second = await pinned(server)
        assert second.pin != first.pin

        person = Person(server.link, "ann", trust=Trust(known_hosts.parent))
        try:
            await person.client.open()
            await until(lambda: bool(person.trouble), lambda: person.state)
            (rejected,) = person.trouble
            assert isinstance(rejected, events.Rejected)
            assert f"the key of 127.0.0.1:{port} has changed" in rejected.reason
            assert f"it was {first.pin}, it is {second.pin}" in rejected.reason
            assert person.client.guest.deadline() is None, "it tries again"
        finally:
            await person.client.close()

        program = await ended(done("send", server.link, "secret"))
        assert f"`chat forget 127.0.0.1:{port}`" in program.err[0]
        # Whoever has the new link was told by somebody: it is believed, and said.
        taught = await done("send", str(second), "by the new link")
        assert taught.code == 0
        (line,) = taught.err
        assert f"the key of 127.0.0.1:{port} was {first.pin} until now" in line
        assert line.endswith(f"the link says {second.pin}")
        known_hosts.write_text(f"127.0.0.1:{port} {first.pin}\n")
        forgot = await done("forget", f"127.0.0.1:{port}")
        assert (forgot.code, forgot.err) == (0, [])
        sent = await done("send", server.link, "after")
        assert (sent.code, sent.err) == (0, [])
        log = await done("tail", server.link, "--from", "start", "--no-follow")
    assert [line.rpartition(": ")[2] for line in log.out] == ["by the new link", "after"]


async def test_a_server_on_any_port_here_is_not_remembered(tmp_path: Path) -> None:
    """Unless somebody has written it down."""
    trust = Trust(tmp_path)
    async with serving() as server:
        pin = (await pinned(server)).pin
        (tmp_path / NAME).write_text(f"127.0.0.1:{server.port} {pin}\n")
        for known in (pin, ""):
            person = Person(server.link, "ann", trust=trust)
            async with present(person):
                assert person.notices == []
            assert trust.known("127.0.0.1", server.port) == known
            trust.forget("127.0.0.1", server.port)


ALONE = pytest.mark.parametrize("command", [["send", "hello"], ["tail", "--no-follow"]])


@ALONE
async def test_a_secure_server_refuses_insecure_in_one_line(command: list[str]) -> None:
    word, *rest = command
    async with serving() as server:
        program = await ended(done(word, server.link, *rest, "--insecure"))
    assert program.err[0].endswith("the server takes secure sessions only: leave out --insecure")


@ALONE
async def test_an_insecure_server_has_no_secure_sessions(command: list[str]) -> None:
    """What it says of that is proven by nothing, so it ends only with the patience."""
    word, *rest = command
    async with serving("--insecure") as server:
        program = await asyncio.wait_for(done(word, server.link, *rest, "--timeout", "4"), BOUND)
    assert (program.code, program.out) == (1, [])
    assert "the server says that it has no secure sessions" in program.err[-1]


@ALONE
async def test_an_insecure_server_is_all_that_is_told(command: list[str]) -> None:
    word, *rest = command
    async with serving("--insecure") as server:
        program = await asyncio.wait_for(done(word, server.link, *rest, "--timeout", "4"), BOUND)
    assert (program.code, program.out) == (1, [])
    for line in program.err:
        assert "the server says that it has no secure sessions" in line


async def test_insecure_on_both_sides() -> None:
    async with serving("--insecure") as server:
        link = (await server.line("link ")).removeprefix("link ")
        assert "@" not in link
        sent = await done("send", link, "hello", "--insecure")
        assert (sent.code, sent.err) == (0, [])
        tail = await done("tail", link, "--last", "1", "--no-follow", "--insecure")
        assert tail.out[0].endswith(": hello")
        assert any("--insecure: whoever is on the way can read" in line for line in server.err)


@pytest.mark.parametrize("command", [["send", "LINK", "x"], ["tail", "LINK"], ["join", "LINK"]])
async def test_insecure_with_a_pin_is_wrong_usage(command: list[str]) -> None:
    link = f"chat://{OTHER_PIN}@127.0.0.1:9"
    program = await done(*[link if word == "LINK" else word for word in command], "--insecure")
    if command[0] == "join" and program.code == 1:
        assert program.err[0].startswith("chat: this needs a terminal")
        return
    assert (program.code, program.out, len(program.err)) == (2, [], 1)
    assert "--insecure proves nothing, and the link has a pin" in program.err[0]
