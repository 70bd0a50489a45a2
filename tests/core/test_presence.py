"""Both sides, and the two as a pair whose digests and answers are lost, late and overtaken."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from chat.core import asks, wire
from chat.core.asks import Member
from chat.core.channel import BODY_MAX
from chat.core.limits import MEMBERS_SMALL, PRESENCE_CHANGES
from chat.core.presence import Change, Presence, Roster

ROOM = 7


def member(ordinal: int, name: str = "", *, text: bool = False) -> Member:
    return Member(ordinal, name or f"guest{ordinal}", f"192.0.2.1:{ordinal}", 0, text)


def crowd(count: int) -> Presence:
    presence = Presence()
    for ordinal in range(1, count + 1):
        presence.put(member(ordinal))
    return presence


def who(version: int = 0, after: int = 0) -> asks.Who:
    return asks.Who(5, ROOM, version, after)


def follow(roster: Roster, presence: Presence) -> list[Change]:
    """Everything that the mirror asks for is answered."""
    roster.saw(presence.digest(ROOM))
    changes = []
    for _ in range(1000):
        question = roster.question()
        if question is None:
            break
        changes.append(roster.answered(presence.answer(who(*question))))
    return [change for change in changes if change != Change()]


def test_every_change_is_one_version() -> None:
    presence = crowd(2)
    assert presence.version == 2
    presence.put(member(1, "zoe"))
    presence.remove(2)
    assert presence.version == 4
    presence.put(member(1, "zoe"))
    assert presence.version == 4, "nothing changed"


def test_the_check_tells_any_two_rooms_apart_and_not_the_ways_to_them() -> None:
    there_and_back = crowd(3)
    there_and_back.put(member(2, "zoe"))
    there_and_back.put(member(2))
    there_and_back.remove(1)
    there_and_back.put(member(1))
    assert there_and_back.digest(ROOM).check == crowd(3).digest(ROOM).check
    others = [crowd(2), crowd(4), crowd(3), crowd(3)]
    others[2].put(member(3, "zoe"))
    others[3].put(member(3, text=True))
    checks = {presence.digest(ROOM).check for presence in [crowd(3), *others]}
    assert len(checks) == 5
    assert crowd(3).digest(ROOM) == wire.Presence(ROOM, 3, 3, there_and_back.digest(ROOM).check)


def test_an_answer_repeats_the_question() -> None:
    answer = crowd(3).answer(who(2))
    assert (answer.r, answer.room, answer.since) == (5, ROOM, 2)


def test_who_is_behind_gets_what_changed_since() -> None:
    presence = crowd(3)
    presence.put(member(4))
    presence.remove(1)
    presence.put(member(2, "zoe"))
    answer = presence.answer(who(3))
    assert answer.came == (member(4), member(2, "zoe"))
    assert answer.went == (1,)
    assert (answer.version, answer.more) == (6, False)


@pytest.mark.parametrize("version", [PRESENCE_CHANGES * 2 - PRESENCE_CHANGES - 1, 999, 0])
def test_who_is_too_far_behind_or_ahead_gets_everybody(version: int) -> None:
    assert crowd(2 * PRESENCE_CHANGES).answer(who(version)).since == 0


def test_who_is_as_far_behind_as_may_be_gets_the_changes() -> None:
    assert crowd(2 * PRESENCE_CHANGES).answer(who(PRESENCE_CHANGES)).since == PRESENCE_CHANGES


@pytest.mark.parametrize("version", [0, 1, 200])
def test_no_answer_is_larger_than_a_datagram(version: int) -> None:
    presence = Presence()
    for ordinal in range(1, 257):
        presence.put(Member(ordinal, "n" * 64, "[2001:db8::1]:65535", 1 << 42, True))
        presence.measured(ordinal, 65535)
    answer = presence.answer(who(version))
    assert len(wire.encode_frame(wire.Reply(asks.encode(answer)))) <= BODY_MAX
    assert answer.came


def test_pages_together_are_everybody_once() -> None:
    presence, found, after = crowd(200), list[Member](), 0
    for _ in range(200):
        page = presence.answer(who(after=after))
        found += page.came
        if not page.more:
            break
        after = page.came[-1].ordinal
    assert found == [member(ordinal) for ordinal in range(1, 201)]


def test_a_small_room_is_mirrored_unasked_and_a_large_one_when_it_is_wanted() -> None:
    small, large = crowd(MEMBERS_SMALL), crowd(MEMBERS_SMALL + 1)
    roster = Roster()
    follow(roster, small)
    assert len(roster.members) == MEMBERS_SMALL
    roster = Roster()
    assert follow(roster, large) == []
    assert roster.count == MEMBERS_SMALL + 1
    roster.wanted = True
    follow(roster, large)
    assert len(roster.members) == MEMBERS_SMALL + 1


def test_nothing_is_asked_before_a_digest_came_or_when_nothing_changed() -> None:
    roster, presence = Roster(), crowd(3)
    assert roster.question() is None
    follow(roster, presence)
    assert roster.complete
    assert follow(roster, presence) == []


def test_a_change_says_who_came_who_went_and_who_is_called_otherwise_now() -> None:
    roster, presence = Roster(), crowd(3)
    assert follow(roster, presence) == [Change(came=(member(1), member(2), member(3)))]
    presence.put(member(4))
    presence.remove(1)
    presence.put(member(2, "zoe"))
    presence.put(Member(3, "guest3", "198.51.100.1:1", 0, False))
    assert follow(roster, presence) == [
        Change(
            came=(member(4),),
            went=(member(1),),
            renamed=((member(2), member(2, "zoe")),),
        )
    ]
    assert roster.members[3].endpoint == "198.51.100.1:1"


def test_an_older_digest_says_nothing() -> None:
    roster, presence = Roster(), crowd(2)
    old = presence.digest(ROOM)
    presence.put(member(3))
    follow(roster, presence)
    roster.saw(old)
    assert (roster.count, roster.complete) == (3, True)


def test_pages_have_round_trips_and_neither_digests_nor_changes_do() -> None:
    presence, plain = crowd(3), crowd(3)
    presence.measured(1, 0)
    presence.measured(2, 70)
    assert presence.digest(ROOM) == plain.digest(ROOM)
    assert [row.rtt for row in presence.answer(who()).came] == [0, 70, None]
    assert presence.answer(who(1)) == plain.answer(who(1))
    presence.remove(2)
    presence.put(member(2))
    assert [row.rtt for row in presence.answer(who()).came] == [0, None, None]


def test_what_is_read_anew_is_no_change_and_is_kept_up_to_date() -> None:
    roster, presence = Roster(), crowd(200)
    roster.wanted = True
    follow(roster, presence)
    assert {row.rtt for row in roster.members.values()} == {None}
    for ordinal in range(1, 201):
        presence.measured(ordinal, ordinal)
    assert follow(roster, presence) == [], "nobody asked for it"
    roster.renew()
    assert not roster.complete
    assert roster.question() == (0, 0)
    assert follow(roster, presence) == []
    assert roster.complete
    assert [row.rtt for row in roster.members.values()] == [*range(1, 201)]
    presence.put(member(201))
    assert follow(roster, presence) == [Change(came=(member(201),))]
    assert roster.members[200].rtt == 200


def test_what_changed_while_it_was_read_anew_is_told_once() -> None:
    roster, presence = Roster(), crowd(60)
    follow(roster, presence)
    roster.renew()
    roster.answered(presence.answer(who(*roster.question() or (1, 1))))
    presence.remove(1)
    presence.put(member(60, "zoe"))
    changes = follow(roster, presence)
    assert [change.went for change in changes if change.went] == [(member(1),)]
    assert [change.renamed for change in changes if change.renamed] == [
        ((member(60), member(60, "zoe")),)
    ]
    assert roster.complete


def test_who_is_far_behind_in_a_large_room_reads_all_pages() -> None:
    roster, presence = Roster(), crowd(100)
    roster.wanted = True
    follow(roster, presence)
    for ordinal in range(101, 102 + PRESENCE_CHANGES):
        presence.put(member(ordinal))
    follow(roster, presence)
    assert roster.complete
    assert len(roster.members) == 101 + PRESENCE_CHANGES


def test_a_mirror_that_went_wrong_is_found_by_the_check_and_read_anew() -> None:
    roster, presence = Roster(), crowd(3)
    follow(roster, presence)
    del roster.members[2]
    presence.put(member(4))
    follow(roster, presence)
    assert roster.members == {ordinal: member(ordinal) for ordinal in range(1, 5)}


def test_after_a_reset_an_ordinal_says_nothing_about_who_it_is() -> None:
    """A restarted server numbers its members anew."""
    roster, presence = Roster(), crowd(3)
    follow(roster, presence)
    roster.reset()
    anew = Presence()
    for row in (member(1, "guest2"), member(2, "guest1"), member(3)):
        anew.put(row)
    assert follow(roster, anew) == [
        Change(
            came=(member(1, "guest2"), member(2, "guest1")),
            went=(member(1), member(2)),
        )
    ]
    anew.put(member(3, "zoe"))
    assert follow(roster, anew) == [Change(renamed=((member(3), member(3, "zoe")),))]


def test_pages_begin_anew_after_a_reset() -> None:
    roster, presence = Roster(), crowd(60)
    roster.saw(presence.digest(ROOM))
    roster.answered(presence.answer(who()))
    roster.reset()
    roster.saw(presence.digest(ROOM))
    assert roster.question() == (0, 0)


class OverALossyNetwork(RuleBasedStateMachine):
    """One room and one mirror of it. As a guest does it, one question is open at a time, and only
    its own answer counts, whenever that comes."""

    def __init__(self) -> None:
        super().__init__()
        self.presence = Presence()
        self.living: dict[int, Member] = {}
        self.roster = Roster()
        self.seen: dict[int, Member] = {}
        """As far as the changes tell."""
        self.ordinals = 0
        self.digests: list[wire.Presence] = []
        self.question: tuple[int, int] | None = None
        self.answers: list[asks.Members] = []

    @rule(count=st.integers(1, 40))
    def come(self, count: int) -> None:
        for _ in range(count):
            self.ordinals += 1
            self.living[self.ordinals] = member(self.ordinals)
            self.presence.put(self.living[self.ordinals])

    @precondition(lambda self: self.living)
    @rule(which=st.integers(0, 500))
    def go(self, which: int) -> None:
        ordinal = sorted(self.living)[which % len(self.living)]
        del self.living[ordinal]
        self.presence.remove(ordinal)

    @precondition(lambda self: self.living)
    @rule(which=st.integers(0, 500), name=st.sampled_from("xyz"))
    def rename(self, which: int, name: str) -> None:
        ordinal = sorted(self.living)[which % len(self.living)]
        self.living[ordinal] = member(ordinal, name)
        self.presence.put(self.living[ordinal])

    @rule()
    def tell(self) -> None:
        self.digests.append(self.presence.digest(ROOM))

    @precondition(lambda self: self.digests)
    @rule(which=st.integers(0, 500))
    def hear(self, which: int) -> None:
        self.roster.saw(self.digests[which % len(self.digests)])

    @rule(wanted=st.booleans())
    def want(self, wanted: bool) -> None:
        self.roster.wanted = wanted

    @rule()
    def renew(self) -> None:
        self.roster.renew()

    @rule(which=st.integers(0, 500), rtt=st.integers(0, 65535))
    def measure(self, which: int, rtt: int) -> None:
        for ordinal in sorted(self.living)[:which]:
            self.presence.measured(ordinal, rtt)

    @rule()
    def ask(self) -> None:
        if self.question is None:
            self.question = self.roster.question()
            self.answers.clear()
        if self.question is not None:
            self.answers.append(self.presence.answer(who(*self.question)))

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0, 500))
    def answer(self, which: int) -> None:
        change = self.roster.answered(self.answers[which % len(self.answers)])
        self.question = None
        self.answers.clear()
        for gone in change.went:
            assert self.seen.pop(gone.ordinal).ordinal == gone.ordinal
        for row in change.came:
            assert row.ordinal not in self.seen
            self.seen[row.ordinal] = row
        for before, after in change.renamed:
            assert before.ordinal == after.ordinal
            assert self.seen[before.ordinal].name == before.name != after.name
            self.seen[before.ordinal] = after

    @rule(restarted=st.booleans())
    def reconnect(self, restarted: bool) -> None:
        """A new session, and perhaps a new server, whose ordinals and versions begin anew."""
        self.question = None
        self.answers.clear()
        self.digests.clear()
        self.roster.reset()
        if restarted:
            self.presence, self.living, self.ordinals = Presence(), {}, 0
            self.come(3)

    @invariant()
    def changes_tell_what_the_mirror_shows(self) -> None:
        assert {each: row.name for each, row in self.seen.items()} == {
            each: row.name for each, row in self.roster.members.items()
        }

    def teardown(self) -> None:
        """The newest digest comes, and every question is answered."""
        self.roster.wanted = True
        self.roster.saw(self.presence.digest(ROOM))
        for _ in range(200):
            self.ask()
            if self.question is None:
                break
            self.answer(len(self.answers) - 1)
        shown = {each: replace(row, rtt=None) for each, row in self.roster.members.items()}
        assert shown == self.living
        if self.presence.version:
            assert self.roster.complete


TestPresenceAndRoster = OverALossyNetwork.TestCase
TestPresenceAndRoster.settings = settings(max_examples=60, stateful_step_count=40)
