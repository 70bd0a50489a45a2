"""Who may say something now, and who has to wait."""

import pytest

from chat.core import asks, limits, wire
from chat.core.types import Kind

from .den import Den
from .scene import HERE


def slowed(seconds: int = 10) -> Den:
    den = Den()
    den.does("slow", seconds=seconds)
    return den


def test_a_muted_member_says_nothing_and_what_it_said_is_taken_once_when_it_may() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("mute", "bob")
    for _ in range(3):
        assert not den.says(bob, 1, "let me")
    standing = den.standing(bob)
    assert standing is not None and standing.muted == (1 << 32) - 1
    den.does("unmute", "bob")
    assert den.says(bob, 1, "let me")
    assert not den.says(bob, 1, "let me")
    assert [it.text for it in den.scene.entries("den") if it.kind == Kind.MESSAGE] == ["let me"]


def test_drafts_out_of_order_do_not_get_around_a_mute() -> None:
    den = Den()
    bob = den.come("bob")
    assert not den.says(bob, 2, "second")
    den.does("mute", "bob")
    assert not den.says(bob, 3, "third")
    assert not den.says(bob, 1, "first")
    den.does("unmute", "bob")
    assert den.says(bob, 1, "first")
    assert [it.text for it in den.scene.entries("den") if it.kind == Kind.MESSAGE] == [
        "first",
        "second",
    ]


def test_in_slow_mode_each_says_one_message_in_that_time_and_is_told_how_long() -> None:
    den = slowed()
    bob, carol = den.come("bob"), den.come("carol")
    assert den.says(bob, 1)
    den.scene.wait(4)
    assert not den.says(bob, 2)
    standing = den.standing(bob)
    assert standing is not None and (standing.slow, standing.wait) == (10, 6000)
    assert den.says(carol, 1)
    den.scene.wait(6)
    assert den.says(bob, 2)


def test_drafts_out_of_order_do_not_get_around_slow_mode() -> None:
    den = Den()
    bob = den.come("bob")
    for n in (2, 3):
        assert not den.says(bob, n)
    den.does("slow", seconds=10)
    for n in (4, 3, 2):
        assert not den.says(bob, n)
    before = len(den.scene.entries("den"))
    assert den.says(bob, 1)
    assert len(den.scene.entries("den")) == before + 1
    assert not den.says(bob, 2)


def test_the_parts_of_one_message_are_one_but_not_for_ever() -> None:
    den = slowed()
    bob = den.come("bob")
    taken = 0
    for n in range(1, 3 * limits.PARTS):
        if not den.says(bob, taken + 1, str(n), more=1):
            break
        taken += 1
    assert taken == limits.PARTS
    den.scene.wait(10)
    assert den.says(bob, taken + 1, more=1)
    assert den.says(bob, taken + 2, more=0)
    assert not den.says(bob, taken + 3)


def test_what_begins_something_else_is_no_part_of_a_message() -> None:
    den = slowed()
    bob = den.come("bob")
    assert den.says(bob, 1, more=1)
    for kind in (Kind.ACTION, Kind.TOPIC, Kind.EDIT):
        assert not den.says(bob, 2, more=1, kind=kind, refers=1 if kind is Kind.EDIT else 0)
    assert den.says(bob, 2, more=1)


def test_another_key_or_another_session_of_one_key_does_not_get_around_slow_mode() -> None:
    den = slowed()
    bob = den.come("bob")
    assert den.says(bob, 1)
    bob.key = den.key("another")
    bob.ask(asks.Nick(bob.number(), "robert", *bob.claim("robert")))
    assert not den.says(bob, 2)
    bob.key = None
    bob.ask(asks.Nick(bob.number(), "rob"))
    assert not den.says(bob, 2)
    bob.key = den.key("bob")
    bob.ask(asks.Nick(bob.number(), "bob", *bob.claim("bob")))
    assert not den.says(den.come("bob"), 1)


def test_moderators_are_not_slowed_and_a_deletion_costs_nobody_a_message() -> None:
    den = slowed()
    bob = den.come("bob")
    assert den.says(den.ann, 1) and den.says(den.ann, 2)
    assert den.says(bob, 1)
    den.scene.wait(10)
    seq = den.scene.entries("den")[-1].seq
    delete = wire.Draft(bob.tags["den"], 2, Kind.DELETE, 0, seq, b"")
    bob.send(delete)
    assert den.says(bob, 3)


def test_direct_rooms_know_neither() -> None:
    den = Den("lobby")
    bob = den.come("bob")
    answers = bob.ask(asks.Direct(bob.number(), "ann"))
    (invited,) = [it for it in answers if isinstance(it, asks.Invited)]
    bob.join(invited.room)
    den.does("mute", "bob")
    bob.send(wire.Draft(bob.tags[invited.room], 1, 1, 0, 0, b"hello"))
    assert len(den.scene.entries(invited.room)) == 1


@pytest.mark.parametrize("act", ["mute", "slow"])
def test_a_text_endpoint_is_told_why_it_was_not_heard_and_goes_on(act: str) -> None:
    den = Den("lobby")
    scene = den.scene
    scene.write("hello")
    if act == "mute":
        scene.hub.operate(
            1, asks.Act(1, "lobby", "mute", "guest-5000", 60, 0, "noise"), scene.now, 0
        )
        scene.turn()
    else:
        den.does("slow", seconds=60)
        scene.write("once")
    scene.lines()
    told = scene.write("am I\nheard?")
    assert len([line for line in told if line.startswith("-- not said: ")]) == 2
    assert scene.write("/who")
    scene.wait(61)
    assert scene.lines() == (["-- you may speak in lobby again"] if act == "mute" else [])
    assert not any("not said" in line for line in scene.write("now?"))
    assert scene.entries("lobby")[-1].text == "now?"
    assert scene.lines(HERE) == []


def test_what_is_remembered_of_slow_mode_is_bounded() -> None:
    den = slowed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "SLOWED", 6)
        for number in range(6):
            assert den.says(den.come(f"m{number}", keyless=True), 1)
    assert len(den.scene.hub._house.government.speech._spoke) <= 6
