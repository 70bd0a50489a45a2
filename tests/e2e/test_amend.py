"""Edits, deletions and reactions, as they arrive where there is no screen to change."""

import asyncio
import json

from chat.room import connect

from ..needs import needs
from .programs import chat, done, running, serving
from .test_plain import told


async def test_tail_prints_what_amends_what() -> None:
    async with serving() as server, connect(server.link, name="ann") as ann:
        ann.say("helo")
        helo = await anext(ann)
        for amended in (
            ann.edit(helo, "hello\x1b[31m\nthere"),
            ann.react(helo, "👍"),
            ann.react(helo, "👍", undo=True),
            ann.delete(helo),
        ):
            await amended
        again = await done("tail", server.link, "--from", "start", "--no-follow")
        lines = await done("tail", server.link, "--from", "start", "--no-follow", "--json")
    assert [line.partition("] ")[2] or line for line in again.out] == [
        "ann: helo",
        "* ann corrects #1: hello[31m",
        "    there",
        "* ann reacts to #1: 👍",
        "* ann takes back a reaction to #1: 👍",
        "* ann takes back #1",
    ]
    entries = [json.loads(line) for line in lines.out]
    assert [(entry["kind"], entry["refers"], entry["text"]) for entry in entries] == [
        ("message", None, "helo"),
        ("edit", 1, "hello\x1b[31m\nthere"),
        ("reaction", 1, "👍"),
        ("reaction", 1, "-👍"),
        ("delete", 1, ""),
    ]


async def test_a_long_correction_is_printed_as_one() -> None:
    text = "word " * 700
    async with (
        serving() as server,
        connect(server.link, name="ann") as ann,
        chat("tail", server.link, "--json", "--from", "start", "--count", "2") as tail,
    ):
        ann.say("helo")
        await ann.edit(await anext(ann), text)
        assert await tail.ended() == 0
    assert [json.loads(line)["text"] for line in tail.out] == ["helo", text]
    assert json.loads(tail.out[1])["refers"] == 1


@needs("nc")
async def test_nc_is_told_in_words() -> None:
    async with (
        serving() as server,
        running("nc", "-u", "127.0.0.1", str(server.port)) as nc,
        connect(server.link, name="ann") as ann,
        asyncio.timeout(20),
    ):
        nc.write("hello\n")
        hello = await anext(ann)
        await ann.react(hello, "👍")
        await ann.react(hello, "👍", undo=True)
        ann.say("helo")
        async for entry in ann:
            if entry.text == "helo":
                break
        await ann.edit(entry, "hello")
        await told(nc, "corrects")
    said = [line.partition("* ann ")[2] for line in nc.out if "* ann " in line]
    assert [line for line in said if line not in ("joined", "left")] == [
        "reacts: 👍",
        "takes back a reaction: 👍",
        "corrects a message: hello",
    ]
