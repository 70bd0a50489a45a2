"""Passwords at a room's door: what is told, what is checked, and what counts as a guess."""

from typing import Any

from chat.core import asks, limits, wire
from chat.core.asks import Why
from chat.core.signatures import Signer
from chat.core.types import Check, Path

from .peer import Peer
from .scene import Scene

KEY = Signer(bytes([7]) * 32)
EVE = Path(0, "192.0.2.66", 6666)
RIGHT = "open sesame"
BURST = int(limits.GUESSES[1])


def den(scene: Scene) -> tuple[Peer, str]:
    """The owner of a room with a password, and an invite that has expired."""
    owner = Peer(scene, "owner", room="den", key=KEY)
    owner.ask(asks.Act(owner.number(), "den", "password", text=RIGHT))
    (made,) = owner.ask(asks.Act(owner.number(), "den", "invite", seconds=60, number=5))
    assert isinstance(made, asks.Done)
    scene.wait(61.0)
    return owner, made.text


def attempt(scene: Scene, room: str, secret: str) -> tuple[list[int], asks.Response]:
    """The sizes of the datagrams that come of it, and the answer, on a new session each."""
    eve = Peer(scene, "eve", path=EVE, room="")
    eve.read()
    assert eve.channel is not None
    ask = asks.Join(eve.number(), room, (), secret)
    scene.receive(eve.channel.seal(wire.encode_frame(wire.Ask(asks.encode(ask)))), EVE)
    sizes = [len(datagram) for datagram in scene.boxes[EVE]]
    eve.read()
    eve.send(wire.Bye())
    return sizes, eve.replies[-1]


def test_no_room_a_wrong_password_and_an_expired_invite_get_the_same_bytes() -> None:
    scene = Scene(secure=True)
    _, expired = den(scene)
    tries = [("den", "wrong"), ("nowhere", RIGHT), ("den", expired), ("cave", expired)]
    told = [attempt(scene, *each) for each in tries]
    sizes, answer = told[0]
    assert isinstance(answer, asks.Refused)
    assert answer.why == Why.ENTRY
    assert len(sizes) == 1
    assert all(each == (sizes, answer) for each in told)


def test_the_same_work_is_done_whatever_was_wrong() -> None:
    """Else the time that it takes would tell."""
    scene = Scene(secure=True)
    den(scene)
    for room in ("den", "nowhere"):
        before = len(scene.asked(Check))
        attempt(scene, room, "wrong")
        assert len(scene.asked(Check)) == before + 1


def comes(scene: Scene, name: str, secret: str, path: Path, **how: Any) -> Peer:
    """Somebody new, who asks to come in."""
    peer = Peer(scene, name, path=path, room="", **how)
    peer.ask(asks.Join(peer.number(), "den", (), secret))
    return peer


def wrong(scene: Scene, times: int, path: Path = EVE) -> list[asks.Refused]:
    """Somebody guesses."""
    eve = comes(scene, "eve", "guess 0", path)
    for number in range(1, times):
        eve.ask(asks.Join(eve.number(), "den", (), f"guess {number}"))
    return [reply for reply in eve.replies if isinstance(reply, asks.Refused)]


def test_who_guesses_is_soon_not_listened_to_also_where_the_password_is_known() -> None:
    scene = Scene(secure=True)
    den(scene)
    assert "den" in comes(scene, "bob", RIGHT, Path(0, "192.0.2.1", 1)).tags
    assert [it.why for it in wrong(scene, 2 * BURST)] == BURST * [Why.ENTRY] + BURST * [Why.OTHER]
    late = comes(scene, "late", RIGHT, EVE._replace(port=1))
    assert "den" not in late.tags, "what is known would be guessed for nothing"
    scene.wait(1.1 / limits.GUESSES[0])
    late.ask(asks.Join(late.number(), "den", (), RIGHT))
    assert "den" in late.tags


def test_who_was_in_comes_back_whoever_guesses_beside_it() -> None:
    scene, key = Scene(secure=True), Signer(bytes([9]) * 32)
    den(scene)
    bob = comes(scene, "bob", RIGHT, EVE._replace(port=1), key=key)
    bob.send(wire.Bye())
    assert wrong(scene, BURST + 1)[-1].why == Why.OTHER
    assert "den" in comes(scene, "bob", RIGHT, EVE._replace(port=2), key=key).tags
    assert "den" not in comes(scene, "bob", "another", EVE._replace(port=3), key=key).tags


def test_all_who_come_with_the_right_one_cost_one_check() -> None:
    scene = Scene(secure=True)
    den(scene)
    for number in range(40):
        path = Path(0, f"192.0.2.{number % 2}", 1000 + number)
        assert "den" in comes(scene, f"p{number}", RIGHT, path).tags
    assert len(scene.asked(Check)) == 1


def test_a_new_password_is_checked_anew() -> None:
    scene = Scene(secure=True)
    owner, _ = den(scene)
    assert "den" in comes(scene, "bob", RIGHT, EVE).tags
    owner.ask(asks.Act(owner.number(), "den", "password", text="closed"))
    bob = comes(scene, "bob", RIGHT, EVE._replace(port=1))
    assert "den" not in bob.tags
    bob.ask(asks.Join(bob.number(), "den", (), "closed"))
    assert "den" in bob.tags


def test_where_there_is_no_time_nothing_is_answered_and_nothing_counts() -> None:
    scene = Scene(secure=True)
    den(scene)
    scene.overworked = True
    bob = Peer(scene, "bob", path=EVE, room="")
    for _ in range(3 * BURST):
        assert not bob.ask(asks.Join(bob.number(), "den", (), RIGHT))
    scene.overworked = False
    bob.ask(asks.Join(bob.number(), "den", (), RIGHT))
    assert "den" in bob.tags


def test_what_is_asked_again_meanwhile_is_not_checked_twice() -> None:
    scene = Scene(secure=True)
    den(scene)
    eve = Peer(scene, "eve", path=EVE, room="")
    assert eve.channel is not None
    ask = wire.encode_frame(wire.Ask(asks.encode(asks.Join(eve.number(), "den", (), "wrong"))))
    for _ in range(5):
        scene.hub.receive(eve.channel.seal(ask), EVE, scene.now, scene.wall)
    scene.turn()
    eve.read()
    assert len(scene.asked(Check)) == 1
    assert [type(reply) for reply in eve.replies].count(asks.Refused) == 1


def test_what_is_asked_again_afterwards_is_no_further_guess() -> None:
    """The network repeats, or the client did before it heard the answer."""
    scene = Scene(secure=True)
    den(scene)
    eve = Peer(scene, "eve", path=EVE, room="")
    ask = asks.Join(eve.number(), "den", (), "wrong")
    told = [eve.ask(ask) for _ in range(3 * BURST)]
    assert told[0]
    assert told == [told[0]] * len(told)
    assert len(scene.asked(Check)) == 1
    eve.ask(asks.Join(eve.number(), "den", (), RIGHT))
    assert "den" in eve.tags


def test_a_password_is_never_set_where_it_cannot_be_hardened() -> None:
    scene = Scene(secure=True)
    owner = Peer(scene, "owner", room="den", key=KEY)
    scene.overworked = True
    (told,) = owner.ask(asks.Act(owner.number(), "den", "password", text=RIGHT))
    assert isinstance(told, asks.Refused)
    assert "den" in comes(scene, "bob", "", EVE).tags


def test_who_knows_the_password_of_a_locked_room_is_told_that_it_is_locked() -> None:
    """Not that the password is wrong: who was inside gives it again after each restart."""
    scene = Scene(secure=True)
    owner, _ = den(scene)
    comes(scene, "ann", RIGHT, Path(0, "192.0.2.2", 2))
    owner.ask(asks.Act(owner.number(), "den", "lock"))
    for name, number in (("ann", 2), ("bob", 3), ("bob", 3)):
        (told,) = comes(scene, name, RIGHT, Path(0, "192.0.2.2", number)).replies[-1:]
        assert isinstance(told, asks.Refused)
        assert (told.why, told.reason.partition(":")[0]) == (Why.CLOSED, "den is locked")
    (told,) = comes(scene, "eve", "wrong", EVE).replies[-1:]
    assert isinstance(told, asks.Refused)
    assert told.why == Why.ENTRY
