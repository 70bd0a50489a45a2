"""What the operator says reaches everybody, a few at a time, and sealed members more than once."""

from chat.core import asks
from chat.core.announcer import Announcer
from chat.core.limits import ANNOUNCED, ANNOUNCED_AGAIN, ANNOUNCED_AT_ONCE, ANNOUNCED_PAUSE

from .peer import Peer
from .scene import HERE, Scene
from .stub import Stub, TextStub

TEXT = "the server goes down in 5m"
NOTICE = ("notice", TEXT)


class Hall:
    """Members, and time that goes on."""

    def __init__(self, *members: Stub) -> None:
        self.members = list(members)
        self.now = 100.0
        self.timer: float | None = None
        self.announcer = Announcer(self.members, self._set_timer)

    def _set_timer(self, when: float) -> None:
        self.timer = when

    def say(self, text: str = TEXT) -> None:
        self.announcer.say(text, self.members, self.now)

    def told(self) -> int:
        return sum(len(member.heard) for member in self.members)

    def next(self) -> bool:
        """Until the timer; whether there is one."""
        if self.timer is None:
            return False
        assert self.timer > self.now
        self.now, self.timer = self.timer, None
        self.announcer.timeout(self.now)
        return True


def test_sealed_members_are_told_thrice_and_plain_text_once() -> None:
    ann, nc = Stub("ann"), TextStub("nc")
    hall = Hall(ann, nc)
    hall.say()
    assert (ann.heard, nc.heard) == ([NOTICE], [NOTICE])
    times = [hall.now]
    while hall.next():
        times.append(hall.now)
    assert (ann.heard, nc.heard) == ([NOTICE] * ANNOUNCED, [NOTICE])
    assert times == [100 + number * ANNOUNCED_AGAIN for number in range(ANNOUNCED)]
    assert not hall.announcer.busy


def test_many_are_told_a_few_at_a_time() -> None:
    count = 3 * ANNOUNCED_AT_ONCE + 1
    hall = Hall(*(Stub(f"m{number}") for number in range(count)))
    hall.say()
    assert hall.told() == ANNOUNCED_AT_ONCE
    before, began = hall.told(), hall.now
    while hall.next():
        assert hall.told() - before <= ANNOUNCED_AT_ONCE
        before = hall.told()
    assert all(member.heard == [NOTICE] * ANNOUNCED for member in hall.members)
    took = (ANNOUNCED - 1) * ANNOUNCED_AGAIN + 4 * ANNOUNCED_PAUSE
    assert hall.now - began <= took + ANNOUNCED_PAUSE


def test_who_has_gone_is_told_nothing_more() -> None:
    ann, bob = Stub("ann"), Stub("bob")
    hall = Hall(ann, bob)
    hall.say()
    hall.members.remove(bob)
    while hall.next():
        pass
    assert (ann.heard, bob.heard) == ([NOTICE] * ANNOUNCED, [NOTICE])


def test_it_is_busy_until_all_are_told() -> None:
    hall = Hall(Stub("ann"))
    assert not hall.announcer.busy
    hall.say()
    assert hall.announcer.busy
    while hall.next():
        pass
    assert not hall.announcer.busy


def test_nobody_there_is_told_at_once() -> None:
    hall = Hall()
    hall.say()
    assert not hall.announcer.busy
    assert hall.timer is None


def test_a_hub_tells_everybody_and_refuses_a_second_until_then() -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    scene.write("hello")
    assert scene.hub.announce(TEXT, scene.now) == 2
    assert scene.hub.announce("another", scene.now) is None
    scene.turn()
    assert scene.lines() == [f"-- {TEXT}"]
    scene.wait(10)
    ann.read()
    assert [each.text for each in ann.replies if isinstance(each, asks.Notice)] == [TEXT] * 3
    assert not any(TEXT in line for line in scene.lines(HERE))
    assert scene.hub.announce("another", scene.now) == 2


def test_a_hub_that_takes_nobody_says_why() -> None:
    scene = Scene()
    ann = Peer(scene, "ann")
    scene.hub.take_nobody("the server goes down; come again")
    bob = Peer(scene, "bob")
    refused = asks.Refused(0, "the server goes down; come again", asks.Why.CLOSED)
    assert bob.replies == [refused]
    assert scene.write("hello") == ["-- the server goes down; come again"]
    assert scene.hub.census().members == 1
    ann.say("still here")
    assert [entry.text for entry in scene.entries()] == ["still here"]
    scene.hub.take_nobody("")
    Peer(scene, "eve")
    assert scene.hub.census().members == 2
