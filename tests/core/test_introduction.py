"""What a client opens its sessions with: itself, handshakes, and tickets; by way of a guest."""

from random import Random
from typing import Any

import pytest

from chat.core import asks, events, limits, protect, wire
from chat.core.channel import PushSealer
from chat.core.introduction import Introduction
from chat.core.opening import Opening
from chat.core.protect import PUBLISHED_SECRET
from chat.core.signatures import Signer, name_claim, verified
from chat.core.tickets import NO_TICKET, TICKET_SIZE

from .host import CLIENT, RESET, Host
from .scene import SERVER_ID

KEY = Signer(Random(3).randbytes(32))
TICKET = bytes(range(1, TICKET_SIZE + 1))


def introduction(published: bytes | None = None, *, key: Signer | None = None) -> Introduction:
    return Introduction(published, Random(1).randbytes, lambda _: key)


def sent(host: Host) -> list[int]:
    """The first bytes of everything that was sent since, each once in a row."""
    kinds = [datagram[0] for datagram in host.datagrams]
    host.datagrams.clear()
    return [kind for index, kind in enumerate(kinds) if kinds[:index][-1:] != [kind]]


def header_of(datagram: bytes) -> Any:
    return wire.decode_header(datagram)


# By itself


def test_without_a_ticket_or_a_published_secret_it_takes_a_handshake() -> None:
    assert introduction().opening(list) is None
    opening = introduction(PUBLISHED_SECRET).opening(list)
    assert opening is not None
    assert not opening.resumes


def test_a_ticket_opens_the_next_session_with_what_it_stands_for() -> None:
    me = introduction()
    me.begun(b"resumption")
    me.keep(TICKET)
    opening = me.opening(list)
    assert isinstance(opening, Opening)
    assert opening.resumes
    header = header_of(opening.datagram())
    assert header.ticket == TICKET
    mac = protect.answer_mac(b"resumption", wire.VERSION, header.random, bytes(16))
    assert opening.answer(wire.Answer(wire.VERSION, header.random, 1, bytes(16), mac))


@pytest.mark.parametrize("size", [1, TICKET_SIZE - 1, TICKET_SIZE + 1, 128])
def test_a_ticket_of_another_size_is_none(size: int) -> None:
    me = introduction()
    me.begun(b"resumption")
    me.keep(TICKET)
    me.keep(bytes(range(1, 129))[:size])
    assert me.opening(list) is None


def test_a_repeated_welcome_without_a_ticket_takes_none_away() -> None:
    me = introduction()
    me.begun(b"resumption")
    me.keep(TICKET)
    me.keep(b"")
    assert me.opening(list) is not None


def test_a_ticket_is_of_its_own_session() -> None:
    """What the one before stood for is not what this one's will."""
    me = introduction()
    me.begun(b"one")
    me.keep(TICKET)
    me.begun(b"two")
    assert me.opening(list) is None


def test_every_attempt_is_counted_whatever_it_is_made_with() -> None:
    attempts: list[int] = []

    def first(opening: Opening, secret: bytes) -> None:
        if not opening.answered:
            opening._proceed(bytes(16))
        datagram = opening.datagram()
        header = header_of(datagram)
        key = protect.first_key(secret, header.random, header.cookie)
        plaintext = protect.unseal(key, 0, datagram[: -len(header.sealed)], header.sealed)
        assert plaintext is not None
        (frame,) = wire.decode_frames(plaintext)
        assert isinstance(frame, wire.Ask)
        hello = asks.decode_request(frame.body)
        assert isinstance(hello, asks.Hello)
        assert protect.instance_of(hello.secret) == me.instance
        attempts.append(hello.attempt)

    me = introduction()
    first(me.shaken(bytes(16), b"secret", SERVER_ID, list), b"secret")
    me.begun(b"resumption")
    me.keep(TICKET)
    for _ in range(2):
        opening = me.opening(list)
        assert opening is not None
        first(opening, b"resumption")
    first(me.shaken(bytes(16), b"secret", SERVER_ID, list), b"secret")
    assert attempts == [1, 2, 3, 4]


def test_a_claim_is_signed_for_this_session_this_server_and_this_name() -> None:
    me, bindings = introduction(key=KEY), list[bytes]()
    for number in range(2):
        opening = me.shaken(bytes(16), bytes((number,)), SERVER_ID, list)
        header = header_of(opening.datagram())
        bindings.append(protect.binding(bytes((number,)), header.random, header.cookie))
        public, proof = me.claim("ann")
        assert public == KEY.public
        assert verified(public, proof, name_claim(bindings[-1], SERVER_ID, "ann"))
        assert not verified(public, proof, name_claim(bindings[-1], SERVER_ID, "bob"))
        assert not verified(public, proof, name_claim(bindings[-1], bytes(32), "ann"))
    assert not verified(public, proof, name_claim(bindings[0], SERVER_ID, "ann"))


def test_where_keys_are_published_nothing_is_claimed() -> None:
    """So would the proof be."""
    assert introduction(PUBLISHED_SECRET, key=KEY).claim("ann") == (b"", b"")
    assert introduction(key=None).claim("ann") == (b"", b"")


# Handshakes


def test_a_handshake_is_asked_for_and_ends_in_a_session() -> None:
    host = Host(secure=True)
    assert len(host.handshakes) == 1
    assert sent(host) == [0x82]
    assert host.guest.connected
    assert len(host.events(events.Connected)) == 1


def test_until_it_ends_nothing_is_sent() -> None:
    host = Host(secure=True, silent=True)
    host.wait(2.4)
    assert (host.datagrams, host.rebinds, len(host.handshakes)) == ([], 0, 1)


def test_one_that_is_not_heard_is_begun_again_from_elsewhere() -> None:
    host = Host(secure=True, silent=True)
    start = host.now
    host.wait(2.49)
    assert (host.rebinds, host.events(events.Unreachable)) == (0, [])
    host.wait(0.02)
    assert (host.rebinds, len(host.handshakes)) == (1, 2)
    assert host.events(events.Unreachable) == [events.Unreachable(1, "no answer")]
    host.wait(5.0)
    assert host.handshakes == pytest.approx([start, start + 2.5, start + 7.5])
    assert [event.tries for event in host.events(events.Unreachable)] == [1, 2]


def test_one_that_is_heard_gets_more_time_and_not_for_ever() -> None:
    host = Host(secure=True, silent=True)
    for _ in range(9):
        host.wait(1.0)
        host.guest.shaking(host.now)
    host.wait(0.9)
    assert (host.rebinds, len(host.handshakes)) == (0, 1)
    host.wait(0.2)
    assert (host.rebinds, len(host.handshakes)) == (1, 2)


def test_one_that_ends_late_ends_in_a_session_all_the_same() -> None:
    host = Host(secure=True, silent=True)
    host.wait(1.0)
    host.guest.shaking(host.now)
    host.wait(8.0)
    host.silent = False
    host.shake()
    assert host.guest.connected


def test_an_answer_that_nobody_asked_for_changes_nothing() -> None:
    host = Host(secure=True)
    host.datagrams.clear()
    host.shake()
    host.guest.shaking(host.now)
    host.turn()
    assert host.datagrams == []
    assert host.guest.connected
    assert len(host.events(events.Connected)) == 1


def test_first_is_repeated_and_then_there_is_another_handshake() -> None:
    host = Host(secure=True, silent=True)
    host.shake()
    host.wait(10.0)
    assert len(host.handshakes) >= 2
    firsts = {datagram for datagram in host.datagrams if datagram[0] == 0x82}
    assert len(firsts) == 1
    assert len(host.datagrams) == 4


def test_a_retry_to_first_asks_for_another_handshake() -> None:
    """The server was restarted in between, or waited too long."""
    host = Host(secure=True, silent=True)
    host.shake()
    host.deliver(wire.encode_header(wire.Retry(header_of(host.datagrams[-1]).random)))
    host.silent = False
    host.wait(0.5)
    assert len(host.handshakes) == 2
    assert host.guest.connected


# The wrong server


@pytest.mark.parametrize("shaken_before", [False, True])
def test_from_a_server_that_is_not_the_right_one_nothing_more_is_wanted(
    shaken_before: bool,
) -> None:
    host = Host(secure=True, silent=not shaken_before)
    if shaken_before:
        host.restart(b"another identity")
        host.silent = True
        host.deliver(wire.encode_header(wire.Reset(RESET)))
        host.wait(limits.RESUME_SPREAD)
        host.deliver(wire.encode_header(wire.Retry(header_of(host.datagrams[-1]).random)))
        assert len(host.handshakes) == 2
    host.datagrams.clear()
    handshakes = len(host.handshakes)
    host.guest.distrusted("the key has changed", host.now)
    host.turn()
    assert host.events(events.Rejected) == [events.Rejected("the key has changed", True)]
    assert host.guest.deadline() is None
    host.guest.admitted(bytes(16), bytes(32), SERVER_ID, host.now)
    host.guest.shaking(host.now)
    for header in (wire.Retry(bytes(16)), wire.Reset(RESET), wire.Reset(bytes(16))):
        host.deliver(wire.encode_header(header))
    host.guest.unreachable("connection refused", host.now)
    host.guest.moved(host.now)
    host.wait(1000.0)
    assert (host.datagrams, len(host.handshakes)) == ([], handshakes)
    assert not host.guest.connected


# Tickets


def test_a_restarted_server_is_resumed_at_with_the_ticket_soon_and_not_all_at_once() -> None:
    waits = []
    for seed in range(30):
        host = Host("lobby", secure=True, seed=seed, entries=3)
        ticket = host.admission.resumption
        host.restart()
        sent(host)
        host.deliver(wire.encode_header(wire.Reset(RESET)))
        assert sent(host) == [], "each at a moment of its own"
        start = host.now
        while not host.guest.connected:
            host.wait(0.01)
        waits.append(host.now - start)
        assert 0x80 in sent(host)
        assert len(host.handshakes) == 1
        assert host.admission.resumption != ticket
        assert host.events(events.Connected)[-1].again
    assert max(waits) <= limits.RESUME_SPREAD + 0.02
    assert max(waits) - min(waits) > limits.RESUME_SPREAD / 2


def test_the_newest_ticket_is_used_each_time() -> None:
    host = Host(secure=True)
    tickets = []
    for _ in range(4):
        host.restart()
        host.datagrams.clear()
        host.deliver(wire.encode_header(wire.Reset(RESET)))
        host.wait(limits.RESUME_SPREAD)
        assert host.guest.connected
        opens = [header_of(it) for it in host.datagrams if it[0] == 0x80]
        tickets += [header.ticket for header in opens]
    assert len(set(tickets)) == len(tickets) == 4
    assert NO_TICKET not in tickets
    assert len(host.handshakes) == 1


def test_a_ticket_that_is_not_taken_is_not_kept() -> None:
    host = Host(secure=True)
    host.restart(b"another identity")
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    sent(host)
    host.wait(limits.RESUME_SPREAD)
    assert sent(host) == [0x80, 0x82]
    assert len(host.handshakes) == 2
    assert host.guest.connected
    assert host.events(events.Rejected) == []


def test_a_retry_that_is_not_about_this_attempt_costs_no_ticket() -> None:
    host = Host(secure=True)
    host.silent = True
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    host.wait(limits.RESUME_SPREAD)
    host.deliver(wire.encode_header(wire.Retry(bytes(16))))
    assert host.guest.dropped["stray retry"] == 1
    assert len(host.handshakes) == 1
    host.silent = False
    host.wait(1.0)
    assert host.guest.connected
    assert len(host.handshakes) == 1


@pytest.mark.parametrize("size", [17, 128])
def test_a_welcome_with_another_kind_of_ticket_leaves_without(size: int) -> None:
    host = Host(secure=True)
    host.reply(asks.Welcome("ann", "ann", str(CLIENT), RESET, False, bytes(range(size)), b""))
    host.restart()
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    host.wait(limits.RESUME_SPREAD)
    assert len(host.handshakes) == 2
    assert host.guest.connected


def test_a_silent_server_is_tried_with_the_ticket_too() -> None:
    host = Host(secure=True)
    host.silent = True
    host.wait(60.0)
    assert host.events(events.Disconnected)
    host.datagrams.clear()
    host.silent = False
    host.wait(30.0)
    assert host.guest.connected
    assert len(host.handshakes) == 1


# --insecure


def test_a_server_that_wants_handshakes_is_told_apart_from_one_that_is_not_there() -> None:
    host = Host(silent=True)
    random = header_of(host.datagrams[-1]).random
    host.deliver(wire.encode_header(wire.Retry(random)))
    (rejected,) = host.events(events.Rejected)
    assert "leave out --insecure" in rejected.reason
    assert "\n" not in rejected.reason
    host.datagrams.clear()
    host.wait(4.9)
    assert host.datagrams == []


# Names


def test_a_name_is_claimed_with_its_key_at_each_opening_and_at_each_change() -> None:
    host = Host(secure=True, key=KEY)
    host.guest.nick("bob", host.now)
    host.turn()
    claims: list[tuple[asks.Hello | asks.Nick, bytes]] = [
        (host.asked(asks.Hello)[-1], host.admission.binding),
        (host.asked(asks.Nick)[-1], host.admission.binding),
    ]
    host.restart()
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    host.wait(limits.RESUME_SPREAD)
    claims.append((host.asked(asks.Hello)[-1], host.admission.binding))
    claims.append((host.asked(asks.Nick)[-1], host.admission.binding))
    assert claims[1][0] != claims[3][0], "asked again in another session, it is signed again"
    for claim, binding in claims:
        assert claim.key == KEY.public
        assert verified(claim.key, claim.proof, name_claim(binding, SERVER_ID, claim.name))


# What is pushed


def test_what_another_member_has_sealed_is_not_shown_and_the_next_of_the_server_is() -> None:
    host = Host("lobby", secure=True, entries=3)
    host.page(host.got(wire.Fetch)[-1])
    tag = host.tags["lobby"]
    honest = host.sealers[tag]
    forger = PushSealer(tag, honest.epoch, honest.key, Signer(Random(9).randbytes(32)))
    host.pasts["lobby"].append(2)
    shown = len(host.told)
    forged = wire.encode_frame(wire.Entries((b"a forged entry",)))
    for counter in (0, 0, 5000):
        forger.counter = counter
        host.deliver(forger.seal(4, 1, forged))
    unsigned = PushSealer(tag, honest.epoch, honest.key, None)
    host.deliver(unsigned.seal(4, 1, forged))
    assert host.guest.dropped["not opened"] == 4
    assert len(host.told) == shown
    assert honest.counter == 0
    host.push("lobby", 4)
    host.push("lobby", 5)
    texts = [event.text for event in host.told[shown:] if hasattr(event, "text")]
    assert texts == host.pasts["lobby"].texts(4, 5)


def test_a_push_under_a_key_that_it_does_not_know_makes_it_ask() -> None:
    host = Host("lobby", secure=True)
    tag = host.tags["lobby"]
    joins = len(host.asked(asks.Join))
    host.sealers[tag] = PushSealer(tag, 9, bytes(range(16)), host.signer)
    host.pasts["lobby"].append(1)
    host.lets_in = False
    host.push("lobby", 1)
    assert len(host.asked(asks.Join)) == joins + 1
    host.push("lobby", 1)
    assert len(host.asked(asks.Join)) == joins + 1, "once, until it is answered"
    host.reply(host.joined(host.asked(asks.Join)[-1]))
    host.page(host.got(wire.Fetch)[-1])
    host.pasts["lobby"].append(1)
    host.push("lobby", 2)
    assert host.guest.rooms["lobby"].inbox.seq == 2
    assert len(host.asked(asks.Join)) == joins + 1
