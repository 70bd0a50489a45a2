"""`chat bots LINK --script`: the same bots over real sockets, as processes."""

import asyncio
import signal
import socket
from pathlib import Path

import pytest

import chat as library

from ..e2e.programs import Program, Server, chat, done, serving
from ..net.waiting import until

PATIENCE = 20.0

COUNTER = """
import chat

class Counter(chat.Bot):
    async def on_start(self):
        self.count = int(self.options.get("from", 0))
        await self.join("den")

    async def on_join(self, room):
        print("in", room, self.random.random(), flush=True)

    async def on_call(self, room, entry, text):
        self.count += 1
        if text == "fall":
            raise ValueError("I fell")
        if text == "end":
            self.quit()
        await self.reply(entry, f"{self.count} in {room}")

    async def on_stop(self):
        await self.say("lobby", f"{self.name} ends at {self.count}")
"""


@pytest.fixture
def counter(tmp_path: Path) -> str:
    file = tmp_path / "counter.py"
    file.write_text(COUNTER)
    return f"{file}:Counter"


async def heard(room: library.Room, text: str) -> None:
    async with asyncio.timeout(PATIENCE):
        async for entry in room:
            if entry.text == text:
                return
    raise AssertionError(f"{text} was not said")


async def told(program: Program, line: str) -> None:
    await until(lambda: line in program.err, lambda: (program.out, program.err), PATIENCE)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_a_script_runs_until_a_signal_and_says_its_last_words(
    counter: str, number: signal.Signals, code: int
) -> None:
    async with (
        serving() as server,
        library.connect(server.link, name="ann") as room,
        chat(
            *("bots", server.link, "--script", counter, "--option", "from=40", "--seed", "3"),
            *("--impair", "loss=20%"),
        ) as bot,
    ):
        await told(bot, "counter: is in lobby")
        await room.say("counter: fall")
        await told(bot, "counter: on_call in lobby: counter.py, line 15: ValueError: I fell")
        await room.say("@counter again")
        await heard(room, "42 in lobby")
        bot.signal(number)
        await heard(room, "counter ends at 42")
        assert await bot.ended() == code
    assert sorted(line.split()[1] for line in bot.out) == ["den", "lobby"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_what_blocks_for_ever_keeps_no_bot_from_ending(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    script = tmp_path / "stuck.py"
    script.write_text(
        "import chat, time\n"
        "class Stuck(chat.Bot):\n"
        "    async def on_join(self, room):\n"
        "        await self.in_thread(time.sleep, 600)\n"
    )
    async with serving() as server, chat("bots", server.link, "--script", str(script)) as bot:
        await told(bot, "stuck: is in lobby")
        await asyncio.sleep(0.2)
        bot.signal(number)
        assert await bot.ended() == code


async def test_it_ends_by_itself_and_after_its_time(counter: str) -> None:
    async with serving() as server, library.connect(server.link, name="abacus") as room:
        async with chat("bots", server.link, "--script", counter, "--name", "abacus") as bot:
            await told(bot, "abacus: is in lobby as abacus2")
            await room.say("abacus2: end")
            assert await bot.ended() == 0
        ended = await done("bots", server.link, "--script", counter, "--duration", "0.5")
        assert (ended.code, ended.err[1:]) == (0, [])


async def test_several_bots_have_names_and_randomness_of_their_own(counter: str) -> None:
    async with (
        serving() as server,
        library.connect(server.link, name="ann") as room,
        chat("bots", server.link, "--script", counter, "--bots", "3") as bots,
    ):
        for number in (1, 2, 3):
            await told(bots, f"counter{number}: is in lobby")
            await room.say(f"counter{number}: one")
            await heard(room, "1 in lobby")
        bots.signal(signal.SIGTERM)
        assert await bots.ended() == 0
    assert len({line.split()[2] for line in bots.out}) == 6, "each drew one in each of two rooms"


async def test_plain_text_is_answered(tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.write_text("udp: User Datagram Protocol\n")
    async with (
        serving() as server,
        chat("bots", server.link, "--script", "echo") as echo,
        chat("bots", server.link, "--script", "dictionary", "--option", f"file={words}") as book,
    ):
        await told(echo, "echo: is in lobby")
        await told(book, "dictionary: is in lobby")
        for line, answer in (
            ("!echo hello", "echo*: hello"),
            ("dictionary: UDP", "dictionary*: User Datagram Protocol"),
            ("/msg echo between us", "echo* (to you): between us"),
        ):
            assert answer in await plain(server, line, answer)


async def test_a_verified_name_runs_a_program_and_a_guest_does_not(tmp_path: Path) -> None:
    config = tmp_path / "command.toml"
    config.write_text("[names]\nann = '*'\n[run]\nsay = ['/usr/bin/printf', '<%s>']\n")
    async with (
        serving() as server,
        library.connect(server.link, name="ann", keys=library.NameKeys()) as ann,
        library.connect(server.link, name="guest") as guest,
        chat("bots", server.link, "--script", "command", "--option", f"config={config}") as bot,
    ):
        await told(bot, "command: is in lobby")
        await guest.say("command: run say hello")
        await heard(guest, "I run programs for verified names that are on my list")
        await ann.say("command: run say $(id) ;id\n`id` -v")
        await heard(ann, "<--><$(id)><;id><`id`><-v>")


async def test_a_server_that_is_not_the_right_one_ends_it_with_one_line(counter: str) -> None:
    async with serving() as server:
        link = f"chat://{'a' * 26}@127.0.0.1:{server.port}"
        ended = await done("bots", link, "--script", counter)
    assert (ended.code, len(ended.err), ended.out) == (1, 1, [])
    assert "key" in ended.err[0]


async def plain(server: Server, line: str, answer: str) -> str:
    """What comes back to a line of `nc -u`, until the answer is among it."""
    loop = asyncio.get_running_loop()
    text = ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("127.0.0.1", server.port))
        sock.send(line.encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            while answer not in text:
                text += (await loop.sock_recv(sock, 2048)).decode()
        sock.send(b"/quit\n")
    return text


@pytest.mark.parametrize(
    ("args", "code", "reason"),
    [
        (("--script", "no.py:X"), 1, "chat: there is no file no.py"),
        (("--script", "command"), 1, "chat: it is off: allow names and programs with"),
        (("--script", "echo", "--rate", "5"), 2, "chat bots: --rate is for a crowd, not a"),
        (("--name", "ann"), 2, "chat bots: --name is for a --script only: leave it out"),
        (("--script", "echo", "--option", "x"), 2, "chat bots: --option 'x': use KEY=VALUE"),
        (("--script", "echo", "--impair", "x"), 2, "chat bots: "),
    ],
)
async def test_what_cannot_be_run_is_told_in_one_line(
    args: tuple[str, ...], code: int, reason: str
) -> None:
    ended = await done("bots", "127.0.0.1:9", *args)
    assert (ended.code, len(ended.err), ended.out) == (code, 1, [])
    assert ended.err[0].startswith(reason)
