"""Whoever copies datagrams off the wire and sends them again achieves nothing: no entry, no
session, no move, nobody gone. CHAT_REPLAYS says how many times it is tried."""

import os
from collections import Counter
from itertools import cycle, islice
from random import Random

import pytest

from chat.core import asks, wire
from chat.core.limits import RESUME_SPREAD
from chat.core.plain import Policy
from chat.core.protect import ReplayWindow
from chat.core.signatures import Signer
from chat.core.types import Group, Path, Range

from .host import RESET, Host
from .peer import Peer
from .scene import Scene

REPLAYS = int(os.environ.get("CHAT_REPLAYS", "1000"))
SECONDS = 60.0
"""That all of them take: cookies' buckets end, sessions do not."""

Captured = list[tuple[bytes, Path]]


class Wire(Scene):
    """All datagrams from sealed endpoints are copied."""

    def __init__(self, *, secure: bool) -> None:
        self.captured: Captured = []
        super().__init__(secure=secure, plain=Policy.ANY)

    def receive(self, datagram: bytes, path: Path) -> None:
        self.captured.append((datagram, path))
        super().receive(datagram, path)


def busy(scene: Scene, random: Random) -> list[Peer]:
    """Some who do everything that there is to do, several times over; one of them leaves."""
    peers = [Peer(scene, name, key=Signer(random.randbytes(32))) for name in ("ann", "bob", "zoe")]
    n = Counter[int]()
    for turn in range(12):
        for index, peer in enumerate(peers):
            for _ in range(4):
                n[index] += 1
                peer.say(f"{peer.name} {n[index]}", first=n[index])
            peer.send(wire.Ping(turn))
            peer.send(wire.Report(peer.tag, n[index], 0, 1, 1, 20))
            peer.send(wire.Fetch(turn, peer.tag, 10_000, (Range(1, 5),)))
            peer.ask(
                asks.Nick(peer.number(), f"{peer.name}-{turn}", *peer.claim(f"{peer.name}-{turn}"))
            )
            peer.ask(asks.Rooms(peer.number(), ""))
        scene.wait(0.5)
    for index, peer in enumerate(peers):
        there = Path(0, "203.0.113.1", 1000 + index)
        (challenge,) = _challenges(peer, there)
        peer.path = there
        peer.send(wire.PathResponse(challenge.token))
    gone = Peer(scene, "gone")
    gone.say("goodbye")
    gone.send(wire.Bye())
    peers += [peers[0].again(path=Path(0, "203.0.113.9", 9))] if scene.secure else []
    return peers[1:] if scene.secure else peers


def _challenges(peer: Peer, there: Path) -> list[wire.PathChallenge]:
    peer.send(wire.Ping(0), path=there)
    home, peer.path = peer.path, there
    frames = peer.read()
    peer.path = home
    return [frame for frame in frames if isinstance(frame, wire.PathChallenge)]


def state(scene: Scene) -> tuple[object, ...]:
    """Everything that nobody may change by sending again what was sent."""
    house = scene.hub._house
    return (
        [(entry.seq, entry.instance, entry.n, entry.text) for entry in scene.entries()],
        {sid: session.path for sid, session in scene.hub._sealed.sessions.items()},
        {path: session.channel.sid for path, session in scene.hub._sealed.by_path.items()},
        {instance: member.name for instance, member in house.members.items()},
        {room.name: {member.name for member in room.members} for room in house.rooms.values()},
        {room.name: {member.path for member in room.members} for room in house.rooms.values()},
        [group for group, paths in scene.groups.items() if not paths <= _at_home(scene, group)],
        list(house.registry.rooms),
    )


def _at_home(scene: Scene, group: Group) -> set[Path]:
    """Where the members of a room are; who of them is pushed to is decided by their reports."""
    return {member.path for member in scene.hub._house.rooms[group.room].members}


def replayed(scene: Wire, captured: Captured, random: Random, sources: list[Path]) -> None:
    """Each from where it came and from elsewhere, the FIRSTs, which soon get too old, first."""
    before, there = state(scene), Path(0, "198.51.100.66", 666)
    shuffled = sorted(random.sample(captured, len(captured)), key=lambda it: it[0][0] != 0x82)
    copies = [
        (datagram, path)
        for datagram, source in shuffled
        for path in (source, random.choice([there, *sources]))
    ]
    for datagram, path in islice(cycle(copies), REPLAYS):
        scene.receive(datagram, path)
        answers = scene.take(path)
        assert sum(map(len, answers)) <= 3 * (len(datagram) + 28)
        scene.wait(SECONDS / REPLAYS)
        scene.boxes.clear()
    assert state(scene) == before


@pytest.mark.parametrize("secure", [True, False], ids=["secure", "insecure"])
def test_what_was_sent_once_is_not_taken_twice(secure: bool) -> None:
    scene, random = Wire(secure=secure), Random(1)
    peers = busy(scene, random)
    captured = list(scene.captured)
    kinds = {datagram[0] for datagram, _ in captured}
    assert kinds == {0x80, 0x82, 0x84}
    replayed(scene, captured, random, [peer.path for peer in peers])
    for peer in peers:
        assert wire.Pong(7) in peer.send(wire.Ping(7))


def test_what_was_sent_to_the_process_before_is_not_taken_by_the_next() -> None:
    scene, random = Wire(secure=True), Random(2)
    before = busy(scene, random)
    captured = list(scene.captured)
    scene.start()
    peers = [peer.again() for peer in before]
    assert scene.hub.census().sessions == len(peers)
    captured += scene.captured[len(captured) :]
    replayed(scene, captured, random, [peer.path for peer in peers])
    for peer in peers:
        assert wire.Pong(7) in peer.send(wire.Ping(7))


def test_before_anybody_is_back_nobody_comes_back_by_himself() -> None:
    scene, random = Wire(secure=True), Random(3)
    busy(scene, random)
    captured = list(scene.captured)
    scene.start()
    replayed(scene, captured, random, [path for _, path in captured])
    assert scene.hub.census().sessions == 0
    assert scene.hub.census().members == 0


def test_what_a_guest_was_told_once_it_is_not_told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the server has sent, the pushes and answers of the process before, too."""
    host, random = Host("lobby", secure=True), Random(4)
    copied: list[bytes] = []
    deliver = host.deliver

    def copying(datagram: bytes) -> None:
        copied.append(datagram)
        deliver(datagram)

    monkeypatch.setattr(host, "deliver", copying)
    host.reply(asks.Notice("now and then"))
    for seq in range(1, 30):
        host.pasts["lobby"].append(1)
        host.push("lobby", seq)
        host.push("lobby", seq + 1, 0, wire.Receipts(host.tags["lobby"], seq, ((1, seq),)))
    host.send(wire.RoomKey(host.tags["lobby"], 1, bytes(16)))
    host.restart()
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    host.wait(RESUME_SPREAD)
    for seq in range(30, 60):
        host.pasts["lobby"].append(1)
        host.push("lobby", seq)
        host.push("lobby", seq + 1, 0, wire.Receipts(host.tags["lobby"], seq, ((1, seq),)))
    channel = host.channel
    host.wait(0.5)
    told = list(host.told)
    copied = [datagram for datagram in copied if datagram[0] != 0x86]
    assert {datagram[0] for datagram in copied} == {0x84, 0x85}
    for _ in range(REPLAYS):
        deliver(random.choice(copied))
    assert host.told == told
    assert host.channel is channel
    assert host.guest.rooms["lobby"].inbox.seq == 59


def test_what_is_watched_here_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the replay window, the same comparison fails."""
    monkeypatch.setattr(ReplayWindow, "fresh", lambda *_: True)
    scene, random = Wire(secure=True), Random(1)
    peers = busy(scene, random)
    with pytest.raises(AssertionError):
        replayed(scene, list(scene.captured), random, [peer.path for peer in peers])
