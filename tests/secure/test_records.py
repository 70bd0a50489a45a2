from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from chat.secure.records import (
    ALERT,
    CLIENT_HELLO,
    DATAGRAM,
    HANDSHAKE,
    HELLO_VERIFY_REQUEST,
    Flights,
    Record,
    client_random,
    connection,
    context,
    offered_cookie,
    records,
    written,
)

from .host import Host, Peer


def record(kind: int = HANDSHAKE, body: bytes = b"", epoch: int = 0, number: int = 0) -> bytes:
    head = bytes((kind, 0xFE, 0xFD)) + epoch.to_bytes(2, "big") + number.to_bytes(6, "big")
    return head + len(body).to_bytes(2, "big") + body


def test_a_datagram_is_records() -> None:
    first, second = record(body=b"abc"), record(ALERT, b"\x02\x28", epoch=1)
    assert list(records(first + second)) == [Record(22, 0, first), Record(21, 1, second)]
    assert [one.body for one in records(first + second)] == [b"abc", b"\x02\x28"]
    assert [one.readable for one in records(first + second)] == [True, False]


@pytest.mark.parametrize("rest", [b"x", record(body=b"abc")[:-1], b"\x16\x03\x01" + bytes(20)])
def test_what_is_no_record_ends_it(rest: bytes) -> None:
    assert [one.whole for one in records(record() + rest)] == [record()]
    assert not list(records(rest))


@given(st.binary(max_size=200))
def test_records_are_the_beginning_of_the_datagram(datagram: bytes) -> None:
    taken = list(records(datagram))
    assert datagram.startswith(b"".join(one.whole for one in taken))
    for one in taken:
        client_random(one)
        offered_cookie(one)
        assert one.message >= 0
        assert one.message_number >= 0


def test_a_real_hello_and_its_answer() -> None:
    peer, host = Peer(), Host()
    (datagram,) = peer.go()
    (hello,) = records(datagram)
    assert hello.message == CLIENT_HELLO
    assert hello.message_number == 0
    assert client_random(hello) == peer.ssl.client_random()
    (answer,) = host.hear(datagram)
    (asks,) = records(answer)
    assert asks.message == HELLO_VERIFY_REQUEST
    assert len(offered_cookie(asks)) == 16
    (second,) = records(peer.go(answer)[0])
    assert second.message_number == 1
    assert offered_cookie(asks) in second.whole
    assert client_random(second) == client_random(hello)


def test_what_is_no_beginning_of_a_hello_has_no_client_random() -> None:
    (datagram,) = Peer().go()
    later_part = datagram[:21] + b"\x01" + datagram[22:]
    encrypted = datagram[:4] + b"\x01" + datagram[5:]
    for other in (later_part, encrypted, record(body=datagram[13:50]), record(ALERT, bytes(60))):
        (one,) = records(other)
        assert client_random(one) is None
    assert client_random(Record(HANDSHAKE, 0, record(body=b"\x01"))) is None


@given(st.lists(st.integers(0, DATAGRAM - 13), max_size=30))
def test_a_flight_is_datagrams_of_whole_records_and_not_too_long(sizes: list[int]) -> None:
    bodies = [bytes(size) for size in sizes]
    flights = Flights(number=5)
    datagrams = flights.say(b"".join(record(body=body) for body in bodies))
    assert b"".join(datagrams) == b"".join(
        record(body=body, number=number) for number, body in enumerate(bodies, 5)
    )
    assert all(0 < len(datagram) <= DATAGRAM for datagram in datagrams)
    assert sum(len(list(records(datagram))) for datagram in datagrams) == len(sizes)
    for one, other in pairwise(datagrams):
        assert len(one) + len(next(records(other)).whole) > DATAGRAM


def test_a_flight_is_repeated_under_new_numbers_where_it_has_no_key() -> None:
    flights = Flights()
    sealed = record(body=b"sealed", epoch=1, number=7)
    assert flights.repeated() == []
    assert flights.say(record(body=b"a") + sealed) == [record(body=b"a") + sealed]
    assert flights.say(b"") == []
    for number in (1, 2):
        assert flights.repeated() == [record(body=b"a", number=number) + sealed]
    assert flights.say(record(body=b"b")) == [record(body=b"b", number=3)]
    assert flights.repeated() == [record(body=b"b", number=4)]
    flights.forget()
    assert flights.repeated() == []


def test_what_is_written_is_taken_out_once() -> None:
    ssl = connection(context(SSL.DTLS_CLIENT_METHOD))
    assert written(ssl) == b""
    ssl.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        ssl.do_handshake()
    assert len(list(records(written(ssl)))) == 1
    assert written(ssl) == b""


def test_a_record_fits_in_a_datagram() -> None:
    peer = Host().shaken()
    assert 1100 <= peer.ssl.get_cleartext_mtu() < DATAGRAM - 13


def test_only_strong_ciphers_are_offered() -> None:
    names = connection(context(SSL.DTLS_CLIENT_METHOD)).get_cipher_list()
    dtls12 = [name for name in names if not name.startswith("TLS_")]
    assert dtls12
    for name in dtls12:
        assert name.startswith("ECDHE-ECDSA-")
        assert "GCM" in name or "CHACHA20" in name
