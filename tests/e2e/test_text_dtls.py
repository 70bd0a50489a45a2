"""`openssl s_client` is a client: what `nc -u` is, where others may not listen."""

import signal

import pytest

import chat
from chat.secure import dtls_server

from ..needs import needs
from ..net.waiting import until
from .people import Person, present, seen
from .programs import Program, running, serving

pytestmark = needs("openssl")


def s_client(port: int) -> tuple[str, ...]:
    """Letters at the start of a line are no commands; the end of its input is none either."""
    return ("openssl", "s_client", "-dtls1_2", "-quiet", "-connect", f"127.0.0.1:{port}")


async def told(program: Program, text: str) -> str:
    """The first line that contains this text."""
    await until(
        lambda: any(text in line for line in program.out),
        lambda: (text, program.out, program.err, program.code),
    )
    return next(line for line in program.out if text in line)


async def test_two_of_them_talk_with_somebody_sealed() -> None:
    async with serving() as server:
        ann = Person(server.link, "ann")
        async with (
            present(ann),
            running(*s_client(server.port)) as one,
            running(*s_client(server.port)) as two,
        ):
            one.write("hello from openssl\n")
            await until(lambda: "hello from openssl" in ann.texts, seen([ann]))
            entry = ann.entries[-1]
            port = entry.endpoint.rpartition(":")[2]
            assert (entry.name, entry.endpoint) == (f"guest-{port}", f"127.0.0.1:{port}")
            assert (await told(one, "you are guest-")).endswith("in lobby, 2 here; /help helps")

            two.write("/nick zoë\n")
            await told(two, "-- you are zoë now")
            two.write("me too\n")
            assert (await told(one, "me too")).endswith("] zoë: me too")

            ann.say("hello from ann")
            for each in (one, two):
                assert (await told(each, "hello from ann")).endswith("] ann: hello from ann")
            one.write("/who\n")
            await told(one, "-- 3 in lobby")
            assert await told(one, "-- ann  ")
            assert await told(one, "-- zoë  127.0.0.1:")

            two.write("/quit\n")
            await told(two, "-- goodbye")
            assert await two.ended() == 0
            await told(one, "* zoë left")
            await until(lambda: len(ann.roster) == 2, lambda: ann.roster)
            one.write("still here\n")
            await until(lambda: ann.texts[-1] == "still here", seen([ann]))


async def test_one_that_was_killed_is_missed_at_the_next_word() -> None:
    """As with nc: its port refuses, and on loopback that is believed."""
    async with serving() as server:
        ann = Person(server.link, "ann")
        async with present(ann), running(*s_client(server.port)) as one:
            one.write("hello\n")
            await until(lambda: len(ann.roster) == 2, lambda: ann.roster)
            one.signal(signal.SIGKILL)
            await one.ended()
            ann.say("gone?")
            await until(lambda: len(ann.roster) == 1, lambda: ann.roster, 3)


async def test_the_end_of_its_input_is_its_goodbye() -> None:
    """Q, where letters are commands: a close_notify."""
    async with serving() as server:
        ann = Person(server.link, "ann")
        command = [word for word in s_client(server.port) if word != "-quiet"]
        async with present(ann), running(*command, "-brief") as one:
            one.write("hello\n")
            await until(lambda: len(ann.roster) == 2, lambda: ann.roster)
            one.write("Q\n")
            assert await one.ended() == 0
            await until(lambda: len(ann.roster) == 1, lambda: ann.roster)


async def test_there_are_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls_server, "TEXT_CONNECTIONS", 2)
    async with chat.serve(["127.0.0.1:0"]) as here:
        command = s_client(here.endpoints[0].port)
        ann = Person(here.link, "ann")
        async with present(ann), running(*command) as one, running(*command) as two:
            for each in (one, two):
                each.write("hello\n")
                await told(each, ": hello")
            async with running(*command) as three:
                three.write("let me in\n")
                assert await three.ended() == 0
                assert three.out == []
            one.write("/quit\n")
            await told(two, " left")
            async with running(*command) as four:
                four.write("there is a place\n")
                await told(two, "there is a place")
            assert "let me in" not in ann.texts
