"""Rooms with passwords, on real sockets: a class that comes at once, and somebody who guesses."""

import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chat.core import limits
from chat.core.asks import Why
from chat.secure.namekeys import NameKeys

from ..net.waiting import until
from .people import Person, present, seen
from .programs import Program, running

CLASS = 50
TURN = 20.0
"""Milliseconds of a processor that no turn of the server's loop may take."""

DEN, RIGHT = "den", "open sesame"
RATE, BURST = limits.GUESSES


@asynccontextmanager
async def den(folder: Path) -> AsyncIterator[tuple[Program, str, Person]]:
    """A server, a link to it, and the owner of a room there, which has a password."""
    async with running(sys.executable, "-m", "tests.e2e.turns") as server:
        link = "chat://" + (await server.line("listening on ")).rpartition(" ")[2]
        owner = Person(f"{link}/{DEN}", "owner", keys=NameKeys(folder / "keys"))
        async with present(owner):
            owner.act("password", text=RIGHT)
            await until(lambda: len(owner.done) == 1, lambda: owner.state)
            yield server, link, owner


async def refused(person: Person, room: str, secret: str) -> tuple[str, int]:
    """What it is told when it tries to come in so: the reason, and a number for it."""
    count = len(person.refusals)
    person.join(room, secret)
    await until(lambda: len(person.refusals) > count, lambda: person.state)
    return person.refusals[-1].reason, person.refusals[-1].why


async def test_fifty_come_with_the_password_at_once(tmp_path: Path) -> None:
    """What is measured begins when they have a session: handshakes take their time, too."""
    async with den(tmp_path) as (server, link, _):
        people = [Person(link, f"p{number}") for number in range(CLASS)]
        async with present(*people, seconds=60):
            server.signal(signal.SIGUSR1)
            start = time.monotonic()
            for person in people:
                person.join(DEN, RIGHT)
            await until(lambda: all(it.entered == 2 for it in people), seen(people), 60)
            took = time.monotonic() - start
            assert not any(person.trouble for person in people), seen(people)()
            server.signal(signal.SIGTERM)
            _, longest, count = (await server.line("turns ")).split()
    print(f"{CLASS} came in {took:.2f} s; of {count} turns the longest took {longest} ms")
    assert int(count) > CLASS / 5, "nothing was measured"
    assert float(longest) < TURN


async def test_wrong_ones_are_limited_and_the_right_one_gets_in(tmp_path: Path) -> None:
    async with den(tmp_path) as (_, link, _):

        def bob() -> Person:
            return Person(f"{link}/{DEN}", "bob", secret=RIGHT, keys=NameKeys(tmp_path / "bob"))

        eve = Person(link, "eve")
        async with present(bob()), present(eve):
            start = time.monotonic()
            told = [await refused(eve, DEN, f"guess {number}") for number in range(int(3 * BURST))]
            checked = sum(why == Why.ENTRY for _, why in told)
            assert BURST <= checked <= BURST + RATE * (time.monotonic() - start) + 1
            assert told[-1][0].startswith("too many wrong passwords from your network")
            # The right one would be one more guess, unless one was in with it before.
            assert await refused(eve, DEN, RIGHT) == told[-1]
            async with present(bob()):
                pass


async def test_what_was_wrong_is_not_told(tmp_path: Path) -> None:
    async with den(tmp_path) as (_, link, owner):
        eve = Person(link, "eve")
        owner.act("invite", number=1)
        await until(lambda: len(owner.done) == 2, lambda: owner.state)
        invite = owner.done[-1].text
        async with present(Person(f"{link}/{DEN}", "bob", secret=invite), eve):
            told = {
                await refused(eve, room, secret)
                for room, secret in [(DEN, "wrong"), ("nowhere", RIGHT), (DEN, invite)]
            }
        ((_, why),) = told
        assert why == Why.ENTRY
