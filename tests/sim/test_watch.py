"""The watch over every seal sees what it is there to see."""

import pytest

from chat.core import protect, wire
from chat.core.protect import SessionKeys
from chat.core.types import Path

from ..core.peer import Peer
from ..core.scene import Scene
from .network import SERVER
from .server import Violation
from .watch import Watch
from .world import World, world_of


def deriving(monkeypatch: pytest.MonkeyPatch, *, random: bool = True, sid: bool = True) -> None:
    """The session's keys without some of what goes into them."""
    derive = protect.session_keys

    def less(secret: bytes, client: bytes, cookie: bytes, id: bytes) -> SessionKeys:
        both = (client, cookie) if random else (bytes(16), bytes(16))
        return derive(secret, *both, id if sid else bytes(8))

    monkeypatch.setattr(protect, "session_keys", less)


def resumed_twice_with_one_ticket() -> World:
    """The server dies, its client resumes, and it dies again before the client has heard it."""
    world = world_of(1)
    with world.watch.installed():
        send = world.network.send
        lost: list[bytes] = []

        def lose(datagram: bytes, source: Path, target: Path) -> None:
            if source == SERVER and datagram[0] == 0x84:
                lost.append(datagram)
            else:
                send(datagram, source, target)

        world.server.down_for = 0.01
        world.server.crash()
        world.network.send = lose
        world.run(world.clock.now + 20.0, stop=lambda: bool(lost))
        assert lost, "the WELCOME of the second life"
        world.server.crash()
        world.network.send = send
        world.finish()
    return world


def test_a_crash_and_a_ticket_that_is_used_again_use_no_nonce_twice() -> None:
    assert resumed_twice_with_one_ticket().watch.sealed > 5


def test_keys_of_nothing_but_the_tickets_secret_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deriving(monkeypatch, random=False, sid=False)
    with pytest.raises(Violation, match="seals twice"):
        resumed_twice_with_one_ticket()


@pytest.mark.parametrize("missing", ["random", "sid"])
def test_either_end_alone_is_enough_for_another_key(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deriving(monkeypatch, **{missing: False})
    resumed_twice_with_one_ticket()


def first_taken_twice() -> Watch:
    """A server that forgot which FIRSTs it has taken, after their session's end."""
    scene, watch = Scene(), Watch()
    with watch.installed():
        ann = Peer(scene)
        ann.send(wire.Bye())
        scene.hub._sealed._doorman._accepted.clear()
        scene.receive(ann.sent[1], ann.path)
        assert scene.hub.census().sessions == 1, "it was taken"
    return watch


def test_a_first_that_is_taken_twice_uses_no_nonce_twice() -> None:
    """The server draws an id for each session, and it is part of its keys."""
    assert first_taken_twice().sealed > 4


def test_without_the_sessions_id_in_its_keys_it_would_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deriving(monkeypatch, sid=False)
    with pytest.raises(Violation, match="seals twice"):
        first_taken_twice()


def test_what_is_opened_twice_is_seen() -> None:
    scene, watch = Scene(), Watch()
    with watch.installed(), pytest.raises(Violation, match="opened twice"):
        Peer(scene).send(wire.Ping(1))
        session = next(iter(scene.hub._sealed.sessions.values()))
        session.channel.window.take(session.channel.window.top)


def test_a_room_key_that_is_drawn_twice_is_seen() -> None:
    """Their counters begin at 0."""
    scene, watch = Scene(secure=True), Watch()
    with watch.installed(), pytest.raises(Violation, match="seals twice"):
        scene.hub._house._random = bytes
        ann = Peer(scene)
        ann.join("den")
        for tag in ann.tags.values():
            ann.say("hello", tag=tag)
