"""Which fact of a room a ruling changes."""

import pytest

from chat.core.policy import Policy, Ruling, decode, encode, ends, fact_of
from chat.core.roles import Act, Role
from chat.core.subjects import subject_of_key

KEY = bytes(range(32))


def test_the_newest_ruling_of_a_fact_is_what_holds() -> None:
    policy, about = Policy(), (subject_of_key(KEY),)
    for value, role in (("owner", Role.OWNER), ("moderator", Role.MODERATOR), ("", Role.MODERATOR)):
        policy.apply(Ruling(Act.OP, "den", "ann", subjects=about, value=value))
        assert policy.roles == {KEY: role}
    assert (policy.owners, policy.kept(Act.OP)) == (0, 1)
    policy.apply(Ruling(Act.DEOP, "den", "ann", subjects=about))
    assert (policy.roles, policy.held) == ({}, {})


@pytest.mark.parametrize(
    ("act", "value", "over"),
    [
        (Act.LOCK, "", False),
        (Act.UNLOCK, "", True),
        (Act.SLOW, "30", False),
        (Act.SLOW, "0", True),
        (Act.LIMIT, "0", True),
        (Act.PASSWORD, "$argon2id$", False),
        (Act.PASSWORD, "", True),
    ],
)
def test_what_takes_something_back_leaves_nothing_of_its_fact(
    act: Act, value: str, over: bool
) -> None:
    ruling = Ruling(act, "den", "ann", value=value)
    policy = Policy()
    policy.apply(ruling)
    assert ends(ruling) is over
    assert list(policy.held) == ([] if over else [fact_of(ruling)])


def test_a_ruling_is_read_as_it_was_written() -> None:
    ruling = Ruling(Act.BAN, "den", "ann", "ab", "bob", ("net:192.0.2.7/32",), 5, "", 'spam"')
    assert decode(encode(ruling)) == ruling
    assert decode(encode(ruling).replace("{", '{"later":[1],', 1)) == ruling
