"""`chat demo`: what it counts, and that it can fail."""

import asyncio
import re
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

import pytest

from chat.client import Client
from chat.core import events
from chat.core.inbox import Broken
from chat.core.types import Entry
from chat.demo import party, screen
from chat.demo.party import Demo
from chat.demo.verdict import Ledger, Verdict
from chat.net.impair import Tally
from tests.needs import needs
from tests.net.waiting import until
from tests.tui.terminal import Terminal

VERDICT = re.compile(
    r"(\d+) messages x (\d+) members: ([\d,]+) shown, 0 lost, 0 twice; "
    r"the network dropped (\d+) of ([\d,]+) datagrams"
)


def entry(seq: int, room: str = "lobby") -> Entry:
    return Entry(room, seq, 1, "ann", b"", "", b"instance", seq, 0, 0, "hi", False)


def ledger(*events_: object) -> Ledger:
    book = Ledger("lobby")
    for event in events_:
        book.take(event)
    return book


def test_what_was_shown_twice_is_counted_as_such() -> None:
    book = ledger(entry(1), entry(2), entry(2))
    assert (book.newest, book.shown(2), book.shown(1), book.twice) == (2, 2, 1, 1)


def test_other_rooms_do_not_count() -> None:
    assert ledger(entry(1), entry(2, "den"), Broken("den", 1)).newest == 1


def test_what_a_log_took_back_was_not_shown() -> None:
    book = ledger(entry(1), entry(2), Broken("lobby", 2), entry(2))
    assert (book.shown(2), book.twice) == (2, 0)


def test_who_left_is_not_expected_to_be_shown_anything() -> None:
    assert ledger(entry(1), events.Exited("lobby")).left
    assert not ledger(entry(1), events.Exited("den")).left


@pytest.mark.parametrize(("shown", "twice", "good"), [(10, 0, True), (9, 0, False), (10, 1, False)])
def test_a_verdict_is_good_when_nothing_is_lost_and_nothing_twice(
    shown: int, twice: int, good: bool
) -> None:
    assert Verdict(5, 2, shown, twice, Tally()).good is good


async def told_by(demo: Demo, entries: list[Entry]) -> Client:
    """One more member, who collects what it is shown."""
    client = demo.member("you", lambda it: entries.append(it) if isinstance(it, Entry) else None)
    await client.open()
    return client


async def test_each_line_answers_the_one_before_however_bad_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(party, "PAUSE", 0.0)
    entries: list[Entry] = []
    async with party.demonstration(lambda line: None) as demo:
        members = [await told_by(demo, entries), *demo.bots.values()]
        await until(lambda: all(member.guest.connected for member in members))
        demo.cut()
        await asyncio.sleep(2)
        assert (await demo.verdict()).good
    texts = [entry.text for entry in entries]
    assert len(texts) > 5
    assert texts == list(islice(cycle(party.LINES), len(texts)))


async def test_a_bot_that_hears_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(party, "PAUSE", 0.0)
    monkeypatch.setattr(party, "PATIENCE", 0.1)
    entries: list[Entry] = []
    async with party.demonstration(lambda line: None) as demo, asyncio.timeout(10):
        await told_by(demo, entries)
        demo.bots["ben"].network.blackout(60)
        while not {"ann", "cleo", "dan"} <= {entry.name for entry in entries}:
            await asyncio.sleep(0.01)


async def test_the_script_tells_each_thing_once_and_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CUT_AFTER", "BLACKOUT_AFTER", "MEND_AFTER", "END_AFTER"):
        monkeypatch.setattr(screen, name, 0.0)
    monkeypatch.setattr(party, "BLACKOUT", 0.1)
    told: list[str] = []
    async with party.demonstration(told.append) as demo:
        await screen.script(demo, told.append)
    assert told == [
        "cutting 30 % of all datagrams, each way, yours and the bots'",
        "and now nothing at all passes, for 0.1 seconds",
        "70 % pass again",
        "the network is good again",
        "that was it; /quit counts",
    ]


def test_without_a_terminal_it_is_a_transcript_with_a_verdict() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chat", "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert any(re.search(r"others come by: nc -u 127\.0\.0\.1 \d+$", line) for line in lines)
    assert "-- cutting 30 % of all datagrams, each way, yours and the bots'" in lines
    after = lines.index("-- and now nothing at all passes, for 3 seconds") + 1
    told = [line for line in lines[after:] if line.startswith("-- ")]
    assert told == ["-- the network is good again"]
    found = VERDICT.fullmatch(lines[-1])
    assert found, lines[-1]
    messages, members, shown, dropped, seen = (int(it.replace(",", "")) for it in found.groups())
    assert members == 5
    assert shown == messages * members
    assert messages > 5
    assert 0.1 < dropped / seen < 0.7


@needs("tmux")
def test_in_a_terminal_the_network_is_yours_to_spoil(tmp_path: Path) -> None:
    command = "chat demo; echo ended with $?; sleep 60"
    with Terminal(["sh", "-c", command], columns=80, state=tmp_path) as terminal:
        terminal.wait("5 here", "/quit counts", "nc -u 127.0.0.1 ", "did everybody get that?")
        terminal.press("F8")
        terminal.wait("/quit counts", "and now nothing at all passes")
        terminal.say("into the dark")
        terminal.wait("…", "into the dark", "1 pending")
        terminal.wait("datagrams pass again", without="pending")
        terminal.press("F7")
        terminal.wait("cutting 30 % of all datagrams", "impaired")
        terminal.say("through the noise")
        terminal.wait("through the noise", without="pending")
        terminal.say("/quit")
        terminal.wait("ended with 0")
        assert VERDICT.search(terminal.text().replace("\n", ""))
