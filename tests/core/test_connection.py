"""A session's life at the client's end, by way of a guest without rooms."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest

from chat.core import asks, events, limits, wire
from chat.core.opening import Admission, Doorman
from chat.core.protect import instance_of

from .host import CLIENT, RESET, Host


def openings(host: Host) -> list[bytes]:
    """The first bytes of what was sent to open a session."""
    return [bytes(datagram[:1]) for datagram in host.datagrams if datagram[0] in (0x80, 0x82)]


def first_of(host: Host) -> wire.First:
    header = next(
        wire.decode_header(datagram) for datagram in reversed(host.datagrams) if datagram[0] == 0x82
    )
    assert isinstance(header, wire.First)
    return header


def answered(host: Host) -> None:
    """The newest OPEN gets its ANSWER, and nothing more."""
    header = wire.decode_header(host.datagrams[-1])
    assert isinstance(header, wire.Open)
    host.deliver(host.doorman.answer(header, CLIENT, host.now, 0))


def test_a_session_stands_after_two_round_trips() -> None:
    host = Host()
    assert openings(host) == [b"\x80", b"\x82"]
    assert host.events(events.Connected) == [events.Connected("ann", "ann", str(CLIENT), False)]
    assert host.guest.connected
    assert host.guest.heard_at == host.now


def test_who_it_is_can_be_proven_and_not_taken_over() -> None:
    host = Host()
    (hello,) = host.asked(asks.Hello)
    assert host.guest.instance == instance_of(hello.secret)


def test_it_goes_by_the_name_that_it_was_given() -> None:
    host = Host(silent=True)
    answered(host)
    admission = host.doorman.admit(first_of(host), host.datagrams[-1], CLIENT, host.now, 0)
    assert isinstance(admission, Admission)
    host.channel = admission.channel
    host.reply(asks.Welcome("ann2", "ann", "192.0.2.33:4000", RESET))
    assert host.guest.name == "ann2"
    assert host.events(events.Connected)[0].asked == "ann"


def test_an_open_is_repeated_soon_and_then_less_and_less_often() -> None:
    host = Host(silent=True)
    times = [0.0]
    for _ in range(400):
        before = len(host.datagrams)
        host.wait(0.1)
        times += [host.now - 1000.0] * (len(host.datagrams) - before)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(0.2 <= gap <= 10.2 for gap in gaps)
    assert gaps[0] <= gaps[4] <= gaps[-1]
    assert 6 <= len(times) <= 14
    assert host.rebinds >= 1
    assert host.events(events.Unreachable)


class Far(Host):
    """What it answers comes so many seconds after what it answers."""

    def __init__(self, rtt: float, *, secure: bool) -> None:
        super().__init__(silent=True, secure=secure)
        self._rtt = rtt
        self._due: list[tuple[float, Callable[[], None]]] = []

    def run(self, seconds: float) -> None:
        """Until there is a session, but no longer."""
        until, taken, shaken = self.now + seconds, 0, 0
        while self.now < until and not self.guest.connected:
            for datagram in self.datagrams[taken:]:
                self._due.append((self.now + self._rtt, partial(self._answer, datagram)))
            for number, _ in enumerate(self.handshakes[shaken:], shaken + 1):
                self._due.append((self.now + self._rtt, partial(self._shakes, number, 2)))
            taken, shaken = len(self.datagrams), len(self.handshakes)
            ripe = [act for when, act in self._due if when <= self.now]
            self._due = [each for each in self._due if each[0] > self.now]
            for act in ripe:
                act()
            self.wait(0.05)

    def _shakes(self, number: int, left: int) -> None:
        """A handshake is three round trips, and may have been given up meanwhile."""
        if number == len(self.handshakes) and left:
            self.guest.shaking(self.now)
            self._due.append((self.now + self._rtt, partial(self._shakes, number, left - 1)))
        elif number == len(self.handshakes):
            self.shake()

    def _answer(self, datagram: bytes) -> None:
        header = wire.decode_header(datagram)
        if isinstance(header, wire.Open):
            self.deliver(self.doorman.answer(header, CLIENT, self.now, self.wall))
        elif isinstance(header, wire.First):
            admission = self.doorman.admit(header, datagram, CLIENT, self.now, self.wall)
            if isinstance(admission, Admission):
                self.channel = admission.channel
                self._welcome(admission)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("rtt", [0.3, 1.9, 3.0])
def test_a_session_comes_to_stand_however_long_the_path_is(rtt: float, secure: bool) -> None:
    host = Far(rtt, secure=secure)
    host.run(40.0)
    assert host.guest.connected
    assert host.rebinds <= (rtt > 2.0), "one attempt in vain"


def test_each_attempt_has_randomness_of_its_own_and_each_repetition_does_not() -> None:
    host = Host(silent=True)
    host.wait(30.0)
    headers = [wire.decode_header(datagram) for datagram in host.datagrams]
    randoms = [header.random for header in headers if isinstance(header, wire.Open)]
    assert len(randoms) == len(headers)
    assert 1 < len(set(randoms)) < len(randoms)
    assert randoms == sorted(randoms, key=randoms.index)


def test_a_first_is_repeated_as_it_is() -> None:
    host = Host(silent=True)
    answered(host)
    host.wait(0.8)
    firsts = [datagram for datagram in host.datagrams if datagram[0] == 0x82]
    assert len(firsts) >= 2
    assert len(set(firsts)) == 1


def test_an_answer_that_anybody_could_have_made_is_ignored() -> None:
    host = Host(silent=True)
    (open_,) = [wire.decode_header(datagram) for datagram in host.datagrams]
    assert isinstance(open_, wire.Open)
    host.deliver(
        wire.encode_header(wire.Answer(1, open_.random, open_.sending, bytes(16), bytes(16)))
    )
    assert openings(host) == [b"\x80"]
    assert host.guest.dropped["stray answer"] == 1


def test_another_version_is_said_and_tried_again_much_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host(silent=True)
    header = wire.decode_header(host.datagrams[-1])
    assert isinstance(header, wire.Open)
    with monkeypatch.context() as patch:
        patch.setattr(wire, "VERSION", wire.VERSION + 1)
        answer = host.doorman.answer(header, CLIENT, host.now, 0)
    host.deliver(answer)
    (rejected,) = host.events(events.Rejected)
    assert "update" in rejected.reason
    before = len(host.datagrams)
    host.wait(4.9)
    assert len(host.datagrams) == before
    host.wait(5.2)
    assert len(host.datagrams) > before


def test_a_refusal_is_told_and_the_server_left_alone_for_a_while() -> None:
    host = Host(silent=True)
    answered(host)
    admission = host.doorman.admit(first_of(host), host.datagrams[-1], CLIENT, host.now, 0)
    assert isinstance(admission, Admission)
    host.channel = admission.channel
    before = len(host.datagrams)
    host.reply(asks.Refused(0, "the server is full; try again later"))
    assert host.events(events.Rejected) == [events.Rejected("the server is full; try again later")]
    assert not host.guest.connected
    host.wait(4.9)
    assert len(host.datagrams) == before
    host.wait(5.2)
    assert len(host.datagrams) > before


def test_a_secure_server_is_not_asked_again_for_an_insecure_session() -> None:
    host = Host(silent=True)
    opened = wire.decode_header(host.datagrams[-1])
    assert isinstance(opened, wire.Open)
    before = len(host.datagrams)
    host.deliver(wire.encode_header(wire.Retry(opened.random)))
    (rejected,) = host.events(events.Rejected)
    assert rejected.final
    assert host.guest.deadline() is None
    assert len(host.datagrams) == before


def test_a_retry_begins_anew_with_other_randomness_and_only_if_it_is_about_this_attempt() -> None:
    host = Host(silent=True)
    answered(host)
    random = first_of(host).random
    host.deliver(wire.encode_header(wire.Retry(bytes(16))))
    host.deliver(wire.encode_header(wire.Retry(random)))
    host.deliver(wire.encode_header(wire.Retry(random)))
    host.wait(0.2)
    opens = [d for d in map(wire.decode_header, host.datagrams) if isinstance(d, wire.Open)]
    assert len({header.random for header in opens}) == len(opens) == 2
    assert (host.events(events.Unreachable), host.rebinds) == ([], 0), "it was answered"


def test_silence_is_probed_and_ends_the_session() -> None:
    host = Host()
    host.silent = True
    host.wait(limits.KEEPALIVE[0] - 0.1)
    assert host.got(wire.Ping) == []
    host.wait(limits.KEEPALIVE[1] - limits.KEEPALIVE[0] + 0.2)
    assert host.got(wire.Ping)
    host.wait(60.0)
    assert host.events(events.Disconnected) == [events.Disconnected("the server is silent")]
    assert len(host.got(wire.Ping)) >= limits.PROBES


def test_a_server_that_answers_is_kept() -> None:
    host = Host()
    for _ in range(40):
        host.wait(1.0)
        pings = host.got(wire.Ping)
        host.frames.clear()
        if pings:
            host.send(*(wire.Pong(ping.token) for ping in pings))
    assert host.guest.connected
    assert host.events(events.Disconnected) == []


def test_a_reset_counts_if_its_token_is_the_sessions() -> None:
    host = Host()
    host.deliver(wire.encode_header(wire.Reset(bytes(16))))
    assert host.guest.connected
    assert host.guest.dropped["stray reset"] == 1
    host.silent = True
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    assert not host.guest.connected
    assert host.events(events.Disconnected) == [events.Disconnected("the server was restarted")]
    host.wait(limits.RESUME_SPREAD)
    assert host.datagrams[-1][0] == 0x80


def test_a_new_session_is_the_same_instance_with_a_higher_attempt() -> None:
    host = Host()
    host.deliver(wire.encode_header(wire.Reset(RESET)))
    host.wait(limits.RESUME_SPREAD)
    first, second = host.asked(asks.Hello)
    assert second.secret == first.secret
    assert second.attempt > first.attempt
    assert [event.again for event in host.events(events.Connected)] == [False, True]


def test_what_the_network_says_is_worth_a_word_or_a_probe_and_no_more() -> None:
    host = Host()
    host.guest.unreachable("connection refused", host.now)
    host.turn()
    assert host.guest.connected
    assert len(host.got(wire.Ping)) == 1
    lost = Host(silent=True)
    lost.guest.unreachable("connection refused", lost.now)
    lost.turn()
    assert lost.events(events.Unreachable)[0].reason == "connection refused"


def test_from_a_new_endpoint_the_server_hears_of_it_at_once_and_gets_its_proof() -> None:
    host = Host()
    host.guest.moved(host.now)
    host.turn()
    assert len(host.got(wire.Ping)) == 1
    host.send(wire.PathChallenge(b"token 01"))
    assert host.got(wire.PathResponse) == [wire.PathResponse(b"token 01")]


def test_after_the_goodbye_nothing_is_sent_or_awaited() -> None:
    host = Host()
    host.guest.close(host.now)
    host.turn()
    assert host.frames[-1] == wire.Bye()
    before = len(host.datagrams)
    assert host.guest.deadline() is None
    host.send(wire.Ping(1))
    host.wait(1000.0)
    assert len(host.datagrams) == before


def test_who_does_not_know_the_secret_can_neither_answer_nor_begin() -> None:
    host = Host(silent=True)
    stranger = Doorman(b"another secret", None, host.random.randbytes)
    header = wire.decode_header(host.datagrams[-1])
    assert isinstance(header, wire.Open)
    host.deliver(stranger.answer(header, CLIENT, host.now, 0))
    assert openings(host) == [b"\x80"]
    answered(host)
    host.deliver(wire.encode_header(wire.Session(b"session1", 0, bytes(60))))
    assert host.guest.dropped["unknown session id"] == 1
    assert not host.guest.connected
