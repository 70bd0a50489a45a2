"""One bot over its lives, with members that do nothing."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from chat.bots import heard
from chat.bots.heard import Bot, Ledger
from chat.core import events
from chat.core.names import LOBBY


class Loop:
    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []

    def call_later(self, delay: float, callback: Callable[..., None], *args: object) -> None:
        assert delay == heard.LEAVING
        self.later.append(lambda: callback(*args))

    def call_soon(self, callback: Callable[..., None], *args: object) -> None:
        callback(*args)


class Idle:
    """A member."""

    closed = False
    room = SimpleNamespace(inbox=SimpleNamespace(repaired=0, first=1))

    def __init__(self, *_: object) -> None:
        self.said = 0

    def open(self) -> None:
        pass

    def close(self, *, silent: bool = False) -> None:
        self.closed = True

    def say(self, text: str) -> int:
        self.said += 1
        return self.said


def test_each_life_waits_for_its_own_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard, "Member", Idle)
    loop = Loop()
    network: Any = SimpleNamespace(loop=loop, impair_seed=0)
    bot = Bot(0, LOBBY, network, Ledger("a0b1c2"))
    for _ in range(2):
        bot.joined = True
        bot.say("hello")
        bot.come_again(silent=False)
        if len(loop.later) == 1:
            bot.happened(events.Logged(LOBBY, 1, 1), 0.0)
    first, second = loop.later
    first()
    assert bot.waits, "the first life's time was over in the second one"
    second()
    assert not bot.waits
