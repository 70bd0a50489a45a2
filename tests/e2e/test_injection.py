"""What one user says acts on nobody's terminal, log or shell, however it is said: by a client that
cleans nothing, by plain text, in names and topics; whoever reads it and with what.
"""

import asyncio
import json
import socket
import time
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from chat.core import events
from chat.core.memberships import NotSaidError
from chat.core.types import Kind

from ..needs import needs
from ..net.waiting import until
from ..tui.corpus import HOSTILE
from ..tui.terminal import CHAT, Server, Terminal
from .people import Person, present, seen
from .programs import Program, done, running, serving

MORE = (
    "\x1b]2;owned\x1b\\title",
    "\x1b]52;c;b3duZWQ=\x1b\\clipboard",
    "\x9d0;owned\x9ctitle by C1",
    "\x90q#0~\x9csixel by C1",
    "\x9b2J\x9bHcleared by C1",
    "\x1b[H\x1b[2K\x1b[31mhome",
    "\x1b[?25l\x1b[?2004h\x1b[?1000h\x1b[?7lmodes",
    "\x1bc\x1b[!preset",
    "\x1b[6n\x1b[c\x1b[>qanswers",
    "\x0e\x1b(0charset",
    "\u202a\u202b\u202d\u202e\u2067\u2068embedding\u200e\u200f\u061c",
    "zero\u200b\u200c\u200d\u2060\ufeffwidth",
    "heap" + "\u0300\u0489\u20dd" * 200,
    "\u0085next line\u2029paragraph",
    "over\rwritten by \x1b[1G\x1b[0Ka lie",
    "[192.0.2.1:1] mallory: said what another one\n[192.0.2.1:1] bob: never said",
    "-- \n-- the server is going down",
    "a" * 6000,
    "漢" * 2000,
    "\x1b[31m" * 1000 + "many",
    "$(touch owned) `touch owned`; touch owned | touch owned",
    '{"room":"lobby","seq":1}\n{"forged":true}',
    "%s%n%d {0} {record}",
    "\x7f\x7f\x7fdeleted\x08\x08\x08",
    "\U000e0001\U000e0041tags\ufff9\ufffa\ufffb",
)
TEXTS = HOSTILE + MORE
END = "the end of it"

NAMES = (
    "\x1b[31mred",
    "a\x1b]0;owned\x07",
    "a\nb",
    "a\r",
    "\x9b31m",
    "\u202egnp.exe",
    "a\u200bb",
    "a" + "\u0300" * 40,
    "a b",
    '"a"',
    "-rf",
    "a" * 40,
    "",
    "{0}",
    "!registry",
    "@a.b",
    "%s",
)
PASSING = ("zoë", "日本", "o'neil", "a.b+c_d-e", "x9", "Ω")
"""Names that may look odd, and are names."""

_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = 8


def harmful(text: str) -> list[str]:
    """What of this could act on a terminal."""
    found = [
        f"U+{ord(char):04X}"
        for char in text
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _BIDI
    ]
    stacked = 0
    for char in text:
        stacked = stacked + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if stacked > _MARKS:
            found.append(f"{stacked} marks")
    return found


def assert_harmless(lines: Iterable[str]) -> None:
    bad = [(line[:200], harmful(line)[:5]) for line in lines if harmful(line)]
    assert not bad, bad


def say_all(person: Person) -> int:
    """Past whatever the client would have done with it. Returns how many were taken."""
    guest, taken = person.client.guest, 0
    for text in (*TEXTS, END):
        for kind in (Kind.MESSAGE, Kind.ACTION):
            try:
                guest.say(person.room, text, time.monotonic(), kind=kind)
            except NotSaidError:
                continue
            taken += 1
    for text in TEXTS:
        if len(text.encode()) <= 300:
            guest.say(person.room, text, time.monotonic(), kind=Kind.TOPIC)
            taken += 1
    person.client.wake()
    return taken


@contextmanager
def plain_text(port: int) -> Iterator[None]:
    """The same, and what is no text at all, by hand in plain text: more than is taken at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        for text in (*TEXTS, "/nick \x1b[31mred", "/topic \x1b]0;owned\x07", "/me \x9bHowned"):
            line = text.encode()[:1400]
            for datagram in (b"." + line, line, line + b"\xff\x1b[2J"):
                sock.send(datagram)
        yield


async def settled(*people: Person) -> None:
    await until(
        lambda: (
            not any(person.pending for person in people)
            and len({len(person.entries) for person in people}) == 1
        ),
        seen(people),
        20,
    )


async def test_what_tail_prints_is_harmless() -> None:
    async with serving() as server:
        mallory, ann = Person(server.link, "mallory"), Person(server.link, "ann")
        async with present(mallory, ann):
            assert say_all(mallory) > 80
            await settled(mallory, ann)
            assert not mallory.trouble
            with plain_text(server.port):
                await until(
                    lambda: any(entry.name.startswith("guest-") for entry in ann.entries),
                    seen([ann]),
                )
                await settled(mallory, ann)
        text = await done("tail", server.link, "--from", "start", "--no-follow")
        data = await done("tail", server.link, "--from", "start", "--no-follow", "--json")
    assert (text.code, text.err, data.code, data.err) == (0, [], 0, [])
    assert_harmless(text.out)
    # Each line that does not go on from the one before is of somebody who did say it.
    assert {
        line.partition("] ")[2].split()[0].strip("*:") for line in text.out if line[0] == "["
    } <= {
        "",
        "mallory",
        *(f"guest-{n}" for n in range(65536)),
    }
    for line in text.out:
        assert line.startswith(("[127.0.0.1:", "    ")), line[:80]
    entries = [json.loads(line) for line in data.out]
    assert [entry["seq"] for entry in entries][:1] == [1]
    assert not any("forged" in entry for entry in entries)
    assert END in [entry["text"] for entry in entries]
    assert_harmless(line for line in text.err)


async def test_what_tail_prints_as_json_is_harmless() -> None:
    """JSON has a way to write each character so that a terminal does nothing about it."""
    async with serving() as server:
        mallory = Person(server.link, "mallory")
        async with present(mallory):
            say_all(mallory)
            await settled(mallory)
        data = await done("tail", server.link, "--from", "start", "--no-follow", "--json")
    said = {json.loads(line)["text"] for line in data.out}
    assert "\x9b31mred" in said, "data is data"
    found = [mark for line in data.out for mark in harmful(line) if mark.startswith("U+")]
    assert not found, sorted(set(found))


@needs("nc")
async def test_what_nc_prints_is_harmless() -> None:
    async with serving() as server:
        mallory = Person(server.link, "mallory")
        async with present(mallory), running("nc", "-u", "127.0.0.1", str(server.port)) as nc:
            nc.write("hello\n")
            await told(nc, ": hello")
            say_all(mallory)
            await settled(mallory)
            mallory.say("and that was it")
            await told(nc, "and that was it")
            mallory.client.guest.nick("\x1b[31mred", time.monotonic())
            mallory.client.wake()
            await until(lambda: bool(mallory.trouble), seen([mallory]))
            nc.write("/who\n")
            await told(nc, "-- mallory  ")
            nc.write("/topic\n")
            await told(nc, "-- topic of lobby")
    assert_harmless(nc.out)
    for line in nc.out:
        assert line.startswith(("[127.0.0.1:", "-- ", "* ", "    ")), line[:80]
    assert "-- the server is going down" not in nc.out


async def told(program: Program, text: str) -> None:
    await until(
        lambda: any(text in line for line in program.out),
        lambda: (text, program.out[-3:], program.err),
        20,
    )


@pytest.mark.parametrize("style", ["text", "json"])
async def test_names_are_names_and_the_servers_journal_is_lines(style: str) -> None:
    async with serving("--log-format", style) as server:
        ann = Person(server.link, "ann")
        async with present(ann):
            for name in NAMES:
                await refused(server.link, name)
                asked = len(ann.trouble)
                ann.client.guest.nick(name, time.monotonic())
                ann.client.guest.join(name or "\n", time.monotonic())
                ann.client.wake()
                await until(partial(more_trouble, ann, asked + 1), seen([ann]))
            assert ann.name == "ann"
            await until(lambda: {name for name, _ in ann.roster} == {"ann"}, lambda: ann.roster)
            odd = [Person(server.link, name) for name in PASSING]
            async with present(*odd):
                assert [person.name for person in odd] == list(PASSING)
            reasons = [each.reason for each in ann.trouble if isinstance(each, events.Refusal)]
            assert_harmless(reasons)
            assert all(len(reason) < 300 for reason in reasons)
        await until(lambda: len(server.err) > 2 * len(PASSING), lambda: server.err)
    said = [line for line in server.err if not line.startswith("     ")]
    assert_harmless(said)
    if style == "json":
        messages = [json.loads(line) for line in said]
        assert all({"time", "level", "message"} <= set(each) for each in messages)
        texts = [each["message"] for each in messages]
    else:
        texts = said
    for name in PASSING:
        assert any(f"{name} came" in text for text in texts), (name, texts)


def more_trouble(person: Person, than: int) -> bool:
    return len(person.trouble) > than


async def refused(link: str, name: str) -> None:
    """By the server: this client does not look at it."""
    person = Person(link, name)
    try:
        await person.client.open()
        await until(lambda: bool(person.trouble), seen([person]))
        rejected = person.trouble[0]
        assert isinstance(rejected, events.Rejected), (name, rejected)
        assert_harmless([rejected.reason])
    finally:
        await person.client.close()


@needs("tmux")
def test_what_join_shows_is_text(tmp_path: Path) -> None:
    """The screen, the title, the cursor, the clipboard and the modes are the program's own."""

    async def say(link: str) -> None:
        mallory, ann = Person(link, "mallory"), Person(link, "watcher")
        async with present(mallory, ann):
            say_all(mallory)
            await settled(mallory, ann)
            mallory.say("that was all", Kind.TOPIC)
            mallory.say("that was all")
            await settled(mallory, ann)

    with (
        Server() as server,
        Terminal([CHAT, "join", server.link, "--name", "ann"], state=tmp_path, rows=40) as ann,
    ):
        ann.wait("connected as ann", "1 here")
        ask = (
            "#{pane_title} #{alternate_on} #{cursor_flag} #{mouse_any_flag} #{wrap_flag} "
            "#{cursor_x} #{cursor_y}"
        )
        ann.wait(">")
        ann.still()
        before = ann.ask(ask)
        asyncio.run(say(server.link))
        ann.wait("mallory  that was all", "lobby  that was all", "1 here")
        screen = ann.still()
        assert ann.ask(ask) == before
        assert ann.tmux("list-buffers") == ""
        assert not ann.dead
        for _ in range(6):
            ann.press("PPage")
            assert_harmless(ann.screen())
            assert len(ann.screen()) <= 40
        ann.press("C-End")
        ann.wipe()
        ann.press("C-l")
        ann.wait("mallory  that was all")
        assert [row for row in ann.still() if "lobby" not in row] == [
            row for row in screen if "lobby" not in row
        ], "what was said has moved something"
        ann.say("/topic")
        ann.say("/quit")
        ann.until(lambda: ann.dead)
        assert ann.ask("#{pane_title}") == ann.ask("#{host}"), "what it was before"
    assert not (tmp_path / "owned").exists()
