"""Whom a ruling is about, and which fact of a room it changes."""

import pytest

from chat.core.policy import (
    Policy,
    Ruling,
    decode,
    encode,
    ends,
    fact_of,
    is_about,
    subject_of_address,
    subject_of_key,
    subjects_of,
)
from chat.core.roles import Act, Role
from chat.core.types import Path

from .stub import Stub

KEY = bytes(range(32))


def somebody(host: str, key: bytes = KEY) -> Stub:
    member = Stub("bob", instance=b"instance")
    member.path = Path(0, host, 4000)
    member.public = key
    return member


def banned(*subjects: str) -> Ruling:
    return Ruling(Act.BAN, "den", "ann", whom="bob", subjects=subjects)


def test_somebody_is_its_key_its_instance_and_its_neighbourhood() -> None:
    instance = "instance:" + b"instance".hex()
    assert subjects_of(somebody("192.0.2.7")) == (subject_of_key(KEY), instance, "net:192.0.2.7/32")
    assert subjects_of(somebody("192.0.2.7", b"")) == (instance, "net:192.0.2.7/32")
    assert subjects_of(somebody("2001:db8:1:2::5"))[-1] == "net:2001:db8:1:2::/64"
    assert subjects_of(somebody("fe80::1%eth0"))[-1] == "net:fe80::/64"
    assert len(subjects_of(somebody("127.0.0.1"))) == 2, "which says of nobody who it is"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("192.0.2.7", "net:192.0.2.7/32"),
        ("192.0.2.7/24", "net:192.0.2.0/24"),
        ("2001:db8::/32", "net:2001:db8::/32"),
        ("bob", None),
        ("", None),
        ("192.0.2.7/", "net:192.0.2.7/32"),
        ("192.0.2.7/33", None),
        ("192.0.2", None),
        ("192.0.2.7:4000", None),
    ],
)
def test_an_address_or_a_prefix_is_a_subject(text: str, subject: str | None) -> None:
    assert subject_of_address(text) == subject


def test_of_one_ipv6_address_all_that_a_customer_has_is_meant() -> None:
    assert subject_of_address("2001:db8:1:2::5") == "net:2001:db8:1:2::/64"
    assert subject_of_address("2001:db8:1:2::5/128") == "net:2001:db8:1:2::5/128"
    assert subject_of_address("::1") == "net:::1/128"


def test_an_ipv4_address_is_one_in_ipv6s_clothes_too() -> None:
    assert subject_of_address("::ffff:192.0.2.7") == "net:192.0.2.7/32"
    assert subject_of_address("::ffff:192.0.2.7/120") == "net:192.0.2.0/24"
    assert subjects_of(somebody("::ffff:192.0.2.7")) == subjects_of(somebody("192.0.2.7"))
    assert is_about(banned("net:192.0.2.7/32"), somebody("::ffff:192.0.2.7"))


@pytest.mark.parametrize("subject", subjects_of(somebody("2001:db8:1:2::5")))
def test_one_of_its_subjects_is_enough(subject: str) -> None:
    assert is_about(banned("net:198.51.100.0/24", subject), somebody("2001:db8:1:2:9::9"))
    other = somebody("2001:db8:1:3::5", bytes(32))
    other.instance = b"anothers"
    assert not is_about(banned("net:198.51.100.0/24", subject), other)


def test_where_it_comes_from_need_not_count() -> None:
    ruling, bob = banned("net:192.0.2.7/32"), somebody("192.0.2.7")
    assert is_about(ruling, bob)
    assert not is_about(ruling, bob, addresses=False)
    assert is_about(banned(subject_of_key(KEY)), bob, addresses=False)


def test_who_has_no_key_is_not_meant_by_one() -> None:
    assert not is_about(banned("key:"), somebody("192.0.2.7", b""))


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
