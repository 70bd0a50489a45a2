"""Real sockets on a network that loses a fifth of everything, each way."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

import chat
from chat.net.impair import Impairment
from chat.room import Room, Said

from ..relay import Relay

CLIENTS = 30
MESSAGES = 1000
RATE = 100.0
PATIENCE = 10.0
BAD = Impairment.parse("loss=20% dup=2% reorder=5% delay=10ms±10")


async def read(room: Room, entries: list[tuple[int, str]]) -> None:
    async for entry in room:
        entries.append((entry.seq, entry.text))


async def talk(rooms: Sequence[Room]) -> list[Said]:
    start = time.monotonic()
    said = []
    for number in range(MESSAGES):
        await asyncio.sleep(max(0.0, start + number / RATE - time.monotonic()))
        said.append(rooms[number % CLIENTS].say(f"message {number}"))
    return said


@pytest.mark.timeout(180)
async def test_thirty_clients_are_shown_each_message_once_in_one_order() -> None:
    shown: list[list[tuple[int, str]]] = [[] for _ in range(CLIENTS)]
    async with AsyncExitStack() as stack:
        serving = await stack.enter_async_context(chat.serve(["127.0.0.1:0"]))
        target = serving.endpoints[0]
        relay = await stack.enter_async_context(Relay((target.host, target.port), BAD, seed=1))
        link = f"chat://127.0.0.1:{relay.port}"
        rooms = await asyncio.gather(
            *(
                stack.enter_async_context(chat.connect(link, name=f"guest{number}"))
                for number in range(CLIENTS)
            )
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for room, entries in zip(rooms, shown, strict=True):
            group.create_task(read(room, entries))
        said = await talk(rooms)
        last = time.monotonic()
        await asyncio.gather(*said)
        while any(len(entries) < MESSAGES for entries in shown):
            late = Counter(map(len, shown))
            assert time.monotonic() - last < PATIENCE, f"shown after {PATIENCE} s: {late}"
            await asyncio.sleep(0.02)
        took = time.monotonic() - last
        network = relay.inward + relay.outward
        for room in rooms:
            room.close()
    assert shown.count(shown[0]) == CLIENTS
    assert [seq for seq, _ in shown[0]] == list(range(1, MESSAGES + 1))
    assert {text for _, text in shown[0]} == {f"message {number}" for number in range(MESSAGES)}
    assert network.dropped > 0.15 * network.seen, "the network was not bad"
    print(f"complete {took:.2f} s after the last message")
