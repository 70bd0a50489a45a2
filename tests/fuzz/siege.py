"""A hub under attack, with honest people in it, and what must hold all the time."""

import time
from collections import Counter

from chat.core import events, limits, wire
from chat.core.connection import Rebind
from chat.core.guest import Guest
from chat.core.path import overhead
from chat.core.plain import Policy
from chat.core.protect import PUBLISHED_SECRET
from chat.core.tickets import NO_TICKET
from chat.core.types import Effect, Entry, Path, Send, Tell
from tests.core.scene import SERVER, Scene

HERE = Path(0, "127.0.0.1", 3000)
ELSEWHERE = Path(0, "192.0.2.99", 3000)

SLOW = 0.01
"""Seconds of CPU for one datagram, if they are not by chance: three times out of three."""

LENGTHS = {0x80: (87, 87), 0x82: (120, 1200), 0x84: (32, 1200), 0x87: (96, 96)}
"""By first byte, how long a datagram that a server looks at may be; in the words of the protocol,
not of the code."""


def first_byte(datagram: bytes) -> int:
    """0 where there is none."""
    return datagram[0] if datagram else 0


class Person:
    """An honest guest in the lobby."""

    def __init__(self, scene: "Siege", name: str, path: Path) -> None:
        self.path = path
        self.shown: list[str] = []
        self.trouble: list[object] = []
        self._scene = scene
        self.guest = Guest(
            SERVER, name, secret=PUBLISHED_SECRET, random=scene.random.randbytes, now=scene.now
        )
        self.guest.join("lobby", scene.now)
        self.guest.connect(scene.now)

    def poll(self) -> None:
        """Takes what came, and says what there is to say."""
        scene, guest = self._scene, self.guest
        for datagram in scene.take(self.path):
            guest.receive(datagram, SERVER, scene.now)
        deadline = guest.deadline()
        if deadline is not None and deadline <= scene.now:
            guest.timeout(scene.now)
        for effect in guest.drain():
            match effect:
                case Send(_, datagram):
                    scene.captured.append(datagram)
                    scene.receive(datagram, self.path)
                case Tell(Entry() as entry):
                    self.shown.append(entry.text)
                case Tell(event):
                    if isinstance(event, events.Disconnected | events.Rejected | events.Failed):
                        self.trouble.append(event)
                case Rebind():
                    pass

    def say(self, text: str) -> None:
        self.guest.say("lobby", text, self._scene.now)
        self.poll()


class Siege(Scene):
    """Three guests, and two with `nc -u`: one on this machine, one elsewhere."""

    def __init__(self, seed: int) -> None:
        self.heard: Counter[Path] = Counter()
        self.got: Counter[Path] = Counter()
        self.captured: list[bytes] = []
        self.answers: list[bytes] = []
        """To whoever sent the datagram that is being received."""
        self.cause = HERE
        self.trusted = True
        """It had proven before that it hears us."""
        self.lines_shown: dict[Path, list[str]] = {HERE: [], ELSEWHERE: []}
        super().__init__(seed=seed, plain=Policy.ANY)
        self.people = [
            Person(self, f"honest{number}", Path(0, f"10.0.1.{number}", 4000))
            for number in range(3)
        ]
        self.write("hello\n", HERE)
        (code,) = self.write("hello\n", ELSEWHERE)
        self.write(code.rpartition(" ")[2], ELSEWHERE)
        self.settle(3.0)
        self.settle(60.0, step=1.0)

    def proven(self, path: Path) -> bool:
        hub = self.hub
        return path.loopback or path in hub._sealed.by_path or path in hub._plain.endpoints

    def receive(self, datagram: bytes, path: Path) -> None:
        self.cause, self.trusted = path, self.proven(path)
        self.answers = []
        self.heard[path] += len(datagram) + overhead(path)
        super().receive(datagram, path)
        if not self.trusted and not self.proven(path) and 0x80 <= first_byte(datagram) <= 0xBF:
            self._check_answers(datagram)

    def attack(self, datagram: bytes, path: Path) -> None:
        """A datagram that no session's keys have sealed."""
        times = [self._timed(datagram, path)]
        while times[-1] > SLOW and len(times) < 3:
            times.append(self._timed(datagram, path))
        assert times[-1] <= SLOW, f"{times} s of CPU for {datagram.hex()}"
        if not self.trusted and 0x80 <= first_byte(datagram) <= 0xBF:
            limit = len(datagram) + (datagram[0] == 0x87)
            assert all(len(answer) < limit for answer in self.answers), "larger than its cause"

    def _timed(self, datagram: bytes, path: Path) -> float:
        start = time.thread_time()
        self.receive(datagram, path)
        return time.thread_time() - start

    def settle(self, seconds: float, step: float = 0.05) -> None:
        """Time for the honest, in small steps."""
        until = self.now + seconds
        while self.now < until:
            self.wait(step)
            self.poll()

    def poll(self) -> None:
        for person in self.people:
            person.poll()

    def read(self) -> None:
        """What the two with nc see."""
        for path, shown in self.lines_shown.items():
            shown += self.lines(path)

    def _check_answers(self, datagram: bytes) -> None:
        least, most = LENGTHS.get(datagram[0], (1, 0))
        allowed = 1 if least <= len(datagram) <= most else 0
        assert len(self.answers) <= allowed, f"{len(self.answers)} answers to {datagram[:40].hex()}"

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, Send):
            path, datagram = effect.path, effect.datagram
            assert len(datagram) <= wire.DATAGRAM_MAX
            if path == self.cause:
                self.answers.append(datagram)
            if not self.proven(path) and not (path == self.cause and self.trusted):
                self.got[path] += len(datagram) + overhead(path)
                assert self.got[path] <= 3 * self.heard[path], f"{path} got too much"
        super()._do(effect)

    # What must hold

    def check(self) -> None:
        """Nobody haunts the house, and every table is as large as who is in it."""
        hub = self.hub
        house, sealed, plain = hub._house, hub._sealed, hub._plain
        living = {*sealed.sessions.values(), *plain.endpoints.values()}
        assert set(house.members.values()) == living
        assert len(sealed.sessions) == len(sealed.by_path)
        assert set(house.people._names._names) == living, "a name of nobody"
        assert len(house.people._names._owners) == len(living)
        assert set(plain._busy) <= living, "a ghost waits for the log"
        assert len(plain._waiting) <= limits.TEXT_WAITING
        assert not house._openings._tickets, "a join was never answered"
        for member in living:
            assert len(member.rooms) <= limits.ROOMS_PER_MEMBER
        for room in house.rooms.values():
            assert not room.empty
            for member in room.members:
                assert member in living
                assert member.rooms[room.tag] is room
        groups = {
            (room.name, member.form, member.path)
            for room in house.rooms.values()
            if room.parties is None
            for member in room.members
            if room._congestion.pushed_to(member)
        }
        subscribed = {(*group, path) for group, paths in self.groups.items() for path in paths}
        assert groups == subscribed

    def sizes(self) -> dict[str, int]:
        """Of the hub's tables, after what they drop only when somebody knocks."""
        hub, late = self.hub, Path(0, "203.0.113.250", 250)
        self.receive(wire.encode_header(wire.Open(wire.VERSION, bytes(16), 1, NO_TICKET)), late)
        self.receive(b"knock", late)
        house, sealed, plain = hub._house, hub._sealed, hub._plain
        doorman = sealed._doorman
        return {
            "sessions": len(sealed.sessions),
            "fetching": len(sealed.fetches._fetching),
            "accepted": len(doorman._accepted) + len(doorman._accepted_before),
            "endpoints": len(plain.endpoints),
            "waiting": len(plain._waiting),
            "members": len(house.members),
            "rooms": len(house.rooms),
            # For some seconds after each push a room ticks, and beats come when they come.
            "timers": sum(name != "tick" for _, name in hub._timers._when),
            "ahead": limits.AHEAD_BYTES - house._ahead.left,
        }

    def forget(self) -> None:
        """What nobody will ever take out of a stranger's box."""
        kept = {*self.lines_shown, *(person.path for person in self.people)}
        for path in [path for path in self.boxes if path not in kept]:
            del self.boxes[path]
