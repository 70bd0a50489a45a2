import gc
import weakref
from random import Random

import pytest
from OpenSSL import SSL

from chat.core.types import Path
from chat.secure.dtls_server import (
    DEADLINE,
    PATH_PENDING,
    PENDING,
    PREFIX_PENDING,
    PREFIX_TEXTS,
    REPLACE_AFTER,
    RESEND_LEAST,
    TEXT,
    TEXT_CONNECTIONS,
)
from chat.secure.records import DATAGRAM, LONGEST, RANDOM_SIZE, records

from .host import PATH, Host, Peer, numberless, path_number
from .network import Network

CERTIFICATE = 11


def alert(level: int, code: int) -> bytes:
    """Readable: anybody can say so."""
    return bytes.fromhex("15fefd00000000000000630002") + bytes((level, code))


def loose() -> SSL.Context:
    """What an unrestricted client is made with."""
    made = SSL.Context(SSL.DTLS_CLIENT_METHOD)
    made.set_max_proto_version(0xFEFD)
    made.set_options(SSL.OP_NO_QUERY_MTU)
    return made


def test_a_handshake() -> None:
    host = Host()
    peer = host.shaken()
    assert host.admitted == [(PATH, peer.secrets)]
    assert host.server.knows(PATH)
    assert host.server.pending == 1
    assert host.server.deadline() == DEADLINE
    host.server.finished(PATH)
    assert not host.server.knows(PATH)
    assert host.server.pending == 0
    assert host.server.deadline() is None
    assert not host.taken()
    assert not host.server.dropped


def test_an_object_is_dropped_when_it_has_done_its_work() -> None:
    host = Host()
    host.shaken()
    kept = [weakref.ref(one) for one in gc.get_objects() if isinstance(one, SSL.Connection)]
    host.server.finished(PATH)
    gc.collect()
    assert sum(one() is not None for one in kept) == 1  # the listener


def test_only_dtls_1_2_with_our_ciphers() -> None:
    peer = Host().shaken()
    assert peer.ssl.get_protocol_version_name() == "DTLSv1.2"
    name = peer.ssl.get_cipher_name()
    assert name is not None
    assert name.startswith("ECDHE-ECDSA-AES128-GCM")


@pytest.mark.parametrize("ciphers", [b"ECDHE-ECDSA-AES128-SHA256", b"ECDHE-RSA-AES128-GCM-SHA256"])
def test_other_ciphers_are_refused_and_leave_nothing(ciphers: bytes) -> None:
    made = loose()
    made.set_cipher_list(ciphers)
    host, peer = Host(), Peer(made)
    (refusal,) = host.hear(host.second_hello(peer))
    assert next(records(refusal)).body == b"\x02\x28"
    assert not host.server.knows(PATH)
    assert host.server.pending == 0
    assert host.server.dropped == {"failed": 1}


def test_an_older_protocol_is_refused() -> None:
    made = SSL.Context(SSL.DTLS_CLIENT_METHOD)
    made.set_options(SSL.OP_NO_QUERY_MTU)
    made.set_cipher_list(b"ALL:@SECLEVEL=0")
    made.set_max_proto_version(0xFEFF)
    host = Host()
    (refusal,) = host.hear(host.second_hello(Peer(made)))
    assert next(records(refusal)).body == b"\x02\x46"
    assert not host.server.knows(PATH)


def test_a_session_is_not_resumed() -> None:
    host, willing = Host(), loose()
    peer, again = Peer(willing), Peer(willing)
    said = peer.go()
    while said:
        said = peer.go(*host.hear(*said))
    session = peer.ssl.get_session()
    assert session is not None
    again.ssl.set_session(session)
    (flight,) = host.hear(host.second_hello(again))
    assert CERTIFICATE in [record.message for record in records(flight)]


def test_a_hello_without_a_cookie_costs_nothing() -> None:
    host, random = Host(), Random(3)
    (hello,) = Peer().go()
    for number in range(10_000):
        path = path_number(random.randrange(1 << 24))
        spoofed = hello[:27] + random.randbytes(RANDOM_SIZE) + hello[27 + RANDOM_SIZE :]
        if number % 10 == 9:
            place = random.randrange(25, len(hello))
            spoofed = spoofed[:place] + random.randbytes(1) + spoofed[place + 1 :]
        answers = host.hear(spoofed, path=path)
        assert sum(map(len, answers)) <= len(spoofed)
        assert not host.server.knows(path)
    assert host.server.pending == 0
    assert host.server.deadline() is None
    host.shaken()


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "malformed"),
        (b"\x16", "malformed"),
        (b"\x16\xfe", "malformed"),
        (b"\x16\x03\x01" + bytes(60), "malformed"),
        (b"\x16\xfe\xfd" + bytes(8) + b"\xff\xff" + bytes(60), "malformed"),
        (b"\x16\xfe" + bytes(LONGEST), "long"),
        (alert(2, 40)[:-1], "malformed"),
        (alert(2, 40), "stranger"),
        (b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x20" + bytes(32), "stranger"),
        (b"\x16\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x20\x01" + bytes(31), "stranger"),
        (b"\x16\xfe\xfd" + bytes(8) + b"\x00\x40\x02" + bytes(63), "stranger"),
        (b"\x16\xfe\xfd" + bytes(8) + b"\x00\x0c\x01" + bytes(11), "stranger"),
        (b"\x16\xfe\xfd" + bytes(8) + b"\x00\x40\x01" + bytes(63), "hello"),
    ],
)
def test_what_strangers_say_is_counted_and_not_answered(datagram: bytes, reason: str) -> None:
    host = Host()
    assert not host.hear(datagram)
    assert host.server.dropped == {reason: 1}
    assert not host.server.knows(PATH)


def test_a_repeated_hello_gets_the_same_flight_not_too_often() -> None:
    host, peer = Host(), Peer()
    hello = host.second_hello(peer)
    flight = host.hear(hello)
    assert sum(map(len, flight)) > 500
    assert not host.hear(hello, now=RESEND_LEAST / 2)
    again = host.hear(hello, now=0.25)
    assert numberless(again) == numberless(flight)
    assert again != flight
    assert not host.hear(hello, hello, now=0.3)
    assert numberless(host.hear(hello, now=0.5)) == numberless(flight)
    assert host.server.pending == 1
    said = peer.go(*flight)
    peer.go(*host.hear(*said, now=0.5))
    assert peer.done
    assert host.admitted == [(PATH, peer.secrets)]


def test_a_repeated_last_flight_gets_the_servers_last_one_until_the_session_is_heard() -> None:
    host, peer = Host(), Peer()
    finish = peer.go(*host.hear(host.second_hello(peer)))
    lost = host.hear(*finish)
    assert len(host.admitted) == 1
    assert not host.hear(*finish, now=0.05)
    assert numberless(host.hear(*finish, now=0.25)) == numberless(lost)
    assert numberless(host.hear(*finish, now=0.5)) == numberless(lost)
    assert len(host.admitted) == 1
    peer.go(*lost)
    assert peer.done
    host.server.finished(PATH)
    assert not host.hear(*finish, now=0.75)
    assert host.server.dropped["stranger"] == 1


def test_forged_text_makes_it_repeat_nothing() -> None:
    host = Host()
    host.shaken()
    assert not host.hear(b"\x17\xfe\xfd\x00\x01" + bytes(6) + b"\x00\x20" + bytes(32), now=1.0)


def test_a_client_whose_second_hello_is_not_its_second_record() -> None:
    """Where one was lost on the way to the cookie: nothing that it gets has a number twice."""
    host, peer = Host(), Peer()
    peer.go()
    (asks,) = host.hear(*peer.flights.repeated())
    (hello,) = peer.go(asks)
    flight = host.hear(hello)
    repeated = host.hear(hello, now=1.0)
    numbers = [
        record.number for datagram in (asks, *flight, *repeated) for record in records(datagram)
    ]
    assert numbers == list(range(1, 10))
    assert next(records(hello)).number == numbers[1]
    peer.go(*host.hear(*peer.go(*flight)))
    assert peer.done


def test_what_came_too_early_to_be_used_is_used_when_it_is_repeated() -> None:
    host, peer = Host(), Peer()
    (finish,) = peer.go(*host.hear(host.second_hello(peer)))
    _, change, finished = (record.whole for record in records(finish))
    host.hear(change, finished)
    assert not host.admitted
    host.hear(*peer.flights.repeated(), now=0.25)
    assert host.admitted == [(PATH, peer.secrets)]


def test_datagrams_of_a_flight_in_any_order() -> None:
    host, peer = Host(), Peer()
    (flight,) = host.hear(host.second_hello(peer))
    parts = [record.whole for record in records(flight)]
    (finish,) = peer.go(*reversed(parts))
    key_exchange, change, finished = (record.whole for record in records(finish))
    host.hear(finished, key_exchange, finished, change)
    assert host.admitted == [(PATH, peer.secrets)]


def test_no_datagram_is_too_long() -> None:
    host, peer = Host(), Peer()
    hello = host.second_hello(peer)
    flight = host.hear(hello)
    assert all(len(datagram) <= DATAGRAM for datagram in flight)
    assert len(flight) == 1
    peer.go(*host.hear(*peer.go(*flight)))
    host.hear(*peer.say(b"x"))
    host.server.write(PATH, bytes(TEXT))
    (datagram,) = host.taken()
    assert TEXT < len(datagram) <= DATAGRAM
    with pytest.raises(ValueError, match="do not fit"):
        host.server.write(PATH, bytes(TEXT + 1))


def test_a_handshake_has_ten_seconds() -> None:
    host = Host()
    host.stalled(path_number(1), now=1.0)
    host.shaken(path_number(2), now=2.0)
    host.speaking(path_number(3), now=2.5)
    assert host.server.deadline() == 11.0
    host.server.timeout(10.9)
    assert host.server.pending == 2
    host.server.timeout(11.0)
    assert not host.server.knows(path_number(1))
    assert host.server.dropped == {"slow": 1}
    assert host.server.deadline() == 12.0
    host.server.timeout(12.0)
    assert not host.server.knows(path_number(2))
    assert host.server.deadline() is None
    host.server.timeout(1e6)
    assert host.server.knows(path_number(3))
    assert not host.closed
    assert not host.taken()


def test_stalled_handshakes_are_bounded_and_an_honest_one_gets_through() -> None:
    network = Network()
    host = network.host
    for number in range(1000):
        host.stalled(path_number(number))
        assert host.server.pending <= PENDING
    assert host.server.pending == PENDING
    assert host.server.dropped == {"full": 1000 - PENDING}
    late = network.join(PATH)
    network.wait(9.0)
    assert late.handshake.secrets is None
    assert late.handshake.hint == ""
    network.run(lambda: late.heard, until=15.0)
    assert [secrets for _, secrets in host.admitted] == [late.handshake.secrets]
    assert host.server.pending == 0


def test_who_stalls_all_the_time_from_one_place_does_not_keep_others_out() -> None:
    network = Network()
    flooder = Path(0, "203.0.113.9", 0)
    for port in range(1, 41):
        network.host.stalled(flooder._replace(port=port))
    assert network.host.server.pending == PREFIX_PENDING
    assert network.host.server.dropped == {"prefix": 40 - PREFIX_PENDING}
    client = network.join(PATH)
    network.run(lambda: client.heard, until=1.0)
    network.wait(10.0)
    assert network.host.server.pending == 0
    network.host.stalled(flooder._replace(port=50), now=10.0)
    assert network.host.server.pending == 1


@pytest.mark.parametrize(
    ("hosts", "least"),
    [
        ([f"2001:db8:0:1::{n:x}" for n in range(1, 31)], PREFIX_PENDING),
        ([f"2001:db8:0:{n:x}::1" for n in range(1, 31)], 30),
        ([f"fe80::{n:x}%2" for n in range(1, 31)], PREFIX_PENDING),
        ([f"192.0.2.{n}" for n in range(1, 31)], 30),
        (["127.0.0.1"] * 30, 30),
        (["::1"] * 30, 30),
    ],
)
def test_a_neighbourhood_is_an_ipv4_address_or_an_ipv6_64(hosts: list[str], least: int) -> None:
    host = Host()
    for port, name in enumerate(hosts, 1):
        host.stalled(Path(0, name, port))
    assert host.server.pending == least


def test_the_count_of_a_neighbourhood_goes_down_again() -> None:
    host = Host()
    paths = [PATH._replace(port=port) for port in range(1, 50)]
    for path in paths:
        host.shaken(path)
        host.server.finished(path)
    for path in paths[:PREFIX_TEXTS]:
        host.speaking(path)
    assert host.server.texts == PREFIX_TEXTS
    assert not host.server.dropped


def test_one_neighbour_does_not_have_all_the_places_of_text() -> None:
    host = Host()
    paths = [PATH._replace(port=port) for port in range(1, PREFIX_TEXTS + 2)]
    for path in paths[:-1]:
        host.speaking(path)
    late = host.shaken(paths[-1])
    host.hear(*late.say(b"first"), path=paths[-1])
    assert host.server.dropped == {"texts full": 1}
    host.speaking(Path(0, "203.0.113.9", 1))
    host.server.close(paths[0])
    host.speaking(paths[-1])
    here = Path(0, "127.0.0.1", 1)
    for port in range(1, PREFIX_TEXTS + 5):
        host.speaking(here._replace(port=port))


def test_an_endpoint_has_few_attempts_at_once_and_the_newest_stays() -> None:
    host = Host()
    peers = [Peer() for _ in range(5)]
    for now, peer in enumerate(peers):
        flight = host.hear(host.second_hello(peer, now=now), now=now)
    assert host.server.pending == PATH_PENDING
    assert host.server.dropped == {"replaced": 5 - PATH_PENDING}
    host.hear(*peers[-1].go(*flight), now=5.0)
    assert host.admitted == [(PATH, peers[-1].secrets)]
    assert host.server.pending == 1


def test_an_endpoint_does_not_keep_the_server_busy() -> None:
    host = Host()
    for number in range(100):
        host.stalled(now=number / 100)
    assert host.server.dropped == {"often": 100 - PATH_PENDING}
    host.stalled(now=REPLACE_AFTER)
    assert host.server.dropped["replaced"] == 1


def test_a_client_that_starts_over_gets_through_a_full_table() -> None:
    host = Host()
    for number in range(PENDING - PATH_PENDING):
        host.stalled(path_number(number))
    for now in range(4):
        host.stalled(now=now)
    host.shaken(now=4)
    assert host.server.dropped == {"replaced": 3}


def test_a_restarted_client_takes_the_place_of_the_one_before() -> None:
    host = Host()
    old = host.speaking()
    new = Peer()
    flight = host.hear(host.second_hello(new))
    host.hear(*old.say(b"still here"))
    assert host.texts[-1] == (PATH, b"still here")
    assert not host.closed
    new.go(*host.hear(*new.go(*flight)))
    assert host.closed == [PATH]
    assert [secrets for _, secrets in host.admitted][1:] == [new.secrets]
    host.hear(*old.say(b"too late"))
    assert host.texts[-1] == (PATH, b"still here")
    host.hear(*new.say(b"hello"))
    assert host.texts[-1] == (PATH, b"hello")
    assert host.server.texts == 1
    assert host.server.pending == 0


def test_a_client_that_restarts_before_it_has_spoken_is_not_said_to_have_closed() -> None:
    host = Host()
    host.shaken()
    host.shaken()
    assert len(host.admitted) == 2
    assert not host.closed
    assert host.server.pending == 1


def test_a_replayed_hello_does_not_end_what_lives() -> None:
    host, before, peer = Host(), Peer(), Peer()
    captured = host.second_hello(before)
    host.hear(*before.go(*host.hear(captured)))
    host.server.finished(PATH)
    own = host.second_hello(peer)
    peer.go(*host.hear(*peer.go(*host.hear(own))))
    host.hear(*peer.say(b"one"))

    assert not host.hear(own, now=1.0)  # its own: known
    assert host.hear(captured, now=1.0)  # that of the one before: begins, and goes no further
    host.hear(*peer.say(b"two"), now=1.1)
    host.server.write(PATH, b"three")
    peer.go(*host.taken())
    host.server.timeout(12.0)
    host.hear(*peer.say(b"four"), now=12.0)
    assert [text for _, text in host.texts] == [b"one", b"two", b"four"]
    assert peer.heard == [b"three"]
    assert not host.closed
    assert len(host.admitted) == 2
    assert host.server.pending == 0


@pytest.mark.parametrize("code", [0, 10, 20, 40, 80])
@pytest.mark.parametrize("level", [1, 2])
def test_no_readable_alert_is_believed(level: int, code: int) -> None:
    forged = alert(level, code)
    host, peer = Host(), Peer()
    flight = host.hear(host.second_hello(peer))
    assert not host.hear(forged)
    finish = peer.go(*flight)
    peer.go(*host.hear(forged, *finish, forged))
    assert host.admitted == [(PATH, peer.secrets)]
    assert not host.hear(forged)
    host.hear(*peer.say(b"one"))
    assert not host.hear(forged, forged[:4] + b"\x01" + forged[5:])
    host.hear(*peer.say(b"two"))
    assert [text for _, text in host.texts] == [b"one", b"two"]
    assert not host.closed


def test_text_both_ways() -> None:
    host = Host()
    peer = host.speaking()
    assert host.server.texts == 1
    assert host.server.pending == 0
    assert not host.taken()
    lines = [b"line %d" % n for n in range(5)]
    datagrams = [datagram for line in lines for datagram in peer.say(line)]
    host.hear(b"".join(datagrams[:3]), datagrams[4], datagrams[3])
    assert [text for _, text in host.texts[1:]] == [*lines[:3], lines[4], lines[3]]
    for line in lines:
        host.server.write(PATH, line)
    answers = host.taken()
    assert len(answers) == 5
    peer.go(*answers)
    assert peer.heard == lines


def test_writing_to_who_speaks_no_text_says_nothing() -> None:
    host = Host()
    host.server.write(PATH, b"nobody")
    host.shaken()
    host.server.write(PATH, b"not yet")
    assert not host.taken()


def test_a_replay_changes_nothing() -> None:
    host = Host()
    peer = host.speaking()
    (datagram,) = peer.say(b"once")
    host.hear(datagram, datagram, datagram)
    assert [text for _, text in host.texts] == [b"first", b"once"]


def test_a_client_that_leaves_is_missed() -> None:
    host = Host()
    peer = host.speaking()
    host.hear(*peer.leave())
    assert host.closed == [PATH]
    assert not host.server.knows(PATH)
    assert host.server.texts == 0
    assert host.server.dropped == {"left": 1}
    quiet = host.shaken()
    host.hear(*quiet.leave())
    assert host.closed == [PATH]
    assert not host.server.knows(PATH)
    assert host.server.pending == 0


def test_goodbye_is_said() -> None:
    host = Host()
    peer = host.speaking()
    host.server.close(PATH)
    peer.go(*host.taken())
    assert peer.left
    assert not host.server.knows(PATH)
    assert host.server.texts == 0
    assert not host.closed
    host.server.close(PATH)
    assert not host.taken()


def test_closing_what_is_not_complete_says_nothing() -> None:
    host = Host()
    host.stalled()
    host.server.close(PATH)
    assert not host.taken()
    assert not host.server.knows(PATH)
    assert host.server.pending == 0


def test_finished_is_about_complete_handshakes_that_speak_no_text() -> None:
    host = Host()
    host.server.finished(PATH)
    host.stalled()
    host.server.finished(PATH)
    assert host.server.pending == 1
    host.speaking(path_number(1))
    host.server.finished(path_number(1))
    assert host.server.texts == 1


def test_text_connections_are_bounded() -> None:
    host = Host()
    for number in range(TEXT_CONNECTIONS):
        host.speaking(path_number(number))
    peer = host.shaken()
    peer.go(*host.hear(*peer.say(b"one too many")))
    assert peer.left
    assert (PATH, b"one too many") not in host.texts
    assert not host.server.knows(PATH)
    assert host.server.dropped == {"texts full": 1}
    assert not host.closed
    host.server.close(path_number(7))
    host.speaking()
    assert host.server.texts == TEXT_CONNECTIONS
    assert host.server.pending == 0


def test_calls_back_may_call_the_server() -> None:
    host = Host()
    heard: list[bytes] = []

    def closing(path: Path, text: bytes) -> None:
        heard.append(text)
        host.server.close(path)

    host.server._text = closing
    peer = host.shaken()
    first, second = peer.say(b"one"), peer.say(b"two")
    peer.go(*host.hear(first[0] + second[0]))
    assert heard == [b"one"]
    assert peer.left
    assert not host.server.knows(PATH)
    host.server._admitted = lambda path, secrets: host.server.finished(path)
    host.shaken()
    assert not host.server.knows(PATH)
    assert host.server.pending == 0
    assert host.server.texts == 0


def test_a_client_cannot_negotiate_again() -> None:
    host, peer = Host(), Peer(loose())
    said = peer.go()
    while said:
        said = peer.go(*host.hear(*said))
    host.hear(*peer.say(b"first"))
    peer.ssl.renegotiate()
    peer.done = False
    peer.go(*host.hear(*peer.go()))
    assert not peer.done
    assert len(host.admitted) == 1
