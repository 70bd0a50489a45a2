"""Who may do what to whom: every combination of `chat.core.roles` against one written table."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from chat.core.roles import RULES, Act, Role, objection

OF_THE_ROOM = """
who        unban slow invite uninvite invites bans lock unlock password limit hide unhide
muted      -     -    -      -        -       -    -    -      -        -     -    -
member     -     -    -      -        -       -    -    -      -        -     -    -
moderator  yes   yes  yes    yes      yes     yes  yes  yes    -        -     -    -
owner      yes   yes  yes    yes      yes     yes  yes  yes    yes      yes   yes  yes
admin      yes   yes  yes    yes      yes     yes  yes  yes    yes      yes   yes  yes
operator   yes   yes  yes    yes      yes     yes  yes  yes    yes      yes   yes  yes
"""
"""What is done to nobody in particular."""

TO_SOMEBODY = """
kick ban mute unmute delete
who        muted member moderator owner admin operator oneself
muted      -     -      -         -     -     -        -
member     -     -      -         -     -     -        -
moderator  yes   yes    -         -     -     -        -
owner      yes   yes    yes       -     -     -        -
admin      yes   yes    yes       yes   -     -        -
operator   yes   yes    yes       yes   yes   -        -

op
who        muted member moderator owner admin operator oneself
muted      -     -      -         -     -     -        -
member     -     -      -         -     -     -        -
moderator  -     -      -         -     -     -        -
owner      yes   yes    yes       yes   -     -        yes
admin      yes   yes    yes       yes   yes   -        yes
operator   yes   yes    yes       yes   yes   yes      yes

deop
who        muted member moderator owner admin operator oneself
muted      -     -      -         -     -     -        -
member     -     -      -         -     -     -        -
moderator  -     -      -         -     -     -        yes
owner      yes   yes    yes       yes   -     -        yes
admin      yes   yes    yes       yes   yes   -        yes
operator   yes   yes    yes       yes   yes   yes      yes
"""
"""The columns are the role of whom it is done to. `op` gives a role and `deop` takes the one that is
held. Where there is no other owner than whom it is done to, only the operator may `deop`."""


class Case(NamedTuple):
    act: Act
    who: Role
    whom: Role
    oneself: bool
    last_owner: bool

    @property
    def allowed(self) -> bool:
        return objection(*self[:3], oneself=self.oneself, last_owner=self.last_owner) is None


def written() -> dict[tuple[Act, Role, str], bool]:
    """Both tables: by act, who, and column."""
    found = {}
    head, *rows = OF_THE_ROOM.strip().splitlines()
    for row in rows:
        who, *cells = row.split()
        for act, cell in zip(head.split()[1:], cells, strict=True):
            for column in [*(role.name.lower() for role in Role), "oneself"]:
                found[Act(act), Role[who.upper()], column] = cell == "yes"
    for block in TO_SOMEBODY.strip().split("\n\n"):
        acts, head, *rows = block.splitlines()
        for row in rows:
            who, *cells = row.split()
            for column, cell in zip(head.split()[1:], cells, strict=True):
                for act in acts.split():
                    found[Act(act), Role[who.upper()], column] = cell == "yes"
    return found


WRITTEN = written()


def cases() -> Iterator[Case]:
    """Every combination. Whoever is muted has a role besides; of all others, oneself has the same
    one as oneself."""
    for act in Act:
        for who in Role:
            for whom in Role:
                for last in (False, True):
                    yield Case(act, who, whom, False, last)
                    if whom is who or who is Role.MUTED:
                        yield Case(act, who, whom, True, last)


CASES = list(cases())


def expected(case: Case) -> bool:
    if case.act is Act.DEOP and case.last_owner and case.who is not Role.OPERATOR:
        return False
    column = "oneself" if case.oneself else case.whom.name.lower()
    return WRITTEN[case.act, case.who, column]


def test_the_written_table_has_a_cell_for_everything() -> None:
    assert len(WRITTEN) == len(Act) * len(Role) * (len(Role) + 1)
    assert set(RULES) == set(Act)


@pytest.mark.parametrize("act", Act)
def test_the_code_says_what_the_table_says(act: Act) -> None:
    wrong = [case for case in CASES if case.act is act and case.allowed != expected(case)]
    assert not wrong


def test_nobody_acts_on_a_higher_role() -> None:
    upwards = [case for case in CASES if RULES[case.act].whom and case.whom > case.who]
    assert upwards
    assert not any(case.allowed for case in upwards)


def test_only_equals_of_their_own_rank_may_change_each_others_roles() -> None:
    level = [case for case in CASES if case.whom is case.who and RULES[case.act].whom]
    others = {case.act for case in level if case.allowed and not case.oneself}
    assert others == {Act.OP, Act.DEOP}


def test_the_last_owner_stays_unless_the_operator_says_otherwise() -> None:
    taken = [case for case in CASES if case.act is Act.DEOP and case.last_owner and case.allowed]
    assert taken
    assert {case.who for case in taken} == {Role.OPERATOR}


def test_who_is_muted_may_do_nothing() -> None:
    assert not any(case.allowed for case in CASES if case.who is Role.MUTED)


def test_a_higher_role_may_do_whatever_a_lower_one_may() -> None:
    for case in CASES:
        if case.allowed and not case.oneself:
            assert all(case._replace(who=who).allowed for who in Role if who > case.who), case


def test_an_objection_says_what_is_missing() -> None:
    assert objection(Act.LOCK, Role.MEMBER) == "only its moderators and owners may do that here"
    assert objection(Act.HIDE, Role.MODERATOR) == "only its owners may do that here"
    said = objection(Act.KICK, Role.MODERATOR, Role.OWNER)
    assert said == "you may not do that to somebody of that role"
    said = objection(Act.DEOP, Role.OWNER, Role.OWNER, oneself=True, last_owner=True)
    assert said is not None
    assert "make somebody else an owner first" in said
    said = objection(Act.DEOP, Role.MEMBER, Role.MEMBER, oneself=True)
    assert said == "you have no role here to give up"
