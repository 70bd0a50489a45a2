"""Who may come into a room: passwords, invites, locks, limits, and what is not told."""

from typing import Any

from chat.core import asks, wire
from chat.core.asks import Why
from chat.core.entrance import NO_ENTRY
from chat.core.types import REGISTRY, Open

from .den import Den
from .peer import Peer
from .test_consequences import answer_joins_last


def refused(answer: asks.Response, why: Why) -> str:
    assert isinstance(answer, asks.Refused) and answer.why == why, answer
    return answer.reason


def outside(den: Den, name: str = "bob", *, keyless: bool = True) -> Peer:
    return den.come(name, keyless=keyless, room="")


# Passwords


def test_a_password_opens_the_room_and_nothing_else_does() -> None:
    den = Den()
    den.does("password", text="open sesame")
    bob = outside(den)
    assert refused(den.join(bob), Why.PASSWORD) == "den has a password"
    refused(den.join(bob, "open says me"), Why.ENTRY)
    assert isinstance(den.join(bob, "open sesame"), asks.Joined)
    assert den.lines() == ["ann set a password"]
    den.does("password")
    assert isinstance(den.join(outside(den, "carol")), asks.Joined)


def test_no_such_room_a_wrong_password_and_an_expired_invite_are_the_same_bytes() -> None:
    den = Den()
    invite = den.does("invite", seconds=60)
    den.does("password", text="secret")
    den.scene.wait(61)
    sizes, answers = set(), set()
    for room, secret in (
        ("den", "wrong"),
        ("nowhere", "secret"),
        ("den", invite),
        ("den", "x" * 32),
    ):
        bob = outside(den)
        den.scene.take(bob.path)
        r = bob.number()
        assert bob.channel is not None
        bob.sent.append(
            bob.channel.seal(
                wire.encode_frame(wire.Ask(asks.encode(asks.Join(r, room, (), secret))))
            )
        )
        den.scene.receive(bob.sent[-1], bob.path)
        sizes.add(tuple(map(len, den.scene.boxes[bob.path])))
        bob.read()
        answer = bob.replies[-1]
        assert isinstance(answer, asks.Refused)
        answers.add((answer.r, answer.reason, answer.why))
    assert len(sizes) == len(answers) == 1
    assert "nowhere" not in den.scene.hub._house.registry.rooms


def test_guessing_ends_after_a_few() -> None:
    den = Den()
    den.does("password", text="secret")
    bob = outside(den)
    reasons = [den.join(bob, f"guess {number}") for number in range(12)]
    assert [it.why for it in reasons if isinstance(it, asks.Refused)].count(Why.ENTRY) == 10
    assert isinstance(reasons[-1], asks.Refused) and "too many" in reasons[-1].reason
    # Not even the right one, but for who is elsewhere.
    assert isinstance(den.join(bob, "secret"), asks.Refused)
    assert isinstance(den.join(outside(den, "carol"), "secret"), asks.Joined)


# Invites


def test_an_invite_lets_in_as_many_as_it_is_good_for_even_at_once() -> None:
    den = Den()
    den.does("lock")
    invite = den.does("invite", number=2)
    many = [outside(den, f"m{number}") for number in range(5)]
    den.scene.stalled = True
    for peer in many:
        peer.ask(asks.Join(peer.number(), "den", (), invite))
    den.scene.answer()
    assert sum(den.inside(peer) for peer in many) == 2
    refused(den.join(outside(den, "late"), invite), Why.ENTRY)


def test_so_many_in_all_whatever_happens_to_the_process() -> None:
    den = Den()
    den.does("lock")
    invite = den.does("invite", number=3)
    came = [outside(den, "a"), outside(den, "b")]
    for peer in came:
        assert isinstance(den.join(peer, invite), asks.Joined)
    den.scene.stalled = True
    late = outside(den, "c")
    late.ask(asks.Join(late.number(), "den", (), invite))
    den.scene._answer_waiting()  # It is in the log that it was used, and that is all.
    den.restart()
    den.scene.answer()
    refused(den.join(outside(den, "d"), invite), Why.ENTRY)


def test_who_was_invited_and_has_a_key_comes_back_without() -> None:
    den = Den()
    den.does("lock")
    invite = den.does("invite")
    bob = outside(den, keyless=False)
    assert isinstance(den.join(bob, invite), asks.Joined)
    den.restart()
    assert isinstance(den.join(outside(den, keyless=False)), asks.Joined)
    refused(den.join(outside(den, "eve"), invite), Why.ENTRY)


def test_an_invite_that_is_revoked_while_somebody_uses_it_is_good_for_nobody_else() -> None:
    den = Den()
    den.does("lock")
    invite = den.does("invite", number=9)
    (row,) = den.does("invites").splitlines()
    den.scene.stalled = True
    bob = outside(den)
    den.act(den.ann, "uninvite", row.partition(",")[0])
    bob.ask(asks.Join(bob.number(), "den", (), invite))
    den.scene.answer()
    assert [it.act for _, it in den.rulings()][-2:] == ["uninvite", "enter"]
    refused(den.join(outside(den, "carol"), invite), Why.ENTRY)
    assert den.does("invites") == "there are no invites"
    den.restart()
    refused(den.join(outside(den, "dave"), invite), Why.ENTRY)


def test_the_log_has_no_invite_that_somebody_could_use() -> None:
    den = Den()
    invite = den.does("invite")
    den.does("password", text="open sesame")
    log = "".join(entry.text for entry in den.scene.entries(REGISTRY))
    assert invite not in log
    said = "".join(entry.text for entry in den.scene.entries("den"))
    assert invite not in said and "sesame" not in said


def test_an_invite_whose_use_the_log_refused_was_not_used() -> None:
    den = Den()
    den.does("lock")
    invite = den.does("invite")
    bob = outside(den)
    den.scene.trouble = "the disk is full"
    assert not [
        it
        for it in bob.ask(asks.Join(bob.number(), "den", (), invite))
        if isinstance(it, asks.Joined)
    ]
    den.scene.trouble = ""
    den.scene.wait(1.0)
    assert isinstance(den.join(bob, invite), asks.Joined)


# Locked, full, hidden


def test_a_locked_room_says_what_to_do_and_lets_back_in_who_has_a_role() -> None:
    den = Den()
    bob = den.come("bob")
    den.does("op", "bob")
    den.does("lock")
    assert "ask who is there for an invite" in refused(den.join(outside(den, "eve")), Why.CLOSED)
    bob.send(wire.Bye())
    assert den.inside(den.come("bob"))


def test_a_lock_changes_the_key() -> None:
    den = Den()
    before = den.scene.hub._house.rooms["den"].keys.sealer.key
    den.does("lock")
    assert den.scene.hub._house.rooms["den"].keys.sealer.key != before


def test_a_full_room_takes_nobody_more_however_many_come_at_once() -> None:
    den = Den()
    den.does("limit", number=3)
    many = [outside(den, f"m{number}") for number in range(5)]
    den.scene.stalled = True
    for peer in many:
        peer.ask(asks.Join(peer.number(), "den", ()))
    den.scene.answer()
    assert sum(den.inside(peer) for peer in many) == 2
    (out,) = {it.reason for peer in many for it in peer.replies if isinstance(it, asks.Refused)}
    assert "den is full: 3 may be there" in out


def test_a_join_that_was_refused_and_comes_again_late_lets_nobody_in() -> None:
    den = Den()
    den.does("limit", number=1)
    bob = outside(den)
    ask = asks.Join(bob.number(), "den", ())
    (first,) = [it for it in bob.ask(ask) if isinstance(it, asks.Refused)]
    den.does("limit")
    assert [it for it in bob.ask(ask) if isinstance(it, asks.Refused)] == [first]
    assert not den.inside(bob)
    assert isinstance(den.join(bob), asks.Joined)


def test_a_hidden_room_is_not_listed() -> None:
    den = Den()

    def listed() -> list[str]:
        (answer,) = den.ann.ask(asks.Rooms(den.ann.number(), ""))
        assert isinstance(answer, asks.RoomList)
        return [row.name for row in answer.rooms]

    assert "den" in listed()
    den.does("hide")
    assert "den" not in listed()
    den.restart()
    den.ann = den.come("ann")
    assert "den" not in listed()
    den.does("unhide")
    assert "den" in listed()


def test_a_knock_that_was_answered_late_does_not_end_a_newer_one() -> None:
    den = Den()
    den.does("password", text="secret")
    bob = outside(den)
    scene = den.scene
    effects: list[Any] = []
    for secret in ("wrong", "secret"):
        ask = wire.encode_frame(wire.Ask(asks.encode(asks.Join(bob.number(), "den", (), secret))))
        assert bob.channel is not None
        scene.hub.receive(bob.channel.seal(ask), bob.path, scene.now, scene.wall)
        effects += [it for it in scene.hub.drain() if hasattr(it, "verifier")]
    first, second = effects
    scene.hub.checked(first.ticket, False, scene.now, scene.wall)
    assert len(scene.hub._house.government.entrance._knocking) == 1
    scene.hub.checked(second.ticket, True, scene.now, scene.wall)
    scene.turn()
    assert den.inside(bob)


def test_who_is_banned_while_its_password_is_checked_stays_out() -> None:
    den = Den()
    den.does("password", text="secret")
    bob = outside(den, keyless=False)
    den.scene.stalled = True
    bob.ask(asks.Join(bob.number(), "den", (), "secret"))
    den.act(den.ann, "ban", "bob")
    assert any(isinstance(it, Open) for it in den.scene._waiting)
    answer_joins_last(den)
    assert not den.inside(bob)


def test_an_invite_does_not_let_in_who_was_banned_meanwhile() -> None:
    den = Den()
    den.does("lock")
    invite = den.does("invite")
    bob = outside(den, keyless=False)
    den.scene.stalled = True
    den.act(den.ann, "ban", "bob")
    bob.ask(asks.Join(bob.number(), "den", (), invite))
    den.scene.answer()
    assert not den.inside(bob)


def test_who_wants_a_room_only_if_it_is_there_makes_none() -> None:
    den = Den()
    bob = outside(den)
    (answer,) = bob.ask(asks.Join(bob.number(), "typo", (), make=False))
    assert answer == asks.Refused(bob.requests, "there is no room typo here: look at its name")
    assert "typo" not in den.scene.hub._house.rooms
    assert "typo" not in den.scene.hub._house.registry.rooms
    for room in ("den", "lobby"):
        answers = bob.ask(asks.Join(bob.number(), room, (), make=False))
        assert isinstance(answers[0], asks.Joined)
    bob.ask(asks.Join(bob.number(), "typo", (), "a guess", make=False))
    assert bob.replies[-1] == asks.Refused(bob.requests, NO_ENTRY, Why.ENTRY)
