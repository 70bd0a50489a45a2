"""How the registry's log is kept: what came too late for something must not outlive it."""

from typing import Any
from unittest.mock import patch

import pytest

from chat.core import ledger
from chat.core.entry import decode_entry
from chat.core.policy import Ruling
from chat.core.registry import Registry
from chat.core.roles import Act
from chat.core.types import REGISTRY, Append, Draft, Point, Trim

NOW, WALL = 0.0, 1_700_000_000_000
NOBODY = "key:" + 64 * "0"


class Log:
    """Of one node at a time; what is trimmed is gone."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.floor = 1
        self.registry = self.opened()
        self._held: list[Draft] = []

    def opened(self) -> Registry:
        """Another process reads what is there."""
        registry = Registry(b"us, now.")
        registry.opened(self.floor, Point(len(self.drafts), bytes(8)), NOW, WALL)
        for seq in range(self.floor, len(self.drafts) + 1):
            registry.logged(decode_entry(REGISTRY, seq, self.drafts[seq - 1].body), NOW, WALL)
        return registry

    def commit(self, *, most: int = 1_000) -> None:
        """What waits is stored, and said again; `most`: so much of it at a time."""
        for effect in self.registry.flush():
            if isinstance(effect, Append):
                self._held += effect.drafts
            elif isinstance(effect, Trim):
                self.floor = effect.before
        while self._held:
            draft = self._held.pop(0)
            self.drafts.append(draft)
            self.registry.appended({b"us, now.": draft.n})
            seq = len(self.drafts)
            self.registry.logged(decode_entry(REGISTRY, seq, draft.body), NOW, WALL)
            most -= 1
            if not most:
                return

    def rule(self, act: Act, room: str = "den", subject: str = NOBODY, **more: Any) -> None:
        self.registry.rule(Ruling(act, room, "ann", subjects=(subject,), **more), NOW)


@pytest.mark.parametrize("others", range(12))
@pytest.mark.parametrize("after", range(4))
def test_a_copy_that_was_written_while_a_ban_ended_does_not_bring_it_back(
    others: int, after: int
) -> None:
    with patch.multiple(ledger, REGISTRY_SPARE=2, REGISTRY_TRIM=1):
        log = Log()
        log.rule(Act.BAN)
        for number in range(3):
            log.registry.make_room(f"room{number}", "ann", WALL)
        log.commit()
        for number in range(others):
            log.registry.set_topic("room0", f"topic {number}", "ann", WALL)
            log.commit(most=1)
        log.rule(Act.UNBAN)
        for number in range(after):
            log.registry.make_room(f"late{number}", "ann", WALL)
        for number in range(60):
            # Each entry may make the log trim itself; each time it may be read anew.
            log.registry.set_topic(f"room{number % 3}", f"news {number}", "ann", WALL)
            log.commit(most=1)
            if number > 8:
                assert not log.registry.policy("den").bans
                assert not log.opened().policy("den").bans, f"read from {log.floor}"
        assert log.floor > 20, "nothing was trimmed"


def test_what_holds_is_kept_and_what_ended_is_not() -> None:
    with patch.multiple(ledger, REGISTRY_SPARE=2, REGISTRY_TRIM=1):
        log = Log()
        held = ("key:" + 64 * "1", "key:" + 64 * "2")
        for subject in held:
            log.rule(Act.BAN, subject=subject)
        log.rule(Act.SLOW, subject="", value="30")
        log.rule(Act.OP, subject=held[0], value="owner")
        for number in range(100):
            log.rule(Act.MUTE, subject=f"instance:{number:016x}")
            log.commit()
            log.rule(Act.UNMUTE, subject=f"instance:{number:016x}")
            log.commit()
        assert log.floor > 150 and len(log.drafts) - log.floor < 40
        policy = log.opened().policy("den")
        assert (set(policy.bans), policy.slow, policy.owners) == (set(held), 30, 1)
        assert not policy.mutes


def test_what_has_run_out_is_not_kept() -> None:
    with patch.multiple(ledger, REGISTRY_SPARE=2, REGISTRY_TRIM=1):
        log = Log()
        ruling = Ruling(Act.BAN, "den", "ann", subjects=(NOBODY,), until=WALL - 1)
        log.registry.rule(ruling, NOW)
        for number in range(30):
            log.registry.set_topic("room", f"topic {number}", "ann", WALL)
            log.commit()
        assert not log.opened().policy("den").bans


def test_a_refusal_is_one_of_what_came_after_the_last_that_was_taken() -> None:
    log = Log()
    registry = log.registry
    for number in range(2):
        registry.make_room(f"room{number}", "ann", WALL)
        registry.flush()
    registry.make_room("room2", "ann", WALL)
    registry.flush()
    assert registry.appended({b"us, now.": 1}) is None
    assert registry.appended("the disk is full") is None
    assert registry.appended("the disk is full") == 1
