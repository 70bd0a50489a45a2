"""Real sockets: a room whose members listen behind one link, which is too small for what is said."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

import chat
from chat.room import Room

from ..net.waiting import until
from ..relay import Relay

BEHIND = 20
RATE = 250_000.0
"""Bytes a second: 2 Mbit/s."""

QUEUE = 64_000
MESSAGES = 80.0
"""A second: two and a half times as much as the link can carry to all."""

FLOOD = 5.5
BACK_OFF = 4.0
"""Seconds after which there is to be less."""

PUSH = 0x85
TEXT = "x" * 300


async def read(room: Room, shown: list[tuple[int, str]]) -> None:
    async for entry in room:
        shown.append((entry.seq, entry.text))


async def flood(rooms: list[Room], seconds: float) -> int:
    """How many messages it was."""
    start = time.monotonic()
    for number in range(int(seconds * MESSAGES)):
        await asyncio.sleep(max(0.0, start + number / MESSAGES - time.monotonic()))
        rooms[number % len(rooms)].say(f"{number} {TEXT}")
    return int(seconds * MESSAGES)


@pytest.mark.timeout(60)
async def test_pushes_back_off_and_nobody_loses_an_entry() -> None:
    shown: list[list[tuple[int, str]]] = [[] for _ in range(BEHIND + 2)]
    async with AsyncExitStack() as stack:
        serving = await stack.enter_async_context(chat.serve(["127.0.0.1:0"]))
        target = serving.endpoints[0]
        relay = await stack.enter_async_context(Relay((target.host, target.port)))
        ports = [target.port] * 2 + [relay.port] * BEHIND
        rooms = await asyncio.gather(
            *(
                stack.enter_async_context(chat.connect(f"chat://127.0.0.1:{port}", name=f"g{n}"))
                for n, port in enumerate(ports)
            )
        )
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for room, entries in zip(rooms, shown, strict=True):
            group.create_task(read(room, entries))
        pushed = 0

        def tap(datagram: bytes) -> None:
            nonlocal pushed
            pushed += len(datagram) + 28 if datagram[0] == PUSH else 0

        relay.tap = tap
        link = relay.narrow(RATE, QUEUE)
        talking = asyncio.create_task(flood(rooms[:2], FLOOD))
        await asyncio.sleep(1.0)
        first = pushed
        await asyncio.sleep(BACK_OFF - 1.0)
        dropped, pushed, start = link.dropped, 0, time.monotonic()
        said = await talking
        later = pushed / (time.monotonic() - start)
        dropped = link.dropped - dropped
        relay.link = None
        await until(
            lambda: all(len(entries) == said for entries in shown),
            lambda: f"{said} said, shown {sorted(map(len, shown))}",
            25.0,
        )
        for room in rooms:
            room.close()
    assert first > 1.5 * RATE, "a flood"
    assert later < 0.8 * RATE, f"{later:.0f} bytes of pushes a second"
    assert dropped < 0.1 * link.carried
    assert shown.count(shown[0]) == BEHIND + 2
    assert [seq for seq, _ in shown[0]] == list(range(1, said + 1))
