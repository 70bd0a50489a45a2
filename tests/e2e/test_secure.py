"""Sealed sessions on real sockets: they begin on a bad network, outlive the server's process, and
their names are their keys'.

CHAT_JOINS (50): clients that join at once. CHAT_RESTART (200): clients whose server is killed.
"""

import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from chat.net.impair import Impairment
from chat.secure.namekeys import NameKeys

from ..net.waiting import until
from ..relay import Relay
from .people import Person, present, seen
from .programs import chat, done, serving
from .tap import Tap

JOINS = int(os.environ.get("CHAT_JOINS", "50"))
RESTART = int(os.environ.get("CHAT_RESTART", "200"))

JOINED_WITHIN = 30.0
SOON = 0.95
JOINED_AT_LAST = 60.0
"""Seconds within which nearly all are in, and all: one of a hundred has a worse network than most."""

BACK_WITHIN = 20.0

CLIENT_HELLO = 0x16


@pytest.mark.parametrize("spec", ["loss=30% burst=3", "corrupt=30%"])
async def test_everybody_gets_in_on_a_bad_network(spec: str) -> None:
    async with (
        serving() as server,
        Relay(("127.0.0.1", server.port), Impairment.parse(spec), seed=4, clients=4096) as relay,
    ):
        link = f"chat://127.0.0.1:{relay.port}"
        people = [Person(link, f"guest{number}") for number in range(JOINS)]
        start, times = time.monotonic(), list[float]()

        def joined() -> bool:
            count = sum(person.entered > 0 for person in people)
            times.extend([time.monotonic() - start] * (count - len(times)))
            return count == JOINS

        async with present(*people, until_entered=joined, seconds=JOINED_AT_LAST):
            network = relay.outward + relay.inward
    soon = sum(each < JOINED_WITHIN for each in times)
    print(
        f"{spec}: {soon} of {JOINS} joined within {JOINED_WITHIN:g} s; median "
        f"{times[JOINS // 2]:.2f} s, last {times[-1]:.2f} s; "
        f"lost {network.lost}, corrupted {network.corrupted} of {network.seen}"
    )
    assert soon >= SOON * JOINS, f"seconds: {[round(each, 1) for each in times]}"
    assert network.lost + network.corrupted > 0.2 * network.seen, "the network was not bad"


@pytest.mark.timeout(180)
async def test_a_killed_server_has_everybody_back_by_ticket(tmp_path: Path) -> None:
    """No handshake is shaken again, and nothing is lost of what was said before, while and after
    nobody listened."""
    async with serving(store=tmp_path) as server, Tap(("127.0.0.1", server.port)) as tap:
        people = [Person(tap.link, f"guest{number}") for number in range(RESTART)]
        async with present(*people, seconds=60):
            for number, person in enumerate(people):
                person.say(f"before {number}")
            await until(lambda: all(person.logged for person in people), seen(people), BACK_WITHIN)
            hellos = tap.firsts[CLIENT_HELLO]
            assert hellos >= 2 * RESTART
            # Some of it is on its way when the process dies.
            for number, person in enumerate(people):
                person.say(f"meanwhile {number}")
            await server.kill()
            async with serving(store=tmp_path, port=server.port) as again:
                start = time.monotonic()
                await until(
                    lambda: all(len(person.connected) > 1 for person in people),
                    lambda: [person.state for person in people if len(person.connected) < 2][:10],
                    BACK_WITHIN,
                )
                back = time.monotonic() - start
                for number, person in enumerate(people):
                    person.say(f"after {number}")
                await until(
                    lambda: all(len(person.entries) >= 3 * RESTART for person in people),
                    seen(people),
                    BACK_WITHIN,
                )
                log = await done("tail", again.link, "--from", "start", "--no-follow", "--json")
                assert tap.firsts[CLIENT_HELLO] == hellos, "somebody shook hands again"
    print(f"{RESTART} clients were back {back:.2f} s after the server was")
    texts = [json.loads(line)["text"] for line in log.out]
    assert Counter(texts) == {
        f"{when} {number}": 1
        for when in ("before", "meanwhile", "after")
        for number in range(RESTART)
    }
    for person in people:
        assert person.texts == texts
        assert all(connected.again for connected in person.connected[1:])


async def test_a_name_is_its_keys(tmp_path: Path) -> None:
    """Two programs of one user are one name at two endpoints; another user is somebody else, also
    where it is there first after a restart."""
    ann = {"XDG_DATA_HOME": str(tmp_path / "ann")}
    other = {"XDG_DATA_HOME": str(tmp_path / "other")}
    store = tmp_path / "store"
    async with serving(store=store) as server:
        port = server.port
        async with (
            chat("tail", server.link, "--name", "ann", env=ann) as one,
            chat("tail", server.link, "--name", "ann", env=ann) as two,
        ):
            watcher = Person(server.link, "watcher")
            async with present(watcher):
                await until(lambda: len(watcher.roster) == 3, lambda: watcher.roster)
                names = [name for name, _ in watcher.roster]
                assert names == ["ann", "ann", "watcher"], (one.err, two.err)
                assert len({endpoint for _, endpoint in watcher.roster}) == 3
                assert (await said(server.link, "mine", ann)) == 0
                assert (await said(server.link, "not mine", other)) == 0
        # Nobody who is called ann is there now.
        assert (await said(server.link, "still not mine", other)) == 0
    async with serving(store=store, port=port) as server:
        taker = Person(server.link, "ann", keys=NameKeys(tmp_path / "other" / "chat" / "keys"))
        async with present(taker):
            assert (taker.name, taker.connected[0].verified) == ("ann2", False)
            assert (await said(server.link, "mine again", ann)) == 0
        log = await done("tail", server.link, "--from", "start", "--no-follow", "--json")
    entries = [(each["author"], each["text"]) for each in map(json.loads, log.out)]
    assert entries == [
        ("ann", "mine"),
        ("ann2", "not mine"),
        ("ann2", "still not mine"),
        ("ann", "mine again"),
    ]


async def said(link: str, text: str, env: dict[str, str]) -> int | None:
    """By a user who has asked to be called ann."""
    return (await done("send", link, "--name", "ann", text, env=env)).code
