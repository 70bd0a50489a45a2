"""What moderators do, crashed at every single step of the server's: the end is always the same."""

from collections.abc import Callable
from functools import cache

import pytest

from chat.core import ledger
from chat.core.asks import Why
from chat.core.roles import Act, Role

from .play import Play

DOWN_FOR = 0.05

UNTOUCHED = {
    "bans": [],
    "mutes": [],
    "password": False,
    "locked": False,
    "hidden": False,
    "slow": 0,
    "limit": 0,
    "said": [],
}


def doors(play: Play) -> None:
    """A password, an invite, a lock, and how many may be there."""
    ann, bob, carl = play.ann, play.bob, play.carl
    play.does(ann, "password", text="open sesame")
    play.is_refused(bob, Why.PASSWORD)
    play.is_refused(bob, Why.ENTRY, "open barley")
    play.enters(bob, "open sesame")
    play.does(ann, "op", "bob")
    invite = play.does(ann, "invite", number=2)
    play.does(ann, "lock")
    play.is_refused(carl, Why.CLOSED, "open sesame")
    play.enters(carl, invite)
    play.does(ann, "unlock")
    play.does(ann, "password")
    play.does(ann, "limit", number=3)
    play.does(ann, "hide")


def silence(play: Play) -> None:
    """A mute that is taken back, one that runs out, and slow mode."""
    ann, carl = play.ann, play.carl
    play.enters(carl)
    play.says(carl)
    play.does(ann, "mute", "carl", text="spam")
    play.until(lambda: not play.may_speak(carl), "carl knows that it is muted")
    play.does(ann, "unmute", "carl")
    play.until(lambda: play.may_speak(carl), "carl knows that it may speak")
    play.says(carl)
    play.does(ann, "mute", "carl", seconds=1)
    play.until(lambda: play.over(Act.MUTE), "carl may speak again")
    play.does(ann, "slow", seconds=1)
    play.until(lambda: play.may_speak(carl), "carl knows that it may speak")
    play.says(carl)
    play.says(carl)
    play.until(lambda: play.logged(carl), "carl has said it")
    play.does(ann, "slow")


def removals(play: Play) -> None:
    """A kick, a ban that runs out, and one that is taken back."""
    ann, bob, carl = play.ann, play.bob, play.carl
    play.enters(bob)
    play.enters(carl)
    play.does(ann, "kick", "carl", text="spam")
    play.until(lambda: play.is_out(carl) or "carl" in play.inside, "carl is out, or in again")
    play.says(bob)
    play.enters(carl)
    play.does(ann, "ban", "carl", seconds=2)
    play.until(lambda: play.is_out(carl), "carl is out")
    play.is_refused(carl, Why.CLOSED)
    play.until(lambda: play.over(Act.BAN), "carl may come again")
    play.enters(carl)
    play.does(ann, "ban", "bob")
    play.until(lambda: play.is_out(bob), "bob is out")
    play.says(carl)
    play.does(ann, "unban", "bob")
    play.enters(bob)


def roles(play: Play) -> None:
    """Who is given one, what it may do then, and who takes it."""
    ann, bob, carl = play.ann, play.bob, play.carl
    play.enters(bob)
    play.enters(carl)
    play.may_not(bob, "mute", "carl")
    play.may_not(ann, "deop", "ann")
    play.does(ann, "op", "bob")
    play.does(bob, "mute", "carl", text="late")
    play.may_not(bob, "kick", "ann")
    play.does(ann, "op", "bob", text="owner")
    play.does(bob, "deop", "ann")
    play.may_not(ann, "unmute", "carl")


Part = Callable[[Play], None]

ENDS: dict[Part, dict[str, object]] = {
    doors: {
        "roles": {"ann": Role.OWNER, "bob": Role.MODERATOR},
        "hidden": True,
        "limit": 3,
        "inside": {"ann", "bob", "carl"},
    },
    silence: {"inside": {"ann", "carl"}, "said": ["<2-1>", "<2-2>", "<2-3>", "<2-4>"]},
    removals: {"inside": {"ann", "bob", "carl"}, "said": ["<2-2>", "<3-1>"]},
    roles: {"roles": {"bob": Role.OWNER}, "mutes": ["carl"], "inside": {"ann", "bob", "carl"}},
}
"""What holds in the end, but for what does in every room."""


def played(part: Part, step: int) -> tuple[Play, dict[str, object]]:
    """The server dies instead of taking this step of the part."""
    play = Play()
    with play.watch.installed():
        play.server.down_for = DOWN_FOR
        play.server.crash_at = play.server.steps + step
        part(play)
        play.server.crash_at = None
        return play, play.end()


@cache
def uncrashed(part: Part) -> tuple[int, dict[str, object]]:
    """So many steps there are, and this is what comes of them."""
    play = Play()
    before = play.server.steps
    part(play)
    return play.server.steps - before, play.end()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few acts are to be enough for the registry to be cleaned."""
    monkeypatch.setattr(ledger, "REGISTRY_SPARE", 5)
    monkeypatch.setattr(ledger, "REGISTRY_TRIM", 2)


@pytest.mark.parametrize("part", ENDS, ids=lambda part: part.__name__)
def test_what_was_done_holds(part: Part) -> None:
    steps, end = uncrashed(part)
    assert steps > 30
    everywhere = {"roles": {"ann": Role.OWNER}, **UNTOUCHED}
    assert {**end, "told": None} == {**everywhere, **ENDS[part], "told": None}
    assert end["told"]


@pytest.mark.parametrize("part", ENDS, ids=lambda part: part.__name__)
def test_so_it_does_at_whatever_step_the_server_dies(part: Part) -> None:
    steps, end = uncrashed(part)
    for step in range(1, steps + 1):
        play, found = played(part, step)
        assert play.server.crashes == 1, f"step {step} was never reached"
        assert found == end, f"the server died at step {step}"
