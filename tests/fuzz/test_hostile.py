"""A hundred thousand hostile datagrams, or as many as CHAT_FUZZ says, in chunks with fixed seeds."""

import os
from random import Random

import pytest

from chat.core import limits, wire
from chat.core.opening import Opening
from chat.core.protect import PUBLISHED_SECRET
from chat.core.types import Path
from tests.core.peer import Peer

from .forge import Forge
from .siege import ELSEWHERE, HERE, Siege

COUNT = int(os.environ.get("CHAT_FUZZ", "100000"))
CHUNKS = 20
QUIET = limits.TEXT_IDLE + limits.TEXT_GRACE + 5.0
"""Seconds after which nobody is left who says nothing."""


class Mallory:
    """Somebody with a legitimate session, who seals whatever comes to mind."""

    def __init__(self, siege: Siege, forge: Forge, number: int) -> None:
        self.siege = siege
        self.forge = forge
        self.name = f"mallory{number}"
        self.home = Path(0, f"10.6.6.{number}", 6000)
        self.peer: Peer | None = None

    def strike(self, path: Path | None = None) -> None:
        """One datagram under the session's real keys, from home or from elsewhere."""
        peer = self.peer
        if peer is None or peer.channel is None or not self.siege.proven(self.home):
            self.open()
            return
        self.forge.tags = [*peer.tags.values(), *peer.tags.values(), 1, 2]
        sealed = peer.channel.seal(self.forge.plaintext(server=True))
        self.siege.receive(sealed, path or self.home)
        self.siege.captured.append(sealed)
        peer.read()

    def open(self) -> None:
        """A new session of somebody new."""
        room = self.siege.random.choice(["lobby", "den", ""])
        self.siege.take(self.home)
        self.forge.said.clear()
        self.peer = Peer(self.siege, self.name, path=self.home, room=room)
        self.siege.captured += self.peer.sent


def knock(siege: Siege, forge: Forge, path: Path) -> None:
    """An opening in good order, whose FIRST holds anything at all."""
    siege.take(path)
    plaintext = forge.plaintext(server=True)
    opening = Opening(PUBLISHED_SECRET, siege.random.randbytes(16), lambda _: plaintext)
    siege.receive(opening.datagram(), path)
    for datagram in siege.take(path):
        if datagram[0] == 0x81:
            answer = wire.decode_header(datagram)
            assert isinstance(answer, wire.Answer)
            opening.answer(answer)
    siege.receive(opening.datagram(), path)


def stranger(random: Random) -> Path:
    """Where a datagram seems to come from: this machine, an honest guest, anywhere."""
    match random.randrange(10):
        case 0:
            return Path(0, "127.0.0.1", 7000 + random.randrange(8))
        case 1:
            return Path(1, f"2001:db8::{random.randrange(1, 30)}", 5000)
        case 2:
            return Path(0, f"10.0.1.{random.randrange(3)}", 4000)
        case _:
            return Path(0, f"198.51.100.{random.randrange(250)}", random.randrange(1, 4))


def strike(siege: Siege, forge: Forge, mallories: list[Mallory]) -> None:
    random = siege.random
    path = stranger(random)
    match random.randrange(14):
        case 0:
            siege.attack(forge.noise(), path)
        case 1 | 2:
            siege.attack(forge.damaged(), path)
        case 3 | 4:
            siege.attack(forge.plausible(), path)
        case 5:
            siege.attack(forge.replayed(), path)
        case 6:
            siege.receive(forge.text(), path)
        case 7:
            knock(siege, forge, Path(0, "203.0.113.7", random.randrange(1, 9)))
        case 8:
            random.choice(mallories).strike(path)
        case _:
            random.choice(mallories).strike()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_hub_under_attack_serves_the_honest_and_answers_nobody_too_much(chunk: int) -> None:
    print(f"seed {chunk}")
    siege = Siege(chunk)
    before = siege.sizes()
    forge = Forge(siege.random)
    mallories = [Mallory(siege, Forge(siege.random), number) for number in range(2)]
    for number in range(COUNT // CHUNKS):
        strike(siege, forge, mallories)
        if number % 25 == 0:
            forge.capture(siege.captured)
            siege.captured.clear()
            siege.forget()
            siege.wait(0.2 * siege.random.random())
            siege.poll()
        if number % 500 == 0:
            siege.check()
    siege.check()
    siege.settle(5.0)
    talk(siege)
    for _ in range(int(QUIET / 100.0) + 1):
        siege.write("still here\n", HERE)
        siege.write("still here\n", ELSEWHERE)
        siege.settle(100.0, step=1.0)
    siege.check()
    assert siege.sizes() == before, "something was kept"
    talk(siege)


def talk(siege: Siege) -> None:
    """Everybody honest says something, and everybody honest reads it."""
    said = [f"{person.guest.name} at {siege.now}" for person in siege.people]
    for person, text in zip(siege.people, said, strict=True):
        person.say(text)
    for path in (HERE, ELSEWHERE):
        said.append(f"{path} at {siege.now}")
        siege.receive(said[-1].encode() + b"\n", path)
    siege.settle(3.0)
    siege.read()
    for person in siege.people:
        assert person.guest.connected
        assert person.trouble == []
        assert sorted(text for text in person.shown if text in said) == sorted(said)
    for shown in siege.lines_shown.values():
        for text in said:
            assert sum(line.endswith(f": {text}") for line in shown) == 1
