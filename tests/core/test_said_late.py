"""What somebody said before it was put out is not what it says when it is back."""

from chat.core import asks, limits, wire
from chat.core.channel import PUSH_MAX, Channel
from chat.core.entry import decode_entry
from chat.core.signatures import Signer
from chat.core.types import Range

from .peer import Peer
from .scene import Scene


def texts(scene: Scene, room: str) -> list[str]:
    extract = scene.log.fetch(room, (Range(1, 100),), 1 << 20)
    records = [record for run in extract.runs for record in run.records]
    entries = [decode_entry(room, record.seq, record.body) for record in records]
    return [entry.text for entry in entries if entry.endpoint]


def late(channel: Channel, draft: wire.Draft) -> bytes:
    """A datagram that the network keeps for a while."""
    return channel.seal(wire.encode_frame(draft))


def test_a_draft_from_before_a_kick_takes_nobodys_place_after_it() -> None:
    scene = Scene(secure=True)
    ann = Peer(scene, "ann", room="den", key=Signer(bytes(32)))
    bob = Peer(scene, "bob", room="den")
    assert bob.channel is not None
    kept = late(bob.channel, wire.Draft(bob.tag, 1, 1, 0, 0, b"what failed"))
    (done,) = ann.ask(asks.Act(7, "den", "kick", "bob"))
    assert isinstance(done, asks.Done)
    bob.read()
    bob.tags.clear()
    bob.join("den")
    scene.receive(kept, bob.path)
    bob.say("what was said again")
    scene.receive(kept, bob.path)
    assert texts(scene, "den") == ["what was said again"]


def test_what_waits_for_the_rooms_pace_is_not_said_any_more_by_who_is_put_out() -> None:
    """Nor does it take the place of what the same author says when it is back."""
    scene = Scene(secure=True)
    ann = Peer(scene, "ann", room="den", key=Signer(bytes(32)))
    bob = Peer(scene, "bob", room="den")
    pace = scene.hub._house.rooms["den"]._congestion.pace
    pace.rate = limits.PACE_LEAST
    pace.refill(scene.now)
    bob.say("on its way")
    scene.wait(PUSH_MAX / pace.rate + 0.01)
    bob.say("what failed", "and more of it", first=2)
    ann.ask(asks.Act(7, "den", "kick", "bob"))
    bob.read()
    bob.tags.clear()
    bob.join("den")
    bob.say("what was said again", first=2)
    scene.wait(5.0)
    assert texts(scene, "den") == ["on its way", "what was said again"]


def test_a_draft_that_overtook_nothing_is_taken() -> None:
    scene = Scene(secure=True)
    ann = Peer(scene, "ann", room="den", key=Signer(bytes(32)))
    bob = Peer(scene, "bob", room="den")
    ann.ask(asks.Act(7, "den", "kick", "bob"))
    bob.read()
    bob.tags.clear()
    bob.join("den")
    bob.say("one", "two")
    assert texts(scene, "den") == ["one", "two"]
