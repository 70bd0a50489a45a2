"""Everything that moderators do, by who runs the server, in a room and in the whole server."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from chat.cli import admin as cli
from chat.cli import run
from chat.core import events
from chat.core.link import parse_link
from chat.core.roles import Act, Role
from chat.core.types import Kind
from chat.ops.messages import Moderate
from chat.secure.namekeys import NameKeys

from ..e2e.people import Person, present
from ..e2e.programs import PATIENCE, serving
from ..net.waiting import until
from .asking import refusal, said
from .test_admin import link_of

ID = "0123abcd"


class Witness(Person):
    """Remembers all that it was told."""

    def __init__(self, link: str, name: str, keys: Path) -> None:
        self.told: list[object] = []
        super().__init__(link, name, keys=NameKeys(keys / name))

    def _told(self, event: object) -> None:
        self.told.append(event)
        super()._told(event)

    async def sees(self, done: str) -> None:
        """The quiet line of an act."""

        def lines() -> list[tuple[str, str]]:
            return [(it.name, it.text) for it in self.entries if it.kind == Kind.MODERATION]

        await until(lambda: ("the operator", done) in lines(), lines, PATIENCE)

    async def stands(self, **wanted: Any) -> None:
        """Its newest standing."""

        def stands() -> bool:
            found = [it for it in self.told if isinstance(it, events.Standing)]
            return bool(found) and all(getattr(found[-1], k) == v for k, v in wanted.items())

        await until(stands, lambda: self.told[-5:], PATIENCE)


async def test_a_room_is_moderated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    async with serving(store=store) as server:
        link = await link_of(server)
        ann, bob = Witness(link, "ann", tmp_path), Witness(link, "bob", tmp_path)
        async with present(ann, bob):
            assert await said(store, "op", "lobby", "ann", "owner") == []
            await ann.stands(role=Role.OWNER)
            await bob.sees("made ann an owner")
            await said(store, "mute", "#Lobby", "bob", "10m", "shouting", "all day")
            await bob.stands(role=Role.MUTED, reason="shouting all day")
            await ann.sees("muted bob for 10m: shouting all day")
            (row,) = await said(store, "ban", "lobby")
            assert row.startswith("bob muted by the operator for ")
            await said(store, "unmute", "lobby", "bob")
            await bob.stands(role=Role.MEMBER)
            await said(store, "slow", "lobby", "1m30s")
            await said(store, "limit", "lobby", "20")
            await said(store, "hide", "lobby")
            monkeypatch.setattr("sys.stdin", StringIO("sesame\n"))
            await said(store, "password", "lobby")
            assert (await said(store, "rooms"))[1].split()[3] == (
                "password,hidden,slow=1m30s,limit=20"
            )
            ann.say("careless words")
            await until(lambda: "careless words" in bob.texts, lambda: bob.state)
            seq = next(it.seq for it in bob.entries if it.text == "careless words")
            await said(store, "delete", "lobby", str(seq), "careless")
            await until(lambda: any(it.refers == seq for it in bob.entries), lambda: bob.state)
            (made,) = await said(store, "invite", "lobby", "3", "2h")
            assert parse_link(made).invite
            assert made.replace(f":{parse_link(made).invite}@", "@") == link
            (row,) = await said(store, "invite", "lobby", "list")
            revoked = row.partition(",")[0]
            await said(store, "invite", "lobby", "revoke", revoked)
            assert await said(store, "invite", "lobby", "list") == ["there are no invites"]
            await said(store, "deop", "lobby", "ann")
            await ann.stands(role=Role.MEMBER)
            await said(store, "kick", "lobby", "bob", "enough")
            await until(lambda: any(isinstance(it, events.Removed) for it in bob.told))
            for line in (
                await refusal(store, "kick", "lobby", "bob"),
                await refusal(store, "kick", "nowhere", "bob"),
                await refusal(store, "unban", "lobby", "bob"),
            ):
                assert line.startswith("there is no ")


async def test_somebody_is_kept_out_of_the_whole_server(tmp_path: Path) -> None:
    store = tmp_path / "store"
    async with serving(store=store) as server:
        link = await link_of(server)
        ann, bob = Witness(link, "ann", tmp_path), Witness(link, "bob", tmp_path)
        async with present(ann, bob):
            await said(store, "ban", "--everywhere", "bob", "2h", "spam")
            await until(lambda: any(isinstance(it, events.Removed) for it in bob.told))
            (row,) = await said(store, "ban", "--everywhere")
            assert re.fullmatch("bob banned by the operator for (1h 59m|2h) more: spam", row)
            rows = [json.loads(row) for row in await said(store, "sessions", "--json")]
            assert [row for row in rows if row["name"] == "bob"] == []
            ann.say("peace")
            await until(lambda: "peace" in ann.texts, lambda: ann.state)
        again = Witness(link, "bob", tmp_path)
        await again.client.open()
        await until(lambda: bool(again.trouble), lambda: again.state)
        assert "you are banned from this server" in str(again.trouble[0])
        await again.client.close()
        await said(store, "unban", "--everywhere", "bob")
        third = Witness(link, "bob", tmp_path)
        async with present(third):
            pass


async def test_what_was_done_is_listed_with_who_whom_why_and_until_when(tmp_path: Path) -> None:
    store = tmp_path / "store"
    async with (
        serving(store=store) as server,
        present(Witness(await link_of(server), "ann", store)),
    ):
        await said(store, "ban", "lobby", "192.0.2.7", "2h", "spam\x1b[2J")
        await said(store, "slow", "lobby", "30")
        await said(store, "ban", "--everywhere", "198.51.100.0/24")
        head, *rows = await said(store, "audit", "lobby")
        assert head.split() == ["TIME", "ROOM", "ACT", "WHOM", "BY", "UNTIL", "WHY"]
        ban = r"[-\d]+ [:\d]+ +lobby +ban +192\.0\.2\.7 +the operator +[-\d]+ [:\d]+ +spam\[2J"
        assert re.fullmatch(ban, rows[0]) and "slow 30" in rows[1] and len(rows) == 2
        found = [json.loads(row) for row in await said(store, "audit", "--json")]
        assert [(row["act"], row["room"]) for row in found][-1] == ("ban", "")
        assert found[0]["until"] - found[0]["time"] == 7_200_000
        assert len(await said(store, "audit", "nowhere")) == 1


ORDERS = {
    "kick lobby bob some reason": Moderate(Act.KICK, "lobby", "bob", text="some reason"),
    "ban #Lobby 192.0.2.7 2h spam": Moderate(Act.BAN, "lobby", "192.0.2.7", 7200, text="spam"),
    "ban lobby": Moderate(Act.BANS, "lobby"),
    "ban --everywhere bob": Moderate(Act.BAN, "", "bob"),
    "unban lobby bob": Moderate(Act.UNBAN, "lobby", "bob"),
    "unban 2001:db8::/64 --everywhere": Moderate(Act.UNBAN, "", "2001:db8::/64"),
    "mute lobby bob 90s": Moderate(Act.MUTE, "lobby", "bob", 90),
    "unmute lobby bob": Moderate(Act.UNMUTE, "lobby", "bob"),
    "op lobby bob": Moderate(Act.OP, "lobby", "bob", text="moderator"),
    "deop lobby bob": Moderate(Act.DEOP, "lobby", "bob"),
    "delete lobby 17": Moderate(Act.DELETE, "lobby", number=17),
    "delete lobby 17 not nice": Moderate(Act.DELETE, "lobby", number=17, text="not nice"),
    "slow lobby off": Moderate(Act.SLOW, "lobby"),
    "lock lobby": Moderate(Act.LOCK, "lobby"),
    "unlock lobby": Moderate(Act.UNLOCK, "lobby"),
    "password lobby": Moderate(Act.PASSWORD, "lobby", text="sesame"),
    "password lobby off": Moderate(Act.PASSWORD, "lobby"),
    "limit lobby 20": Moderate(Act.LIMIT, "lobby", number=20),
    "hide lobby": Moderate(Act.HIDE, "lobby"),
    "unhide lobby": Moderate(Act.UNHIDE, "lobby"),
    "invite lobby 3 2h": Moderate(Act.INVITE, "lobby", seconds=7200, number=3),
    "invite lobby list": Moderate(Act.INVITES, "lobby"),
    f"invite lobby revoke {ID}": Moderate(Act.UNINVITE, "lobby", ID),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Moderate]:
    """What would have been asked of a server; passwords are typed unseen."""
    questions: list[Moderate] = []
    monkeypatch.setattr(cli, "_do", lambda server, question: questions.append(question))
    monkeypatch.setattr(cli, "_password", lambda: "sesame")
    return questions


@pytest.mark.parametrize("line", ORDERS)
def test_what_is_typed_is_what_is_asked(line: str, asked: list[Moderate]) -> None:
    assert run(["admin", *line.split()]) == 0
    assert asked == [ORDERS[line]]


@pytest.mark.parametrize("typed", ["", "\n", "x" * 129 + "\n"])
def test_what_is_no_password_is_not_asked(
    typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Least of all that there be none."""
    questions: list[Moderate] = []
    monkeypatch.setattr(cli, "_do", lambda server, question: questions.append(question))
    monkeypatch.setattr("sys.stdin", StringIO(typed))
    assert run(["admin", "password", "lobby"]) == 2
    assert capsys.readouterr().err.startswith("chat admin password: a password has ")
    assert not questions


def test_everything_can_be_asked() -> None:
    assert {order.act for order in ORDERS.values()} == set(Act)
    assert {line.split()[0] for line in ORDERS} == set(cli.MODERATION)
