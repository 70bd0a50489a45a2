"""`chat demo`: what it counts, and that it can fail."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chat.core import events
from chat.core.inbox import Broken
from chat.core.types import Entry
from chat.demo.verdict import Ledger, Verdict
from chat.net.impair import Tally
from tests.needs import needs
from tests.tui.terminal import CHAT, Terminal

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
    assert "-- and now nothing at all passes, for 3 seconds" in lines
    found = VERDICT.fullmatch(lines[-1])
    assert found, lines[-1]
    messages, members, shown, dropped, seen = (int(it.replace(",", "")) for it in found.groups())
    assert members == 5
    assert shown == messages * members
    assert messages > 10
    assert 0.1 < dropped / seen < 0.7


@needs("tmux")
def test_in_a_terminal_the_network_is_yours_to_spoil(tmp_path: Path) -> None:
    with Terminal([CHAT, "demo"], columns=120, state=tmp_path) as terminal:
        terminal.wait("5 here", "nc -u 127.0.0.1 ", "did everybody get that?")
        terminal.press("F8")
        terminal.wait("and now nothing at all passes")
        terminal.say("into the dark")
        terminal.wait("…", "into the dark", "1 pending")
        terminal.wait("datagrams pass again", without="pending")
        terminal.press("F7")
        terminal.wait("cutting 30 % of all datagrams", "impaired")
        terminal.say("through the noise")
        terminal.wait("through the noise", without="pending")
        terminal.say("/quit")
        terminal.until(lambda: terminal.dead, "the end")
        assert VERDICT.search(terminal.text())
        terminal.until(lambda: terminal.ask("#{pane_dead_status}") == "0", "exit code 0")
