"""Openings with a handshake's secret, and with a ticket's."""

from random import Random

import pytest
from msgspec.structs import replace

from chat.core import limits, opening, protect, wire
from chat.core.channel import Channel
from chat.core.limits import ADMISSION, COOKIE_BUCKET, TICKET_LIFE
from chat.core.opening import Admission, Again, Begun, Doorman, Opening
from chat.core.protect import PUBLISHED_SECRET
from chat.core.tickets import NO_TICKET, TICKET_SIZE, Tickets
from chat.core.types import Path

PATH, ELSEWHERE = Path(0, "192.0.2.1", 5000), Path(0, "192.0.2.1", 5001)
FRAMES = wire.encode_frame(wire.Ask(b"hello"))
ID, OTHER_ID = b"handshake's id 1", b"handshake's id 2"
SECRET, OTHER_SECRET = bytes(range(32)), bytes(32)
NOW = 1000 * COOKIE_BUCKET + 1.0
WALL = 1_700_000_000_000


class Front:
    """A process of a server, and what it answers."""

    def __init__(self, identity: bytes = b"identity", *, seed: int = 1) -> None:
        self.random = Random(seed)
        self.tickets = Tickets(identity, self.random.randbytes)
        self.doorman = Doorman(None, self.tickets, self.random.randbytes)

    def shaken(self, handshake: bytes = ID, secret: bytes = SECRET, path: Path = PATH) -> None:
        self.doorman.shaken(path, handshake, secret, NOW)

    def answer(
        self, attempt: Opening, *, now: float = NOW, wall: int = WALL
    ) -> wire.Answer | wire.Retry:
        asked = attempt.datagram()
        header = wire.decode_header(asked)
        assert isinstance(header, wire.Open)
        said = self.doorman.answer(header, PATH, now, wall)
        assert len(said) < len(asked)
        answer = wire.decode_header(said)
        assert isinstance(answer, wire.Answer | wire.Retry)
        return answer

    def admit(
        self, attempt: Opening, *, now: float = NOW, path: Path = PATH, wall: int = WALL
    ) -> Admission | Again | None:
        first = attempt.datagram()
        header = wire.decode_header(first)
        assert isinstance(header, wire.First)
        return self.doorman.admit(header, first, path, now, wall)

    def resumed(self, ticket: bytes, secret: bytes, *, seed: int = 7) -> Admission:
        attempt = with_ticket(ticket, secret, seed=seed)
        answer = self.answer(attempt)
        assert isinstance(answer, wire.Answer)
        assert attempt.answer(answer)
        admission = self.admit(attempt)
        assert isinstance(admission, Admission)
        return admission


def with_handshake(handshake: bytes = ID, secret: bytes = SECRET, *, seed: int = 7) -> Opening:
    random = Random(seed).randbytes(16)
    return Opening(secret, random, lambda _: FRAMES, handshake=handshake)


def with_ticket(ticket: bytes, secret: bytes, *, seed: int = 7) -> Opening:
    return Opening(secret, Random(seed).randbytes(16), lambda _: FRAMES, ticket=ticket)


def began(attempt: Opening, server: Channel) -> Begun:
    """The server's first datagram, at the client."""
    datagram = server.seal(FRAMES)
    header = wire.decode_header(datagram)
    assert isinstance(header, wire.Session)
    begun = attempt.welcome(header, datagram)
    assert begun is not None
    return begun


# Handshakes


def test_after_a_handshake_first_is_all_that_is_sent() -> None:
    front, attempt = Front(), with_handshake()
    front.shaken()
    assert attempt.answered
    assert not attempt.resumes
    assert attempt.datagram()[0] == 0x82
    assert attempt.datagram() == attempt.datagram()
    admission = front.admit(attempt)
    assert isinstance(admission, Admission)
    assert admission.shaken
    assert admission.frames == wire.decode_frames(FRAMES)
    begun = began(attempt, admission.channel)
    assert begun.frames == wire.decode_frames(FRAMES)
    assert begun.resumption == admission.resumption


def test_both_ends_have_the_same_binding_and_another_one_each_time() -> None:
    bindings: list[bytes] = []
    for seed in range(5):
        front, heard = Front(), list[bytes]()
        front.shaken()

        def plaintext(binding: bytes, heard: list[bytes] = heard) -> bytes:
            heard.append(binding)
            return FRAMES

        random = Random(seed).randbytes(16)
        admission = front.admit(Opening(SECRET, random, plaintext, handshake=ID))
        assert isinstance(admission, Admission)
        assert heard == [admission.binding]
        bindings += heard
    assert len(set(bindings)) == 5


def test_a_handshake_is_good_on_its_own_path_only() -> None:
    front, attempt = Front(), with_handshake()
    front.shaken()
    assert front.admit(attempt, path=ELSEWHERE) is None
    assert isinstance(front.admit(attempt), Admission)


def test_a_handshakes_id_is_checked_and_its_secret_too() -> None:
    front = Front()
    front.shaken()
    assert front.admit(with_handshake(OTHER_ID)) is None
    assert front.admit(with_handshake(bytes(16))) is None
    assert front.admit(with_handshake(ID, OTHER_SECRET)) is None
    assert front.admit(with_handshake(ID, PUBLISHED_SECRET)) is None
    assert isinstance(front.admit(with_handshake()), Admission)


@pytest.mark.parametrize(
    ("age", "good"), [(0.0, True), (ADMISSION - 0.1, True), (ADMISSION, False), (1000.0, False)]
)
def test_a_handshake_waits_for_its_first_so_long_and_no_longer(age: float, good: bool) -> None:
    front = Front()
    front.shaken()
    assert isinstance(front.admit(with_handshake(), now=NOW + age), Admission) is good


def test_a_handshake_makes_one_session() -> None:
    front, attempt = Front(), with_handshake(seed=1)
    front.shaken()
    admission = front.admit(attempt)
    assert isinstance(admission, Admission)
    for age in (0.0, COOKIE_BUCKET, 2 * COOKIE_BUCKET - 2.0):
        assert front.admit(attempt, now=NOW + age) == Again(admission.channel.sid)
    assert front.admit(attempt, now=NOW + 2 * COOKIE_BUCKET) is None
    again = Front()
    again.shaken()
    assert isinstance(again.admit(with_handshake(seed=1)), Admission)
    assert again.admit(with_handshake(seed=2)) is None, "another random does not help"


def test_a_damaged_first_does_not_use_it_up() -> None:
    front, attempt = Front(), with_handshake()
    front.shaken()
    first = attempt.datagram()
    header = wire.decode_header(first)
    assert isinstance(header, wire.First)
    damaged = replace(header, sealed=header.sealed[:-1] + bytes((header.sealed[-1] ^ 1,)))
    whole = wire.encode_header(damaged)
    assert front.doorman.admit(damaged, whole, PATH, NOW, WALL) is None
    assert isinstance(front.admit(attempt), Admission)


def test_a_second_handshake_of_a_path_takes_the_place_of_the_first() -> None:
    front = Front()
    front.shaken(ID, SECRET)
    front.shaken(OTHER_ID, OTHER_SECRET)
    assert front.admit(with_handshake(ID, SECRET)) is None
    assert isinstance(front.admit(with_handshake(OTHER_ID, OTHER_SECRET)), Admission)
    assert len(front.doorman._shaken) == 0


def test_so_many_handshakes_are_kept_and_the_newest_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "ADMISSIONS", 10)
    assert limits.ADMISSIONS < 10_000
    front = Front()
    for port in range(1000):
        front.shaken(path=Path(0, "192.0.2.1", port))
        assert len(front.doorman._shaken) <= 10
    assert front.admit(with_handshake(), path=Path(0, "192.0.2.1", 989)) is None
    for port in range(990, 1000):
        attempt = with_handshake(seed=port)
        assert isinstance(front.admit(attempt, path=Path(0, "192.0.2.1", port)), Admission)


def test_handshakes_that_led_nowhere_are_forgotten_with_the_next_ones() -> None:
    doorman = Front().doorman
    for port in range(100):
        doorman.shaken(Path(0, "192.0.2.1", port), ID, SECRET, NOW)
    doorman.shaken(PATH, ID, SECRET, NOW + ADMISSION)
    assert list(doorman._shaken) == [PATH]


# No secret


def test_without_a_published_secret_an_open_without_a_ticket_is_told_to_retry() -> None:
    attempt = Opening(PUBLISHED_SECRET, bytes(16), lambda _: FRAMES)
    retry = Front().answer(attempt)
    assert isinstance(retry, wire.Retry)
    assert attempt.refused(retry)
    assert not attempt.resumes


def test_a_first_under_the_published_secret_is_none() -> None:
    """With a cookie that a ticket's OPEN got: it is bound to the path and the random only."""
    front = Front()
    ticket = front.tickets.issue(SECRET, WALL)
    answer = front.answer(with_ticket(ticket, SECRET))
    assert isinstance(answer, wire.Answer)
    key = protect.first_key(PUBLISHED_SECRET, answer.random, answer.cookie)
    prefix = wire.encode_header(wire.First(answer.random, answer.cookie, NO_TICKET, b""))
    first = prefix + protect.seal(key, 0, prefix, FRAMES)
    header = wire.decode_header(first)
    assert isinstance(header, wire.First)
    assert front.doorman.admit(header, first, PATH, NOW, WALL) is None


def test_under_a_published_secret_nobody_resumes() -> None:
    doorman = Doorman(PUBLISHED_SECRET, None, Random(1).randbytes)
    ticket = Front().tickets.issue(SECRET, WALL)
    header = wire.decode_header(with_ticket(ticket, SECRET).datagram())
    assert isinstance(header, wire.Open)
    assert isinstance(wire.decode_header(doorman.answer(header, PATH, NOW, WALL)), wire.Retry)


# Tickets


@pytest.mark.parametrize("seed", [1, 2], ids=["same process", "restarted"])
def test_a_ticket_opens_a_session_with_no_handshake(seed: int) -> None:
    ticket = Front().tickets.issue(SECRET, WALL)
    front, attempt = Front(seed=seed), with_ticket(ticket, SECRET)
    assert attempt.resumes
    answer = front.answer(attempt)
    assert isinstance(answer, wire.Answer)
    assert attempt.answer(answer)
    admission = front.admit(attempt)
    assert isinstance(admission, Admission)
    assert not admission.shaken
    assert began(attempt, admission.channel).resumption == admission.resumption != SECRET


@pytest.mark.parametrize("identity", [b"identity", b"another identity"])
@pytest.mark.parametrize("age", [0.0, TICKET_LIFE + 1, -TICKET_LIFE - 1])
def test_a_ticket_of_another_server_or_time_is_told_to_retry(identity: bytes, age: float) -> None:
    ticket = Front(b"identity").tickets.issue(SECRET, WALL)
    answer = Front(identity).answer(with_ticket(ticket, SECRET), wall=WALL + int(age * 1000))
    expected = wire.Answer if (identity, age) == (b"identity", 0.0) else wire.Retry
    assert isinstance(answer, expected)


def test_a_ticket_that_ran_out_before_its_first_came_is_none() -> None:
    front = Front()
    ticket = front.tickets.issue(SECRET, WALL)
    attempt = with_ticket(ticket, SECRET)
    wall = WALL + int(TICKET_LIFE * 1000)
    answer = front.answer(attempt, wall=wall)
    assert isinstance(answer, wire.Answer)
    assert attempt.answer(answer)
    assert front.admit(attempt, wall=wall + 1) is None
    assert isinstance(front.admit(attempt, wall=wall), Admission)


def test_who_copied_a_ticket_off_the_network_cannot_use_it() -> None:
    front = Front()
    ticket = front.tickets.issue(SECRET, WALL)
    thief = with_ticket(ticket, OTHER_SECRET)
    answer = front.answer(thief)
    assert isinstance(answer, wire.Answer)
    assert not thief.answer(answer), "the thief cannot even tell whether it is the server's"
    thief._proceed(answer.cookie)
    assert front.admit(thief) is None


def test_an_answer_proves_that_the_server_knows_the_tickets_secret() -> None:
    """Another server's answer is not believed, and neither is one under what everybody knows."""
    ticket = Front().tickets.issue(SECRET, WALL)
    attempt = with_ticket(ticket, SECRET)
    header = wire.decode_header(attempt.datagram())
    assert isinstance(header, wire.Open)
    for secret in (PUBLISHED_SECRET, OTHER_SECRET):
        mac = protect.answer_mac(secret, wire.VERSION, header.random, bytes(16))
        forged = wire.Answer(wire.VERSION, header.random, 1, bytes(16), mac)
        assert not attempt.answer(forged)
    answer = Front().answer(attempt)
    assert isinstance(answer, wire.Answer)
    assert attempt.answer(answer)


def test_sessions_of_one_ticket_have_nothing_in_common() -> None:
    """A client that lost its WELCOME uses it again."""
    front = Front()
    ticket = front.tickets.issue(SECRET, WALL)
    found = [front.resumed(ticket, SECRET, seed=seed) for seed in range(10, 15)]
    assert len({admission.channel.sid for admission in found}) == 5
    assert len({admission.resumption for admission in found}) == 5
    assert len({admission.binding for admission in found}) == 5
    assert len({admission.channel.seal(bytes(20))[13:] for admission in found}) == 5
    assert len({admission.channel._receive_key for admission in found}) == 5


def test_a_ticket_fits_an_open_and_takes_the_place_of_zeros() -> None:
    with_one = with_ticket(bytes(range(1, TICKET_SIZE + 1)), SECRET).datagram()
    without = Opening(SECRET, bytes(16), lambda _: FRAMES).datagram()
    assert len(with_one) == len(without) == wire.OPEN_SIZE
    assert NO_TICKET in without
