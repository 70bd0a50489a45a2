"""Both sides by themselves: what the server tells and how often, what a member makes of it."""

from itertools import pairwise

from chat.core import wire
from chat.core.asks import Member
from chat.core.limits import MEMBERS_SMALL, TYPING_AGAIN, TYPING_LIFE, TYPING_TICK
from chat.core.typists import Typing, Typists

TAG = 7
MEMBERS = {
    number: Member(number, name, f"192.0.2.1:{number}", 0, False)
    for number, name in enumerate(("ann", "bob", "eve", "ann"), 1)
}
"""The last one is the first one's other terminal."""


class Server:
    """A room of which nothing is known but who types; its clock begins at 100."""

    def __init__(self) -> None:
        self.timer: float | None = None
        self.typists = Typists(TAG, self._set)
        self.now = 100.0

    def _set(self, when: float) -> None:
        self.timer = when if self.timer is None else min(when, self.timer)

    def types(self, *ordinals: int, members: int = 4) -> tuple[int, ...] | None:
        for ordinal in ordinals:
            self.typists.heard(instance(ordinal), ordinal, self.now)
        return self.told(members)

    def drop(self, ordinal: int) -> tuple[int, ...] | None:
        self.typists.drop(instance(ordinal))
        return self.told()

    def told(self, members: int = 4) -> tuple[int, ...] | None:
        frame = self.typists.frame(members, self.now)
        return None if frame is None else frame.ordinals

    def wait(self, seconds: float) -> list[tuple[float, tuple[int, ...]]]:
        """What is told in that time, and after how many seconds."""
        start, found = self.now, []
        while self.timer is not None and self.timer <= start + seconds:
            self.now, self.timer = max(self.now, self.timer), None
            told = self.told()
            if told is not None:
                found.append((round(self.now - start, 3), told))
        self.now = start + seconds
        return found


def instance(ordinal: int) -> bytes:
    return bytes((ordinal,)) * 8


def test_who_types_is_told_at_once_and_forgotten_when_it_stops() -> None:
    server = Server()
    assert server.types(2) == (2,)
    assert server.wait(60.0) == [(TYPING_LIFE, ())]


def test_all_who_type_are_told_in_the_order_in_which_they_began() -> None:
    server = Server()
    assert server.types(3, 1) == (3, 1)
    server.now += TYPING_TICK
    assert server.types(3, 2) == (3, 1, 2)


def test_changes_share_a_second() -> None:
    server = Server()
    assert server.types(1) == (1,)
    assert server.types(2) is None
    assert server.drop(1) is None
    assert server.wait(TYPING_TICK) == [(TYPING_TICK, (2,))]


def test_who_still_types_is_told_again_before_others_forget_it() -> None:
    server, told = Server(), list[float]()
    for _ in range(600):
        if server.types(1) is not None:
            told.append(server.now)
        told += [server.now for _ in server.wait(0.1)]
    gaps = [later - before for before, later in pairwise(told)]
    assert len(told) == 20
    assert min(gaps) > TYPING_AGAIN - 0.01
    assert max(gaps) < TYPING_LIFE / 2 + 0.1


def test_who_begins_and_says_it_within_a_second_is_told_as_gone_or_not_at_all() -> None:
    server = Server()
    server.types(1)
    assert server.types(2) is None
    assert server.drop(2) is None
    server.drop(1)
    assert server.wait(60.0) == [(TYPING_TICK, ())]


def test_who_says_something_and_types_on_is_told_again() -> None:
    server = Server()
    server.types(1)
    server.now += 0.2
    assert server.drop(1) is None
    assert server.types(1) is None
    assert server.wait(5.0) == [(round(TYPING_AGAIN - 0.2, 3), (1,))]


def test_a_large_room_is_told_nothing_and_nothing_is_kept() -> None:
    server = Server()
    assert server.types(*range(1, 40), members=MEMBERS_SMALL) is not None
    server.now += TYPING_TICK
    assert server.types(50, members=MEMBERS_SMALL + 1) is None
    assert server.wait(60.0) == []


def test_each_frame_has_a_higher_version() -> None:
    typists = Server().typists
    versions = []
    for number in range(1, 5):
        typists.heard(instance(number), number, 100.0 + number)
        frame = typists.frame(4, 100.0 + number)
        assert frame is not None
        versions.append(frame.version)
    assert versions == [1, 2, 3, 4]


def frame(version: int, *ordinals: int) -> wire.Typists:
    return wire.Typists(TAG, version, ordinals)


def test_names_are_told_when_they_change_and_forgotten_when_nothing_is_heard() -> None:
    typing = Typing()
    assert typing.news(3, MEMBERS) is None
    typing.saw(frame(1, 2, 1), 10.0)
    assert typing.news(3, MEMBERS) == ("bob", "ann")
    typing.saw(frame(2, 2, 1), 13.0)
    assert typing.news(3, MEMBERS) is None
    assert typing.deadline == 13.0 + TYPING_LIFE
    typing.forget(13.0 + TYPING_LIFE - 0.1)
    assert typing.news(3, MEMBERS) is None
    typing.forget(13.0 + TYPING_LIFE)
    assert typing.news(3, MEMBERS) == ()
    assert typing.deadline is None


def test_ourselves_at_any_terminal_and_strangers_are_not_named() -> None:
    typing = Typing()
    typing.saw(frame(1, 1, 4, 2, 99), 10.0)
    assert typing.news(1, MEMBERS) == ("bob",)
    assert typing.news(3, MEMBERS) == ("ann", "bob"), "two terminals of one name"
    assert typing.news(3, {}) == ()


def test_the_newest_counts_whenever_it_comes() -> None:
    typing = Typing()
    typing.saw(frame(5, 1), 10.0)
    typing.saw(frame(4, 2), 10.1)
    assert typing.news(3, MEMBERS) == ("ann",)
    typing.begin()
    assert typing.news(3, MEMBERS) == ()
    typing.saw(frame(1, 2), 11.0)
    assert typing.news(3, MEMBERS) == ("bob",)


def test_who_has_said_something_types_no_more() -> None:
    typing = Typing()
    typing.saw(frame(1, 1, 2, 4), 10.0)
    typing.said("ann", MEMBERS)
    assert typing.news(3, MEMBERS) == ("bob",)
    typing.said("nobody", MEMBERS)
    assert typing.news(3, MEMBERS) is None


def test_what_a_server_that_is_mad_says_is_bounded() -> None:
    typing = Typing()
    typing.saw(frame(1, *range(290)), 10.0)
    assert len(typing._until) <= MEMBERS_SMALL


def test_our_own_is_said_every_few_seconds_and_only_of_what_is_not_said_yet() -> None:
    typing, said = Typing(), list[float]()
    for step in range(100):
        typing.types(4, step / 10)
        if typing.take(4):
            said.append(step / 10)
    assert said == [0.0, TYPING_AGAIN, 2 * TYPING_AGAIN, 3 * TYPING_AGAIN]
    typing.types(4, 50.0)
    assert typing.take(5) == 0, "it has been said since"
    assert typing.take(4) == 0, "and is not said later"
    typing.types(5, 60.0)
    typing.begin()
    assert typing.take(5) == 0
