"""Whom a ban is about."""

import pytest

from chat.core.subjects import (
    is_address,
    meant_by,
    subject_of_address,
    subject_of_key,
    subjects_of,
)
from chat.core.types import Path

from .stub import Stub

KEY = bytes(range(32))


def somebody(host: str, key: bytes = KEY) -> Stub:
    member = Stub("bob", instance=b"instance")
    member.path = Path(0, host, 4000)
    member.public = key
    return member


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
    assert meant_by(("net:192.0.2.7/32",)).covers(somebody("::ffff:192.0.2.7"))


def test_a_key_or_an_instance_names_and_an_address_covers() -> None:
    bob, other = somebody("2001:db8:1:2::5"), somebody("2001:db8:1:3::5", bytes(32))
    other.instance = b"anothers"
    for subject in subjects_of(bob):
        meant = meant_by(("net:198.51.100.0/24", subject, "key:" + 64 * "9"))
        assert meant.names(bob) is not is_address(subject)
        assert meant.covers(bob) is is_address(subject)
        assert not (meant.names(other) or meant.covers(other))


def test_who_moves_within_its_neighbourhood_is_still_covered() -> None:
    meant = meant_by(subjects_of(somebody("2001:db8:1:2::5")))
    assert meant.covers(somebody("2001:db8:1:2:ffff::9", b""))
    assert not meant.covers(somebody("2001:db8:1:3::9", b""))
    assert not meant.covers(somebody("32.1.13.184", b"")), "its bytes are the first of the others"


@pytest.mark.parametrize(
    "subject", ["", "key:", "key:zz", "key:00", "instance:", "net:nowhere", "net:", "asn:1234"]
)
def test_what_cannot_be_read_means_nobody(subject: str) -> None:
    meant, nobody = meant_by((subject,)), somebody("192.0.2.7", b"")
    assert not (meant.names(nobody) or meant.covers(nobody))
