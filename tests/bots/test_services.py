"""The course's three servers, on a network that loses, and with people who mean no good."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from chat.bots import script
from chat.bots.bot import Bot, BotError
from chat.bots.calls import AUTHOR
from chat.bots.process import Result
from chat.bots.services import command
from chat.bots.services.command import Command
from chat.bots.services.dictionary import Dictionary
from chat.bots.services.echo import Echo
from chat.core.names import LOBBY
from chat.core.types import Entry

from ..sim.bots import Stage, play, until
from ..sim.client import Client
from ..sim.network import Faults
from .corpus import HOSTILE

LOSSY = Faults(loss=0.2, duplication=0.05, corruption=0.02, stray=0.05)


@pytest.mark.parametrize("name", script.BUILT_IN)
def test_a_service_is_short_enough_to_read(name: str) -> None:
    file = Path(sys.modules[script.load(name).__module__].__file__ or "")
    assert len(file.read_text().splitlines()) <= 40


# Echo


def test_echo_says_the_same() -> None:
    stage = Stage(faults=LOSSY)

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Echo(), "echo"):
            stage.people[0].say(LOBBY, "echo: hello, world")
            stage.people[1].say(LOBBY, "nobody is asked")
            await stage.read("echo: hello, world")
            stage.people[1].say(LOBBY, "!echo " + "long " * 600)
            await until(lambda: sum(entry.name == "echo" for entry in stage.entries()) == 5)

    play(stage.world, scene())
    texts = stage.texts()
    assert texts.count("echo: hello, world") == 1
    assert "".join(e.text for e in stage.entries() if e.name == "echo").count("long ") == 599
    assert stage.told == []


def test_echo_answers_in_a_direct_room_and_only_what_came_after_its_last_answer() -> None:
    stage, person = Stage(faults=LOSSY), 0

    async def scene() -> None:
        await stage.begin()
        bot, ann = Echo(), stage.people[person]
        async with stage.bot(bot, "echo"):
            ann.guest.direct("echo", stage.world.clock.now)
            ann.drain()
            await until(lambda: any(room.startswith("@") for room in ann.guest.rooms))
            (room,) = (room for room in ann.guest.rooms if room.startswith("@"))
            ann.say(room, "psst")
            await stage.read("echo: psst", room=room)
            bot.leave(room)
            await until(lambda: room not in bot.rooms)
            await bot.sleep(5)
            ann.say(room, "come back")
            ann.guest.direct("echo", stage.world.clock.now)
            ann.drain()
            await stage.read("echo: come back", room=room)
        assert stage.texts(room).count("echo: psst") == 1
        assert stage.texts(LOBBY) == []

    play(stage.world, scene())
    assert stage.told == []


def test_bots_do_not_answer_bots_for_ever() -> None:
    stage = Stage()

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Echo(), "ping"), stage.bot(Echo(), "pong"):
            stage.people[0].say(LOBBY, "ping: pong: ping: pong: hello")
            await stage.read("ping: pong: ping: pong: hello")
            await asyncio.sleep(30)

    play(stage.world, scene())
    assert stage.texts()[1:] == ["ping: pong: ping: pong: hello"]


def test_bots_that_keep_to_no_rule_are_answered_only_so_often() -> None:
    class Rude(Bot):
        """Answers everything, by name, and not marked as an answer."""

        async def on_entry(self, room: str, entry: Entry) -> None:
            await self.say(room, f"{entry.name}: and you?")

    class Polite(Echo):
        async def on_call(self, room: str, entry: Entry, text: str) -> None:
            await self.say(room, f"{entry.name}: {text}")

    stage = Stage(people=1)

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Rude(), "rude"), stage.bot(Polite(), "polite") as polite:
            polite_bot = polite.guest
            stage.people[0].say(LOBBY, "rude?")
            await until(lambda: bool(stage.texts()))
            stage.people[0].say(LOBBY, "polite: begin")
            await asyncio.sleep(60)
            assert polite_bot.connected

    play(stage.world, scene())
    answers = sum(entry.name == "polite" for entry in stage.entries())
    assert 2 < answers <= AUTHOR[1] + 60 * AUTHOR[0] + 3


# Dictionary


def test_dictionary_knows_its_words_and_learns_new_ones(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text(
        "UDP: datagrams, as they come\ndata gram:a letter: no envelope\n\nnot a line\nnil:\n"
    )
    stage = Stage(faults=LOSSY)

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Dictionary(), "dictionary", options={"file": os.fspath(words)}):

            async def ask(word: str, answer: str) -> None:
                stage.people[0].say(LOBBY, f"dictionary: {word}")
                await stage.read(f"dictionary: {answer}")
                await asyncio.sleep(3)

            await ask("udp", "datagrams, as they come")
            await ask(" Data  Gram ", "a letter: no envelope")
            await ask("nil", "I do not know what nil means")
            await ask("not a line", "I do not know what not a line means")
            await ask("x" * 8000, f"I do not know what {'x' * 80} means")
            await ask("TCP", "I do not know what TCP means")
            words.write_text("tcp: a stream\n")
            await ask("TCP", "a stream")
            await ask("udp", "I do not know what udp means")
            words.write_bytes(b"\xff\xfe: no text\n")
            await ask("TCP?", "I do not know what TCP? means")
            words.unlink()
            stage.people[0].say(LOBBY, "dictionary: tcp")
            await until(lambda: stage.texts().count("dictionary: a stream") == 2)
            words.write_text("tcp: back again\n")
            await ask("tcp", "back again")

    play(stage.world, scene())
    assert stage.told == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [({}, "--option file=WORDS"), ({"file": "/no/such/file"}, "/no/such/file cannot be read")],
)
def test_dictionary_needs_a_file(options: dict[str, str], reason: str) -> None:
    stage = Stage()

    async def scene() -> None:
        with pytest.raises(BotError, match=reason):
            async with stage.bot(Dictionary(), "dictionary", options=options):
                pass

    play(stage.world, scene())


# Command: guest1 has a key, guest0 has none.

PRINTS = "import sys; print(sys.argv[1:])"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "command.toml"
    file.write_text(
        f"""
[names]
guest0 = "*"
guest1 = "*"

[run]
words = ["{sys.executable}", "-c", "{PRINTS}"]
fails = ["/bin/sh", "-c", "echo oops >&2; exit 3"]
gone = ["/no/such/program"]
quiet = ["/bin/true"]
paint = ["/usr/bin/printf", '\\033[2J%s']
"""
    )
    return file


def test_command_is_off_by_itself() -> None:
    stage = Stage()

    async def scene() -> None:
        with pytest.raises(BotError, match="it is off: allow"):
            async with stage.bot(Command(), "command"):
                pass

    play(stage.world, scene())


async def ask(stage: Stage, person: Client, text: str) -> str:
    """Says it, and gives the next thing that the bot says."""

    def answers() -> list[str]:
        return [entry.text for entry in stage.entries() if entry.name == "command"]

    before = len(answers())
    person.say(LOBBY, text)
    await until(lambda: len(answers()) > before, answers)
    await asyncio.sleep(3)
    return answers()[before]


def test_command_runs_what_is_allowed_for_verified_names(config: Path) -> None:
    stage = Stage(people=4, faults=LOSSY)
    guest, ann, _, other = stage.people

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Command(), "command", options={"config": os.fspath(config)}):
            for person, text, answer in (
                (ann, "run words a 'b c' $(id)", "['--', 'a', \"'b\", \"c'\", '$(id)']"),
                (ann, "run words", "[]"),
                (ann, "run fails", "oops\n(exit code 3)"),
                (ann, "run quiet", "no output"),
                (ann, "run paint x", "[2J--[2Jx"),
                (ann, "run gone", "/no/such/program cannot be run: No such file or directory"),
                (ann, "run /bin/sh", "use: run NAME words, NAME of words, fails, gone"),
                (ann, "words", "use: run NAME words, NAME of words"),
                (ann, "", "use: run NAME words, NAME of words"),
                (guest, "run words", "I run programs for verified names"),
                (other, "run words", "I run programs for verified names"),
            ):
                answered = await ask(stage, person, f"command: {text}")
                assert answered.startswith(answer), text

    play(stage.world, scene())
    assert stage.told == []


def test_a_key_is_one_key(config: Path) -> None:
    config.write_text(config.read_text().replace('guest1 = "*"', 'guest1 = "0123456789abcdef"'))
    stage = Stage()

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Command(), "command", options={"config": os.fspath(config)}):
            assert "verified names" in await ask(stage, stage.people[1], "command: run words")

    play(stage.world, scene())


def test_nothing_that_is_said_escapes(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is said, the program is the one on the list, its own arguments come first, then
    `--`, and no word has white space in it or is any but what was said."""
    ran: list[list[str]] = []

    def record(argv: list[str]) -> Result:
        ran.append(argv)
        return Result("done", 0)

    monkeypatch.setattr(command, "run", record)
    stage = Stage()
    words = [word for word in HOSTILE if word.split()]

    async def scene() -> None:
        await stage.begin()
        async with stage.bot(Command(), "command", options={"config": os.fspath(config)}):
            for number, word in enumerate(words):
                stage.people[1].say(LOBBY, f"command: run words {word}")
                stage.people[1].say(LOBBY, f"command: run {word} x")
                await asyncio.sleep(5)
                assert len(ran) == number + 1, word

    play(stage.world, scene())
    for word, argv in zip(words, ran, strict=True):
        assert argv == [sys.executable, "-c", PRINTS, "--", *word.split()]
