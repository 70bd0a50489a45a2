"""A bad network, a blackout and another address, as somebody at a terminal sees them."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import chat
from chat.core.types import Kind
from chat.net.impair import CLEAR, Impairment
from chat.room import Room
from tests.needs import needs
from tests.relay import Relay

from .terminal import CHAT, Terminal

pytestmark = needs("tmux")

RATE = 5.0
"""Messages a second of somebody whose network is good."""

LOSS, BLACKOUT = 8.0, 15.0
"""Seconds."""

SAID_WITHIN = 5.0
"""Seconds after which the screen says what is wrong."""

COMPLETE_WITHIN = 20.0
"""Seconds after the last message."""

TROUBLE = re.compile(r"the server (was last heard|is silent)|no answer")

TEXT = re.compile(r"  ((?:theirs|ours) \d+)$")


async def talk(room: Room) -> None:
    """Until it is cancelled."""
    start, number = time.monotonic(), 0
    while True:
        number += 1
        room.say(f"theirs {number}")
        await asyncio.sleep(max(0.0, start + number / RATE - time.monotonic()))


async def read(room: Room, texts: list[str]) -> None:
    async for entry in room:
        if entry.kind == Kind.MESSAGE:
            texts.append(entry.text)


def foot(text: str) -> str:
    """The status bar, and what is below it."""
    return text.rpartition("\n ann │ ")[2]


class Watched:
    """A terminal that leaves the loop to others while it waits; large enough for all that is said."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def say(self, text: str) -> None:
        await asyncio.to_thread(self._terminal.say, text)

    async def sees(self, condition: Callable[[str], bool], what: str, seconds: float) -> None:
        def there() -> bool:
            return condition(self._terminal.text())

        await asyncio.to_thread(self._terminal.until, there, what, seconds)

    async def texts(self) -> list[str]:
        """What is said in the room, from top to bottom."""
        rows = await asyncio.to_thread(self._terminal.screen)
        return [found[1] for row in rows if (found := TEXT.search(row))]


async def test_loss_a_blackout_and_a_new_address(tmp_path: Path) -> None:
    texts: list[str] = []
    async with (
        chat.serve(["127.0.0.1:0"]) as serving,
        Relay(("127.0.0.1", serving.endpoints[0].port), seed=1) as relay,
        chat.connect(f"chat://127.0.0.1:{serving.endpoints[0].port}", name="bob") as room,
        asyncio.TaskGroup() as group,
    ):
        command = [CHAT, "join", f"chat://127.0.0.1:{relay.port}", "--name", "ann"]
        with await asyncio.to_thread(
            Terminal, command, columns=100, rows=300, state=tmp_path
        ) as terminal:
            ann = Watched(terminal)
            await ann.sees(lambda text: "connected as ann" in text, "the connection", 15)
            reading = group.create_task(read(room, texts))
            talking = group.create_task(talk(room))

            relay.change(Impairment(loss=0.2))
            await ann.sees(
                lambda text: re.search(r" (?!0%)[\d.]+% lost", foot(text)) is not None,
                "some of it to be lost",
                SAID_WITHIN,
            )
            await ann.say("ours 1")
            await asyncio.sleep(LOSS)
            await ann.say("ours 2")

            began = time.monotonic()
            relay.blackout(BLACKOUT)
            await ann.sees(
                lambda text: bool(TROUBLE.search(foot(text))), "the silence", SAID_WITHIN
            )
            said_after = time.monotonic() - began
            await ann.say("ours 3")
            await ann.sees(lambda text: "…       ann*  ours 3" in text, "a pending message", 5)
            await asyncio.sleep(max(0.0, began + BLACKOUT - time.monotonic()))

            before = set(map(relay.seen_as, relay.clients))
            relay.rebind()
            await ann.say("ours 4")
            await asyncio.sleep(3.0)
            relay.change(CLEAR)
            talking.cancel()
            last = time.monotonic()
            while (shown := await ann.texts()) != texts or len(texts) < 4 + RATE * BLACKOUT:
                waited = time.monotonic() - last
                assert waited < COMPLETE_WITHIN, f"{shown}\nbut the log has\n{texts}"
                await asyncio.sleep(0.1)
            took = time.monotonic() - last
            await ann.sees(
                lambda text: not TROUBLE.search(foot(text)) and "pending" not in foot(text),
                "all to be well",
                SAID_WITHIN,
            )
            assert before.isdisjoint(map(relay.seen_as, relay.clients)), (
                "the address is another one"
            )
            assert relay.outward.dropped + relay.inward.dropped > 20, "the network was not bad"
            print(f"said after {said_after:.1f} s; complete {took:.1f} s after the last message")
            reading.cancel()
    ours = [text for text in texts if text.startswith("ours")]
    theirs = [text for text in texts if text.startswith("theirs")]
    assert ours == [f"ours {number}" for number in range(1, 5)]
    assert theirs == [f"theirs {number}" for number in range(1, len(theirs) + 1)]
