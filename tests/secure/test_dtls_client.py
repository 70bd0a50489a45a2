from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from chat.secure.dtls_client import JITTER, PATIENCE, PAUSE, RESEND, ClientHandshake
from chat.secure.records import HELLO_VERIFY_REQUEST, client_random, records

from .host import CREDENTIALS, PATH, Host, numberless, readable
from .test_dtls_server import alert


def begun(now: float = 0.0, jitter: float = 0.5) -> ClientHandshake:
    return ClientHandshake(now, jitter=lambda: jitter)


def random_of(datagrams: list[bytes]) -> bytes:
    """The attempt that this hello belongs to."""
    (datagram,) = datagrams
    random = client_random(next(records(datagram)))
    assert random is not None
    return random


def give(client: ClientHandshake, datagrams: list[bytes], now: float = 0.0) -> list[bytes]:
    """What it says to these."""
    for datagram in datagrams:
        client.receive(datagram, now)
    return client.datagrams()


def complete(client: ClientHandshake, host: Host, now: float = 0.0) -> None:
    said = client.datagrams()
    while said:
        said = give(client, host.hear(*said, now=now), now)
    assert client.secrets is not None


def sendings(client: ClientHandshake, until: float) -> Iterator[tuple[float, list[bytes]]]:
    """When it says what, unheard."""
    while (deadline := client.deadline()) is not None and deadline <= until:
        client.timeout(deadline)
        said = client.datagrams()
        if said:
            yield deadline, said


def test_a_handshake() -> None:
    host, client = Host(), begun()
    assert (client.secrets, client.public, client.failed, client.hint) == (None, b"", "", "")
    complete(client, host)
    assert host.admitted == [(PATH, client.secrets)]
    assert client.public == CREDENTIALS.public
    assert (client.failed, client.hint) == ("", "")
    assert client.deadline() is None
    client.timeout(100.0)
    assert not client.datagrams()


def test_what_is_to_be_sent_is_said_once() -> None:
    client = begun()
    assert len(client.datagrams()) == 1
    assert not client.datagrams()


def test_a_flight_is_repeated_under_new_numbers_and_less_and_less_often() -> None:
    client = begun(jitter=1.0)
    hello = client.datagrams()
    said = list(sendings(client, until=2.9))
    for _, again in said:
        assert numberless(again) == numberless(hello)
    numbers = [next(records(again[0])).number for _, again in said]
    assert numbers == list(range(1, len(said) + 1))
    times = [0.0, *(when for when, _ in said)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx(list(RESEND[: len(gaps)]))
    assert gaps[0] == 0.25
    assert max(RESEND) == 1.0


def test_nothing_is_repeated_before_its_time() -> None:
    client = begun()
    client.datagrams()
    client.timeout(0.24)
    assert not client.datagrams()


@pytest.mark.parametrize("jitter", [0.0, 0.4, 1.0])
def test_unanswered_it_begins_again_after_two_to_three_seconds(jitter: float) -> None:
    client = begun(jitter=jitter)
    first = random_of(client.datagrams())
    starts = [when for when, said in sendings(client, until=40.0) if random_of(said) != first]
    assert starts[0] == PATIENCE + JITTER * jitter
    randoms = {random_of(said) for _, said in sendings(client, until=80.0)}
    assert len(randoms) >= 40 / (PATIENCE + JITTER)
    assert not client.failed


def test_progress_is_given_time() -> None:
    host, client = Host(), begun(jitter=0.0)
    first = client.datagrams()
    second = give(client, host.hear(*first), now=1.9)
    assert random_of(second) == random_of(first)
    for _, said in sendings(client, until=3.8):
        assert numberless(said) == numberless(second)
    (_, fresh), *_ = sendings(client, until=3.9)
    assert random_of(fresh) != random_of(first)


def test_another_cookie_makes_it_begin_again() -> None:
    host, client = Host(), begun()
    first = client.datagrams()
    (asks,) = host.hear(*first)
    second = give(client, [asks])
    assert random_of(second) == random_of(first)
    assert not give(client, [asks], 0.5)
    other = asks[:-1] + bytes((asks[-1] ^ 1,))
    fresh = give(client, [other], 0.5)
    assert random_of(fresh) != random_of(first)
    client.receive(host.hear(*fresh, now=0.5)[0], 0.5)
    complete(client, host, 0.5)


def test_a_forged_cookie_first_costs_one_beginning() -> None:
    host, client = Host(), begun()
    first = client.datagrams()
    (asks,) = host.hear(*first)
    spoilt = give(client, [asks[:-1] + bytes((asks[-1] ^ 1,))])
    (again,) = host.hear(*spoilt)
    assert next(records(again)).message == HELLO_VERIFY_REQUEST
    assert not give(client, [again], PAUSE / 2)
    assert client.deadline() == PAUSE
    client.timeout(PAUSE)
    complete(client, host, PAUSE)


def spoilt_flight(host: Host, client: ClientHandshake, now: float) -> bytes:
    """The server's, with a signature that does not hold."""
    (flight,) = host.hear(*give(client, host.hear(*client.datagrams(), now=now), now), now=now)
    return flight[:-40] + bytes((flight[-40] ^ 1,)) + flight[-39:]


def test_what_is_fatal_makes_it_begin_again_at_once() -> None:
    host, client = Host(), begun()
    fresh = give(client, [spoilt_flight(host, client, 0.5)], 0.5)
    (record,) = records(fresh[0])
    assert record.message_number == 0
    assert not client.failed
    client.receive(host.hear(*fresh, now=0.5)[0], 0.5)
    complete(client, host, 0.5)


def test_nobody_makes_it_begin_again_and_again() -> None:
    host, client = Host(), begun()
    flight = spoilt_flight(host, client, 0.01)
    assert not give(client, [flight], 0.01)
    assert client.deadline() == PAUSE
    assert not give(client, [flight] * 10, 0.05)
    client.timeout(0.09)
    assert not client.datagrams()
    client.timeout(PAUSE)
    complete(client, host, PAUSE)


def test_what_is_left_of_the_attempt_before_does_no_harm() -> None:
    host, client = Host(), begun(jitter=0.0)
    (late,) = host.hear(*give(client, host.hear(*client.datagrams())))
    (_, fresh) = list(sendings(client, until=PATIENCE))[-1]
    assert not give(client, [late], PATIENCE)
    second = give(client, host.hear(*fresh, now=PATIENCE), PATIENCE)
    assert random_of(second) == random_of(fresh)
    host.hear(*give(client, host.hear(*second, now=PATIENCE), PATIENCE), now=PATIENCE)
    assert len(host.admitted) == 1


@pytest.mark.parametrize(
    ("level", "code", "hint"),
    [
        (2, 71, "the server says that it has no secure sessions"),
        (2, 40, "the server has no cipher in common with this client"),
        (2, 70, "the server speaks no DTLS 1.2"),
        (2, 80, "the server refuses a secure session (alert 80)"),
        (1, 71, ""),
        (1, 0, ""),
    ],
)
def test_a_forged_alert_is_a_hint_and_no_more(level: int, code: int, hint: str) -> None:
    forged = alert(level, code)
    host, client = Host(), begun()
    first = client.datagrams()
    deadline = client.deadline()
    assert not give(client, [forged])
    assert client.hint == hint
    assert client.deadline() == deadline
    second = give(client, [forged, *host.hear(*first), forged])
    assert random_of(second) == random_of(first)
    finish = give(client, [forged, *host.hear(*second), forged])
    give(client, [forged, *host.hear(*finish), forged])
    assert host.admitted == [(PATH, client.secrets)]
    assert not give(client, [forged])
    assert not client.failed


def test_an_alert_in_a_datagram_with_more() -> None:
    host, client = Host(), begun()
    (asks,) = host.hear(*client.datagrams())
    assert len(give(client, [alert(2, 71) + asks + alert(2, 71)])) == 1


def test_garbage_changes_nothing() -> None:
    host, client, random = Host(), begun(), Random(9)
    garbage = [random.randbytes(random.randrange(100)) for _ in range(300)]
    garbage += [b"", b"\x16\xfe" + bytes(1 << 15), b"\x16\xfe\xfd" + bytes(20)]
    said = client.datagrams()
    while said:
        assert not give(client, garbage)
        said = give(client, host.hear(*said))
    assert host.admitted == [(PATH, client.secrets)]
    assert not give(client, garbage)
    assert not client.failed


def test_a_repeated_flight_of_the_server_is_answered_when_all_is_done() -> None:
    host, client = Host(), begun()
    second = give(client, host.hear(*client.datagrams()))
    flight = host.hear(*second)
    finish = give(client, flight)
    last = host.hear(*finish)
    assert not give(client, last)
    assert client.secrets is not None
    assert numberless(give(client, flight, 0.3)) == numberless(finish)
    assert not give(client, flight, 0.3 + PAUSE / 2)
    assert numberless(give(client, flight, 0.6)) == numberless(finish)


def test_both_ends_do_not_repeat_their_last_flights_for_ever() -> None:
    host, client = Host(), begun()
    finish = give(client, host.hear(*give(client, host.hear(*client.datagrams()))))
    last = host.hear(*finish)
    give(client, last)
    assert not give(client, host.hear(*finish, now=1.0), 1.0)
    assert not give(client, [readable(last[0])], 2.0)


def test_a_goodbye_under_the_keys_is_a_failure() -> None:
    host, client = Host(), begun()
    complete(client, host)
    host.server.close(PATH)
    assert not give(client, host.taken())
    assert client.failed == "the server has closed the secure session"
    assert client.deadline() is None
    client.timeout(10.0)
    assert not give(client, [b"\x16"], 10.0)
