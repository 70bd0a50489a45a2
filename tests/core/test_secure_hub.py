"""A hub whose sessions come from handshakes and tickets, and what it takes of nobody else."""

import pytest

from chat.core import asks, limits, protect, wire
from chat.core.channel import PushSealer
from chat.core.limits import ROOM_KEY_LEAD, ROOM_KEY_LIFE, TICKET_LIFE
from chat.core.opening import Opening
from chat.core.plain import Policy
from chat.core.protect import PUBLISHED_SECRET
from chat.core.signatures import SIGNATURE_SIZE, Signer, verified
from chat.core.tickets import NO_TICKET, TICKET_SIZE
from chat.core.types import Close, Push

from .peer import Peer
from .scene import ELSEWHERE, HERE, Scene


def secure(*, plain: Policy = Policy.LOOPBACK) -> Scene:
    return Scene(secure=True, plain=plain)


def joined(peer: Peer, room: str = "lobby") -> asks.Joined:
    """The answer to its newest join there."""
    found = [it for it in peer.replies if isinstance(it, asks.Joined) and it.room == room]
    return found[-1]


# Openings


def test_a_handshake_and_its_first_are_a_session() -> None:
    scene = secure()
    ann = Peer(scene)
    assert [type(reply).__name__ for reply in ann.replies] == ["Welcome", "Joined"]
    assert [datagram[0] for datagram in ann.sent] == [0x82]
    assert ann.send(wire.Ping(1))[0] == wire.Pong(1)
    assert scene.hub.census().sessions == 1


def test_with_the_first_the_handshake_has_done_its_work() -> None:
    scene = secure()
    assert scene.asked(Close) == []
    ann = Peer(scene)
    assert scene.asked(Close) == [Close(ann.path)]
    ann.again()
    assert scene.asked(Close) == [Close(ann.path)], "there was none before a ticket's session"


def test_a_repeated_first_is_welcomed_again() -> None:
    scene = secure()
    ann = Peer(scene)
    scene.receive(ann.sent[0], ann.path)
    ann.read()
    assert [type(reply).__name__ for reply in ann.replies] == ["Welcome", "Joined", "Welcome"]
    assert scene.hub.census().sessions == 1


def test_a_first_without_a_handshake_or_from_another_path_gets_a_retry_and_nothing_else() -> None:
    scene = secure()
    scene.hub.admitted(ELSEWHERE, b"handshake's id 1", bytes(32), scene.now)
    hello = wire.encode_frame(wire.Ask(asks.encode(asks.Hello(1, "ann", bytes(16)))))
    opening = Opening(bytes(32), bytes(16), lambda _: hello, handshake=b"handshake's id 1")
    scene.receive(opening.datagram(), HERE)
    assert list(map(wire.decode_header, scene.take(HERE))) == [wire.Retry(bytes(16))]
    assert scene.hub.census().sessions == 0
    scene.receive(opening.datagram(), ELSEWHERE)
    assert scene.hub.census().sessions == 1


@pytest.mark.parametrize("ticket", [NO_TICKET, bytes(range(TICKET_SIZE))])
def test_an_insecure_open_is_told_to_retry_and_leaves_nothing(ticket: bytes) -> None:
    scene = secure()
    opening = Opening(PUBLISHED_SECRET, bytes(16), lambda _: b"", ticket=ticket)
    asked = opening.datagram()
    scene.receive(asked, ELSEWHERE)
    (said,) = scene.take(ELSEWHERE)
    assert wire.decode_header(said) == wire.Retry(bytes(16))
    assert len(said) < len(asked)
    assert scene.hub.census().members == 0


def test_an_insecure_server_gives_no_tickets_and_signs_nothing() -> None:
    welcome = Peer(Scene()).welcome
    assert (welcome.ticket, welcome.push_key) == (b"", b"")


# Tickets


def test_a_welcome_has_a_ticket_and_each_time_another() -> None:
    scene = secure()
    ann = Peer(scene)
    second = ann.again()
    tickets = [ann.welcome.ticket, second.welcome.ticket, second.again(attempt=3).welcome.ticket]
    assert {len(ticket) for ticket in tickets} == {TICKET_SIZE}
    assert len(set(tickets)) == 3


def test_a_ticket_resumes_at_a_restarted_server_of_the_same_identity() -> None:
    scene = secure()
    ann = Peer(scene)
    ann.say("before")
    scene.start()
    again = ann.again()
    assert [datagram[0] for datagram in again.sent] == [0x80, 0x82]
    assert isinstance(again.replies[1], asks.Joined)
    assert again.replies[1].last_n == 1
    again.say("after", first=2)
    assert [entry.text for entry in scene.entries()] == ["before", "after"]
    assert len({entry.instance for entry in scene.entries()}) == 1
    assert again.welcome.push_key != ann.welcome.push_key, "each process signs with its own"


def test_a_ticket_does_not_resume_at_a_server_of_another_identity() -> None:
    scene = secure()
    ann = Peer(scene)
    scene.start(b"another identity")
    again = ann.again()
    assert again.retried
    assert again.channel is None
    assert scene.hub.census().sessions == 0


def test_a_ticket_is_of_no_use_when_it_is_too_old() -> None:
    scene = secure()
    ann = Peer(scene)
    scene.offset += int(TICKET_LIFE * 1000)
    assert not ann.again().retried
    scene.offset += 1
    assert ann.again(attempt=3).retried


def test_a_ticket_of_a_session_that_goes_on_moves_its_client_to_the_new_one() -> None:
    scene = secure()
    bob, ann = Peer(scene, "bob"), Peer(scene, "ann")
    there = ann.again(path=ELSEWHERE)
    assert scene.hub.census().sessions == 2
    assert ann.send(wire.Ping(1)) == []
    assert there.send(wire.Ping(2))[0] == wire.Pong(2)
    there.say("from there")
    (entry,) = scene.entries()
    assert entry.endpoint == str(ELSEWHERE)
    assert bob.path in scene.hub._sealed.by_path


# What is not sealed


def test_plain_text_from_a_sealed_endpoint_gets_nothing() -> None:
    """Whoever can write to the wire could otherwise speak next to it."""
    scene = secure(plain=Policy.ANY)
    ann = Peer(scene, path=HERE)
    scene.take(HERE)
    for text in ("hello", "/nick bob", "/quit"):
        scene.receive(text.encode(), HERE)
        assert scene.take(HERE) == []
    assert scene.hub.dropped["not sealed"] == 3
    assert scene.hub.census().text_endpoints == 0
    assert scene.entries() == []
    ann.say("hello")
    assert len(scene.entries()) == 1


def test_an_endpoint_that_spoke_text_may_open_a_session() -> None:
    scene = secure()
    scene.write("hello")
    ann = Peer(scene, path=HERE)
    assert ann.channel is not None
    assert scene.hub.census().text_endpoints == 0, "it is that now, and nothing else"
    scene.take(HERE)
    scene.receive(b"again", HERE)
    assert scene.hub.dropped["not sealed"] == 1


# Pushes


def test_pushes_are_signed_and_open_at_every_member() -> None:
    scene = secure()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    assert ann.welcome.push_key == bob.welcome.push_key
    ann.say("hello")
    for peer in (ann, bob):
        frames = peer.read()
        if peer is bob:
            assert any(isinstance(frame, wire.Entries) for frame in frames)
    (push,) = {effect.datagram for effect in scene.effects if isinstance(effect, Push)}
    assert verified(
        ann.welcome.push_key,
        push[-SIGNATURE_SIZE:],
        b"chat-push-v1" + joined(ann).key + push[:-SIGNATURE_SIZE],
    )


def test_a_members_push_is_no_entry_for_another_one() -> None:
    scene = secure()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    epoch, key = joined(ann).epoch, joined(ann).key
    forger = PushSealer(ann.tag, epoch, key, Signer(bytes(32)))
    bob.read()
    forged = forger.seal(1, 1, wire.encode_frame(wire.Entries((b"forged",))))
    scene.boxes[bob.path].append(forged)
    assert bob.read() == []
    ann.say("honest")
    assert any(isinstance(frame, wire.Entries) for frame in bob.read())


def test_a_room_gets_a_new_key_after_an_hour_and_nobody_misses_anything() -> None:
    scene = secure()
    peers = [Peer(scene, name) for name in ("ann", "bob")]
    for number in range(int(ROOM_KEY_LIFE / 60)):
        scene.wait(60.0)
        for peer in peers:
            peer.send(wire.Ping(number))
    scene.wait(ROOM_KEY_LEAD + 0.1)
    late = Peer(scene, "zoe")
    assert joined(late).epoch == 1
    peers[0].read()
    late.say("hello")
    for peer in peers:
        assert any(isinstance(frame, wire.Entries) for frame in peer.read())


def test_who_joins_while_a_key_is_handed_out_gets_both() -> None:
    scene = secure()
    ann = Peer(scene, "ann")
    (room,) = scene.hub._house.rooms.values()
    room.timeout("key", scene.now)
    scene.turn()
    bob = Peer(scene, "bob")
    assert joined(bob).epoch == 0
    ann.read()
    for epoch in (0, 1):
        assert all(peer.pushes[peer.tag].knows(epoch, scene.now) for peer in (ann, bob))
    scene.wait(ROOM_KEY_LEAD)
    scene.wait(limits.PRESENCE_TICK)
    ann.read()
    bob.read()
    assert room.keys.sealer.epoch == 1
    bob.say("hello")
    assert any(isinstance(frame, wire.Entries) for frame in ann.read())


def test_a_direct_room_has_no_key() -> None:
    scene = secure()
    ann, bob = Peer(scene, "ann"), Peer(scene, "bob")
    (invited,) = ann.ask(asks.Direct(ann.number(), "bob"))
    assert isinstance(invited, asks.Invited)
    ann.join(invited.room)
    assert joined(ann, invited.room).key == b""
    scene.wait(ROOM_KEY_LIFE / 100)
    assert bob.tags.keys() == {"lobby"}


def test_a_reset_is_known_by_the_server_that_comes_after() -> None:
    scene = secure()
    ann = Peer(scene)
    scene.start()
    assert ann.send(wire.Ping(1)) == []
    scene.receive(ann.sent[-1], ann.path)
    (reset,) = scene.take(ann.path)
    assert wire.decode_header(reset) == wire.Reset(ann.welcome.reset)
    assert protect.same(ann.welcome.reset, reset[1:])
