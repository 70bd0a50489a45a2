"""Names that belong to keys, and what follows from that."""

from random import Random
from typing import Any

import pytest

from chat.core import asks, wire
from chat.core.signatures import Signer, key_id, name_claim
from chat.core.types import Path

from .peer import Peer
from .scene import HERE, IDENTITY, Scene

KEY, OTHER = Signer(Random(1).randbytes(32)), Signer(Random(2).randbytes(32))


class Another(Signer):
    """A key that signs what it should not, or not what it should: `message` of what is asked."""

    def __init__(self, message: Any) -> None:
        super().__init__(Random(1).randbytes(32))
        self._message = message

    def sign(self, message: bytes) -> bytes:
        return super().sign(self._message(message))


def path(number: int) -> Path:
    return Path(0, "198.51.100.1", 1000 + number)


def came(scene: Scene, name: str = "ann", key: Signer | None = None, number: int = 0) -> Peer:
    return Peer(scene, name, key=key, path=path(number))


def called(peer: Peer) -> tuple[str, bool]:
    """Its name, and whether that is known to be its key's."""
    return peer.welcome.name, peer.welcome.verified


def rows(peer: Peer) -> dict[str, tuple[str, bool]]:
    """Who is in its room, by endpoint."""
    (members,) = peer.ask(asks.Who(peer.number(), peer.tag, 0, 0))
    assert isinstance(members, asks.Members)
    return {row.endpoint: (row.name, row.verified) for row in members.came}


# Registering


def test_a_names_first_use_with_a_key_makes_it_that_keys() -> None:
    scene = Scene(secure=True)
    ann = came(scene, key=KEY)
    assert ann.welcome.name == "ann"
    assert scene.hub._house.registry.key_of("ann") == KEY.public
    ann.send(wire.Bye())
    assert called(came(scene, key=KEY, number=1)) == ("ann", True)


def test_without_a_key_nothing_is_registered() -> None:
    scene = Scene(secure=True)
    assert called(came(scene)) == ("ann", False)
    assert scene.hub._house.registry.key_of("ann") == b""


def test_under_a_published_secret_nobody_has_a_key() -> None:
    scene = Scene()
    assert called(came(scene, key=KEY)) == ("ann", False)
    assert scene.hub._house.registry.key_of("ann") == b""


@pytest.mark.parametrize("here", [True, False], ids=["here", "gone"])
def test_another_key_or_none_gets_another_name(here: bool) -> None:
    scene = Scene(secure=True)
    ann = came(scene, key=KEY)
    if not here:
        ann.send(wire.Bye())
    assert called(came(scene, key=OTHER, number=1)) == ("ann2", False)
    assert called(came(scene, key=None, number=2)) == ("ann3", False)
    assert scene.hub._house.registry.key_of("ann2") == b"", "it did not ask for that one"
    assert scene.hub._house.registry.key_of("ann") == KEY.public


def test_the_right_key_twice_is_one_name_at_two_endpoints() -> None:
    scene = Scene(secure=True)
    first, second = came(scene, key=KEY), came(scene, key=KEY, number=1)
    watcher = came(scene, "zoe", number=2)
    assert called(second) == ("ann", True)
    assert rows(watcher) == {
        str(first.path): ("ann", True),
        str(second.path): ("ann", True),
        str(watcher.path): ("zoe", False),
    }


def test_a_registered_name_survives_its_server() -> None:
    scene = Scene(secure=True)
    came(scene, key=KEY)
    for identity in (IDENTITY, b"another identity"):
        scene.start(identity)
        assert called(came(scene, key=OTHER)) == ("ann2", False)
        assert called(came(scene, key=KEY, number=1)) == ("ann", True)


def test_a_name_whose_owner_has_no_key_is_not_taken_from_it() -> None:
    scene = Scene(secure=True)
    assert called(came(scene)) == ("ann", False)
    assert called(came(scene, key=KEY, number=1)) == ("ann2", False)
    assert scene.hub._house.registry.key_of("ann") == b""


def test_a_plain_text_endpoint_does_not_get_a_registered_name() -> None:
    scene = Scene(secure=True)
    came(scene, key=KEY).send(wire.Bye())
    scene.write("hello")
    assert scene.write("/nick ann")[-1].endswith("you are ann2 now")


# Proofs


@pytest.mark.parametrize(
    "message",
    [
        lambda it: it[: -len("ann")] + b"bob",
        lambda it: it[:12] + bytes(32) + it[44:],
        lambda it: it[:44] + bytes(32) + it[76:],
        lambda it: b"chat-push-v1" + it[12:],
        lambda it: b"",
    ],
    ids=["another name", "another session", "another server", "a push", "nothing"],
)
def test_a_proof_of_something_else_is_refused_in_one_line(message: Any) -> None:
    scene = Scene(secure=True)
    sneak = came(scene, key=Another(message))
    (refused,) = sneak.replies
    assert isinstance(refused, asks.Refused)
    assert "the key of this name did not sign it" in refused.reason
    assert "\n" not in refused.reason
    assert scene.hub.census().sessions == 0
    assert scene.hub._house.registry.key_of("ann") == b""
    assert called(came(scene, key=Another(lambda it: it), number=1))[0] == "ann"


def test_a_proof_cannot_be_carried_from_one_session_to_another() -> None:
    """What a dishonest server was shown is of no use at an honest one."""
    scene = Scene(secure=True)
    ann = came(scene, key=KEY)
    proof = KEY.sign(name_claim(ann.binding, scene.server, "ann"))
    thief = came(scene, "thief", number=1)
    (refused,) = thief.ask(asks.Nick(thief.number(), "ann", KEY.public, proof))
    assert isinstance(refused, asks.Refused)
    (named,) = ann.ask(asks.Nick(ann.number(), "ann", KEY.public, proof))
    assert isinstance(named, asks.Named), "in its own it is good"


@pytest.mark.parametrize("size", [1, 31])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    scene = Scene(secure=True)
    ann = came(scene)
    (refused,) = ann.ask(asks.Nick(ann.number(), "bob", bytes(size), bytes(64)))
    assert isinstance(refused, asks.Refused)


def test_a_name_is_changed_with_a_proof() -> None:
    scene = Scene(secure=True)
    ann, watcher = came(scene, key=KEY), came(scene, "zoe", number=1)
    assert ann.ask(asks.Nick(ann.number(), "bea", *ann.claim("bea")))
    assert scene.hub._house.registry.key_of("bea") == KEY.public
    assert rows(watcher)[str(ann.path)] == ("bea", True)
    (named,) = ann.ask(asks.Nick(ann.number(), "ann", *ann.claim("ann")))
    assert named == asks.Named(ann.requests, "ann", "ann", True)


def test_a_name_that_is_changed_without_a_proof_is_not_verified() -> None:
    scene = Scene(secure=True)
    ann = came(scene, key=KEY)
    (named,) = ann.ask(asks.Nick(ann.number(), "ann"))
    assert isinstance(named, asks.Named)
    assert (named.name, named.verified) == ("ann2", False)
    ann.say("who am I")
    assert scene.entries()[-1].key == b""


# What others see


def test_entries_carry_the_keys_id_only_where_the_name_is_known_to_be_the_keys() -> None:
    scene = Scene(secure=True)
    for number, (name, key) in enumerate(
        [("ann", KEY), ("ann", KEY), ("ann", OTHER), ("ann", None), ("bob", None)]
    ):
        peer = came(scene, name, key, number)
        peer.say("hello")
    assert [(entry.name, entry.key) for entry in scene.entries()] == [
        ("ann", key_id(KEY.public)),
        ("ann", key_id(KEY.public)),
        ("ann2", b""),
        ("ann3", b""),
        ("bob", b""),
    ]


def test_presence_says_who_is_verified() -> None:
    scene = Scene(secure=True)
    came(scene, key=KEY)
    impostor, plain = came(scene, key=OTHER, number=1), came(scene, "bob", number=2)
    scene.write("hello", HERE)
    assert rows(plain) == {
        str(path(0)): ("ann", True),
        str(impostor.path): ("ann2", False),
        str(plain.path): ("bob", False),
        str(HERE): ("guest-5000", False),
    }


def test_a_key_is_kept_after_a_reconnect() -> None:
    scene = Scene(secure=True)
    ann = came(scene, key=KEY)
    ann.say("before")
    for key in (KEY, None):
        ann = ann.again(key=key, path=path(5))
        assert called(ann) == ("ann", True), "the instance is proof enough"
    ann.say("after", first=2)
    assert {entry.key for entry in scene.entries()} == {key_id(KEY.public)}


def test_a_key_has_to_be_shown_again_to_a_restarted_server() -> None:
    scene = Scene(secure=True)
    ann = came(scene, key=KEY)
    scene.start()
    assert called(ann.again()) == ("ann", True)
    scene.start()
    assert called(ann.again(key=None)) == ("ann2", False)


# Direct rooms


def direct(one: Peer, name: str) -> str:
    """The room that they share; it has joined it."""
    (invited,) = one.ask(asks.Direct(one.number(), name))
    assert isinstance(invited, asks.Invited)
    one.join(invited.room)
    return invited.room


def test_all_sessions_of_a_key_are_one_party() -> None:
    scene = Scene(secure=True)
    desk, phone = came(scene, key=KEY), came(scene, key=KEY, number=1)
    bob = came(scene, "bob", OTHER, 2)
    room = direct(bob, "ann")
    assert direct(desk, "bob") == direct(phone, "bob") == room
    assert key_id(KEY.public).hex() in room
    assert key_id(OTHER.public).hex() in room
    (myself,) = desk.ask(asks.Direct(desk.number(), "ann"))
    assert myself == asks.Refused(desk.requests, "that is you")
    assert len(scene.hub._house.rooms[room]) == 3


def test_what_is_said_to_a_key_invites_it_at_all_its_endpoints() -> None:
    scene = Scene(secure=True)
    desk, phone = came(scene, key=KEY), came(scene, key=KEY, number=1)
    carol, bob = came(scene, "carol", number=3), came(scene, "bob", number=2)
    room = direct(bob, "ann")
    bob.say("psst", tag=bob.tags[room])
    scene.wait(1.0)
    for peer in (desk, phone, carol):
        peer.read()
    expected = asks.Invited(0, room, "bob")
    assert expected in desk.replies
    assert expected in phone.replies
    assert not any(isinstance(reply, asks.Invited) for reply in carol.replies)


def test_what_is_said_there_reaches_every_endpoint_of_both() -> None:
    scene = Scene(secure=True)
    desk, phone = came(scene, key=KEY), came(scene, key=KEY, number=1)
    bob = came(scene, "bob", number=2)
    room = direct(bob, "ann")
    for peer in (desk, phone):
        peer.join(room)
        peer.read()
    bob.say("psst", tag=bob.tags[room])
    for peer in (desk, phone):
        assert any(isinstance(frame, wire.Direct) for frame in peer.read())
    phone.say("heard", tag=phone.tags[room])
    for peer in (desk, bob):
        assert any(isinstance(frame, wire.Direct) for frame in peer.read())
    assert [entry.text for entry in scene.entries(room)] == ["psst", "heard"]


def test_nobody_else_may_join_it() -> None:
    scene = Scene(secure=True)
    came(scene, key=KEY)
    bob = came(scene, "bob", number=1)
    room = direct(bob, "ann")
    for number, (name, key) in enumerate([("ann", OTHER), ("ann", None), ("carol", None)], 2):
        (refused,) = came(scene, name, key, number).join(room)
        assert isinstance(refused, asks.Refused)
        assert "not for you" in refused.reason


def test_a_key_that_was_only_named_and_not_proven_opens_no_direct_room() -> None:
    scene = Scene(secure=True)
    came(scene, key=KEY)
    room = direct(came(scene, "bob", number=1), "ann")
    thief = came(scene, "thief", number=2)
    thief.ask(asks.Nick(thief.number(), "ann", KEY.public, bytes(64)))
    assert isinstance(thief.join(room)[0], asks.Refused)


def test_a_key_finds_its_direct_rooms_again_after_a_restart_and_from_elsewhere() -> None:
    scene = Scene(secure=True)
    came(scene, key=KEY)
    bob = came(scene, "bob", OTHER, 1)
    room = direct(bob, "ann")
    bob.say("psst", tag=bob.tags[room])
    scene.start()
    anew = came(scene, key=KEY, number=7)
    assert any(isinstance(it, asks.Invited) and it.room == room for it in anew.replies)
    anew.join(room)
    assert room in anew.tags
