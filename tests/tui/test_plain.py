"""The client in lines as a process, against a real server."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import chat
from chat.core.link import Link
from chat.net.impair import CLEAR
from chat.secure.namekeys import NameKeys
from chat.tui import join
from tests.e2e.programs import CHAT, PATIENCE, Program, done, running, serving
from tests.e2e.programs import chat as command
from tests.needs import needs

from ..net.waiting import until
from .corpus import HOSTILE
from .terminal import Server, Terminal

BARE = {"TERM": "", "NO_COLOR": "1"}


@asynccontextmanager
async def person(link: str, name: str, *options: str) -> AsyncIterator[Program]:
    """Somebody in the room, at a pipe."""
    args = ("join", link, "--name", name, "--plain-output", *options)
    async with command(*args, env=BARE) as program:
        await program.line("-- connected as ")
        yield program
        assert "\x1b" not in "".join(program.out)


async def ended(program: Program) -> int:
    program.close_input()
    return await program.ended()


def told(program: Program) -> list[str]:
    """What was said, without the time."""
    return [line[6:] for line in program.out if re.match(r"\d\d:\d\d ", line)]


async def tells(program: Program, wanted: str) -> None:
    await until(
        lambda: any(wanted in line for line in program.out),
        lambda: f"{wanted!r} in {program.out} {program.err}",
        20,
    )


async def test_two_people_talk() -> None:
    async with serving() as server, person(server.link, "ann") as ann:
        await ann.line("-- nobody else is in #lobby")
        async with person(server.link, "bob") as bob:
            await bob.line("-- with you in #lobby: ann")
            ann.write("hello bob\n")
            await tells(bob, "<ann*> hello bob")
            bob.write("/me waves\n/topic ducks\n//me\n")
            await tells(ann, "<bob*> /me")
            await tells(bob, "<bob*> /me")
            assert told(ann) == told(bob) == [
                "<ann*> hello bob",
                "* bob* waves",
                "* bob* changed the topic to: ducks",
                "<bob*> /me",
            ]  # fmt: skip
            bob.write("/join dev\n")
            await bob.line("-- nobody else is in #dev")
            ann.write("still there?\n/msg bob psst\n")
            await tells(bob, "<ann*> psst")
            assert any(
                re.fullmatch(r"#lobby ..:.. <ann\*> still there\?", line) for line in bob.out
            )
            assert any(re.fullmatch(r"@ann ..:.. <ann\*> psst", line) for line in bob.out)
            assert "-- you are in @bob now" in ann.out
            ann.write("/who lobby\n")
            await ann.line("2 members in lobby")
            bob.write("/quit\nnever said\n")
            assert await bob.ended() == 0
        await ann.line("#lobby -- bob left")
        assert await ended(ann) == 0
        assert "never said" not in "\n".join(ann.out)
        assert (ann.err, bob.err) == ([], [])


async def test_a_script_gets_its_answers() -> None:
    async with serving() as server:
        lines = "one\n/who\n/rooms\n/wo\n\n/join dev\ntwo\n/help join"
        got = await done("join", server.link, "--name", "ann", "--plain-output", stdin=lines)
        kept = await done("tail", server.link, "--from", "start", "--no-follow")
    assert got.code == 0
    assert "1 member in lobby" in got.out
    assert "/join ROOM  go to a room; it is made if there is none" in got.out
    assert any(line.startswith("-- there is no command /wo; did you mean") for line in got.out)
    assert any(line.startswith("lobby  1 member") for line in got.out)
    assert [line.partition(": ")[2] for line in kept.out] == ["one"]


async def test_a_pipe_that_is_not_let_in_ends() -> None:
    async with serving() as server, person(f"{server.link}/den", "ann") as ann:
        await ann.line("-- nobody else is in #den")
        ann.write("/lock\n")
        await tells(ann, "-- ann* locked the room")
        got = await done("join", f"{server.link}/den", "--plain-output", stdin="hello")
        assert got.code == 1
        assert any(line.startswith("-- den is locked: only who is invited") for line in got.out)
        assert "hello" not in "\n".join(ann.out)


async def test_a_pipe_that_is_put_out_ends() -> None:
    async with serving() as server, person(f"{server.link}/den", "ann") as ann:
        await ann.line("-- nobody else is in #den")
        async with person(f"{server.link}/den", "bob") as bob:
            await bob.line("-- with you in #den: ann")
            ann.write("/kick bob no manners\n")
            await tells(bob, "-- you were kicked from den by ann: no manners")
            assert await bob.ended() == 1
        await tells(ann, "-- ann* kicked bob: no manners")


async def set_password(link: str, password: str) -> None:
    async with chat.connect(link, name="ann", keys=NameKeys()) as room:
        await room.act("password", text=password)


async def test_where_nobody_sits_a_password_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    async with serving() as server, person(f"{server.link}/den", "ann") as ann:
        link = f"{server.link}/den"
        await ann.line("-- nobody else is in #den")
        ann.write("/password\n/password off\n")
        await tells(ann, "-- a password is typed at a terminal")
        await tells(ann, "-- den has no password")
        await set_password(link, "correct horse")
        got = await done("join", link, "--plain-output", stdin="hello")
        assert got.code == 1
        assert "-- den has a password; --password-file FILE gives it" in got.out
        got = await done(
            "join", link, "--plain-output", "--password-file", str(file), stdin="hello"
        )
        assert got.code == 0
        await tells(ann, "> hello")


async def test_a_thousand_lines_are_said_in_order() -> None:
    lines = [f"line {number}" for number in range(1000)]
    async with serving() as server:
        got = await done("join", server.link, "--plain-output", stdin="\n".join(lines))
        kept = await done("tail", server.link, "--from", "start", "--no-follow")
    assert (got.code, got.err[1:]) == (0, [])
    assert [line.partition(": ")[2] for line in kept.out] == lines
    echoed = [line.partition("> ")[2] for line in told(got)]
    assert echoed == lines[: len(echoed)]


async def test_the_variable_will_do() -> None:
    async with serving() as server:
        got = await done("join", server.link, env={"CHAT_JOIN_PLAIN_OUTPUT": "1"})
    assert got.code == 0


async def test_ctrl_c_waits_for_what_was_said() -> None:
    async with serving() as server:
        async with person(server.link, "ann") as ann:
            ann.write("the last word\n")
            await tells(ann, "the last word")
            ann.write("/net delay=300ms\nand one more\n")
            await ann.line("impairment of both directions")
            ann.signal(signal.SIGINT)
            assert await ann.ended() == 130
        kept = await done("tail", server.link, "--from", "start", "--no-follow")
    assert any("the last word" in line for line in kept.out)
    assert ann.err in ([], ["chat join: waiting until 1 message is acknowledged"])


async def test_ctrl_c_twice_waits_for_nothing() -> None:
    async with serving() as server, person(server.link, "ann") as ann:
        ann.write("/net loss=100%\nlost\n")
        await ann.line("impairment of both directions")
        ann.signal(signal.SIGINT)
        await until(lambda: bool(ann.err))
        ann.signal(signal.SIGINT)
        assert await ann.ended() == 130
        assert ann.err[0] == "chat join: waiting until 1 message is acknowledged"
        assert not any("not acknowledged" in line for line in ann.err)


async def test_what_was_not_sent_is_given_back() -> None:
    async with serving() as server:
        link = server.link
    got = await done("join", link, "--plain-output", stdin="hello\x1b[2J?\n")
    assert got.code == 1
    assert got.out[0].startswith("-- nobody listens at 127.0.0.1")
    assert got.err[1:] == ["chat join: 1 message is not acknowledged", "hello[2J?"]


async def test_a_server_that_is_killed_and_comes_back(tmp_path: Path) -> None:
    async with serving(store=tmp_path) as server:
        port = server.port
        async with person(server.link, "ann") as ann, person(server.link, "bob") as bob:
            ann.write("before\n")
            await tells(bob, "before")
            await server.kill()
            ann.write("meanwhile\n")
            await tells(ann, "; trying again")
            await tells(bob, "; trying again")
            async with serving(port=port, store=tmp_path):
                await ann.line("-- connected again", 30)
                await bob.line("-- connected again", 30)
                bob.write("after\n")
                await tells(ann, "<bob*> after")
                await tells(bob, "meanwhile")
                await tells(bob, "<bob*> after")
                await tells(ann, "meanwhile")
                assert await ended(ann) == await ended(bob) == 0
    assert told(ann) == told(bob)
    assert sorted(told(ann)) == ["<ann*> before", "<ann*> meanwhile", "<bob*> after"]
    for each in (ann, bob):
        assert sum("trying again" in line for line in each.out) == 1
        assert sum("connected again" in line for line in each.out) == 1


async def test_nothing_hostile_is_printed_or_looks_like_ours() -> None:
    async with serving() as server, person(server.link, "ann") as ann:
        async with chat.connect(server.link, name="eve") as room:
            for text in (*HOSTILE, "one\n-- bob left\r\n14:03 <bob> yes"):
                await room.say(text)
            await room.say("the end")
        await tells(ann, "the end")
        assert await ended(ann) == 0
        assert not any(char < " " or "\x7f" <= char < "\xa0" for char in "".join(ann.out))
        assert ann.out.count("    -- bob left") == 1
        assert ann.out.count("    14:03 <bob> yes") == 1
        ours = ("    ", "-- ")
        assert all(line.startswith(ours) or "<eve> " in line for line in ann.out)


async def test_whoever_stops_reading_is_no_error() -> None:
    async with serving() as server:
        words = f"{' '.join(CHAT)} join {server.link} --plain-output"
        script = f"{words} | head -n 1; echo ${{PIPESTATUS[0]}}"
        async with running("bash", "-c", script) as shell:
            async with asyncio.timeout(PATIENCE):
                while shell.code is None:  # One line more, whenever it is that nobody reads.
                    shell.write("hello\n")
                    await asyncio.sleep(0.05)
            assert await shell.ended() == 0
            assert shell.out[1:] == ["1"]
            assert all("waiting until" in line for line in shell.err)


async def test_a_terminal_that_has_few_characters() -> None:
    async with serving() as server:
        async with chat.connect(server.link, name="eve") as room:
            await room.say("漢字 and ü")
        args = ("join", server.link, "--plain-output")
        got = await done(*args, env={"PYTHONIOENCODING": "latin-1"})
    assert got.code == 0
    assert any("<eve> ?? and" in line for line in got.out)


async def test_a_server_that_is_another_one_is_the_end() -> None:
    async with serving() as server, serving() as other:
        pin = (await other.line("link ")).partition("chat://")[2].partition("@")[0]
        link = server.link.replace("chat://", f"chat://{pin}@")
        async with command("join", link, "--plain-output") as ann:
            assert await ann.ended() == 1
            assert ann.out[0].startswith("-- ")


def test_join_ends_with_what_the_shell_says(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        """Its output has nowhere to go."""

        def __init__(self, connect: object, *, secret: str, settings: object) -> None:
            self.client = self

        async def run(self) -> None: ...

        async def settle(self, seconds: float) -> int:
            return 0

        async def close(self) -> None: ...

        def outcome(self) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(join, "PlainShell", Full)
    options = join.Options(Link("127.0.0.1", 9), "ann", CLEAR, "0", plain_output=True)
    with pytest.raises(OSError, match="No space left"):
        join.run(options)


@needs("tmux")
def test_in_a_dumb_terminal(tmp_path: Path) -> None:
    with Server() as server:
        words = f"TERM=dumb chat join {server.link} --plain-output --name ann; echo ended with $?"
        with Terminal(["bash", "-c", f"{words}; sleep 60"], state=tmp_path) as ann:
            ann.wait("-- nobody else is in #lobby")
            ann.say("hello?")
            subprocess.run(
                [*CHAT, "send", server.link, "--name", "bob", "hello ann"],
                check=True,
                env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
            )
            ann.wait("<bob*> hello ann")
            assert "<ann*>" not in ann.text(), "what was typed is seen already"
            ann.say("/who")
            ann.wait("1 member in lobby")
            ann.press("C-d")
            ann.wait("ended with 0")


@needs("tmux")
def test_ctrl_c_in_a_terminal(tmp_path: Path) -> None:
    with Server() as server:
        words = f"chat join {server.link} --plain-output; echo ended with $?"
        with Terminal(["bash", "-c", f"trap : INT; {words}; sleep 60"], state=tmp_path) as ann:
            ann.wait("-- nobody else is in #lobby")
            ann.press("C-c")
            ann.wait("ended with 130")
            assert "Traceback" not in ann.text()
