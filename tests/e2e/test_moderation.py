"""A room that is kept pleasant: by programs, and by scripts that have a password or an invite."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import chat as library
from chat import Act, pipe
from chat.core.link import Link, parse_link

from .programs import chat, done, serving

PATIENCE = 20.0


@asynccontextmanager
async def room_of(
    keys: library.NameKeys, name: str = "alice", room: str = "den"
) -> AsyncIterator[tuple[Link, library.Room]]:
    """A room of its own at a server of our own: who makes it owns it."""
    async with library.serve(["127.0.0.1:0"]) as serving, asyncio.timeout(PATIENCE):
        link = Link(serving.link.host, serving.link.port, room, serving.link.pin)
        async with library.connect(link, name=name, keys=keys) as owner:
            yield link, owner


@pytest.fixture
def keys(tmp_path: Path) -> library.NameKeys:
    return library.NameKeys(tmp_path / "keys")


async def heard(room: library.Room, text: str) -> library.Entry:
    """The next entry that says this."""
    async for entry in room:
        if entry.text == text:
            return entry
    raise AssertionError(f"never heard: {text}")


async def limited(room: library.Room, count: int) -> AsyncIterator[library.Entry]:
    for _ in range(count):
        yield await anext(room)


async def test_who_is_kicked_learns_why_and_may_come_again(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, alice):
        async with library.connect(link, name="bob") as bob:
            assert await alice.act(Act.KICK, "bob", text="spam") == ""
            with pytest.raises(library.RemovedError, match="kicked from den by alice: spam"):
                await heard(bob, "never")
            with pytest.raises(library.NotSaidError, match="not in den any more: you were kicked"):
                bob.say("hello?")
        told = await heard(alice, "kicked bob: spam")
        assert (told.kind, told.name, told.endpoint) == (library.Kind.MODERATION, "alice", "")
        async with library.connect(link, name="bob") as bob:
            await bob.say("sorry")


async def test_who_is_banned_does_not(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, alice):
        async with library.connect(link, name="bob", keys=keys):
            await alice.act(Act.BAN, "bob", seconds=3600, text="spam")
        with pytest.raises(library.ConnectError, match="banned from den"):
            async with library.connect(link, name="bob", keys=keys):
                pass
        assert "bob banned by alice" in await alice.act(Act.BANS)


async def test_what_was_said_and_not_logged_by_who_is_put_out_has_failed(
    keys: library.NameKeys,
) -> None:
    async with room_of(keys) as (link, alice), library.connect(link, name="bob") as bob:
        await alice.act(Act.SLOW, seconds=600)
        await bob.say("one")
        said = bob.say("two, in ten minutes")
        await alice.act(Act.KICK, "bob")
        with pytest.raises(library.FailedError, match="kicked from den"):
            await said


async def test_slow_mode_holds_back_what_is_said_and_loses_nothing(
    keys: library.NameKeys,
) -> None:
    async with room_of(keys) as (link, alice), library.connect(link, name="bob") as bob:
        await alice.act(Act.SLOW, seconds=1)
        begun = asyncio.get_running_loop().time()
        for said in [bob.say(text) for text in ("one", "two", "three")]:
            await said
        assert asyncio.get_running_loop().time() - begun > 1.9
        for said in [alice.say(text) for text in ("four", "five")]:
            await said
        texts = [entry.text async for entry in limited(alice, 6)]
        assert texts == ["set slow mode: one message in 1s", "one", "two", "three", "four", "five"]


async def test_who_is_muted_is_told_so_and_speaks_again_afterwards(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, alice), library.connect(link, name="bob") as bob:
        await alice.act(Act.MUTE, "bob", seconds=600, text="shouting")
        await heard(bob, "muted bob for 10m: shouting")
        said: library.Said | None = None
        with pytest.raises(library.NotSaidError, match="muted in den for .* more: shouting"):
            while True:
                said = said or bob.say("hush")
                await asyncio.sleep(0.01)
                bob.say("hush")
        await alice.act(Act.UNMUTE, "bob")
        if said is not None:
            await said
        while True:
            try:
                await bob.say("thanks")
                break
            except library.NotSaidError:
                await asyncio.sleep(0.01)


async def test_what_only_moderators_may_is_refused_to_others(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, _), library.connect(link, name="bob") as bob:
        with pytest.raises(library.RefusedError, match="only its moderators and owners"):
            await bob.act(Act.KICK, "alice")


async def test_acts_are_answered_in_their_order(keys: library.NameKeys) -> None:
    async with room_of(keys) as (_, alice):
        results = await asyncio.gather(
            alice.act(Act.LOCK),
            alice.act(Act.UNBAN, "nobody"),
            alice.act(Act.INVITES),
            alice.act(Act.UNLOCK),
            return_exceptions=True,
        )
        assert [type(each) for each in results] == [str, library.RefusedError, str, str]


async def test_a_deleted_message_is_gone_for_all_who_read(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, alice), library.connect(link, name="bob") as bob:
        bob.say("buy my things")
        spam = await heard(alice, "buy my things")
        await alice.act(Act.DELETE, number=spam.seq, text="spam")
        removal = await heard(bob, "spam")
        amendments = library.Amendments()
        amendments.add(removal)
        shown = amendments.of(spam)
        assert (shown.text, shown.removal) == (None, removal)
        assert removal.name == "alice"


async def test_a_room_with_a_password(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, alice):
        await alice.act(Act.PASSWORD, text="sword fish")
        with pytest.raises(library.ConnectError, match="den has a password"):
            async with library.connect(link, name="bob"):
                pass
        with pytest.raises(library.ConnectError, match="no such room, or its password"):
            async with library.connect(link, name="bob", password="halibut"):
                pass
        async with library.connect(link, name="bob", password="sword\u00a0fish") as bob:
            bob.client.rebind()
            await bob.say("I am in")


async def test_an_invite_stands_in_the_link(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, alice):
        await alice.act(Act.LOCK)
        invite = await alice.act(Act.INVITE, number=1, seconds=60)
        with pytest.raises(library.ConnectError, match="den is locked"):
            async with library.connect(link, name="bob"):
                pass
        invited = Link(link.host, link.port, link.room, link.pin, invite)
        async with library.connect(str(invited), name="bob", keys=keys) as bob:
            await bob.say("I am in")
        with pytest.raises(library.ConnectError, match="this invite"):
            async with library.connect(invited, name="carol"):
                pass


# The command line


async def pinned(port: int, room: str = "den") -> str:
    """A link to a room of a server of our own, which is made by its first message."""
    link = f"chat://127.0.0.1:{port}/{room}"
    made = await done("send", link, "--name", "alice", "first")
    assert (made.code, made.err) == (0, [])
    return link


async def test_an_invite_lets_in_who_has_it() -> None:
    async with serving() as server:
        link = await pinned(server.port)
        made = await done("invite", link, "--name", "alice", "--uses", "2", "--expires", "1h")
        assert (made.code, made.err) == (0, [])
        (text,) = made.out
        invited = parse_link(text)
        assert (invited.host, invited.port, invited.room) == ("127.0.0.1", server.port, "den")
        assert len(invited.pin) == 26 and invited.invite
        listed = await done("invite", link, "--name", "alice", "--list")
        assert listed.code == 0
        (row,) = listed.out
        assert ", by alice, lets 2 in for " in row
        tail = await done("tail", text, "--name", "bob", "--from", "1", "--count", "1", "--json")
        assert [json.loads(line)["text"] for line in tail.out] == ["first"]

        revoked = await done("invite", link, "--name", "alice", "--revoke", row.split(",")[0])
        assert (revoked.code, revoked.out) == (0, [])
        assert "revoked" in revoked.err[0]
        again = await done("invite", link, "--name", "alice", "--revoke", row.split(",")[0])
        assert (again.code, again.out) == (1, [])
        assert again.err[0].startswith("chat: there is no invite")
        other = await done("invite", link, "--name", "mallory")
        assert (other.code, other.out) == (1, [])
        assert other.err == ["chat: only its moderators and owners may do that here"]


async def test_an_invite_to_a_room_that_is_not_there_makes_none() -> None:
    async with serving() as server:
        made = await done("invite", f"chat://127.0.0.1:{server.port}/typo", "--name", "alice")
        assert (made.code, made.out) == (1, [])
        assert made.err == ["chat: there is no room typo here: look at its name"]
        made = await done("invite", f"chat://127.0.0.1:{server.port}", "--name", "alice")
        assert made.err == ["chat: only its moderators and owners may do that here"]


async def test_who_lacks_the_password_is_told_how_to_give_it(keys: library.NameKeys) -> None:
    async with room_of(keys) as (link, alice):
        await alice.act(Act.PASSWORD, text="sword fish")
        made = await done("invite", str(link), "--name", "mallory")
        assert (made.code, made.out) == (1, [])
        assert made.err == ["chat: den has a password; --password-file FILE gives it"]


async def test_what_moderators_do_is_in_tail() -> None:
    async with serving() as server:
        link = await pinned(server.port)
        await done("invite", link, "--name", "alice")
        tail = await done("tail", link, "--name", "bob", "--last", "1", "--count", "1")
        assert tail.out[0].startswith("* alice* made invite ")
        assert tail.out[0].endswith(": it lets one in within 1d")
        tail = await done("tail", link, "--name", "bob", "--last", "1", "--count", "1", "--json")
        fields = json.loads(tail.out[0])
        assert (fields["kind"], fields["author"], fields["endpoint"]) == ("moderation", "alice", "")


@asynccontextmanager
async def behind_a_password(secret: str) -> AsyncIterator[str]:
    """The link of such a room."""
    async with serving() as server:
        link = await pinned(server.port)
        async with library.connect(link, name="alice", keys=library.NameKeys()) as alice:
            await alice.act(Act.PASSWORD, text=secret)
        yield link


async def test_scripts_read_a_rooms_password_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("sword fish\n")
    option = ("--password-file", str(file))
    async with behind_a_password("sword fish") as link:
        sent = await done("send", link, "--name", "bob", *option, "hello")
        assert (sent.code, sent.err) == (0, [])
        tail = await done(
            "tail", link, "--name", "bob", "--last", "1", "--count", "1", "--password-file", "-",
            stdin="sword fish\n",
        )  # fmt: skip
        assert tail.code == 0
        assert tail.out[0].endswith("bob*: hello")
        bots = await done("bots", link, "--bots", "2", "--duration", "1", "--rate", "4", *option)
        assert bots.code == 0, bots.err
        variable = {"CHAT_BOTS_PASSWORD_FILE": str(file)}
        async with chat("bots", link, "--script", "echo", "--name", "eve", env=variable) as echo:
            while not any("is in den" in line for line in echo.err):
                assert echo.code is None, echo.err
                await asyncio.sleep(0.05)


async def test_the_terminal_client_reads_it_there_too(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("sword fish\r\n")
    async with behind_a_password("sword fish") as link:
        talk = await done(
            "join", "--plain-output", link, "--name", "bob", "--password-file", str(file),
            stdin="hello from a pipe\n",
        )  # fmt: skip
        assert talk.code == 0, talk.err
        tail = await done("tail", link, "--name", "alice", "--last", "1", "--count", "1", "--json")
        assert json.loads(tail.out[0])["text"] == "hello from a pipe"
    refused = await done("join", "--plain-output", link, "--password-file", "-", stdin="x\n")
    assert refused.code == 2
    assert "stdin is read for what you say" in refused.err[0]


@pytest.mark.parametrize("command", [("send",), ("tail",), ("bots",), ("bots", "--script", "echo")])
async def test_without_it_scripts_end_with_one_line(command: tuple[str, ...]) -> None:
    words = ["hello"] if command == ("send",) else []
    async with behind_a_password("sword fish") as link:
        name = [] if command == ("bots",) else ["--name", "bob"]
        run = await done(command[0], link, *command[1:], *name, *words)
    assert (run.code, run.out) == (1, [])
    assert run.err[-1].endswith("den has a password; --password-file FILE gives it")


async def test_a_password_that_is_wrong_is_not_said_again(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("halibut")
    async with behind_a_password("sword fish") as link:
        sent = await done("send", link, "--name", "bob", "--password-file", str(file), "hello")
    assert sent.code == 1
    (line,) = sent.err
    assert "no such room, or its password" in line
    assert "halibut" not in line


async def test_who_is_put_out_ends_with_one_line() -> None:
    async with serving() as server:
        link = await pinned(server.port)
        async with (
            library.connect(link, name="alice", keys=library.NameKeys()) as alice,
            chat("tail", link, "--name", "reader") as tail,
            chat("bots", link, "--script", "echo", "--name", "eve") as echo,
            chat("send", link, "--name", "writer") as send,
        ):
            for name in ("reader", "eve", "writer"):
                while name not in alice.members:
                    await asyncio.sleep(0.02)
                await alice.act(Act.KICK, name, text="enough")
            for program in (tail, echo, send):
                assert await program.ended() == 1
                assert "you were kicked from den by alice: enough" in program.err[-1]


async def test_patience_begins_when_slow_mode_lets_the_next_line_be(
    keys: library.NameKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe, "PATIENCE", 1.0)
    async with room_of(keys) as (link, alice):
        await alice.act(Act.SLOW, seconds=2)
        await pipe.send(link, "bob", [], None, io.StringIO("one\ntwo\n"))
        assert (await heard(alice, "two")).name == "bob"


async def test_who_is_muted_sends_nothing_and_says_why() -> None:
    keys = library.NameKeys()
    async with room_of(keys) as (link, alice), library.connect(link, name="eve", keys=keys):
        await alice.act(Act.MUTE, "eve", seconds=600, text="spam")
        async with asyncio.timeout(5.0):
            with pytest.raises(pipe.PipeError, match=r"message 1 .*you are muted .* more: spam"):
                await pipe.send(link, "eve", ["hello"], None, io.StringIO())


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("send", "127.0.0.1", "--password-file", "-"), "stdin is read for the messages"),
        (("tail", "-", "--password-file", "-"), "stdin is read for LINK"),
        (("tail", "127.0.0.1", "--password-file", "/dev/null", "--name", "a"), "is empty"),
        (("tail", "127.0.0.1", "--password-file", "/nowhere/at/all"), "cannot be read: No such"),
        (("tail", "127.0.0.1", "--password-file", "/dev/zero"), "at most 128 characters"),
        (("invite", "127.0.0.1", "--list", "--uses", "2"), "do not go together"),
        (
            ("bots", f"chat://{26 * 'a'}:invite@127.0.0.1", "--rooms", "2"),
            "opens one room: leave out the other rooms",
        ),
        (("invite", "127.0.0.1", "--expires", "soon"), "soon is no duration"),
        (("invite", "127.0.0.1:9", "--timeout", "0.5"), "no answer from 127.0.0.1, UDP port 9"),
    ],
)
async def test_what_cannot_be_is_said_in_one_line(args: tuple[str, ...], line: str) -> None:
    run = await done(*args, stdin="127.0.0.1\n")
    assert run.code in (1, 2)
    assert run.out == []
    assert line in run.err[-1]


async def test_a_password_does_not_go_over_an_open_connection(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("sword fish")
    run = await done("tail", "127.0.0.1", "--insecure", "--password-file", str(file))
    assert run.code == 2
    assert "--insecure would tell everybody the password" in run.err[0]


async def test_the_key_of_a_name_is_the_one_that_it_speaks_by() -> None:
    shown = await done("key", "--name", "keeper")
    assert (shown.code, shown.err) == (0, [])
    assert shown.out == [library.NameKeys().key("keeper").public.hex()]
    assert (await done("key", "--name", "Keeper")).out == shown.out
    assert len(bytes.fromhex(shown.out[0])) == 32
