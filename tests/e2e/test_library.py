"""`import chat`: a room and a server inside a program."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import chat
from chat import room as rooms
from chat.client import Client
from chat.core.link import parse_link
from chat.secure.namekeys import NameKeys

PATIENCE = 10.0


async def test_what_was_said_last_is_in_the_log_when_the_block_has_ended() -> None:
    async with chat.serve(["127.0.0.1:0"]) as serving:
        async with chat.connect(serving.link) as room:
            said = room.say("x")
        assert said.state is chat.State.LOGGED
        await said
        async with chat.connect(serving.link, backlog=1, name="ann") as reader:
            assert (await anext(reader)).text == "x"


async def test_there_is_no_key_of_what_is_no_name(tmp_path: Path) -> None:
    told = list[object]()
    client = Client(parse_link("127.0.0.1"), "ann", told.append, keys=NameKeys(tmp_path))
    client.guest.me.called("a b")
    assert client.guest.me.key_id == b""
    assert list(tmp_path.iterdir()) == []
    client.guest.me.called("ann")
    assert client.guest.me.key_id


async def test_what_cannot_be_logged_any_more_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SETTLE", 0.2)
    async with chat.serve(["127.0.0.1:0"]) as serving, asyncio.timeout(PATIENCE):
        async with chat.connect(serving.link) as room:
            room.client.network.blackout(60)
            said = room.say("into the dark")
        assert said.state is chat.State.FAILED
        with pytest.raises(chat.FailedError, match="the room was closed"):
            await said
        with pytest.raises(chat.FailedError, match="the room was closed"):
            await said.delivered()


async def test_who_waits_for_a_delivery_is_told_that_the_room_was_closed() -> None:
    async with (
        chat.serve(["127.0.0.1:0"]) as serving,
        chat.connect(serving.link, name="deaf") as deaf,
        asyncio.timeout(PATIENCE),
    ):
        async with chat.connect(serving.link) as room:
            deaf.client.network.blackout(60)
            said = await room.say("x")
            waiting = asyncio.ensure_future(said.delivered())
            await asyncio.sleep(0)
        with pytest.raises(chat.FailedError, match="the room was closed"):
            await waiting


async def test_all_that_was_said_at_once_is_delivered() -> None:
    async with (
        chat.serve(["127.0.0.1:0"]) as serving,
        chat.connect(serving.link, name="bob"),
        chat.connect(serving.link, name="ann") as ann,
        asyncio.timeout(2 * PATIENCE),
    ):
        said = [ann.say(str(number)) for number in range(1000)]
        await asyncio.gather(*(each.delivered() for each in said))
    assert {each.state for each in said} == {chat.State.DELIVERED}


async def test_a_delivery_that_is_not_watched_any_more_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms, "UNDELIVERED", 2)
    async with (
        chat.serve(["127.0.0.1:0"]) as serving,
        chat.connect(serving.link, name="deaf") as deaf,
        chat.connect(serving.link, name="ann") as ann,
        asyncio.timeout(PATIENCE),
    ):
        deaf.client.network.blackout(60)
        first, *later = [ann.say(str(number)) for number in range(3)]
        with pytest.raises(chat.FailedError, match="too much was said after it"):
            await first.delivered()
        assert first.state is chat.State.LOGGED
        deaf.client.network.blackout(0)
        await asyncio.gather(*(each.delivered() for each in later))


async def test_a_closed_room_takes_nothing() -> None:
    async with chat.serve(["127.0.0.1:0"]) as serving:
        async with chat.connect(serving.link) as room:
            pass
        with pytest.raises(chat.NotSaidError, match="the room was closed"):
            room.say("x")


async def test_the_first_way_is_the_link() -> None:
    async with chat.serve(["127.0.0.1:0"], advertise="example.org") as serving:
        assert serving.link == serving.ways[0].link
        assert serving.link.host == "example.org"


async def test_what_was_said_is_corrected_taken_back_and_reacted_to() -> None:
    async with (
        chat.serve(["127.0.0.1:0"]) as serving,
        chat.connect(serving.link, name="ann") as ann,
        chat.connect(serving.link, name="bob") as bob,
        asyncio.timeout(PATIENCE),
    ):
        ann.say("helo")
        helo = await anext(ann)
        await bob.edit(helo, "I owe you")
        await bob.delete(helo)
        await bob.react(helo, "👍")
        await ann.react(helo, "👍")
        await ann.edit(helo, "x" * 2000)
        await ann.react(helo, "👍", undo=True)
        amendments = chat.Amendments()
        while len(amendments) < 8:
            amendments.add(await anext(ann))
        shown = amendments.of(helo)
        assert (shown.text, shown.edited) == ("x" * 2000, True)
        told = {each: [entry.name for entry in by] for each, by in shown.reactions.items()}
        assert told == {"👍": ["bob"]}

        await ann.delete(helo)
        amendments.add(await anext(ann))
        assert amendments.of(helo) == chat.Amended(None, False, {})


async def test_what_can_amend_nothing_is_not_said() -> None:
    async with chat.serve(["127.0.0.1:0"]) as serving, chat.connect(serving.link) as room:
        room.say("hi")
        said = await anext(room)
        with pytest.raises(chat.NotSaidError, match="short word"):
            room.react(said, "two words")
        with pytest.raises(chat.NotSaidError, match="nothing in it to say"):
            room.edit(said, " ")


def test_all_that_is_public_is_listed_and_there() -> None:
    needed = {"NotSaidError", "BadLinkError", "BadNameError", "ResolveError", "BindError"}
    needed |= {"LogError", "ConnectError", "Kind", "Policy", "Durability", "Impairment"}
    needed |= {"Act", "BadSecretError", "RefusedError", "RemovedError"}
    assert needed <= set(chat.__all__)
    for name in chat.__all__:
        assert getattr(chat, name).__name__ == name
    code = "import chat, sys; print(*dir(chat)); print('chat.core' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed, imported = done.stdout.splitlines()
    assert set(chat.__all__) <= set(listed.split())
    assert imported == "False"
