"""What one datagram has to say."""

from chat.core import asks, limits, wire
from chat.core.types import Kind, Path

from .peer import Peer
from .scene import Scene

HERE, NEIGHBOUR = Path(0, "127.0.0.1", 7000), Path(0, "192.0.2.1", 7000)


def draft(peer: Peer, n: int, text: str = "hi", room: str = "lobby") -> wire.Draft:
    return wire.Draft(peer.tags[room], n, Kind.MESSAGE, 0, 0, text.encode())


def said(scene: Scene, room: str = "lobby") -> list[str]:
    return [entry.text for entry in scene.entries(room) if entry.kind == Kind.MESSAGE]


def test_what_comes_together_is_taken_in_its_order_whichever_room_it_is_for() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.join("den")
    ann.send(
        draft(ann, 1, "a"),
        draft(ann, 1, "in the den", "den"),
        wire.Ping(1),
        draft(ann, 2, "b"),
        draft(ann, 3, "c"),
    )
    assert said(scene) == ["a", "b", "c"]
    assert said(scene, "den") == ["in the den"]


def test_what_is_said_before_goodbye_is_heard_and_nothing_after_it() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.send(draft(ann, 1, "a"), wire.Bye(), draft(ann, 2, "b"))
    assert said(scene) == ["a"]
    assert scene.hub.dropped["said after goodbye"] == 1


def test_a_datagram_beyond_what_may_be_said_is_not_heard_in_part() -> None:
    scene = Scene()
    ann = Peer(scene, path=HERE)
    number, each = 0, 40
    while not scene.hub.dropped["too much"]:
        ann.send(*[draft(ann, number + n, "x") for n in range(1, each + 1)])
        number += each
    assert scene.hub.dropped["too much"] == each
    assert len(said(scene)) == number - each < limits.WORK[1]


def test_each_draft_counts_for_the_neighbour() -> None:
    scene = Scene()
    members = [Peer(scene, f"m{n}", path=NEIGHBOUR._replace(port=n)) for n in range(1, 5)]
    each, most = 3000, int(limits.NEIGHBOUR["message"][1])
    assert each < limits.WORK[1] < most < each * len(members)
    for first in range(1, each, 40):
        for member in members:
            member.send(*[draft(member, n, "x") for n in range(first, first + 40)])
    assert len(said(scene)) == most
    assert scene.hub.dropped["too much"] == each * len(members) - most


def test_each_says_its_author_as_it_was_then() -> None:
    scene = Scene()
    ann = Peer(scene, path=NEIGHBOUR)
    ann.send(draft(ann, 1))
    ann.ask(asks.Nick(ann.number(), "bea"))
    ann.send(draft(ann, 2))
    ann.path = NEIGHBOUR._replace(port=7001)
    (challenge,) = [it for it in ann.send(wire.Ping(1)) if isinstance(it, wire.PathChallenge)]
    ann.send(wire.PathResponse(challenge.token))
    ann.send(draft(ann, 3))
    messages = [entry for entry in scene.entries() if entry.kind == Kind.MESSAGE]
    assert [(entry.name, entry.endpoint) for entry in messages] == [
        ("ann", "192.0.2.1:7000"),
        ("bea", "192.0.2.1:7000"),
        ("bea", "192.0.2.1:7001"),
    ]


def test_what_the_log_has_is_acknowledged_where_it_is_repeated() -> None:
    scene = Scene()
    ann = Peer(scene)
    ann.send(draft(ann, 1), draft(ann, 2))
    answers = ann.send(draft(ann, 1), draft(ann, 2), draft(ann, 3))
    assert wire.Ack(ann.tag, 2) in answers
    assert len(said(scene)) == 3
    assert scene.hub.dropped.total() == 0
