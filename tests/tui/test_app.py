"""The whole program with a keyboard made of a pipe, against a real server in the same process."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

import chat
from chat.client import Client
from chat.core.link import Link
from chat.server.serve import serve
from chat.tui.app import Application
from chat.tui.asides import BELL_EVERY
from chat.tui.clipboard import COPY_MAX
from chat.tui.effects import Bell, Copy
from chat.tui.files import SettingsFile
from chat.tui.gate import PACE

from .screens import Sink

PATIENCE = 10.0
FRAME = "\x1b[?2026h"
"""What each frame begins with."""


class Person:
    """Somebody at a keyboard."""

    def __init__(self, app: Application, keys: PipeInput, sink: Sink) -> None:
        self.app = app
        self.sink = sink
        self._keys = keys

    def type(self, text: str) -> None:
        self._keys.send_text(text)

    def paste(self, text: str) -> None:
        self._keys.send_text(f"\x1b[200~{text}\x1b[201~")

    async def say(self, text: str) -> None:
        self.type(text)
        await self.sees(text)
        self.type("\r")

    async def sees(self, *wanted: str, without: str = "") -> str:
        """Until all of that is on the screen; returns the screen."""
        await self.until(
            lambda: (
                all(each in self.sink.text for each in wanted)
                and not (without and without in self.sink.text)
            ),
            wanted,
        )
        return self.sink.text

    async def until(self, condition: Callable[[], bool], what: object = "") -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"waited in vain for {what}; on screen:\n{self.sink.text}")

    @property
    def messages(self) -> list[str]:
        """What is said, without the names beside it of those who come and go."""
        return [row.partition("│")[2] for row in self.sink.rows[2:22]]

    @property
    def line(self) -> str:
        """The last row: what is being typed."""
        return self.sink.rows[-1]


@asynccontextmanager
async def person(
    link: Link,
    name: str = "ann",
    columns: int = 80,
    rows: int = 24,
    settings: SettingsFile | None = None,
) -> AsyncIterator[Person]:
    sink = Sink(columns, rows)
    output = Vt100_Output(cast(Any, sink), lambda: Size(rows, columns), enable_cpr=False)
    with create_pipe_input() as keys:
        app = Application(
            lambda told: Client(link, name, told),
            input=keys,
            output=output,
            settings=settings,
        )
        running = asyncio.create_task(app.run())
        try:
            yield Person(app, keys, sink)
        finally:
            app.quit()
            await running
            await app.client.close()


@asynccontextmanager
async def served() -> AsyncIterator[Link]:
    async with serve(["127.0.0.1:0"]) as serving:
        yield serving.ways[0].link


async def test_two_people_talk() -> None:
    async with served() as link, person(link) as ann, person(link, "bob") as bob:
        await ann.sees("connected as ann")
        await bob.sees("connected as bob")
        await ann.say("hello bob")
        await bob.sees("ann  hello bob")
        await ann.sees("✓        ann  hello bob")
        assert ann.line == ">"


async def test_what_is_said_before_the_server_is_there_is_kept() -> None:
    async with serve(["127.0.0.1:0"]) as serving:
        port = serving.endpoints[0].port
    async with person(Link("127.0.0.1", port)) as ann:
        await ann.sees(f"nobody listens at 127.0.0.1, UDP port {port}; trying again")
        await ann.say("anybody?")
        await ann.sees("…        ann  anybody?", "1 pending")
        async with serve([f"127.0.0.1:{port}"]):
            await ann.say("now?")
            await ann.sees("·        ann  anybody?", "·        ann  now?", without="pending")


async def test_a_paste_can_be_edited_and_runs_nothing() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.paste("/quit\n/quit\nlast")
        await ann.sees("> /quit", "3 lines were inserted")
        ann.type("!")
        await ann.sees("last!")
        await asyncio.sleep(0.06)
        ann.type("\r")
        await ann.sees("several lines are no command", "last!")
        ann.type("\x03")
        await ann.sees("Ctrl-C once more quits; Up brings back", without="> /quit")
        ann.paste("one\x1b[201~\r/quit\r")
        await ann.sees("> one", "  /quit")
        assert not ann.app.pending
        assert "ann  one" not in ann.sink.text


async def test_several_lines() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.type("one\x1b\rtwo\nthree")
        await ann.sees("> one", "  two", "  three")
        ann.type("\r")
        await ann.sees("ann  one\n", " two\n", " three\n", without="> one")


async def test_editing_by_whole_characters() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.type("a👍🏽e\u0301\x7f\x7fb\x1b[D\x1b[Dc\r")
        await ann.sees("ann  cab")


async def test_readline_keys() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.type("one two three\x17\x01zero \x05four\x1bb\x1bb\x0b\x19")
        await ann.sees("> zero one two four")
        ann.type("\x15")
        await ann.until(lambda: ann.line == ">")
        ann.type("\x1f")
        await ann.sees("> zero one two four")


async def test_unknown_keys_type_nothing() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.type("a\x1b[5;5~\x1b[99;5u\x1b[I\x1b[3;5~\x1b]11;rgb:0/0/0\x07\x1bz\x11\x16b\x1b05\r")
        await ann.sees("ann  ab5")


async def test_history_and_a_draft() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        await ann.say("first")
        await ann.say("second")
        ann.type("draft\x1b[A\x1b[A")
        await ann.sees("> first")
        ann.type("\r")
        await ann.sees("> draft")


async def test_completion_goes_round() -> None:
    async with served() as link, person(link) as ann, person(link, "bob"), person(link, "bea"):
        await ann.sees("3 here")
        ann.type("b\t")
        await ann.sees("> bea:")
        ann.type("\t")
        await ann.sees("> bob:")
        ann.type("\x1b[Z")
        await ann.sees("> bea:", "bea:  bob:")
        ann.type("\x15/jo\tnew\r")
        await ann.sees("2:new")
        ann.type("/join l\t")
        await ann.sees("> /join lobby")


async def test_scrolling_and_older_messages() -> None:
    async with served() as link:
        async with chat.connect(link, name="bob") as room:
            for number in range(1, 501):
                said = room.say(f"number {number}")
            await said
        async with person(link) as ann:
            await ann.sees("number 500")
            for _ in range(40):
                ann.type("\x1b[5~")
                await asyncio.sleep(0.01)
            await ann.sees("number 1\n", "the beginning of lobby", "more below")
            before, status = ann.messages, ann.sink.rows[22]
            async with chat.connect(link, name="bob") as room:
                await room.say("something new")
            await ann.until(lambda: ann.sink.rows[22] != status)
            assert ann.messages == before
            ann.type("\x1b[1;5F")
            await ann.sees("something new", without="more below")


async def test_rooms_and_unread() -> None:
    async with served() as link, person(link) as ann, person(link, "bob") as bob:
        await ann.sees("2 here")
        ann.type("/join dev\r")
        await ann.sees("2:dev")
        await bob.say("in the lobby")
        await ann.sees("1:lobby(1)")
        ann.type("\x1b1")
        await ann.sees("bob  in the lobby", "1:lobby", without="(1)")
        ann.type("\x1b[1;3C")
        await ann.sees("│ 2:dev")
        ann.type("\x10")
        await ann.sees("│ 1:lobby")


async def test_a_flood_is_drawn_at_a_pace_and_keys_at_once() -> None:
    async with served() as link, person(link) as ann, chat.connect(link, name="bob") as room:
        await ann.sees("connected as ann")
        loop = asyncio.get_running_loop()
        began, frames = loop.time(), ann.sink.written.count(FRAME)
        for number in range(300):
            room.say(f"number {number}")
            await asyncio.sleep(0.003)
        drawn, took = ann.sink.written.count(FRAME) - frames, loop.time() - began
        assert 3 < drawn <= took / PACE + 5
        ann.type("still typing")
        await ann.sees("> still typing", "number 299")


async def test_quitting() -> None:
    async with served() as link:
        for keys in ("/quit\r", "\x04", "\x03\x03"):
            async with person(link) as ann:
                await ann.sees("connected as ann")
                ann.type(keys)
                await ann.until(lambda: "\x1b[?1049l" in ann.sink.written, keys)


async def test_what_was_typed_survives_one_interrupt() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.type("precious\x03")
        await ann.sees("Up brings back what was typed")
        ann.type("\x1b[A")
        await ann.sees("> precious")


async def test_it_can_be_built_into_something() -> None:
    pressed: list[str] = []
    async with served() as link, person(link) as ann:
        ann.app.bind("F8", ("f8",), lambda: pressed.append("f8"), "does it")
        ann.app.banner = "cutting 30 %"
        ann.app.notice("look at this")
        await ann.sees("cutting 30 %", "look at this")
        ann.app.banner = ""
        await ann.sees("lobby", without="cutting")
        ann.type("\x1b[19~/help\r")
        await ann.sees("F8  does it")
        assert pressed == ["f8"]


async def test_who_we_are_stands_below_what_was_said_before() -> None:
    async with served() as link:
        async with chat.connect(link, name="bob") as room:
            for number in range(1, 301):
                said = room.say(f"number {number}")
            await said
        async with person(link) as ann:
            screen = await ann.sees("number 300", "connected as ann, 127.0.0.1", "/help says what")
            assert screen.index("number 300") < screen.index("connected as ann")


async def test_what_was_typed_and_never_got_out_is_known() -> None:
    async with serve(["127.0.0.1:0"]) as serving:
        port = serving.endpoints[0].port
    async with person(Link("127.0.0.1", port)) as ann:
        await ann.sees("nobody listens", "/help says what there is")
        await ann.say("anybody?")
        ann.type("one\x1b\rtwo\r")
        ann.type("/msg bob psst\r")
        await ann.sees("3 pending")
        ann.type("/quit\r")
        await ann.until(lambda: "\x1b[?1049l" in ann.sink.written)
        assert ann.app.unsent == ["anybody?", "one\ntwo", "psst"]


async def test_settling() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.app.client.network.blackout(3)
        await ann.say("late")
        await ann.sees("1 pending")
        assert await ann.app.settle(0.01) == 1
        assert await ann.app.settle(10.0) == 0


async def test_what_goes_wrong_ends_it_and_is_told() -> None:
    async with served() as link:
        sink = Sink(80, 24)
        output = Vt100_Output(cast(Any, sink), lambda: Size(24, 80), enable_cpr=False)
        with create_pipe_input() as keys:
            app = Application(lambda told: Client(link, "ann", told), input=keys, output=output)

            def fail() -> None:
                raise RuntimeError("broken")

            app.bind("F8", ("f8",), fail, "breaks it")
            asyncio.get_running_loop().call_later(0.2, keys.send_text, "\x1b[19~")
            with pytest.raises(RuntimeError, match="broken"):
                await app.run()
            assert sink.written.endswith("\x1b[?1049l")
            await app.client.close()


async def test_the_keyboard_is_gone() -> None:
    async with served() as link:
        sink = Sink(80, 24)
        output = Vt100_Output(cast(Any, sink), lambda: Size(24, 80), enable_cpr=False)
        with create_pipe_input() as keys:
            app = Application(lambda told: Client(link, "ann", told), input=keys, output=output)
            asyncio.get_running_loop().call_later(0.2, keys.close)
            await app.run()
            await app.client.close()


def bells(person: Person) -> int:
    """Those that end no title."""
    return re.sub(r"\x1b\][^\x07]*\x07", "", person.sink.written).count("\a")


async def test_the_mouse_is_taken_and_given_back_live() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        assert "\x1b[?1000h" not in ann.sink.written
        ann.type("/set mouse on\r")
        await ann.until(lambda: "\x1b[?1000h\x1b[?1006h" in ann.sink.written)
        ann.app.model.bare = True
        ann.type("y")
        await ann.until(lambda: "\x1b[?1006l\x1b[?1000l" in ann.sink.written)


async def test_clicks_and_the_wheel() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        for number in range(30):
            ann.app.notice(f"notice {number}")
        await ann.sees("notice 29")
        ann.type("\x1b[<64;40;10M\x1b[<64;40;10M")
        await ann.sees("more below (6)", without="notice 29")
        ann.type("\x1b[<65;40;10M\x1b[<65;40;10M")
        await ann.sees("notice 29", without="more below")
        ann.type("/join dev\r")
        await ann.sees("2:dev", "1:lobby")
        column = ann.sink.rows[22].index("1:lobby") + 1
        ann.type(f"\x1b[<0;{column};23M\x1b[<0;{column};23mdraft")
        await ann.sees("notice 29", "> draft")
        ann.type("\x1b[<0;4;24M!")
        await ann.sees("> d!raft")


async def test_whether_somebody_looks() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        assert "\x1b[?1004h" in ann.sink.written
        ann.type("\x1b[O")
        await ann.until(lambda: ann.app.model.desk.focused is False)
        ann.type("\x1b[I")
        await ann.until(lambda: bool(ann.app.model.desk.focused))
        assert ann.line == ">"


async def test_the_window_says_where_one_is() -> None:
    async with served() as link, person(link) as ann, person(link, "bob") as bob:
        await ann.sees("2 here")
        assert "\x1b[22;0t\x1b]2;chat: lobby\x07" in ann.sink.written
        ann.type("/join dev\r")
        await ann.until(lambda: "\x1b]2;chat: dev\x07" in ann.sink.written)
        await bob.say("in the lobby")
        await ann.until(lambda: "\x1b]2;chat: dev (1)\x07" in ann.sink.written)
        ann.type("/set title off\r")
        await ann.until(lambda: "\x1b[23;0t" in ann.sink.written)


async def test_a_bell_is_not_rung_all_the_time() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")

        def ring() -> None:
            ann.app.model.desk.effects.append(Bell())
            ann.type("x")

        began = asyncio.get_running_loop().time()
        ring()
        await ann.until(lambda: bells(ann) == 1)
        async with asyncio.timeout(PATIENCE):
            while bells(ann) < 2:
                ring()
                await asyncio.sleep(0.05)
        assert asyncio.get_running_loop().time() >= began + BELL_EVERY


async def test_copying() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        ann.app.model.desk.effects.append(Copy("hello"))
        ann.type("x")
        await ann.until(lambda: "\x1b]52;c;aGVsbG8=\x07" in ann.sink.written)
        ann.app.model.desk.effects.append(Copy("x" * (COPY_MAX + 1)))
        ann.type("y")
        await ann.sees("not copied: 65,536 bytes are the most")
        assert ann.sink.written.count("\x1b]52;") == 1


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def drafts(disk: Path) -> list[str]:
    found = sorted(disk.rglob("drafts-?"))
    return [text for file in found for text in json.loads(file.read_bytes()).values()]


async def test_what_is_typed_is_saved_soon_and_at_the_end(disk: Path) -> None:
    file = SettingsFile(disk / "chat.toml")
    async with served() as link:
        async with person(link, settings=file) as ann:
            await ann.sees("connected as ann")
            await ann.say("said before")
            await ann.sees("·        ann  said before")
            ann.type("half a thought")
            await ann.until(lambda: drafts(disk) == ["half a thought"])
            ann.type(" and more")
            await ann.sees("> half a thought and more")
        assert drafts(disk) == ["half a thought and more"]
        async with person(link, settings=file) as ann:
            await ann.sees("> half a thought and more", "is here again")
            ann.type("\x15\x1b[A")
            await ann.sees("> said before")


async def test_settings_are_there_the_next_time(disk: Path) -> None:
    file = SettingsFile(disk / "chat.toml")
    async with served() as link:
        async with person(link, settings=file) as ann:
            await ann.sees("connected as ann", "1 here")
            await ann.say("/set members off")
            await ann.sees("members is off now", without="1 here")
        assert "members = false" in file.path.read_text()
        file.path.write_text(file.path.read_text() + "jions = 3\n")
        async with person(link, settings=file) as ann:
            await ann.sees("connected as ann", "there is no setting 'jions'", without="1 here")


async def test_a_settings_file_that_cannot_be_read_is_said_and_left_alone(disk: Path) -> None:
    file = SettingsFile(disk / "chat.toml")
    file.path.write_text("what is this")
    async with served() as link, person(link, settings=file) as ann:
        await ann.sees("connected as ann", "TOML")
        await ann.say("/set members off")
        await ann.sees("not kept")
    assert file.path.read_text() == "what is this"


async def test_the_local_log(disk: Path) -> None:
    file = SettingsFile(disk / "chat.toml")
    async with served() as link, person(link, settings=file) as ann, person(link, "bob") as bob:
        await ann.sees("connected as ann")
        await bob.sees("connected as bob")
        await ann.say("/set log on")
        await bob.say("hello log")
        await ann.sees("hello log")

        def logged() -> str:
            return "".join(each.read_text() for each in disk.rglob("lobby.txt"))

        await ann.until(lambda: "<bob> hello log" in logged())
        assert logged().count("hello log") == 1


async def test_a_clock_that_is_set_back_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as link, person(link) as ann, person(link, "bob") as bob:
        await ann.sees("2 here")
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() - 3600)
        ann.type("still typing")
        await ann.sees("> still typing")
        await bob.say("still talking")
        await ann.sees("bob  still talking")


async def test_what_is_typed_is_not_remembered_as_a_width() -> None:
    """prompt_toolkit never forgets a short string that it measured once."""
    from prompt_toolkit.utils import _CHAR_SIZES_CACHE as measured

    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        before = len(measured)
        for number in range(100):
            ann.type(f"{number} ")
        await ann.sees("98 99")
        assert len(measured) <= before + 5


async def test_a_long_search_goes_on_by_itself() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        await ann.say("a needle")
        await ann.sees("·        ann  a needle")
        for number in range(8_000):
            ann.app.model.desk.notice(f"hay {number}")
        ann.type("/search needle\r")
        await ann.sees("1 of 1", "▸       ann  a needle")
        assert not ann.app.model.busy


async def test_other_colours_live() -> None:
    async with served() as link, person(link) as ann:
        await ann.sees("connected as ann")
        assert ann.app.renderer is not None
        drawn, written = ann.app.renderer.drawn, len(ann.sink.written)
        assert "38;5;" in ann.sink.written
        ann.type("/set theme none\r")
        await ann.until(lambda: "connected as ann" in ann.sink.written[written:])
        assert ann.app.renderer.drawn > drawn
        again = ann.sink.written.rindex("\x1b[2J")
        assert "38;5;" not in ann.sink.written[again:]


def test_other_commands_do_not_pay_for_it() -> None:
    """`chat --help` and `chat send` import none of it."""
    import subprocess

    program = (
        "import sys, chat.cli; chat.cli.run(['--help']); chat.cli.run(['send', '--help']);"
        "chat.cli.run(['join', '--help']); sys.exit('prompt_toolkit' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr.decode()
