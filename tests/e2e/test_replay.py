"""Whatever was on the wire comes again, from where it came and from elsewhere: nothing happens.

CHAT_REPLAYS (1000): datagrams that come again each time: from where they came, from elsewhere, and both
again when the server was restarted, with what resumed there.
"""

import asyncio
import json
import os
import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ..net.waiting import until
from .people import Person, present, seen
from .programs import done, serving
from .tap import Heard, Tap

REPLAYS = int(os.environ.get("CHAT_REPLAYS", "1000"))
PEOPLE = 4
BATCH = 50
BATCH_EACH = 0.005
"""Seconds: 10,000 datagrams a second at most, which the server has time to look at."""


class Talk:
    """The people say something all the time, each in turn; what they hear of it is checked."""

    def __init__(self, people: list[Person]) -> None:
        self.said: list[str] = []
        self._people = people

    def say(self) -> None:
        person = self._people[len(self.said) % len(self._people)]
        self.said.append(f"honest {len(self.said)}")
        person.say(self.said[-1])

    async def all_heard(self) -> None:
        """And what was said by one person is in its order."""
        await until(
            lambda: all(len(person.entries) >= len(self.said) for person in self._people),
            seen(self._people),
        )
        for person in self._people:
            assert sorted(person.texts) == sorted(self.said)
            assert person.texts == self._people[0].texts


async def replay(again: Callable[[Heard], None], chosen: list[Heard], talk: Talk) -> None:
    start = time.monotonic()
    for first in range(0, len(chosen), BATCH):
        for heard in chosen[first : first + BATCH]:
            again(heard)
        talk.say()
        due = start + (first / BATCH + 1) * BATCH_EACH
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    await talk.all_heard()


def some(tap: Tap, chance: random.Random) -> list[Heard]:
    """Of every kind that there is, in the order in which it came."""
    first = [each for each in tap.heard if each.datagram[0] != 0x84]
    rest = chance.choices(tap.heard, k=max(0, REPLAYS - len(first)))
    chosen = [*first, *rest]
    chance.shuffle(chosen)
    return chosen[:REPLAYS]


@pytest.mark.timeout(180)
async def test_what_comes_again_changes_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        elsewhere.setblocking(False)
        async with serving(store=tmp_path) as server, Tap(("127.0.0.1", server.port)) as tap:
            people = [Person(tap.link, f"honest{number}") for number in range(PEOPLE)]
            watcher = Person(server.link, "watcher")
            everybody = [*people, watcher]
            async with present(*everybody):
                talk = Talk(people)
                for _ in range(10 * PEOPLE):
                    talk.say()
                    await asyncio.sleep(0.01)
                await talk.all_heard()
                await until(lambda: len(watcher.roster) == PEOPLE + 1, lambda: watcher.roster)
                roster = watcher.roster
                assert {endpoint for _, endpoint in roster} > {
                    tap.seen_as(client) for client in tap.clients
                }
                chosen = some(tap, chance)

                def from_elsewhere(heard: Heard) -> None:
                    with suppress(BlockingIOError):
                        elsewhere.sendto(heard.datagram, ("127.0.0.1", server.port))

                await replay(tap.repeat, chosen, talk)
                await replay(from_elsewhere, chosen, talk)
                assert [person.trouble for person in everybody] == [[]] * len(everybody)
                assert watcher.roster == roster, "somebody was moved"

                await server.kill()
                async with serving(store=tmp_path, port=server.port) as again:
                    await until(
                        lambda: all(len(person.connected) == 2 for person in everybody),
                        seen(everybody),
                        20,
                    )
                    trouble = [list(person.trouble) for person in everybody]
                    await until(lambda: watcher.roster == roster, lambda: watcher.roster)
                    await replay(tap.repeat, chosen, talk)
                    await replay(from_elsewhere, chosen, talk)
                    # Now with OPEN and FIRST of those who came back by ticket.
                    later = some(tap, chance)
                    await replay(tap.repeat, later, talk)
                    await replay(from_elsewhere, later, talk)
                    assert [person.trouble for person in everybody] == trouble
                    assert watcher.roster == roster, "somebody was moved"
                    log = await done("tail", again.link, "--from", "start", "--no-follow", "--json")
    entries = [json.loads(line) for line in log.out]
    assert [entry["text"] for entry in entries] == people[0].texts
    assert sorted(entry["text"] for entry in entries) == sorted(talk.said)
    kinds = sorted({hex(each.datagram[0]) for each in (*chosen, *later)})
    print(
        f"{len(chosen)} datagrams, first bytes {kinds}, six times: "
        f"{len(entries)} entries, all of them said once"
    )
